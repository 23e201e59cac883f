// `synod simulate`, the way people and programs use it.

import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { FAULTS } from '../../src/simulation/index.js'
import { ended, linesOf, MAIN, SMALL, shell, start, synod } from './command.js'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

describe.concurrent('synod', () => {
  it('says which version it is', async () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
    expect(await synod(['--version'])).toMatchObject({ code: 0, stdout: `${version}\n`, stderr: '' })
  })

  it('shows its commands, asked for help or for nothing', async () => {
    const [help, nothing] = await Promise.all([synod(['--help']), synod([])])
    expect(help).toMatchObject({ code: 0, stderr: '' })
    expect(help.stdout).toMatch(/simulate \[options\] \[seed\]/)
    expect(nothing).toEqual(help)
  })

  it('explains each option of simulate with its unit and default, and what a module must export', async () => {
    const { code, stdout } = await synod(['simulate', '--help'])
    const help = stdout.replaceAll(/\s+/g, ' ')
    expect(code).toBe(0)
    for (const [option, unit, value] of [
      ['--members <number>', '', '14'],
      ['--clients <number>', '', '11'],
      ['--requests <number>', '', 'what the machine says: 11 for key-value, 100 for shared, 13 for bank'],
      ['--loss <percent>', 'in percent', '5'],
      ['--delay <ms>', 'in milliseconds', '30'],
      ['--jitter <ms>', 'in milliseconds', '20, or the delay where that is less'],
      ['--duplication <percent>', 'in percent', '0'],
      ['--crashes <number>', '', '0'],
      ['--until <seconds>', 'simulated seconds', 'they do all their operations'],
      ['--placement <where>', '', 'last'],
      ['--length <seconds>', 'simulated seconds', '60'],
      ['--machine <name>', '', 'key-value, and shared in the swarm'],
      ['--reads <way>', '', 'decree'],
      ['--format <format>', '', '"text"'],
    ] as const) {
      const at = help.indexOf(option)
      expect(at, option).toBeGreaterThan(0)
      const text = help.slice(at, help.indexOf(' --', at + 2))
      expect(text, option).toContain(unit)
      expect(text, option).toMatch(/default: /)
      expect(text, option).toContain(`default: ${value}`)
    }
    for (const option of ['--summary', '--history', '--no-color']) expect(help).toContain(option)
    for (const [name, { what }] of Object.entries(FAULTS)) {
      expect(help).toMatch(new RegExp(` ${name} [%x] ${what} `))
    }
    for (const part of [
      'machine',
      'operation',
      'requests',
      'describe',
      'judge',
      'invariant',
      'thinkMicros',
      'model',
    ]) {
      expect(help).toMatch(new RegExp(`\\b${part}\\b`))
    }
  })
})

describe.concurrent('the transcript', () => {
  it('begins with the seed and the options, then has one line an event', async () => {
    const { code, stdout } = await synod(['simulate', '6'])
    const [head, ...events] = linesOf(stdout)
    expect(code).toBe(0)
    expect(head).toBe(
      '# synod transcript formatVersion=2 seed=6 machine=key-value members=14 clients=11 requests=11 ' +
        'delayMicros=30000 jitterMicros=20000 reads=decree lengthMicros=60000000 alpha=64 logBytes=4194304 chunkBytes=262144 quietMicros=10000000 ' +
        'overBudget=false faults=loss:50000 omitted=none',
    )
    expect(events.length).toBeGreaterThan(10_000)
    for (const line of events) expect(line).toMatch(/^ +\d+\.\d{6} {2}NODE_\d+ +[a-z+-]+ +[a-z]+ +\S/)
  })

  it('is followed, on stderr, by a summary for people', async () => {
    const { stderr } = await synod(['simulate', '6', ...SMALL])
    expect(linesOf(stderr)).toEqual([
      'seed 6: every verdict holds',
      '  cluster   3 members, 2 clients, 30 ± 20 ms',
      '  clients   placement last, machine key-value, reads decree, requests 3 each',
      '  settings  alpha 64, log 4194304 bytes, chunk 262144 bytes',
      '  calm      from 10 s on, length 60 s',
      expect.stringMatching(/^ {2}faults {4}loss 5 % \(\d+\)$/),
      expect.stringMatching(/^ {2}time {6}\d+(\.\d+)? s simulated in \d+\.\d\d s, \d+ events$/),
      expect.stringMatching(/^ {2}messages {2}\d+ sent, \d+ delivered, \d+ dropped$/),
      expect.stringMatching(/^ {2}decided {3}\d+ slots$/),
      expect.stringMatching(/^ {2}requests {2}6 sent, 6 answered: 6 ok, 0 failed, 0 unknown$/),
      '  verdicts  agreement ok, durability ok, ballots ok, membership ok, answers ok, linearizable ok',
      '            stale reads ok, exactly once ok, identical state ok, conservation not asked, bounds ok, liveness ok',
      '            ended ok',
    ])
  })

  it('names every option that was given, in the units of the simulation', async () => {
    const args = [
      ['--members', '5'],
      ['--clients', '2'],
      ['--requests', '4'],
      ['--loss', '2.5'],
      ['--duplication', '0.0001'],
      ['--delay', '1.5'],
      ['--crashes', '1'],
      ['--placement', 'mixed'],
      ['--until', '9'],
      ['--fault', 'pause=2'],
      ['--fault', 'reordering'],
      ['--fault', 'drift'],
      ['--no-fault', 'drift'],
      ['--length', '30.25'],
      ['--calm', '1.5'],
      ['--reads', 'linearizable'],
    ].flat()
    const { code, stdout } = await synod(['simulate', '1', ...args])
    expect(code).toBe(0)
    expect(linesOf(stdout)[0]).toBe(
      '# synod transcript formatVersion=2 seed=1 machine=key-value members=5 clients=2 requests=4 ' +
        'delayMicros=1500 jitterMicros=1500 reads=linearizable lengthMicros=30250000 alpha=64 logBytes=4194304 ' +
        'chunkBytes=262144 placement=mixed untilMicros=9000000 quietMicros=1500000 overBudget=false ' +
        'faults=loss:25000,duplication:1,reordering:50000,crash:1,pause:2 omitted=none',
    )
    expect(stdout).toContain(' crashes ')
    expect(stdout).toContain(' readAnswer ')
  })

  it('has the size and the faults that the seed picks with --scenario swarm', async () => {
    const { stdout, stderr } = await synod(['simulate', '8', '--scenario', 'swarm', '--members', '3'])
    const [head = ''] = linesOf(stdout)
    expect(head).toContain(' members=3 ')
    expect(head).toContain(' faults=stalled-disk:61 ')
    expect(stdout).toMatch(/ suffers +[a-z-]+\.\d+: /)
    expect(stderr).toContain('every verdict holds')
  })

  it('has transfers in it with --machine bank', async () => {
    const { code, stdout } = await synod(['simulate', '6', ...SMALL, '--machine', 'bank'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/completes client 1: transfer \{"from":"[A-H]","to":"[A-H]","amount":\d+\} = /)
  })
})

describe.concurrent('the seed', () => {
  it('is picked, and told on stderr, when there is none', async () => {
    const { code, stdout, stderr } = await synod(['simulate', ...SMALL, '--summary', 'json'])
    const { seed } = JSON.parse(stdout)
    expect(code).toBe(0)
    expect(stderr).toBe(`synod: no seed was given, so this is seed ${seed}\n`)
    expect((await synod(['simulate', String(seed), ...SMALL])).stdout).toContain(` seed=${seed} `)
  })

  it.each(['0', '4294967295'])('may be %s', async (seed) => {
    const { code, stdout } = await synod(['simulate', seed, ...SMALL])
    expect(code).toBe(0)
    expect(stdout).toContain(` seed=${seed} `)
  })
})

describe.concurrent('--summary json', () => {
  it('prints the summary on stdout instead of the transcript, with exactly these fields', async () => {
    const { code, stdout, stderr } = await synod(['simulate', '6', ...SMALL, '--summary', 'json'])
    expect(code).toBe(0)
    expect(stderr).toBe('')
    expect(linesOf(stdout)).toHaveLength(1)
    const summary = JSON.parse(stdout)
    expect(Object.keys(summary)).toEqual([
      ...['seed', 'ok', 'transcriptSha256', 'simulatedSeconds', 'wallSeconds', 'events'],
      ...['messages', 'decided', 'requests', 'options', 'faults', 'refused', 'judged', 'verdicts'],
    ])
    const holds = { ok: true }
    expect(summary).toMatchObject({
      seed: 6,
      ok: true,
      transcriptSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      simulatedSeconds: expect.any(Number),
      wallSeconds: expect.any(Number),
      messages: { sent: expect.any(Number), delivered: expect.any(Number), dropped: expect.any(Number) },
      requests: { sent: 6, answered: 6 },
      options: { machine: 'key-value', members: 3, faults: { loss: 50_000 } },
      faults: { loss: expect.any(Number) },
      refused: {},
    })
    expect(summary.verdicts).toEqual({
      agreement: holds,
      durability: holds,
      ballots: holds,
      membership: holds,
      answers: holds,
      linearizable: holds,
      'stale reads': holds,
      'exactly once': holds,
      'identical state': holds,
      conservation: { ...holds, notAsked: 'the application has no invariant' },
      bounds: holds,
      liveness: holds,
      ended: holds,
    })
    expect(summary.decided).toBeGreaterThanOrEqual(6)
  })

  it('hashes the uncoloured text, and counts its events, whatever the format', async () => {
    const [text, summary, other] = await Promise.all([
      synod(['simulate', '7', ...SMALL]),
      synod(['simulate', '7', ...SMALL, '--summary', 'json']),
      synod(['simulate', '7', ...SMALL, '--summary', 'json', '--format', 'ndjson']),
    ])
    const { transcriptSha256, events } = JSON.parse(summary.stdout)
    expect(transcriptSha256).toBe(sha256(text.stdout))
    expect(events).toBe(linesOf(text.stdout).length - 1)
    expect(JSON.parse(other.stdout).transcriptSha256).toBe(transcriptSha256)
  })
})

describe.concurrent('a verdict that fails', () => {
  const failing = ['simulate', '6', ...SMALL, '--loss', '12.5', '--machine', 'bank', '--length', '0.5']

  it('gives exit code 1, and says what broke where, and how to replay it', async () => {
    const { code, stdout, stderr } = await synod(failing)
    expect(code).toBe(1)
    const [first, ...others] = linesOf(stderr)
    const [failure, replay] = others.slice(-2)
    const events = linesOf(stdout).length - 1
    expect(first).toBe('seed 6: not every verdict holds')
    expect(failure).toMatch(
      `ended failed at event ${events} (line ${events + 1} of the transcript): after 0.5`,
    )
    expect(replay).toBe(
      'replay it with: npx synod simulate 6 --members 3 --clients 2 --requests 3 --length 0.5 --loss 12.5 --machine bank',
    )
  })

  it('fails again, the same way, when the command that replays it is run', async () => {
    const once = await synod([...failing, '--summary', 'json'])
    const replay = linesOf(once.stderr).at(-1)?.replace('replay it with: npx ', '')
    const again = await shell(`${replay} --summary json`)
    expect(once.code).toBe(1)
    expect(again.code).toBe(1)
    const { wallSeconds: _, ...first } = JSON.parse(once.stdout)
    expect(JSON.parse(again.stdout)).toMatchObject(first)
    expect(first.verdicts.ended).toMatchObject({ ok: false, event: expect.any(Number) })
  })
})

describe.concurrent('colour', () => {
  const run = ['simulate', '6', ...SMALL]
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what colours are made of
  const COLOR = /\u001b\[\d+m/g

  /** Runs the command on a terminal of its own, which `script` of util-linux makes. */
  const onTerminal = async (args: readonly string[], env: Record<string, string> = {}): Promise<string> => {
    const command = [process.execPath, MAIN, ...args].map((word) => `'${word}'`).join(' ')
    const terminal = { TERM: 'xterm', SHELL: '/bin/sh', ...env }
    const child = start('script', ['--quiet', '--return', '--command', command, '/dev/null'], {
      env: terminal,
    })
    const { stdout } = await ended(child)
    return stdout.replaceAll('\r\n', '\n')
  }
  const hasScript = async (): Promise<boolean> =>
    process.platform === 'linux' && (await shell('command -v script')).code === 0

  it('is used on a terminal, and is nothing but colour', async (context) => {
    if (!(await hasScript()))
      return context.skip('there is no `script` of util-linux to make a terminal with')
    const [colored, plain] = await Promise.all([onTerminal(run), synod(run)])
    expect(colored).toMatch(COLOR)
    expect(colored.replaceAll(COLOR, '')).toContain(plain.stdout)
  })

  it('is not used on a terminal with NO_COLOR or with --no-color', async (context) => {
    if (!(await hasScript()))
      return context.skip('there is no `script` of util-linux to make a terminal with')
    const [variable, option] = await Promise.all([
      onTerminal(run, { NO_COLOR: '1' }),
      onTerminal([...run, '--no-color']),
    ])
    expect(variable).not.toMatch(COLOR)
    expect(option).not.toMatch(COLOR)
  })

  it('is not used in a pipe, whatever the environment asks for', async () => {
    const { stdout, stderr } = await synod(run, { env: { FORCE_COLOR: '1', TERM: 'xterm-256color' } })
    expect(stdout + stderr).not.toMatch(COLOR)
  })
})

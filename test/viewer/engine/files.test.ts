import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeText } from 'synod/paxos'
import { type Edit, type Format, type Scenario, simulate } from 'synod/simulation'
import { describe, expect, it, onTestFinished } from 'vitest'
import { keyspace } from '../../../src/machines/index.js'
import { Member } from '../../../src/runtime/index.js'
import { parseAddress } from '../../../viewer/src/engine/address.js'
import type { Opened } from '../../../viewer/src/engine/contract.js'
import type { LocalEngine } from '../../../viewer/src/engine/engine.js'
import { counter, QUICK } from '../../runtime/member/started.js'
import { newEngine, open } from './engines.js'

const SMALL: Partial<Scenario> = { members: 3, clients: 2, requests: 3 }

function transcript(
  scenario = SMALL,
  format: Format = 'ndjson',
  edits: readonly Edit[] = [],
): readonly string[] {
  const lines: string[] = []
  simulate({ seed: 6, scenario, format, edits, onLine: (line) => lines.push(line) })
  return lines
}

function fileOf(lines: readonly string[]): Uint8Array {
  return new TextEncoder().encode(lines.map((line) => `${line}\n`).join(''))
}

async function openFile(
  bytes: Uint8Array | readonly string[],
  engine: LocalEngine = newEngine(),
): Promise<Opened & { readonly engine: LocalEngine }> {
  const given = { name: 'the.file', bytes: bytes instanceof Uint8Array ? bytes : fileOf(bytes) }
  return { engine, ...(await engine.openFile(given)) }
}

describe('a transcript as data', () => {
  it('is the run itself, with minds and forks, where this version makes the same of its first record', async () => {
    const { engine, handle, run } = await openFile(transcript())
    const own = await open('#6?members=3&clients=2&requests=3')
    expect(run.replayable).toBe(true)
    expect(run.whyNot).toBeNull()
    expect(await engine.hash(handle)).toBe(await own.engine.hash(own.handle))
    expect((await engine.moment(handle, 200)).minds).toEqual((await own.engine.moment(own.handle, 200)).minds)
    const again = await engine.open(run.address ?? parseAddress('#0'))
    expect(await engine.parting(handle, again.handle)).toBeNull()
  })

  it('may have lines that end as in Windows', async () => {
    const { run } = await openFile(new TextEncoder().encode(transcript().join('\r\n')))
    expect(run.whyNot).toBeNull()
    expect(run.replayable).toBe(true)
  })

  it('of a run that was edited brings its edits along', async () => {
    const edit: Edit = { type: 'crash', event: 300, node: 0, forMicros: 1_000_000 }
    const { run } = await openFile(transcript(SMALL, 'ndjson', [edit]))
    expect(run.whyNot).toBeNull()
    expect(run.address?.edits).toEqual([{ type: 'crash', event: 300, node: 0, millis: 1_000 }])
  })

  it('that is cut off is run to its end, and says so', async () => {
    const lines = transcript()
    const bytes = fileOf(lines.slice(0, 400))
    const torn = bytes.subarray(0, bytes.length - 20) // in the middle of its last line
    for (const [each, events] of [
      [bytes, 399],
      [torn, 398],
    ] as const) {
      const { run } = await openFile(each)
      expect(run.eventCount).toBe(lines.length - 1)
      expect(run.settings['file']).toBe(`the file ends after event ${events}; what follows was run anew`)
    }
  })

  it('without a first record shows what it tells, without minds and forks', async () => {
    const { engine, handle, run } = await openFile(transcript().slice(1))
    const own = await open('#6?members=3&clients=2&requests=3')
    expect(run.replayable).toBe(false)
    expect(run.whyNot).toMatch(/there are no minds and no forks\.$/)
    expect(run.address).toBeNull()
    expect(await engine.hash(handle)).toBeNull()
    expect(run.timeline).toEqual(own.run.timeline)
    expect(run.flights).toEqual(own.run.flights)
    for (const event of [1, 300, run.eventCount]) {
      const moment = await engine.moment(handle, event)
      const expected = await own.engine.moment(own.handle, event)
      expect(moment.minds).toBeNull()
      expect(moment.members).toEqual(expected.members)
      expect(moment.ledger.slots.map(({ cells }) => cells)).toEqual(
        expected.ledger.slots.map(({ cells }) => cells),
      )
    }
    const { steps } = await engine.slotLife(handle, 3)
    const expected = await own.engine.slotLife(own.handle, 3)
    expect(steps.map(({ event }) => event)).toEqual(expected.steps.map(({ event }) => event))
  })

  it('that this version makes otherwise is shown as it is, and says from where on', async () => {
    const lines = transcript().with(200, transcript()[200]?.replace(/"time":(\d+)/, '"time":1$1') ?? '')
    const { run, engine, handle } = await openFile(lines)
    expect(run.replayable).toBe(false)
    expect(run.whyNot).toMatch(/^This version of Synod makes something else .* from event 200 on: /)
    expect(run.eventCount).toBe(lines.length - 1)
    expect((await engine.order(handle, 'A')).breaks).toBeNull()
  })

  it('of a machine of somebody’s own needs that machine', async () => {
    const scenario = { ...SMALL, requests: 4 }
    const url = new URL('./wallets.js', import.meta.url).href
    const { default: application } = (await import(url)) as { default: never }
    const lines: string[] = []
    simulate({
      seed: 6,
      scenario,
      application: { ...(application as object), name: 'wallets' } as never,
      format: 'ndjson',
      onLine: (line) => lines.push(line),
    })
    expect((await openFile(lines)).run.whyNot).toMatch(/^Its machine, wallets, is not known here/)
    const engine = newEngine()
    await engine.useMachine({ name: './wallets.js', url })
    expect((await openFile(lines, engine)).run.whyNot).toBeNull()
  })

  it.each([
    [
      'of another version',
      (lines: readonly string[]) =>
        lines.with(0, lines[0]?.replace('"formatVersion":2', '"formatVersion":1') ?? ''),
      /^It is of version 1 of the format/,
    ],
    [
      'with options that nobody has',
      (lines: readonly string[]) => lines.with(0, lines[0]?.replace('"alpha":', '"beta":') ?? ''),
      /^This version of Synod cannot run it again \(A scenario has no beta\.\)/,
    ],
  ])('%s is shown as it is', async (_what, change, whyNot) => {
    const { run } = await openFile(change(transcript()))
    expect(run.whyNot).toMatch(whyNot)
    expect(run.eventCount).toBe(transcript().length - 1)
  })
})

describe('what was found by hunting', () => {
  it('is opened by the command that replays it', async () => {
    const own = await open('#6?members=3&clients=2&requests=3&fault=crash=2')
    const hash = await own.engine.hash(own.handle)
    const replay = 'npx synod simulate 6 --members 3 --clients 2 --requests 3 --fault crash=2'
    const told = [
      [JSON.stringify({ seed: 6, verdict: 'answers', story: '1', replay })],
      [JSON.stringify({ seeds: 1, failed: [{ seed: 6, verdict: 'answers', replay }] })],
      ['seed 6: answers failed at event 3: why', `  ${replay}`],
      ['# synod transcript formatVersion=2 seed=6', `# replay it with: ${replay}`],
    ]
    for (const lines of told) {
      const { engine, handle, run } = await openFile(lines)
      expect(await engine.hash(handle)).toBe(hash)
      expect(run.replayable).toBe(true)
    }
  })

  it('may be a seed or a story alone', async () => {
    const { run } = await openFile(['6'])
    expect(run.title).toBe('the.file: seed 6')
  })
})

describe('the black box of a member', () => {
  const recorded = async (redact: boolean): Promise<Uint8Array> => {
    const folder = mkdtempSync(join(tmpdir(), 'synod-viewer-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const box = join(folder, 'box')
    const data = join(folder, 'data')
    const blackBox = { folder: box, redact }
    const member = await Member.start({ id: 'a', data, machine: counter, settings: QUICK, blackBox })
    for (const by of [1_234, 2, 3]) await member.invoke(by)
    await member.close()
    return new Uint8Array(readFileSync(join(box, readdirSync(box)[0] ?? '')))
  }

  it('is a picture of what it did, without minds and forks', async () => {
    const { engine, handle, run } = await openFile(await recorded(false))
    expect(run.replayable).toBe(false)
    expect(run.whyNot).toMatch(
      /^A recording tells what one member did, NODE_0, .*: there are no minds and no forks\.$/,
    )
    expect(run.settings['member']).toBe('a')
    expect(run.nodes).toEqual([{ id: 0, name: 'NODE_0', isMember: true }])
    expect(run.operations.map(({ status }) => status)).toEqual(['ok', 'ok', 'ok'])
    const { ledger, members } = await engine.moment(handle, run.eventCount)
    expect(ledger.slots.every(({ cells }) => cells[0]?.state === 'applied')).toBe(true)
    expect(members[0]?.role).toBe('leading')
    expect((await engine.lines(handle, 1, run.eventCount)).some((line) => line.includes('1234'))).toBe(true)
  })

  it('tells keys and values of a member of the service', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'synod-viewer-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const blackBox = { folder: join(folder, 'box') }
    const member = await Member.start({
      id: 'a',
      data: join(folder, 'data'),
      machine: keyspace,
      settings: QUICK,
      blackBox,
    })
    const [key, value] = [encodeText('colour'), encodeText('blue')]
    await member.invoke({ type: 'put', key, value })
    await member.close()
    const file = readdirSync(blackBox.folder)[0] ?? ''
    const { engine, handle, run } = await openFile(new Uint8Array(readFileSync(join(blackBox.folder, file))))
    const lines = await engine.lines(handle, 1, run.eventCount)
    expect(lines.some((line) => line.includes('put colour {"value":"blue"'))).toBe(true)
  })

  it('tells how long payloads are where it was redacted', async () => {
    const { engine, handle, run } = await openFile(await recorded(true))
    const lines = await engine.lines(handle, 1, run.eventCount)
    expect(lines.some((line) => / bytes?\b/.test(line))).toBe(true)
    expect(lines.some((line) => line.includes('1234'))).toBe(false)
  })

  it('that is torn is shown up to there', async () => {
    const bytes = await recorded(false)
    const whole = await openFile(bytes)
    const torn = await openFile(bytes.subarray(0, Math.floor(bytes.length * 0.8)))
    expect(torn.run.eventCount).toBeLessThan(whole.run.eventCount)
    expect(torn.run.eventCount).toBeGreaterThan(0)
  })
})

describe('a file that cannot be shown gets a sentence', () => {
  const text = (content: string): Uint8Array => new TextEncoder().encode(content)
  /** As long as that, and nothing in it. */
  const huge = Object.assign(new Uint8Array(0), {})
  Object.defineProperty(huge, 'length', { value: 512 * 1024 * 1024 })

  it.each([
    ['empty', text(''), 'the.file is empty.'],
    ['huge', huge, 'the.file has 512 MiB, and the page takes less than 512.'],
    [
      'a picture',
      Uint8Array.from([137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13]),
      /^the\.file is neither text nor a part of a black box: what can be opened is/,
    ],
    [
      'prose',
      text('Once upon a time\nthere was a parliament.\n'),
      /^the\.file is text, and nothing that Synod has written/,
    ],
    ['other data', text('{"a":1}\n'), /^the\.file, line 1: it is no event: its type is missing\.$/],
    ['broken data', text('{"a":\n{"b":2}\n'), /^the\.file, line 1: it is not JSON, or it is cut off\.$/],
    ['a head alone', fileOf(transcript().slice(0, 1)), 'the.file has no events.'],
    [
      'an event without its message',
      text(`${transcript()[0]}\n{"event":1,"time":0,"node":0,"type":"sends","to":[1]}\n`),
      /line 2: it is no event of a transcript: its message is missing\.$/,
    ],
    [
      'a transcript as text',
      fileOf(transcript(SMALL, 'text')),
      /^the\.file is a transcript as text: make one with --format ndjson/,
    ],
    ['a damaged story', text('123456789012345678901234567890\n'), /^This story is damaged/],
    ['no recording', text('synodbox and then nothing'), /^the\.file: .+\.$/],
  ] as [string, Uint8Array, RegExp | string][])('%s', async (_what, bytes, sentence) => {
    await expect(openFile(bytes)).rejects.toThrow(sentence)
  })
})

// The command as a process among others: readers that go away or do not read, and Ctrl-C.

import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PassThrough, Writable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { UsageError } from '../../src/cli/errors.js'
import { Output } from '../../src/cli/output.js'
import { type Child, linesOf, SMALL, shell, startSynod, temporaryFolder } from './command.js'

/** A run that takes minutes: a test in which it ends has failed. */
const ENDLESS = ['--members', '100', '--clients', '500', '--requests', '1000', '--length', '1000']

async function firstText(stream: NodeJS.ReadableStream): Promise<string> {
  const [text] = await once(stream, 'data')
  return String(text)
}

/** What Ctrl-C does to a process. */
async function interrupt(child: Child): Promise<{ code: number | null; signal: string | null }> {
  child.kill('SIGINT')
  const [code, signal] = await once(child, 'exit')
  return { code, signal }
}

describe.concurrent('a reader that goes away', () => {
  it('ends the command quietly, with exit code 0: `| head`', async () => {
    const { stdout, stderr } = await shell('{ synod simulate 6; echo "exit code $?" >&2; } | head -n 2')
    expect(linesOf(stdout)).toEqual([
      expect.stringMatching(/^# synod transcript /),
      expect.stringMatching(/starts/),
    ])
    expect(stderr).toBe('exit code 0\n')
  })

  it('ends it also when it reads stderr as well', async () => {
    const { stdout } = await shell('synod simulate 6 2>&1 | head -n 1')
    expect(stdout).toMatch(/^# synod transcript .*\n$/)
  })

  it('stops the run: nobody wants the rest', async () => {
    const line = `{ synod simulate 6 ${ENDLESS.join(' ')} --format ndjson; echo "exit code $?" >&2; } | head -n 1`
    const { stdout, stderr } = await shell(line)
    expect(JSON.parse(stdout)).toMatchObject({ seed: 6 })
    expect(stderr).toBe('exit code 0\n')
  })
})

describe.concurrent('Ctrl-C', () => {
  it('ends the command with exit code 130 in the middle of a transcript', async () => {
    const child = startSynod(['simulate', '6', ...ENDLESS])
    await firstText(child.stdout)
    child.stdout.resume()
    expect(await interrupt(child)).toEqual({ code: 130, signal: null })
  })

  it('ends it when nobody reads what it writes', async () => {
    const child = startSynod(['simulate', '6', ...ENDLESS])
    await once(child.stdout, 'readable') // and never read on
    expect(await interrupt(child)).toEqual({ code: 130, signal: null })
  })

  it('ends it when it has nothing to write', async () => {
    const child = startSynod(['simulate', ...ENDLESS, '--summary', 'json'])
    expect(await firstText(child.stderr)).toMatch(/^synod: no seed was given, so this is seed \d+\n$/)
    expect(await interrupt(child)).toEqual({ code: 130, signal: null })
  })
})

describe('Ctrl-C in a machine that never gives control back', () => {
  it('ends the command all the same, by the signal itself', async () => {
    const cwd = temporaryFolder()
    const apply = "apply: () => { process.stderr.write('in apply'); for (;;); }"
    const machine = `machine: { initial: () => 0, ${apply} }`
    writeFileSync(
      join(cwd, 'loop.mjs'),
      `export default { ${machine}, operation: () => ({ type: 'command', command: 1 }) }`,
    )
    const child = startSynod(['simulate', '6', '--machine', './loop.mjs'], { cwd })
    expect(await firstText(child.stderr)).toMatch(/in apply/)
    expect(await interrupt(child)).toEqual({ code: null, signal: 'SIGINT' })
  })
})

describe.concurrent('output that cannot be written', () => {
  it.runIf(process.platform === 'linux')('is said in a sentence, with exit code 2', async () => {
    const { code, stderr } = await shell(`synod simulate 6 ${SMALL.join(' ')} > /dev/full`)
    expect(code).toBe(2)
    expect(stderr).toBe('synod: the output cannot be written: ENOSPC: no space left on device.\n')
  })

  it('goes for a history too', async () => {
    const { code, stderr } = await shell(
      `synod simulate 6 ${SMALL.join(' ')} --history /dev/full > /dev/null`,
    )
    expect(code).toBe(2)
    expect(stderr).toBe(
      'synod: the history cannot be written to /dev/full: ENOSPC: no space left on device.\n',
    )
  })
})

describe.concurrent('the output', () => {
  it('waits until what it wrote has been taken', async () => {
    const taken: string[] = []
    let take = (): void => {}
    const slow = new Writable({
      write(chunk, _encoding, done) {
        take = () => {
          taken.push(String(chunk))
          done()
        }
      },
    })
    const output = new Output(slow)
    output.line('one')
    output.line('two')
    let flushed = false
    const flushing = output.flush().then(() => {
      flushed = true
    })
    await setImmediate()
    expect(flushed).toBe(false)
    take()
    await flushing
    expect(taken).toEqual(['one\ntwo\n'])
  })

  it('is closed once its reader has gone, and says nothing of it', async () => {
    const stream = new PassThrough()
    stream.on('error', () => {})
    stream.destroy()
    const output = new Output(stream)
    output.line('one')
    await output.flush()
    expect(output.closed).toBe(true)
  })

  it('says when it cannot be written for any other reason', async () => {
    const broken = new Writable({
      write(_chunk, _encoding, done) {
        done(new Error('the disk is full'))
      },
    })
    broken.on('error', () => {})
    const output = new Output(broken)
    output.line('one')
    await expect(output.flush()).rejects.toThrow(UsageError)
  })
})

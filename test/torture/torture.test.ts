// A short torture: members as processes of their own, killed, parted and stopped. And what is planted in it is found:
// that nothing is found otherwise means something.

import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { checkLinearizability, operationsOfText } from '../../src/simulation/index.js'
import type { Report } from '../../torture/report.js'
import { ROOT } from '../docs/markdown.js'

const folder = mkdtempSync(join(tmpdir(), 'synod-test-torture-'))
const running = new Set<ChildProcess>()

afterAll(() => {
  for (const child of running) child.kill('SIGTERM')
  rmSync(folder, { recursive: true, force: true })
})

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly told: string
}

/** Temporary folders are made within one of the test's own, so that nothing that is kept stays. */
function run(
  program: string,
  args: readonly string[],
  onTold?: (told: string, child: ChildProcess) => void,
): Promise<Ran> {
  const env = { ...process.env, TMPDIR: folder }
  const child = spawn(process.execPath, [join(ROOT, program), ...args], { cwd: ROOT, env })
  running.add(child)
  let out = ''
  let told = ''
  child.stdout.on('data', (chunk) => {
    out += String(chunk)
  })
  child.stderr.on('data', (chunk) => {
    told += String(chunk)
    onTold?.(told, child)
  })
  return new Promise((resolve) => {
    child.once('close', (code) => {
      running.delete(child)
      resolve({ code, out, told })
    })
  })
}

const torture = (args: string, onTold?: Parameters<typeof run>[2]): Promise<Ran> =>
  run('torture/dist/main.js', args.split(' '), onTold)

function reportOf({ out, told }: Ran): Report {
  expect(out, told).not.toBe('')
  return JSON.parse(out) as Report // it prints nothing else
}

beforeAll(async () => {
  const { code, told } = await run('scripts/torture.mjs', ['--help']) // it builds it
  expect(code, told).toBe(0)
})

describe.concurrent('a cluster of processes', () => {
  it('loses nothing, does nothing twice and reads nothing old while members are killed, parted and stopped', async () => {
    const path = join(folder, 'history.jsonl')
    const ran = await torture(`--faults kill,partition,pause --each 2 --seed 4 --json --history ${path}`)
    const report = reportOf(ran)
    expect(report, ran.told).toMatchObject({ verdict: 'holds', failures: [], folder: null })
    expect(ran.code).toBe(0)
    expect(report.faults['kill']).toBeGreaterThanOrEqual(2)
    expect(report.faults['partition']).toBeGreaterThanOrEqual(2)
    expect(report.faults['pause']).toBeGreaterThanOrEqual(2)
    const operations = operationsOfText(readFileSync(path, 'utf8'))
    expect(operations.length).toBeGreaterThanOrEqual(report.operations.ok)
    expect(checkLinearizability('key-value', operations).verdict).toBe('linearizable')
  })

  it('is found out when reads ask one member alone', async () => {
    const ran = await torture('--for 60s --faults snapshot --seed 1 --plant stale --json')
    expect(ran.code, ran.told).toBe(1)
    expect(reportOf(ran).failures[0]).toMatch(/^k\d+ is not linearizable: /)
  })

  it('is found out when commands are executed twice', async () => {
    const ran = await torture('--faults snapshot --each 1 --seed 1 --plant repeat --json')
    expect(ran.code, ran.told).toBe(1)
    expect(reportOf(ran).failures[0]).toMatch(/^\d+ commands were executed on k\d+, and \d+ acknowledged/)
  })

  it('is found out when a disk forgets what it called durable', async () => {
    const ran = await torture('--kills 10 --seed 1 --plant forgetful --json')
    expect(ran.code, ran.told).toBe(1)
    const { failures, folder: kept } = reportOf(ran)
    expect(failures[0]).toMatch(/StoreRefused/)
    expect(existsSync(join(kept ?? '', 'members.log'))).toBe(true)
  })

  it('leaves no process and no folder behind when it is interrupted', async () => {
    let begun: string | undefined
    const { code } = await torture('--for 60s', (told, child) => {
      begun ??= / in (\S+)\n/.exec(told)?.[1]
      if (begun !== undefined) child.kill('SIGINT')
    })
    expect(code).toBe(130)
    expect(begun).toContain('synod-torture-')
    expect(existsSync(begun ?? '')).toBe(false)
  })
})

it('says which option is wrong', async () => {
  const { code, told } = await torture('--for ever')
  expect(code).toBe(2)
  expect(told).toBe('torture: --for must be a length such as 90s, 10m or 1h, and ever is not\n')
})

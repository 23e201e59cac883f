// `npm run bench:cluster [-- --json] [--quick] [--members N] [--key BYTES] [--value BYTES]`: what a real cluster does on this machine,
// measured on dist: members are processes of `synod serve` with stores of their own, and the load is `synod bench`.
// A benchmark, not a test: nothing fails here when a machine is slow. Progress goes to stderr.

import { execFile, spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { optionsOf } from './options.mjs'

const SYNOD = fileURLToPath(new URL('../bin/synod.js', import.meta.url))
const NAMES = 'abcdefghi'
/** Who makes the load must not be in the way of those who carry it: it collects young objects less often. */
const LOAD_FLAG = '--max-semi-space-size=64'
const run = promisify(execFile)
const tell = (text) => process.stderr.write(`bench: ${text}\n`)

const options = optionsOf(
  'npm run bench:cluster [-- --json] [--quick] [--members N] [--key BYTES] [--value BYTES]',
  {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    members: { type: 'string', default: '3' },
    key: { type: 'string', default: '16' },
    value: { type: 'string', default: '256' },
  },
)
const count = Number(options.members)
if (!Number.isInteger(count) || count < 1 || count > NAMES.length) {
  process.stderr.write(`bench: --members is a whole number from 1 to ${NAMES.length}.\n`)
  process.exit(2)
}

// ---- a cluster of processes

const folder = mkdtempSync(join(tmpdir(), 'synod-bench-'))
const members = new Map()
process.on('exit', () => {
  for (const { child } of members.values()) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(130))

async function freePorts(howMany) {
  const servers = Array.from({ length: howMany }, () => createServer())
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port))),
    ),
  )
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

const ports = await freePorts(count)
const endpoints = ports.map((port) => `127.0.0.1:${port}`)
const cluster = endpoints.map((endpoint, at) => `${NAMES[at]}=${endpoint}`).join(',')

function start(name) {
  const data = join(folder, name)
  const args = [SYNOD, 'serve', '--id', name, '--data', data, '--cluster', cluster, '--http', 'off']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  members.set(name, { child, data, ended })
}

async function stop() {
  for (const { child } of members.values()) child.kill('SIGTERM')
  await Promise.all([...members.values()].map(({ ended }) => ended))
}

const ask = async (...args) =>
  (await run(process.execPath, [LOAD_FLAG, SYNOD, ...args, '--endpoints', endpoints.join(',')])).stdout

async function bench(kind, clients, seconds, ...more) {
  tell(`${kind}, ${clients} clients, ${seconds} s`)
  const args = ['bench', kind, '--clients', clients, '--seconds', seconds, '--json']
  args.push('--key', options.key, '--value', options.value)
  return JSON.parse(await ask(...args.map(String), ...more.map(String)))
}

/** Resident memory of a process, in MB; null where the system does not say. */
function residentMegabytes(pid) {
  try {
    const [, kilobytes] = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
    return kilobytes === undefined ? null : Math.round(Number(kilobytes) / 1_024)
  } catch {
    return null
  }
}

function diskMegabytes(path) {
  const bytes = readdirSync(path, { recursive: true }).reduce((sum, name) => {
    const found = statSync(join(path, name), { throwIfNoEntry: false })
    return sum + (found?.isFile() ? found.size : 0)
  }, 0)
  return Math.round(bytes / 1_048_576)
}

// ---- the rows

const seconds = options.quick ? 3 : 10
const rows = []
const add = (what, toReach, measured, raw) => rows.push({ what, toReach, measured, raw })
const rate = ({ operationsPerSecond }) => `${Math.round(operationsPerSecond).toLocaleString('en')}/s`
const latency = ({ latencyMillis: { p50, p99 } }) => `p50 ${p50} ms, p99 ${p99} ms`

for (const name of NAMES.slice(0, count)) start(name)
await ask('put', 'ready', 'yes', '--timeout', '30s')

for (const [clients, toReach] of [
  [1_000, '110,000/s'],
  [256, ''],
  [64, '30,000/s'],
]) {
  const put = await bench('put', clients, seconds)
  add(`puts, ${clients} clients`, toReach, `${rate(put)}, ${latency(put)}`, put)
}
const one = await bench('put', 1, seconds)
add('put latency, 1 client', 'p50 0.7 ms', latency(one), one)
const gets = await bench('get', 1_000, seconds)
add('linearizable reads, 1,000 clients', '150,000/s', `${rate(gets)}, ${latency(gets)}`, gets)
const get = await bench('get', 1, seconds)
add('linearizable reads, 1 client', 'p50 0.4 ms', latency(get), get)
const mixed = await bench('mixed', 1_000, seconds)
add('half of each, 1,000 clients', '', `${rate(mixed)}, ${latency(mixed)}`, mixed)

// Memory and disk of each member after many puts over 100,000 keys.
const wanted = options.quick ? 500_000 : 10_000_000
let puts = 0
const began = performance.now()
while (puts < wanted) {
  const { operations } = await bench('put', 1_000, Math.min(60, seconds * 3))
  puts += operations
}
const sizes = [...members].map(([name, { child, data }]) => ({
  name,
  memoryMegabytes: residentMegabytes(child.pid),
  diskMegabytes: diskMegabytes(data),
}))
tell(`${puts} puts in ${Math.round((performance.now() - began) / 1_000)} s`)
const shown = (key) => sizes.map((size) => size[key]).join(', ')
add(
  `memory a member, after ${puts.toLocaleString('en')} more puts`,
  '250 MB',
  `${shown('memoryMegabytes')} MB`,
  sizes,
)
add('disk a member, after them', '512 MB', `${shown('diskMegabytes')} MB`, sizes)

// From the start of all processes to the first answer, with as many keys.
const keys = options.quick ? 100_000 : 1_000_000
await bench('get', 1_000, 1, '--keys', keys)
await stop()
const startedMillis = performance.now()
for (const name of NAMES.slice(0, count)) start(name)
await ask('get', 'ready', '--timeout', '60s')
const restartSeconds = (performance.now() - startedMillis) / 1_000
add(`restart of all with ${keys.toLocaleString('en')} keys`, '3 s', `${restartSeconds.toFixed(2)} s`, {
  restartSeconds,
})
await stop()

const [{ model = 'unknown' } = {}] = cpus()
const machine = `${model}, ${availableParallelism()} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node.js ${process.version}`
if (options.json) process.stdout.write(`${JSON.stringify({ machine, members: count, rows })}\n`)
else {
  process.stdout.write(`${machine}; ${count} members, values of ${options.value} bytes\n\n`)
  process.stdout.write('| what | to reach | measured |\n|---|---|---|\n')
  for (const { what, toReach, measured } of rows)
    process.stdout.write(`| ${what} | ${toReach} | ${measured} |\n`)
}
process.exit(0)

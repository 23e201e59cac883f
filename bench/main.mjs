// `npm run bench [-- --json] [--quick]`: the figures of docs/PERFORMANCE.md, measured on dist. Progress goes to stderr.
// A benchmark, not a test: nothing fails here when a machine is slow, only when a run is wrong.

import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { availableParallelism, cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import {
  checkLinearizability,
  Exploration,
  operationsOfHistory,
  sharedApplication,
  simulate,
  swarm,
} from '../dist/simulation/index.js'
import { optionsOf } from './options.mjs'

const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** Seeds that a worker is given at a time. */
const BATCH = 50

// ---- every seed, on all cores

/** Runs seeds from `first` on; gives the slowest, and those in which a verdict failed. */
function runBatch({ first, count }) {
  const batch = { slowest: 0, failed: [] }
  for (let seed = first; seed < first + count; seed++) {
    const { ok, simulatedSeconds, verdicts } = simulate({ seed }).summary
    batch.slowest = Math.max(batch.slowest, simulatedSeconds)
    if (!ok) batch.failed.push({ seed, verdicts })
  }
  return batch
}

async function everySeed(count) {
  const result = { slowest: 0, failed: [] }
  let next = 1
  let done = 0
  const work = (worker, resolve) => {
    if (next > count) {
      worker.terminate().then(resolve)
      return
    }
    worker.postMessage({ first: next, count: Math.min(BATCH, count - next + 1) })
    next += BATCH
  }
  const one = () =>
    new Promise((resolve, reject) => {
      const worker = new Worker(new URL(import.meta.url))
      worker.on('error', reject)
      worker.on('message', ({ slowest, failed, ran }) => {
        result.slowest = Math.max(result.slowest, slowest)
        result.failed.push(...failed)
        done += ran
        if (done % 500 === 0) tell(`${done} of ${count} seeds`)
        work(worker, resolve)
      })
      work(worker, resolve)
    })
  await Promise.all(Array.from({ length: availableParallelism() }, one))
  return result
}

// ---- on one core

/** Calls `run` with one seed after the other for some seconds; gives how often in a second, and the sum of what it gives. */
function rate(run, seconds) {
  const start = performance.now()
  let seed = 0
  let sum = 0
  let elapsed = 0
  while (elapsed < seconds * 1000) {
    sum += run(seed++)
    elapsed = performance.now() - start
  }
  return { runs: (seed / elapsed) * 1000, sum: (sum / elapsed) * 1000 }
}

/** The median of several rounds, after one that does not count. */
function rounds(run, { count, seconds }) {
  rate(run, seconds)
  const all = Array.from({ length: count }, () => rate(run, seconds))
  return { runs: median(all.map(({ runs }) => runs)), sum: median(all.map(({ sum }) => sum)) }
}

/** Simulated seconds and events a second of runs of the swarm with five members, from this seed on; all verdicts are on. */
function swarmFrom(first, seconds) {
  const start = performance.now()
  const sum = { seconds: 0, events: 0 }
  let elapsed = 0
  for (let seed = first; elapsed < seconds * 1000; seed++) {
    const scenario = { ...swarm(seed), members: 5 }
    const { summary } = simulate({ seed, scenario, application: sharedApplication() })
    sum.seconds += summary.simulatedSeconds
    sum.events += summary.events
    elapsed = performance.now() - start
  }
  return { seconds: (sum.seconds / elapsed) * 1000, events: (sum.events / elapsed) * 1000 }
}

/** As a hunt does it: in a worker that does nothing else, and not counting how long it takes to get warm. */
function swarming(seconds) {
  swarmFrom(1, 2 * seconds)
  return swarmFrom(10_001, 3 * seconds)
}

const delivered = (seed) => simulate({ seed }).summary.messages.delivered

/** A run whose text goes to a file, written as the command line writes it: in large pieces. */
function toFile(file) {
  return (seed) => {
    let text = ''
    const flush = () => {
      writeSync(file, text)
      text = ''
    }
    simulate({
      seed,
      onLine: (line) => {
        text += `${line}\n`
        if (text.length > 65_536) flush()
      },
    })
    flush()
    return 0
  }
}

function writing(plan) {
  const folder = mkdtempSync(join(tmpdir(), 'synod-bench-'))
  const file = openSync(join(folder, 'transcript'), 'w')
  try {
    return rounds(toFile(file), plan).runs
  } finally {
    closeSync(file)
    rmSync(folder, { recursive: true })
  }
}

// ---- the checker of linearizability

/**
 * A history of a key-value store, by clients that do one operation after the other, half of them gets. Each takes
 * effect at some moment between its beginning and its end. One in 200 has an unknown outcome.
 */
function historyOf({ operations, keys, clients }) {
  let seed = 1
  const draw = (count) => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return (seed >>> 8) % count
  }
  const history = []
  const state = new Map()
  const slots = Array.from({ length: clients }, (_, process) => ({ process, operation: null }))
  let begun = 0
  let processes = clients
  const write = (slot, type, value) => {
    const { f, key } = slot.operation
    history.push({ process: slot.process, type, f, key, value, time: history.length })
  }
  while (begun < operations || slots.some(({ operation }) => operation !== null)) {
    const slot = slots[draw(clients)]
    const { operation } = slot
    if (operation === null) {
      if (begun === operations) continue
      const f = draw(2) === 0 ? 'get' : 'set'
      slot.operation = { f, key: `k${draw(keys)}`, value: f === 'set' ? begun : null, isDone: false }
      begun += 1
      write(slot, 'invoke', slot.operation.value)
    } else if (!operation.isDone) {
      operation.isDone = true
      if (operation.f === 'get') operation.value = state.get(operation.key) ?? null
      else state.set(operation.key, operation.value)
    } else {
      const isUnknown = draw(200) === 0
      write(slot, isUnknown ? 'info' : 'ok', operation.value)
      if (isUnknown) slot.process = processes++
      slot.operation = null
    }
  }
  return history
}

/** The median of the seconds that it takes to judge a history. */
function checking(shape, times) {
  const operations = operationsOfHistory(historyOf(shape))
  const seconds = Array.from({ length: times + 1 }, () => {
    const start = performance.now()
    const { verdict } = checkLinearizability('key-value', operations)
    if (verdict !== 'linearizable') throw new Error(`A history that is linearizable was judged ${verdict}.`)
    return (performance.now() - start) / 1000
  })
  return median(seconds.slice(1))
}

// ---- exhaustive exploration

/** States generated a second, from the first to the last. */
function exploring() {
  const start = performance.now()
  const exploration = new Exploration()
  while (exploration.advance(1_000));
  const { verdict, generated } = exploration.result
  if (verdict !== 'holds') throw new Error(`An exploration ended with ${verdict}.`)
  return (generated / (performance.now() - start)) * 1000
}

function startSeconds(times) {
  const seconds = Array.from({ length: times + 1 }, () => {
    const start = performance.now()
    const { status } = spawnSync('npm', ['start', '6'], {
      cwd: ROOT,
      stdio: ['ignore', 'ignore', 'ignore'],
      shell: process.platform === 'win32',
    })
    if (status !== 0) throw new Error(`npm start 6 ended with exit code ${status}.`)
    return (performance.now() - start) / 1000
  })
  return median(seconds.slice(1)) // the first one may have had to build
}

// ---- telling

function median(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)]
}

function tell(sentence) {
  process.stderr.write(`bench: ${sentence}\n`)
}

function table(machine, figures) {
  const rows = [
    ['what', 'figure', 'to reach'],
    ...figures.map(({ what, text, target }) => [what, text, target]),
  ]
  const widths = [0, 1, 2].map((column) => Math.max(...rows.map((row) => row[column].length)))
  const lines = rows.map((row) => `| ${row.map((cell, at) => cell.padEnd(widths[at])).join(' | ')} |`)
  lines.splice(1, 0, `|${widths.map((width) => '-'.repeat(width + 2)).join('|')}|`)
  const { node, processor, cores, memoryGigabytes } = machine
  return `${lines.join('\n')}\n\n${processor}, ${cores} cores, ${memoryGigabytes} GB, Node.js ${node}\n`
}

async function main() {
  const values = optionsOf('npm run bench [-- --json] [--quick]', {
    json: { type: 'boolean' },
    quick: { type: 'boolean' },
  })
  const seeds = values.quick ? 500 : 10_000
  const plan = values.quick ? { count: 3, seconds: 1 } : { count: 7, seconds: 3 }

  tell('npm start 6')
  const start = startSeconds(values.quick ? 3 : 9)
  tell('classic on one core')
  const classic = rounds(delivered, plan)
  tell('classic on one core, with its transcript')
  const written = writing(plan)
  tell('the swarm')
  const swarmed = await inWorker({ swarm: plan.seconds })
  tell('the linearizability check')
  const operations = 100_000
  const byKey = operations / checking({ operations, keys: 1_000, clients: 20 }, values.quick ? 3 : 9)
  const oneKey = checking({ operations: 4_000, keys: 1, clients: 20 }, values.quick ? 3 : 9)
  tell('exhaustive exploration')
  const explored = exploring()
  const { slowest, failed } = await everySeed(seeds)
  for (const { seed, verdicts } of failed) tell(`seed ${seed} fails: ${JSON.stringify(verdicts)}`)

  const figures = [
    {
      what: `classic, seeds 1 to ${seeds}: every one ends and every verdict holds`,
      text: `${seeds - failed.length} do; the slowest in ${slowest.toFixed(1)} simulated s`,
      target: 'all of them, in 30 simulated s',
      value: { seeds, failed: failed.map(({ seed }) => seed), slowestSimulatedSeconds: slowest },
      reached: failed.length === 0 && slowest <= 30,
    },
    {
      what: 'classic runs a second, one core, no transcript',
      text: classic.runs.toFixed(1),
      target: '100',
      value: classic.runs,
      reached: classic.runs >= 100,
    },
    {
      what: 'the same with the full text transcript written to a file',
      text: written.toFixed(1),
      target: '20',
      value: written,
      reached: written >= 20,
    },
    {
      what: 'messages delivered a second, one core, no transcript',
      text: classic.sum.toFixed(0),
      target: '500000',
      value: classic.sum,
      reached: classic.sum >= 500_000,
    },
    {
      what: 'simulated seconds a second, one core, 5 members, swarm, all verdicts on',
      text: `${swarmed.seconds.toFixed(0)}, ${swarmed.events.toFixed(0)} events a second`,
      target: '1000',
      value: swarmed,
      reached: swarmed.seconds >= 1_000,
    },
    {
      what: 'linearizability check, operations a second, 1,000 keys',
      text: byKey.toFixed(0),
      target: '100000',
      value: byKey,
      reached: byKey >= 100_000,
    },
    {
      what: 'linearizability check, 4,000 operations of 20 clients on one key',
      text: `${oneKey.toFixed(3)} s`,
      target: 'seconds',
      value: oneKey,
      reached: oneKey <= 5,
    },
    {
      what: 'exploration, states generated a second, one core',
      text: explored.toFixed(0),
      target: '100000',
      value: explored,
      reached: explored >= 100_000,
    },
    {
      what: '`npm start 6` on an installed clone, whole process',
      text: `${start.toFixed(2)} s`,
      target: '1 s',
      value: start,
      reached: start <= 1,
    },
  ]
  const machine = {
    node: process.versions.node,
    processor: cpus()[0]?.model ?? 'unknown processor',
    cores: availableParallelism(),
    memoryGigabytes: Math.round(totalmem() / 2 ** 30),
  }
  const data = figures.map(({ text: _, ...figure }) => figure)
  process.stdout.write(
    values.json ? `${JSON.stringify({ machine, figures: data }, null, 2)}\n` : table(machine, figures),
  )
  if (failed.length > 0) process.exitCode = 1
}

/** What a worker makes of a message. */
function work(message) {
  return message.swarm ? swarming(message.swarm) : { ...runBatch(message), ran: message.count }
}

function inWorker(message) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL(import.meta.url))
    worker.on('error', reject)
    worker.on('message', (answer) => worker.terminate().then(() => resolve(answer)))
    worker.postMessage(message)
  })
}

if (isMainThread) await main()
else parentPort.on('message', (message) => parentPort.postMessage(work(message)))

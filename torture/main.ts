/**
 * `npm run torture`: members as real processes under load, faults, and verdicts on what the clients were told. See
 * docs/TORTURE.md. Progress goes to stderr.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { Cluster } from './cluster.js'
import { FAULT_NAMES, type FaultName } from './faults.js'
import { History } from './history.js'
import { Judge } from './judge.js'
import { Load } from './load.js'
import { Nemesis } from './nemesis.js'
import { PLANTS, type Plant } from './protocol.js'
import { summaryOf } from './recoveries.js'
import { type Report, tableOf } from './report.js'

const HELP = `Usage: npm run torture -- [options]

Runs a cluster of real processes on this machine under load, injects faults, and judges what the clients were told.

  --for LENGTH     how long: 90s, 10m or 1h (default: 1m)
  --members N      members to begin with, 3 to 9 (default: 3)
  --seed N         what the faults are drawn from (default: at random)
  --faults NAMES   only these, separated by commas: ${FAULT_NAMES.join(', ')}
  --each N         until each of these faults has struck so often, however long it takes
  --kills N        nothing but kill -9, mostly of the leader, one as soon as the last is over, so many times
  --history FILE   write what the clients were told, for synod check
  --plant BUG      have something wrong, to see it found: ${PLANTS.join(', ')}
  --json           print one line of JSON
  --help           print this

It exits with 0 when every verdict holds, with 1 when one does not, and with 2 when an option is wrong.`

/** How long the members may take at the end, when nothing is wrong any more, until they serve and are the same. */
const CALM_MILLIS = 60_000
const PROGRESS_MILLIS = 10_000
const MOST_FAILURES = 20

class UsageError extends Error {}

interface Options {
  readonly seconds: number
  readonly members: number
  readonly seed: number
  readonly faults: readonly FaultName[]
  readonly each: number | null
  readonly kills: number | null
  readonly history: string | null
  readonly plant: Plant | null
  readonly json: boolean
}

function optionsOf(): Options | null {
  const { values } = parseArgs({
    options: {
      for: { type: 'string' },
      members: { type: 'string', default: '3' },
      seed: { type: 'string', default: String(1 + Math.floor(Math.random() * 999_999)) },
      faults: { type: 'string' },
      each: { type: 'string' },
      kills: { type: 'string' },
      history: { type: 'string' },
      plant: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return null
  return {
    seconds: lengthOf(values.for ?? (values.kills === undefined && values.each === undefined ? '1m' : '24h')),
    members: numberOf('--members', values.members, 3, 9),
    seed: numberOf('--seed', values.seed, 0, 0xffff_ffff),
    faults: (values.faults?.split(',') ?? FAULT_NAMES).map((name) => oneOf('--faults', name, FAULT_NAMES)),
    each: values.each === undefined ? null : numberOf('--each', values.each, 1, 1_000_000),
    kills: values.kills === undefined ? null : numberOf('--kills', values.kills, 1, 1_000_000),
    history: values.history ?? null,
    plant: values.plant === undefined ? null : oneOf('--plant', values.plant, PLANTS),
    json: values.json,
  }
}

class Torture {
  readonly #options: Options
  readonly #folder = mkdtempSync(join(tmpdir(), 'synod-torture-'))
  readonly #cluster: Cluster
  readonly #history: History
  readonly #judge: Judge
  readonly #failures: string[] = []
  readonly #startMillis = performance.now()
  #judged = { keys: 0, operations: 0, undecided: 0 }
  #wake: () => void = () => {}

  constructor(options: Options) {
    this.#options = options
    this.#history = new History(options.history)
    this.#judge = new Judge(({ key, verdict, operations, story }) => {
      this.#judged.keys += 1
      this.#judged.operations += operations
      if (verdict === 'undecided') this.#judged.undecided += 1
      if (verdict === 'not linearizable') this.#fail(`${key} is not linearizable: ${story.join('; ')}`)
    })
    this.#cluster = new Cluster({
      folder: this.#folder,
      plant: options.plant,
      onFailure: (why) => this.#fail(why),
    })
  }

  /** Ends everything here and now. */
  abort(): void {
    this.#cluster.killAll()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async run(): Promise<Report> {
    const { seed, members, plant, faults, each } = this.#options
    say(`seed ${seed}, ${members} members in ${this.#folder}`)
    await this.#cluster.found(members)
    const load = await Load.start({
      endpoints: this.#cluster.hosts.map(({ endpoint }) => endpoint),
      seed,
      plant,
      history: this.#history,
      judge: this.#judge,
      onFailure: (why) => this.#fail(why),
    })
    await load.untilServed()
    const nemesis = new Nemesis({
      cluster: this.#cluster,
      load,
      seed,
      members,
      faults,
      each,
      onFailure: (why) => this.#fail(why),
    })
    const progress = setInterval(() => this.#tell(load, nemesis), PROGRESS_MILLIS)
    await this.#torment(nemesis)
    if (this.#failures.length === 0) await this.#comeToRest(load, nemesis)
    await load.close()
    clearInterval(progress)
    await this.#cluster.stop()
    await this.#judge.finish()
    this.#history.close()
    return this.#report(load, nemesis)
  }

  async #torment(nemesis: Nemesis): Promise<void> {
    const { seconds, kills } = this.#options
    const over = new Promise<void>((resolve) => {
      this.#wake = resolve
      setTimeout(resolve, seconds * 1_000).unref()
    })
    await Promise.race([over, kills === null ? nemesis.strike() : nemesis.killMany(kills)])
    if (this.#failures.length > 0) nemesis.giveUp()
    await nemesis.end()
  }

  /** All is well again: now everything must be served, and the members must come to be the same. */
  async #comeToRest(load: Load, nemesis: Nemesis): Promise<void> {
    const cluster = this.#cluster
    cluster.links.healAll()
    for (const host of cluster.present) {
      cluster.resume(host)
      cluster.setDisk(host, { type: 'sound' })
      await nemesis.startAgain(host)
    }
    const isServed = await within(CALM_MILLIS, load.untilServed())
    if (isServed === null) this.#fail(`Nothing is served ${CALM_MILLIS} ms after the last fault.`)
    await load.stop()
    if (isServed !== null) await load.readAll()
    if (!(await within(CALM_MILLIS, this.#untilSame()))) this.#fail(await this.#differences())
  }

  /** Resolves when all voters that are up have applied the same slots, and have the same state. */
  async #untilSame(): Promise<true> {
    for (;;) {
      const looks = await this.#looks()
      const [first] = looks
      const isSame = looks.every((each) => each !== null && each.look.applied === first?.look.applied)
      if (isSame && new Set(looks.map((each) => each?.look.digest)).size === 1) return true
      if (isSame) {
        this.#fail(`After the same slot the members have different states: ${JSON.stringify(looks)}`)
        return true
      }
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  /** Of all that must be there at the end. */
  async #looks() {
    const hosts = this.#cluster.present
    const looks = await Promise.all(
      hosts.map(async (host) => {
        const look = await this.#cluster.look(host)
        return look && { name: host.name, number: host.number, store: host.store, look }
      }),
    )
    const latest = looks.flatMap((each) => each?.look.latest ?? []).sort((a, b) => b.version - a.version)[0]
    // Whoever the last change has made no member may be anywhere.
    return looks.filter(
      (each, at) =>
        latest?.voters.some(({ member, store }) => {
          const { number, store: own } = each ?? (hosts[at] as (typeof hosts)[number]) // one look a host
          return member === number && store === own
        }) ?? true,
    )
  }

  async #differences(): Promise<string> {
    const looks = await this.#looks()
    const told = looks.map((each) => each && `${each.name}: ${each.look.applied} of ${each.look.decided}`)
    return `${CALM_MILLIS} ms after the last fault the members are not at the same slot: ${told.join(', ')}`
  }

  #fail(sentence: string): void {
    if (this.#failures.length < MOST_FAILURES) this.#failures.push(sentence)
    if (this.#failures.length === 1) say(`FAILED: ${sentence}`)
    this.#wake()
  }

  #tell(load: Load, nemesis: Nemesis): void {
    const { seconds, kills, each } = this.#options
    const left = seconds - (performance.now() - this.#startMillis) / 1_000
    const time = each === null ? `${Math.max(0, Math.round(left))} s left` : `until each struck ${each} times`
    const until = kills === null ? time : `${nemesis.kills} of ${kills} kills`
    const { ok, failed, unknown } = load.counts
    const struck = [...nemesis.counts.values()].reduce((sum, count) => sum + count, 0)
    const verdict = this.#failures.length === 0 ? 'all holds' : 'FAILED'
    say(
      `${until}: ${ok} ok, ${failed} failed, ${unknown} unknown; ${struck} faults, ${nemesis.kills} kills; ${this.#judged.keys} histories judged; ${verdict}`,
    )
  }

  #report(load: Load, nemesis: Nemesis): Report {
    const { seed, members } = this.#options
    const failures = [...this.#failures]
    if (this.#judged.undecided > 0) failures.push(`${this.#judged.undecided} histories could not be judged.`)
    if (failures.length === 0) rmSync(this.#folder, { recursive: true, force: true })
    return {
      verdict: failures.length === 0 ? 'holds' : 'fails',
      seed,
      members,
      seconds: Math.round((performance.now() - this.#startMillis) / 1_000),
      faults: Object.fromEntries(nemesis.counts),
      kills: nemesis.kills,
      operations: { ...load.counts },
      judged: { keys: this.#judged.keys, operations: this.#judged.operations },
      recovery: summaryOf(nemesis.recoveries),
      failures,
      folder: failures.length === 0 ? null : this.#folder,
    }
  }
}

// ---- words -------------------------------------------------------------------------------------------------------

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 }

function lengthOf(text: string): number {
  const [, digits = '', unit = ''] = /^(\d+)([smh])$/.exec(text) ?? []
  const seconds = Number(digits) * (UNITS[unit] ?? 0)
  if (seconds > 0 && seconds <= 1_000_000) return seconds
  throw new UsageError(`--for must be a length such as 90s, 10m or 1h, and ${text} is not`)
}

function numberOf(option: string, text: string, least: number, most: number): number {
  const number = Number(text)
  if (/^\d+$/.test(text) && number >= least && number <= most) return number
  throw new UsageError(`${option} must be a whole number from ${least} to ${most}, and ${text} is not`)
}

function oneOf<Name extends string>(option: string, text: string, names: readonly Name[]): Name {
  const name = names.find((each) => each === text)
  if (name !== undefined) return name
  throw new UsageError(`${option} must be of ${names.join(', ')}, and ${text} is not`)
}

async function within<Value>(millis: number, promise: Promise<Value>): Promise<Value | null> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), millis)
  })
  const value = await Promise.race([promise, late])
  clearTimeout(timer)
  return value
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}

function say(text: string): void {
  process.stderr.write(`torture: ${text}\n`)
}

async function main(): Promise<number> {
  const options = optionsOf()
  if (options === null) {
    print(HELP)
    return 0
  }
  const torture = new Torture(options)
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => {
      torture.abort()
      process.exit(130)
    })
  process.once('uncaughtException', (error) => {
    torture.abort()
    say(`it failed itself: ${error.stack}`)
    process.exit(1)
  })
  const report = await torture.run()
  print(options.json ? JSON.stringify(report) : tableOf(report))
  return report.verdict === 'holds' ? 0 : 1
}

try {
  process.exit(await main())
} catch (error) {
  const isWrong =
    error instanceof UsageError || (error as NodeJS.ErrnoException).code?.startsWith('ERR_PARSE_ARGS')
  if (!isWrong) throw error
  say((error as Error).message)
  process.exit(2)
}

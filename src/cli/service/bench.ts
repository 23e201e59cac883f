/** `synod bench`: how much a cluster does, and how soon it answers. */
import { type Command, Option } from 'commander'
import { keyspace, keyspaceBounds } from '../../machines/index.js'
import { Client } from '../../runtime/index.js'
import { Failure, UsageError } from '../errors.js'
import { windUpOnInterrupt } from '../interruption.js'
import { Output } from '../output.js'
import { Progress } from '../progress.js'
import { clientCommand, DATA_GROUP, findCluster, type KeyspaceClient, orFailure } from './client.js'
import { tuneEngine } from './engine.js'
import { LOADS, Load, type LoadKind } from './load.js'
import { jsonOfMeasured, tableOfMeasured } from './measured.js'

interface Flags extends Readonly<Record<string, unknown>> {
  readonly clients: string
  readonly connections: string
  readonly value: string
  readonly key: string
  readonly keys: string
  readonly seconds: string
  readonly json?: boolean
}

/** What comes first is not measured: connections, sessions, and code that is not compiled yet. */
const WARM_UP_SECONDS = 2

/** 128 + SIGINT. */
const INTERRUPTED = 130

export function benchCommand(): Command {
  return clientCommand('bench', DATA_GROUP)
    .summary('measure a cluster')
    .description(
      'Has clients ask a cluster for a while, and tells how many operations it did in a second, and how soon they were answered. Each client has a session of its own and one operation under way. Gets are linearizable. It writes to the keys 0, 1, 2 … of the cluster, as many as --keys says.',
    )
    .argument('<kind>', `${LOADS.join(', ')}: half of each`)
    .option('--clients <number>', 'how many ask at the same time', '64')
    .option('--connections <number>', 'how many to each member they share', '1')
    .option('--key <bytes>', 'how long a key is, in bytes', '16')
    .option('--value <bytes>', 'how long a value is, in bytes', '256')
    .option('--keys <number>', 'how many different keys there are', '100000')
    .option('--seconds <number>', `how long, after a warm-up of ${WARM_UP_SECONDS} s`, '10')
    .addOption(new Option('--json', 'print what was measured as JSON'))
    .action(async (kind: string, flags: Flags) => {
      process.exitCode = await bench(kindOf(kind), flags)
    })
}

function kindOf(given: string): LoadKind {
  const kind = LOADS.find((each) => each === given)
  if (kind !== undefined) return kind
  throw new UsageError(`there is no load '${given}': it is one of ${LOADS.join(', ')}`)
}

function numberOf(flag: string, given: string, low: number, high: number): number {
  const value = Number(given)
  if (given.trim() !== '' && Number.isInteger(value) && value >= low && value <= high) return value
  throw new UsageError(`${flag} must be a whole number from ${low} to ${high}, and '${given}' is not`)
}

async function bench(kind: LoadKind, flags: Flags): Promise<number> {
  tuneEngine()
  const clients = numberOf('--clients', flags.clients, 1, 100_000)
  const connections = numberOf('--connections', flags.connections, 1, 10_000)
  const keys = numberOf('--keys', flags.keys, 1, 100_000_000)
  const keyBytes = numberOf('--key', flags.key, String(keys - 1).length, keyspaceBounds.keyBytes)
  const valueBytes = numberOf('--value', flags.value, 0, keyspaceBounds.valueBytes)
  const seconds = numberOf('--seconds', flags.seconds, 1, 86_400)
  const { endpoints, security, timeoutMillis } = findCluster(flags)
  return await orFailure(async () => {
    const connect = (): Promise<KeyspaceClient> =>
      Client.connect({ endpoints, machine: keyspace, connectTimeoutMillis: timeoutMillis, ...security })
    const open = await connectAll(Math.min(connections, clients), connect)
    try {
      const load = new Load(open, { kind, clients, keys, keyBytes, valueBytes, timeoutMillis })
      return await measure(load, kind, keys, seconds, flags.json === true)
    } finally {
      await Promise.all(open.map((client) => client.close()))
    }
  })
}

/** All of them, or none: whatever was opened is closed when another cannot be. */
async function connectAll(
  count: number,
  connect: () => Promise<KeyspaceClient>,
): Promise<readonly KeyspaceClient[]> {
  const opened = await Promise.allSettled(Array.from({ length: count }, connect))
  const clients = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
  const failed = opened.find((each) => each.status === 'rejected')
  if (failed === undefined) return clients
  await Promise.all(clients.map((client) => client.close()))
  throw failed.reason
}

/** Gives the exit code. */
async function measure(
  load: Load,
  kind: LoadKind,
  keys: number,
  seconds: number,
  json: boolean,
): Promise<number> {
  const progress = new Progress(process.stderr)
  let isInterrupted = false
  let wake = (): void => {}
  windUpOnInterrupt(() => {
    isInterrupted = true
    load.end()
    wake()
  })
  const during = async (length: number, share: () => number, text: () => string): Promise<void> => {
    const shown = setInterval(() => progress.show(share(), text), 100)
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, length * 1_000)
      wake = () => {
        clearTimeout(timer)
        resolve()
      }
      if (isInterrupted) wake()
    })
    clearInterval(shown)
  }
  try {
    if (kind !== 'put') {
      const shown = setInterval(
        () =>
          progress.show(load.operations / keys, () => `writes the keys first: ${load.operations} of ${keys}`),
        100,
      )
      await load.fill().finally(() => clearInterval(shown))
    }
    const running = load.run()
    await during(
      WARM_UP_SECONDS,
      () => 0,
      () => 'warms up',
    )
    load.reset()
    const rate = (): number => load.operations / load.measured().seconds
    await during(
      seconds,
      () => load.measured().seconds / seconds,
      () => `${Math.round(rate()).toLocaleString('en')} operations a second`,
    )
    const measured = load.measured()
    load.end()
    await running
    progress.stop()
    if (measured.operations === 0 && !isInterrupted) throw load.failure ?? new Failure('nothing was answered')
    const output = new Output(process.stdout)
    output.line(json ? jsonOfMeasured(measured) : tableOfMeasured(measured))
    await output.flush()
    if (isInterrupted) return INTERRUPTED
    return measured.failed > 0 ? 1 : 0
  } finally {
    progress.stop()
  }
}

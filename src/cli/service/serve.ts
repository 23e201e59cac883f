/** `synod serve`: runs one member. */
import { Command } from 'commander'
import { MachineOutdated } from '../../paxos/index.js'
import { BadOptions, CannotListen, StoreError, StoreRefused } from '../../runtime/index.js'
import { inFlags, SERVICE_OPTIONS, Service, settle } from '../../service/index.js'
import { Failure, REFUSED, UsageError } from '../errors.js'
import { windUpOnInterrupt } from '../interruption.js'
import { addOptions, CLUSTER_GROUP, explained } from './client.js'
import { tuneEngine } from './engine.js'

export function serveCommand(): Command {
  const command = new Command('serve')
    .helpGroup(CLUSTER_GROUP)
    .summary('run one member')
    .description(
      'Runs one member of a cluster, until it is told to stop. A folder that belongs to a cluster already outranks --cluster and --join.',
    )
    .action(async (flags: Readonly<Record<string, unknown>>) => {
      await serve(flags)
    })
  return addOptions(command, SERVICE_OPTIONS).addHelpText('after', `\n${EXIT_HELP}`)
}

const EXIT_HELP = `Each option is also a variable, such as SYNOD_DATA; flags outrank variables, which outrank the file.
It exits with 0 when it was told to stop or was removed from the cluster, with 1 when it failed, with 2
when an option is wrong, and with 4 when the member is refused, be it its store or this version: to start
it again does not mend what ends with 2 or 4.`

/** Resolves when the member has ended in good order. */
async function serve(flags: Readonly<Record<string, unknown>>): Promise<void> {
  tuneEngine()
  // Whoever started it, as `synod up` does, is gone, or wants it to stop. While it starts it may end anywhere.
  let stopIfAbandoned = (): void => process.exit()
  process.once('disconnect', () => stopIfAbandoned())
  const wasStartedByAnother = process.send !== undefined
  if (wasStartedByAnother && !process.connected) stopIfAbandoned()
  const service = await start(flags)
  process.stdout.write(`${placeOf(service)}\n`) // whatever the level of the log
  let isTold = false
  const stop = (): void => {
    isTold = true
    void service.close()
  }
  windUpOnInterrupt(stop)
  stopIfAbandoned = stop
  const error = await service.member.ended
  await service.close()
  if (error === null) {
    if (!isTold)
      process.stderr.write(
        `synod: member ${service.member.id} was removed from the cluster, and has stopped\n`,
      )
    return
  }
  throw toldOf(error) ?? new Failure(inFlags(error.message))
}

function placeOf({ member, httpEndpoint }: Service): string {
  const http = httpEndpoint === null ? '' : `, and answers HTTP at ${httpEndpoint}`
  return `member ${member.id} listens at ${member.endpoint}${http}`
}

async function start(flags: Readonly<Record<string, unknown>>): Promise<Service> {
  try {
    return await Service.start(settle(SERVICE_OPTIONS, flags))
  } catch (error) {
    throw toldOf(error) ?? explained(error)
  }
}

/** The reasons of a `StoreError` that are in the store itself. */
const IN_THE_STORE: ReadonlySet<string> = new Set(['newer', 'foreign', 'damaged'])

/** What would end it in the same way each time that it is started, for who starts it again by himself; else null. */
function toldOf(error: unknown): UsageError | Failure | null {
  // Without a cause it is not the system that says no: the options say too little.
  if (error instanceof BadOptions || (error instanceof CannotListen && error.cause === undefined))
    return new UsageError(inFlags(error.message))
  const isRefused =
    error instanceof StoreRefused ||
    error instanceof MachineOutdated ||
    (error instanceof StoreError && IN_THE_STORE.has(error.reason))
  return isRefused ? new Failure(inFlags(error.message), REFUSED) : null
}

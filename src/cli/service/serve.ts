/** `synod serve`: runs one member. */
import { Command } from 'commander'
import { BadOptions } from '../../runtime/index.js'
import { SERVICE_OPTIONS, Service, settle } from '../../service/index.js'
import { Failure } from '../errors.js'
import { windUpOnInterrupt } from '../interruption.js'
import { addOptions, CLUSTER_GROUP, explained, orFailure } from './client.js'
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
It exits with 0 when it was told to stop or was removed from the cluster, with 1 when it failed, and
with 2 when an option is wrong.`

/** Resolves when the member has ended in good order. */
async function serve(flags: Readonly<Record<string, unknown>>): Promise<void> {
  tuneEngine()
  // Whoever started it, as `synod up` does, is gone, or wants it to stop. While it starts it may end anywhere.
  let stopIfAbandoned = (): void => process.exit()
  process.once('disconnect', () => stopIfAbandoned())
  const wasStartedByAnother = process.send !== undefined
  if (wasStartedByAnother && !process.connected) stopIfAbandoned()
  const service = await orFailure(() => Service.start(settle(SERVICE_OPTIONS, flags)))
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
  throw error instanceof BadOptions ? explained(error) : new Failure(error.message)
}

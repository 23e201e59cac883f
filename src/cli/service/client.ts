/** What the commands that ask a cluster have in common: how they find it, what they tell of it, and how they fail. */
import { Command } from 'commander'
import type { KeyspaceAnswer, KeyspaceCommand, KeyspaceOutput, KeyspaceQuery } from '../../machines/index.js'
import { keyspace } from '../../machines/index.js'
import { BadOptions, Client } from '../../runtime/index.js'
import {
  DEFAULT_HOST,
  DEFAULT_PORT,
  flagOf,
  inFlags,
  OPTIONS,
  type OptionName,
  type SecurityOptions,
  securityOf,
  settle,
  type Values,
} from '../../service/index.js'
import { Failure, UsageError } from '../errors.js'

export type KeyspaceClient = Client<KeyspaceCommand, KeyspaceOutput, KeyspaceQuery, KeyspaceAnswer>

export const CLIENT_OPTIONS: readonly OptionName[] = [
  'endpoints',
  'cluster',
  'token',
  'tokenFile',
  'tlsKey',
  'tlsCert',
  'tlsCa',
  'timeout',
]

/** Groups of commands in the help. */
export const CLUSTER_GROUP = 'A cluster:'
export const DATA_GROUP = 'Its keys and values:'
export const OPERATION_GROUP = 'Its members and their stores:'

const TIMEOUT_MILLIS = 10_000

/** How many members `synod up` starts unless it is told otherwise. */
export const DEFAULT_MEMBERS = 3

export const EXIT_HELP =
  'It exits with 0 when it was done, with 1 when it failed, with 2 when an option is wrong, and with 3\nwhen no answer came in time: it may have been done.'

/** Adds the options of these names, and the file that they may come from. */
export function addOptions(command: Command, names: readonly OptionName[]): Command {
  addFlags(command, names)
  return command.option('--config <file>', 'a JSON file with any of these, by their names such as tlsCa')
}

/** Adds the options of these names. */
export function addFlags(command: Command, names: readonly OptionName[]): void {
  for (const name of names) {
    const { argument, help } = OPTIONS[name]
    if (argument === '') command.option(flagOf(name), help)
    else command.option(`${flagOf(name)} ${argument}`, help, once(flagOf(name)))
  }
}

/** The value of an option that is given once: of two, one would be lost. */
export function once(flag: string): (given: string, before: string | undefined) => string {
  return (given, before) => {
    if (before === undefined) return given
    throw new UsageError(`${flag} is given twice: give it once`) // which may be a secret, so it is not said
  }
}

/** A command that asks a cluster. */
export function clientCommand(name: string, group: string): Command {
  const command = new Command(name).helpGroup(group)
  const flags = CLIENT_OPTIONS.filter((option) => option !== 'cluster')
  return addOptions(command, flags).addHelpText(
    'after',
    `\nEach option is also a variable, such as SYNOD_ENDPOINTS.\n${EXIT_HELP}`,
  )
}

export interface Found {
  readonly endpoints: readonly string[]
  readonly security: SecurityOptions
  readonly timeoutMillis: number
}

/** Where the cluster is. A configuration file that says where its members are is enough. */
export function findCluster(flags: Readonly<Record<string, unknown>>): Found {
  const values = orUsage(() => settle(CLIENT_OPTIONS, flags))
  return {
    endpoints: values.endpoints ?? endpointsOf(values),
    security: orUsage(() => securityOf(values)),
    timeoutMillis: values.timeout ?? TIMEOUT_MILLIS,
  }
}

function endpointsOf({ cluster }: Values): readonly string[] {
  if (cluster !== undefined) return Object.values(cluster)
  return Array.from({ length: DEFAULT_MEMBERS }, (_, at) => `${DEFAULT_HOST}:${DEFAULT_PORT + at}`)
}

/** Connects, asks, and closes. `deadlineMillis` is when the time is over, by `performance.now()`. */
export async function withClient<Result>(
  flags: Readonly<Record<string, unknown>>,
  ask: (client: KeyspaceClient, found: Found) => Promise<Result>,
): Promise<Result> {
  const found = findCluster(flags)
  const { endpoints, security, timeoutMillis } = found
  return await orFailure(async () => {
    const startedMillis = performance.now()
    const client = await Client.connect({
      endpoints,
      machine: keyspace,
      connectTimeoutMillis: timeoutMillis,
      ...security,
    })
    try {
      const leftMillis = Math.max(1, Math.round(timeoutMillis - (performance.now() - startedMillis)))
      return await ask(client, { ...found, timeoutMillis: leftMillis })
    } finally {
      await client.close()
    }
  })
}

// ---- errors

/** What errors are called that a person can make sense of. Those that a member told come with their name alone. */
const FAILURES: ReadonlySet<string> = new Set([
  'BackupError',
  'CannotListen',
  'ChangeRefused',
  'Closed',
  'CommandFailed',
  'MachineOutdated',
  'Overloaded',
  'StoreError',
  'StoreRefused',
  'TooManySessions',
  'Unreachable',
])

/** It may have been done. */
const UNKNOWN: ReadonlySet<string> = new Set(['OutcomeUnknown', 'SessionExpired'])

/** What the layers below throw, as what the command line says of it. */
export function explained(error: unknown): unknown {
  if (!(error instanceof Error)) return error
  const sentence = inFlags(error.message)
  if (error instanceof BadOptions) return new UsageError(sentence)
  if (UNKNOWN.has(error.name)) return new Failure(sentence, 3)
  return FAILURES.has(error.name) ? new Failure(sentence) : error
}

export async function orFailure<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw explained(error)
  }
}

function orUsage<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (error) {
    throw explained(error)
  }
}

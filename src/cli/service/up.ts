/** `synod up`: a cluster on this machine, each member a process of its own. */
import { readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Command } from 'commander'
import { BLACK_BOX_OPTIONS, DEFAULT_HOST, DEFAULT_PORT, flagOf } from '../../service/index.js'
import { UsageError } from '../errors.js'
import { windUpOnInterrupt } from '../interruption.js'
import { addFlags, CLUSTER_GROUP, DEFAULT_MEMBERS } from './client.js'
import { Crew, type CrewMember } from './crew.js'

/** The names of the members: so many there can be. */
const NAMES = 'abcdefghi'

interface Flags {
  readonly members?: string
  readonly data: string
  readonly port: string
  readonly blackBox?: string
  readonly blackBoxLimit?: string
  readonly blackBoxRedact?: boolean
}

export function upCommand(): Command {
  const command = new Command('up')
    .helpGroup(CLUSTER_GROUP)
    .summary('run a cluster on this machine')
    .description('Runs a cluster on this machine, each member a process of its own, until Ctrl-C stops them.')
    .option(
      '--members <count>',
      `how many, from 1 to ${NAMES.length} (default: as many as there are in the folder, or ${DEFAULT_MEMBERS})`,
    )
    .option('--data <folder>', 'where their folders are; the next time they go on from there', './synod-data')
    .option('--port <port>', 'where the first one listens; each other a port above', String(DEFAULT_PORT))
    .addHelpText('after', `\n${EXIT_HELP}`)
    .action(async (flags: Flags) => {
      await up(membersOf(flags), flags.data)
    })
  addFlags(command, BLACK_BOX_OPTIONS)
  return command
}

const EXIT_HELP =
  'It exits with 0 after Ctrl-C, with 1 when no member is left, and with 2 when an option is wrong\nor a port is taken.'

function membersOf(flags: Flags): readonly CrewMember[] {
  const { members, data, port } = flags
  const there = foldersIn(data)
  const count = members === undefined ? there.length || DEFAULT_MEMBERS : Number(members)
  if (!Number.isInteger(count) || count < 1 || count > NAMES.length)
    throw new UsageError(
      `--members must be a whole number from 1 to ${NAMES.length}, and '${members}' is not`,
    )
  if (there.length > 0 && there.length !== count)
    throw new UsageError(
      `${data} holds ${there.length} members, and not ${count}: leave --members away, or name another folder with --data`,
    )
  const first = Number(port)
  const most = 65_536 - count
  if (!Number.isInteger(first) || first < 1 || first > most)
    throw new UsageError(`--port must be a whole number from 1 to ${most}, and '${port}' is not`)
  return [...NAMES.slice(0, count)].map((name, at) => ({
    name,
    endpoint: `${DEFAULT_HOST}:${first + at}`,
    data: join(data, name),
    more: blackBoxOf(name, flags),
  }))
}

/** Each member has a folder of its own for what it records. */
function blackBoxOf(name: string, { blackBox, blackBoxLimit, blackBoxRedact }: Flags): readonly string[] {
  if (blackBox === undefined) return []
  const limit = blackBoxLimit === undefined ? [] : [flagOf('blackBoxLimit'), blackBoxLimit]
  const redact = blackBoxRedact === true ? [flagOf('blackBoxRedact')] : []
  return [flagOf('blackBox'), join(blackBox, name), ...limit, ...redact]
}

function foldersIn(data: string): readonly string[] {
  try {
    return readdirSync(data).filter((name) => name.length === 1 && NAMES.includes(name))
  } catch {
    return [] // there is none yet; if it cannot be read, the members will say so
  }
}

/** Resolves after Ctrl-C, when all members have stopped. Throws a Failure if they end by themselves. */
async function up(members: readonly CrewMember[], data: string): Promise<void> {
  for (const { endpoint } of members) await checkFree(endpoint)
  const crew = new Crew(members, process.stdout)
  crew.say(
    `${members.length === 1 ? '1 member' : `${members.length} members`} in ${data}. Ctrl-C stops the cluster.`,
  )
  windUpOnInterrupt(() => crew.stop())
  crew.start()
  const failure = await crew.ended
  if (failure !== null) throw failure
}

async function checkFree(endpoint: string): Promise<void> {
  const port = Number(endpoint.split(':')[1])
  await new Promise<void>((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason =
        error.code === 'EADDRINUSE'
          ? 'is taken: does another synod up run'
          : `cannot be used (${error.code}): is it allowed`
      reject(new UsageError(`port ${port} ${reason}? Name other ports with --port`))
    })
    server.listen(port, DEFAULT_HOST, () => server.close(() => resolve()))
  })
}

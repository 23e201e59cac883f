/** `synod up`: a cluster on this machine, each member a process of its own. */
import { readdirSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Command } from 'commander'
import { COMES_WITH_A_DISK } from '../../runtime/index.js'
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
      `${data} holds ${counted(there.length)}, and not ${count}: leave --members away, or name another folder with --data`,
    )
  const first = Number(port)
  const most = 65_536 - count
  if (!Number.isInteger(first) || first < 1 || first > most)
    throw new UsageError(
      `--port must be a whole number from 1 to ${most}, for the ports of ${counted(count)} begin there, and '${port}' is not`,
    )
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

/** The folders of members, which are made in a folder of their own. Throws a UsageError if it holds something else. */
function foldersIn(data: string): readonly string[] {
  const names = namesIn(data)
  const members = names.filter((name) => name.length === 1 && NAMES.includes(name))
  const other = names.find((name) => !COMES_WITH_A_DISK.has(name))
  if (members.length === 0 && other !== undefined)
    throw new UsageError(
      `${data} holds ${JSON.stringify(other)} and no member of synod up: name a folder that is empty or not there yet with --data`,
    )
  return members
}

function namesIn(data: string): readonly string[] {
  try {
    return readdirSync(data)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException // all that readdirSync throws
    if (code === 'ENOENT') return []
    const reason = code === 'ENOTDIR' ? 'it is no folder' : code
    throw new UsageError(`${data} cannot be used: ${reason}; name another folder with --data`)
  }
}

function counted(members: number): string {
  return members === 1 ? '1 member' : `${members} members`
}

/** Resolves after Ctrl-C, when all members have stopped. Throws a Failure if they end by themselves. */
async function up(members: readonly CrewMember[], data: string): Promise<void> {
  for (const { endpoint } of members) await checkFree(endpoint)
  const crew = new Crew(members, process.stdout)
  crew.say(`${counted(members.length)} in ${data}. Ctrl-C stops the cluster.`)
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

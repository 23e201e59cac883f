/** `synod member add | remove | replace`: who the members of a cluster are. */
import { Command } from 'commander'
import { type MemberStatus, parseEndpoint, Unreachable } from '../../runtime/index.js'
import { Failure, UsageError } from '../errors.js'
import { clientCommand, EXIT_HELP, type Found, findCluster, OPERATION_GROUP, orFailure } from './client.js'
import { type Report, Roster, withRoster } from './roster.js'

/** How long is waited for the next slot, each time, until the newcomer votes. */
const WAIT_MILLIS = 200

type Flags = Readonly<Record<string, unknown>>

interface Voter {
  readonly member: number
  readonly store: number
}

export function memberCommand(): Command {
  return new Command('member')
    .helpGroup(OPERATION_GROUP)
    .summary('add, remove or replace a member')
    .description('Changes who the members are: one change at a time, decided by the members there are.')
    .addCommand(addCommand())
    .addCommand(removeCommand())
    .addCommand(replaceCommand())
    .addHelpText('after', `\n${EXIT_HELP}`)
}

function addCommand(): Command {
  return clientCommand('add', '')
    .summary('add a member that runs already')
    .description('Adds a member, which was started with synod serve --join, and waits until it votes.')
    .argument('<address>', 'host:port where it listens')
    .action(async (address: string, flags: Flags) => {
      checkAddress(address)
      await change(flags, async (cluster, found) => await replaceWith(cluster, found, null, address))
    })
}

function removeCommand(): Command {
  return clientCommand('remove', '')
    .summary('remove a member')
    .description('Removes a member, whether it runs or not. One that runs stops by itself.')
    .argument('<member>', 'its name, if it runs, or its number: synod status tells both')
    .action(async (member: string, flags: Flags) => {
      await change(flags, async (cluster, { timeoutMillis }) => {
        const leaving = memberOf(member, await cluster.reports(timeoutMillis))
        const { version, voters } = await configurationOf(cluster, timeoutMillis)
        if (voters.length === 1) throw new Failure(`${member} is the only member: stop it instead`)
        const left = voters.filter((voter) => voter.member !== leaving.member)
        await decide(cluster, version, left, timeoutMillis)
        say(`${nameOf(leaving)} was removed: ${left.length === 1 ? '1 is' : `${left.length} are`} left`)
      })
    })
}

function replaceCommand(): Command {
  return clientCommand('replace', '')
    .summary('put a new member in the place of another')
    .description(
      'Removes a member and adds another in its place, as one change, and waits until the new one votes.',
    )
    .argument('<member>', 'the name of the old one, if it runs, or its number: synod status tells both')
    .argument('<address>', 'host:port where the new one listens')
    .action(async (member: string, address: string, flags: Flags) => {
      checkAddress(address)
      await change(flags, async (cluster, found) => {
        const leaving = memberOf(member, await cluster.reports(found.timeoutMillis))
        await replaceWith(cluster, found, leaving, address)
      })
    })
}

function checkAddress(given: string): void {
  if (parseEndpoint(given) === null)
    throw new UsageError(`an address must have the form host:port, and '${given}' has not`)
}

async function change(flags: Flags, work: (cluster: Roster, found: Found) => Promise<void>): Promise<void> {
  const found = findCluster(flags)
  await orFailure(() => withRoster(found, (cluster) => work(cluster, found)))
}

/** Has these be the voters. Without an answer it is not known whether they are. */
async function decide(
  cluster: Roster,
  version: number,
  voters: readonly Voter[],
  timeoutMillis: number,
): Promise<void> {
  try {
    await cluster.call('change', { version, voters }, timeoutMillis)
  } catch (error) {
    if (!(error instanceof Unreachable)) throw error
    throw new Failure(`${error.message} It may be changed all the same: synod status tells`, 3)
  }
}

/** Takes one in, and another out if it is given, and waits until the newcomer votes. */
async function replaceWith(
  cluster: Roster,
  found: Found,
  leaving: Report | null,
  address: string,
): Promise<void> {
  const { timeoutMillis } = found
  const endMillis = performance.now() + timeoutMillis
  const newcomer = await Roster.open({ ...found, endpoints: [address] })
  try {
    // Nobody else is connected yet: this is the one at the address.
    const [number] = newcomer.contacts
    const status = await newcomer.status(timeoutMillis, number)
    const { version, voters, identity } = await configurationOf(cluster, timeoutMillis)
    checkNewcomer(status, address, voters, identity)
    const left = voters.filter(({ member }) => member !== leaving?.member)
    const joining: Voter = { member: status.member, store: status.store }
    await decide(cluster, version, [...left, joining], timeoutMillis)
    if (leaving !== null) say(`${nameOf(leaving)} was removed`)
    say(`${status.name} was added as member ${status.member}: it fetches what was decided before`)
    await untilVoting(newcomer, status, endMillis)
    say(`${status.name} votes: there are ${left.length + 1} members`)
  } finally {
    await newcomer.close()
  }
}

function checkNewcomer(
  status: MemberStatus,
  address: string,
  voters: readonly Voter[],
  identity: number | null,
): void {
  const { name, member, cluster } = status
  if (voters.some((voter) => voter.member === member))
    throw new Failure(`${name} at ${address} is a member already, with the number ${member}`)
  if (cluster !== null && cluster !== identity)
    throw new Failure(
      `${name} at ${address} belongs to another cluster: start it with an empty folder, and --join`,
    )
}

async function untilVoting(
  newcomer: Roster,
  { name, member }: MemberStatus,
  endMillis: number,
): Promise<void> {
  for (;;) {
    const leftMillis = endMillis - performance.now()
    if (leftMillis <= 0)
      throw new Failure(
        `the change is decided, but ${name} does not vote yet: synod status tells when it does`,
        3,
      )
    const { voting, applied } = await newcomer.status(leftMillis, member)
    if (voting) return
    const timeoutMillis = Math.ceil(Math.min(WAIT_MILLIS, leftMillis))
    await newcomer.call('wait', { slot: applied + 1, timeoutMillis }, leftMillis + WAIT_MILLIS, member)
  }
}

interface Configuration {
  readonly version: number
  readonly voters: readonly Voter[]
  readonly identity: number | null
}

async function configurationOf(cluster: Roster, timeoutMillis: number): Promise<Configuration> {
  const { latest, cluster: identity } = await cluster.status(timeoutMillis)
  if (latest === null) throw new Failure('the cluster is not founded yet: are enough of its members up?')
  return { ...latest, identity }
}

/** Its name, if it told; otherwise its number. */
export function nameOf({ member, status }: Report): string {
  return status === null ? `member ${member}` : status.name
}

/** The member that is named by its name or its number. */
export function memberOf(given: string, reports: readonly Report[]): Report {
  const named = reports.find(({ status }) => status?.name === given)
  const numbered = reports.find(({ member }) => String(member) === given)
  const found = named ?? numbered
  if (found !== undefined) return found
  const known = reports.map(({ member, status }) =>
    status === null ? `${member}` : `${status.name} (${member})`,
  )
  throw new Failure(
    `there is no member ${given}: there are ${known.join(', ')}; one that does not answer is known by its number`,
  )
}

function say(sentence: string): void {
  process.stderr.write(`synod: ${sentence}\n`)
}

/** `synod transfer`: has another member lead. */
import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import { Failure } from '../errors.js'
import { clientCommand, type Found, findCluster, OPERATION_GROUP, orFailure } from './client.js'
import { memberOf, nameOf } from './member.js'
import { type Roster, withRoster } from './roster.js'

/** How often it is looked who leads. */
const LOOK_MILLIS = 50

export function transferCommand(): Command {
  return clientCommand('transfer', OPERATION_GROUP)
    .summary('have another member lead')
    .description('Has the leader hand over to another member, and waits until that one leads.')
    .argument('[member]', 'its name or its number (default: whichever was heard last)')
    .action(async (member: string | undefined, flags: Readonly<Record<string, unknown>>) => {
      const found = findCluster(flags)
      await orFailure(() => withRoster(found, (roster) => transfer(roster, found, member)))
    })
}

async function transfer(roster: Roster, { timeoutMillis }: Found, given: string | undefined): Promise<void> {
  const endMillis = performance.now() + timeoutMillis
  const reports = await roster.reports(timeoutMillis)
  const to = given === undefined ? null : memberOf(given, reports).member
  const name = (number: number): string =>
    nameOf(
      reports.find(({ member }) => member === number) ?? { member: number, endpoint: null, status: null },
    )
  const { leader, configuration } = await roster.status(timeoutMillis)
  if (leader === null) throw new Failure('no member is known to lead: is a quorum of the members up?')
  if (to === leader) return say(`${name(leader)} leads`)
  if (configuration?.members.length === 1) throw new Failure('there is only one member')
  if (!(await roster.isConnected(leader, timeoutMillis)))
    throw new Failure(`${name(leader)} leads, and cannot be reached`)
  await roster.call('transfer', { to }, timeoutMillis, leader)
  for (;;) {
    // Whoever leads now knows it first; the others hear of it.
    const told = await roster.status(timeoutMillis)
    if (told.leader !== null && told.leader !== leader) return say(`${name(told.leader)} leads`)
    if (performance.now() > endMillis) throw new Failure(`${name(leader)} still leads`)
    await pause(LOOK_MILLIS)
  }
}

function say(sentence: string): void {
  process.stderr.write(`synod: ${sentence}\n`)
}

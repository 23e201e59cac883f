/** What the promises of a test cluster reject with. */
import type { MemberId } from '../paxos/index.js'

/** The member is not running, so it can neither be asked nor looked at. Nothing was sent. */
export class MemberDown extends Error {
  override readonly name = 'MemberDown'

  constructor(member: MemberId) {
    super(`Member ${member} is not running: restart it, or ask the cluster and not this member.`)
  }
}

/** The cluster did not come to rest in time. The message says what kept it. */
export class NotSettled extends Error {
  override readonly name = 'NotSettled'
}

/** Members that have applied the same decrees hold different states: the machine is not deterministic. */
export class StatesDiffer extends Error {
  override readonly name = 'StatesDiffer'

  constructor(one: MemberId, other: MemberId) {
    super(
      `Members ${one} and ${other} have applied the same decrees and hold different states: the machine is not deterministic, or keeps something outside its state.`,
    )
  }
}

/** The cluster was closed before this was asked of it. Nothing was sent. */
export class ClusterClosed extends Error {
  override readonly name = 'ClusterClosed'

  constructor() {
    super('The cluster is closed: ask it before close(), or make another.')
  }
}

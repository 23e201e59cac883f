/** What the promises of a test cluster reject with. */
import type { MemberId } from '../paxos/index.js'

/** The machine threw: the state is untouched on every member. The message is that of its error. */
export class CommandFailed extends Error {
  override readonly name = 'CommandFailed'
}

/** Too many requests wait already. This one was not sent: it is not executed, and never will be. */
export class Overloaded extends Error {
  override readonly name = 'Overloaded'
}

/** No answer came. A command may have been executed or not; or it may be executed later. */
export class OutcomeUnknown extends Error {
  override readonly name = 'OutcomeUnknown'
}

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

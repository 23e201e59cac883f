/**
 * What comes of a request, for whoever asked: the bytes of the answer, or one of these errors. Drivers that answer with
 * promises reject them with it.
 */
import { CommandFailed } from './machine.js'
import type { Outcome } from './sessions.js'

/** Too many requests wait already. This one was not sent: it is not executed, and never will be. Try again later. */
export class Overloaded extends Error {
  override readonly name = 'Overloaded'
}

/**
 * No answer came. A command may have been executed or not, and may be executed later: find out by a query, or make the
 * command one that may be repeated.
 */
export class OutcomeUnknown extends Error {
  override readonly name: string = 'OutcomeUnknown'
}

/**
 * The session of the client is gone, because it was idle for long and there was no room. The command may have been
 * executed before that, or not. The next command opens a session of its own.
 */
export class SessionExpired extends OutcomeUnknown {
  override readonly name = 'SessionExpired'
}

/** The cluster holds as many sessions as it may, and all are in use. Not executed. */
export class TooManySessions extends Error {
  override readonly name = 'TooManySessions'
}

/** The members cannot be changed in this way; the message says why. Nothing was changed. */
export class ChangeRefused extends Error {
  override readonly name = 'ChangeRefused'
}

/** The machine cannot be upgraded in this way; the message says why. Nothing was changed. */
export class UpgradeRefused extends Error {
  override readonly name = 'UpgradeRefused'
}

/**
 * The program of a member is older than the version of the machine that is active. The member stops where it is, and
 * goes on from there when it is started with a newer program.
 */
export class MachineOutdated extends Error {
  override readonly name = 'MachineOutdated'
  /** The version that is active, and the newest that the program knows. */
  readonly version: number
  readonly known: number

  constructor(version: number, known: number) {
    super(
      `Version ${version} of the machine is active, and this program knows none above ${known}: start this member again with a program that knows version ${version}.`,
    )
    this.version = version
    this.known = known
  }
}

/** The bytes of an answer. Throws what the requester is to be told if there is none. */
export function outputOf(outcome: Outcome): Uint8Array {
  if (outcome.ok) return outcome.output
  const { error, detail } = outcome
  switch (error) {
    case 'command-failed':
      throw new CommandFailed(detail)
    case 'overloaded':
      throw new Overloaded(detail)
    case 'session-unknown':
      throw new SessionExpired(detail)
    case 'session-limit':
      throw new TooManySessions(detail)
    case 'change-refused':
      throw new ChangeRefused(detail)
    case 'upgrade-refused':
      throw new UpgradeRefused(detail)
    case 'session-window':
    case 'already-acknowledged':
      throw new OutcomeUnknown(detail)
  }
}

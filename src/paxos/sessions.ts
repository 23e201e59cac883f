/**
 * Sessions: how a request is executed exactly once, however often it is sent and however often it is decided.
 *
 * The table is part of the replicated state. Everything here happens while a decree is applied and depends on
 * nothing but the decrees before it, so every member holds the same table at the same slot.
 *
 * Requests are recognised one by one: request 5 may be decided before request 4 and both are executed. An answer is
 * kept until the client says that it has it, and a session has a bounded number of them.
 */
import type { Request, SessionId } from './decree.js'
import type { Micros, Settings } from './settings.js'

/** Why a request was not executed, or failed. */
export type Refusal =
  /** The machine threw; `detail` is its message. The state is untouched. */
  | 'command-failed'
  /** The session is unknown, or has expired. This copy of the request was not executed. */
  | 'session-unknown'
  /** The session has too many unacknowledged requests. This copy of the request was not executed. */
  | 'session-window'
  /** The cluster holds as many sessions as it may. Not executed. */
  | 'session-limit'
  /** Too many requests wait already. This copy of the request was not proposed. Never decided, so never replicated. */
  | 'overloaded'
  /** The change of the membership cannot be; `detail` says why. Nothing was changed. */
  | 'change-refused'
  /** The upgrade of the machine cannot be; `detail` says why. Nothing was changed. */
  | 'upgrade-refused'
  /** The client has said that it has the answer already; the answer is gone. Not executed again. */
  | 'already-acknowledged'

export type Outcome =
  | { readonly ok: true; readonly output: Uint8Array }
  | { readonly ok: false; readonly error: Refusal; readonly detail: string }

export interface Session {
  readonly opener: string
  lastUsedMicros: Micros
  /** The client has the answer to every request up to this sequence. */
  acknowledged: number
  /** The outcomes of executed requests above `acknowledged`, by sequence. */
  outcomes: Map<number, Outcome>
}

export interface Sessions {
  /** The number of the next session: never issued again. */
  next: SessionId
  readonly live: Map<SessionId, Session>
  /** The live session that an opener opened, so that a repeated open gives the same one. */
  readonly openers: Map<string, SessionId>
  sweepAtMicros: Micros
}

export function emptySessions(): Sessions {
  return { next: 1, live: new Map(), openers: new Map(), sweepAtMicros: 0 }
}

/** Opens a session, or finds the one that this opener opened before. Undefined when there are too many. */
export function openSession(
  sessions: Sessions,
  opener: string,
  timeMicros: Micros,
  settings: Settings,
): SessionId | undefined {
  const existing = sessions.openers.get(opener)
  if (existing !== undefined) return existing
  if (sessions.live.size >= settings.sessionLimit) expireSessions(sessions, timeMicros, settings)
  if (sessions.live.size >= settings.sessionLimit) return undefined
  const id = sessions.next++
  sessions.live.set(id, { opener, lastUsedMicros: timeMicros, acknowledged: 0, outcomes: new Map() })
  sessions.openers.set(opener, id)
  return id
}

/** The outcome that is already known for a request without executing it, if there is one. */
export function knownOutcome(sessions: Sessions, request: Request): Outcome | undefined {
  return sessions.live.get(request.session)?.outcomes.get(request.sequence)
}

/**
 * Executes a request exactly once: the first time it is decided. Later copies get the outcome of the first.
 * `execute` runs a command on the machine and never throws.
 */
export function executeOnce(
  sessions: Sessions,
  request: Request,
  timeMicros: Micros,
  settings: Settings,
  execute: (command: Uint8Array) => Outcome,
): Outcome {
  const session = sessions.live.get(request.session)
  if (session === undefined) {
    return refuse('session-unknown', `Session ${request.session} is unknown or has expired.`)
  }
  session.lastUsedMicros = timeMicros
  const { acknowledged } = session
  const outcome = outcomeIn(session, request, settings, execute)
  // Not before: a map that is never empty keeps its memory.
  if (session.acknowledged > acknowledged) forget(session, acknowledged)
  return outcome
}

function outcomeIn(
  session: Session,
  { sequence, acknowledged, command }: Request,
  settings: Settings,
  execute: (command: Uint8Array) => Outcome,
): Outcome {
  if (acknowledged > session.acknowledged) session.acknowledged = acknowledged
  if (sequence <= session.acknowledged) {
    return refuse('already-acknowledged', `The answer to request ${sequence} was acknowledged.`)
  }
  const known = session.outcomes.get(sequence)
  if (known !== undefined) return known
  if (sequence > session.acknowledged + settings.sessionWindow) {
    return refuse('session-window', `At most ${settings.sessionWindow} requests may be unacknowledged.`)
  }
  const outcome = execute(command)
  session.outcomes.set(sequence, outcome)
  return outcome
}

/**
 * When there is no room for another session, those go that no decree has used for long. Time alone expires none: decree
 * time runs as fast as the fastest clock of a leader, and a session that is in use must not end for that. Looks only once
 * in a quarter of the time.
 */
function expireSessions(sessions: Sessions, timeMicros: Micros, settings: Settings): void {
  if (timeMicros < sessions.sweepAtMicros) return
  sessions.sweepAtMicros = timeMicros + Math.floor(settings.sessionIdleMicros / 4)
  for (const [id, session] of sessions.live) {
    if (session.lastUsedMicros + settings.sessionIdleMicros > timeMicros) continue
    sessions.live.delete(id)
    sessions.openers.delete(session.opener)
  }
}

export function refuse(error: Refusal, detail: string): Outcome {
  return { ok: false, error, detail }
}

/**
 * Lets go of the outcomes that the client has. As often as that may have been a whole map of them, those that are left go to
 * a new one: see renewal.ts.
 */
function forget(session: Session, acknowledgedBefore: number): void {
  const { acknowledged, outcomes } = session
  const { size } = outcomes
  if (Math.floor(acknowledged / size) === Math.floor(acknowledgedBefore / size)) {
    for (const sequence of outcomes.keys()) if (sequence <= acknowledged) outcomes.delete(sequence)
    return
  }
  session.outcomes = new Map()
  for (const [sequence, outcome] of outcomes)
    if (sequence > acknowledged) session.outcomes.set(sequence, outcome)
}

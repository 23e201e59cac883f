/**
 * The replicated state: what the decrees make, the same on every member that has applied the same slots. The machine's
 * state and the version that it is of, the sessions, decree time, and who votes.
 */
import { encodeNumber, MalformedBytes } from './bytes.js'
import {
  asksForUpgrade,
  changeOf,
  type Decree,
  type DecreeContent,
  decodeDecree,
  isNoOp,
  isRequest,
  nameOfRequest,
  type Request,
  type Slot,
  upgradeOf,
} from './decree.js'
import { MachineOutdated } from './errors.js'
import {
  type AnyMachine,
  type Codecs,
  codecsOf,
  type DecreeContext,
  initialState,
  migrateState,
  versionOf,
} from './machine.js'
import {
  applyChange,
  foundingMembership,
  type Membership,
  membershipAfter,
  NO_MEMBERSHIP,
  rememberedChange,
} from './membership.js'
import type { Founding } from './messages.js'
import {
  emptySessions,
  executeOnce,
  knownOutcome,
  type Outcome,
  openSession,
  refuse,
  type Sessions,
} from './sessions.js'
import type { Micros, Settings } from './settings.js'
import { flawOfUpgrade, rememberedUpgrade } from './upgrade.js'

export interface Replicated {
  /** The machine's state after every slot up to `applied`. */
  state: unknown
  readonly sessions: Sessions
  /** Decree time: never goes back. */
  timeMicros: Micros
  applied: Slot
  /** Replaced as a whole when it changes. */
  membership: Membership
  /** The version of the machine that is active, which the state is of; and what activated it, see `ActiveVersion`. */
  machineVersion: number
  upgrade: string
}

/** What is the same for every decree. */
export interface Execution {
  readonly machine: AnyMachine
  /** The newest version that the machine knows. */
  readonly knownVersion: number
  readonly codecs: Codecs
  readonly settings: Settings
  /** The bytes of the outputs that come again and again: numbers, booleans and null. */
  readonly commonOutputs: Map<unknown, Uint8Array>
}

export function executionOf(machine: AnyMachine, settings: Settings): Execution {
  const knownVersion = versionOf(machine)
  return { machine, knownVersion, codecs: codecsOf(machine), settings, commonOutputs: new Map() }
}

/** Throws a `MachineOutdated` if the cluster begins with a version that the machine does not know. */
export function initialReplicated(machine: AnyMachine, founding?: Founding): Replicated {
  const known = versionOf(machine)
  const machineVersion = founding === undefined ? known : (founding.machineVersion ?? 1)
  if (machineVersion > known) throw new MachineOutdated(machineVersion, known)
  return {
    state: initialState(machine, machineVersion),
    sessions: emptySessions(),
    timeMicros: founding?.timeMicros ?? 0,
    applied: 0,
    membership: founding === undefined ? NO_MEMBERSHIP : foundingMembership(founding.voters),
    machineVersion,
    upgrade: '',
  }
}

/**
 * Applies the decree of the next slot, and tells the outcome of each request in it. Throws a `MachineOutdated`, and does
 * nothing, if the decree activates a version that the machine does not know.
 */
export function applyDecree(
  replicated: Replicated,
  decree: Decree,
  execution: Execution,
  tell: (request: Request, outcome: Outcome) => void,
): void {
  const content = readDecree(decree)
  const version = versionAfter(replicated, content)
  if (version > execution.knownVersion) throw new MachineOutdated(version, execution.knownVersion)
  applyContent(replicated, content, execution, tell)
}

/**
 * What a decree says; null for a no-op. Bytes that are no decree do nothing either, on every member alike: one that
 * stopped there could never go on.
 */
export function readDecree(decree: Decree): DecreeContent | null {
  if (isNoOp(decree)) return null
  try {
    return decodeDecree(decree)
  } catch (error) {
    if (error instanceof MalformedBytes) return null
    throw error
  }
}

/** The version that a member must know to apply the decree of the next slot. */
export function versionAfter({ machineVersion }: Replicated, content: DecreeContent | null): number {
  let version = machineVersion
  for (const request of content?.requests ?? []) {
    const upgrade = upgradeOf(request)
    if (upgrade !== null && flawOfUpgrade(version, upgrade) === null) version = upgrade.to
  }
  return version
}

/**
 * Applies what the decree of the next slot says, see {@link versionAfter}. An upgrade comes before all else that shares
 * its slot, so that a slot is of one version; the rest in its order.
 */
export function applyContent(
  replicated: Replicated,
  content: DecreeContent | null,
  execution: Execution,
  tell: (request: Request, outcome: Outcome) => void,
): void {
  replicated.applied += 1
  replicated.membership = membershipAfter(replicated.membership, replicated.applied)
  if (content === null) return
  const { settings } = execution
  const { stampMicros, requests } = content
  const stamp = Math.min(stampMicros, replicated.timeMicros + settings.stampAdvanceMicros)
  replicated.timeMicros = Math.max(replicated.timeMicros, stamp)
  for (const request of requests)
    if (asksForUpgrade(request)) tell(request, upgradeMachine(replicated, request, execution))
  const { timeMicros, applied: slot, machineVersion: version } = replicated
  const context: DecreeContext = { timeMicros, slot, version }
  execution.machine.prefetch?.(replicated.state, requests)
  const run = (command: Uint8Array): Outcome => runCommand(replicated, command, context, execution)
  for (const request of requests)
    if (!asksForUpgrade(request)) tell(request, executeRequest(replicated, request, settings, run))
}

/** The outcome of a request that was executed before, without executing it again. */
export function rememberedOutcome(replicated: Replicated, request: Request): Outcome | undefined {
  if (request.session !== 0) return knownOutcome(replicated.sessions, request)
  const name = nameOfRequest(request)
  if (asksForUpgrade(request)) return rememberedUpgrade(replicated, name)
  if (request.sequence !== 0) return rememberedChange(replicated.membership, name)
  const id = replicated.sessions.openers.get(name)
  return id === undefined ? undefined : { ok: true, output: encodeNumber(id) }
}

function executeRequest(
  replicated: Replicated,
  request: Request,
  settings: Settings,
  run: (command: Uint8Array) => Outcome,
): Outcome {
  if (request.session === 0 && !isRequest(request)) return refuse('command-failed', 'This is no request.')
  const { sessions, timeMicros } = replicated
  if (request.session !== 0) return executeOnce(sessions, request, timeMicros, settings, run)
  if (request.sequence !== 0) return changeMembership(replicated, request, settings)
  const id = openSession(sessions, nameOfRequest(request), timeMicros, settings)
  if (id !== undefined) return { ok: true, output: encodeNumber(id) }
  return refuse('session-limit', `The cluster holds ${settings.sessionLimit} sessions already.`)
}

function changeMembership(replicated: Replicated, request: Request, settings: Settings): Outcome {
  const change = changeOf(request)
  if (change === null) return refuse('change-refused', 'These bytes are no change.')
  const [membership, outcome] = applyChange(replicated.membership, change, replicated.applied, settings.alpha)
  replicated.membership = membershipAfter(membership, replicated.applied)
  return outcome
}

/** A migration that throws changes nothing, on every member alike. */
function upgradeMachine(replicated: Replicated, request: Request, { machine }: Execution): Outcome {
  const upgrade = upgradeOf(request)
  if (upgrade === null) return refuse('upgrade-refused', 'These bytes are no upgrade.')
  const { name, from, to } = upgrade
  const known = rememberedUpgrade(replicated, name)
  if (known !== undefined) return known
  const flaw = flawOfUpgrade(replicated.machineVersion, upgrade)
  if (flaw !== null) return refuse('upgrade-refused', flaw)
  try {
    replicated.state = migrateState(machine, replicated.state, from, to)
  } catch (error) {
    const detail = `The state cannot be migrated from version ${from} to ${to}: ${detailOf(error)}`
    return refuse('upgrade-refused', detail)
  }
  replicated.machineVersion = to
  replicated.upgrade = name
  return { ok: true, output: encodeNumber(to) }
}

function runCommand(
  replicated: Replicated,
  command: Uint8Array,
  context: DecreeContext,
  execution: Execution,
): Outcome {
  const { machine, codecs } = execution
  try {
    const [state, output] = machine.apply(replicated.state, codecs.commands.decode(command), context)
    const encoded = encodeOutput(output, execution)
    replicated.state = state
    return { ok: true, output: encoded }
  } catch (error) {
    return refuse('command-failed', detailOf(error))
  }
}

/** Outputs of one value have one encoding, so a replica makes it once; a few of them are kept. */
function encodeOutput(output: unknown, { codecs, commonOutputs }: Execution): Uint8Array {
  const common = typeof output === 'number' || typeof output === 'boolean' || output === null
  if (!common || Object.is(output, -0)) return codecs.outputs.encode(output) // a map takes -0 for 0
  const known = commonOutputs.get(output)
  if (known !== undefined) return known
  const encoded = codecs.outputs.encode(output)
  if (commonOutputs.size < MOST_COMMON_OUTPUTS) commonOutputs.set(output, encoded)
  return encoded
}

const MOST_COMMON_OUTPUTS = 100

/** Runs a query on the state as it is. */
export function runQuery(replicated: Replicated, query: Uint8Array, { machine, codecs }: Execution): Outcome {
  if (machine.query === undefined) return refuse('command-failed', 'This machine answers no queries.')
  const { state, machineVersion: version } = replicated
  try {
    const answer = machine.query(state, codecs.queries.decode(query), { version })
    return { ok: true, output: codecs.answers.encode(answer) }
  } catch (error) {
    return refuse('command-failed', detailOf(error))
  }
}

/**
 * What the requester is told of an error that a machine threw. The same on every member: what an engine words itself,
 * engines word differently, so of such an error only its name counts.
 */
export function detailOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return ENGINE_ERRORS.includes(error.name) ? error.name : error.message
}

const ENGINE_ERRORS = ['EvalError', 'RangeError', 'ReferenceError', 'SyntaxError', 'TypeError', 'URIError']

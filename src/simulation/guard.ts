/**
 * A user's application, checked: whether it has the shape that it must have, and, while it runs, whether its functions
 * give what they must. What is wrong becomes an {@link ApplicationError} with a sentence, so that a mistake in it is
 * not taken for one of the protocol, nor hidden as a command that fails.
 *
 * `apply` and `query` may throw: that is how a command or a read fails, the same way on every member.
 */
import { type AnyMachine, clonePlain, codecsOf, type Machine, versionOf } from '../paxos/index.js'
import type { AnyApplication, Completion, Description, Operation } from './application.js'
import { type AnyModel, MODEL_NAMES, type SequentialModel } from './linearizability/models.js'
import { BOUNDS } from './scenario.js'

/** Something is wrong with an application, not with the protocol. */
export class ApplicationError extends Error {
  override name = 'ApplicationError'
}

// ---- its shape -----------------------------------------------------------------------------------------------

/** How many operations a client does when the application does not say. */
const REQUESTS = 10

type Parts = Readonly<Record<string, unknown>>

/**
 * An application from what a user's module exports. It needs `machine` and `operation`; `name` and `requests` have
 * defaults. Throws an {@link ApplicationError}.
 */
export function applicationFrom(value: unknown, defaultName: string): AnyApplication {
  const parts = partsOf(value, 'the application')
  checkMachine(parts['machine'])
  checkFunctions('the application', parts, ['operation'], ['describe', 'judge', 'invariant'])
  const { name = defaultName, requests = REQUESTS } = parts
  if (typeof name !== 'string' || name === '')
    throw new ApplicationError(`its \`name\` is ${kindOf(name)} and must be a text`)
  const [low, high] = BOUNDS.requests
  if (typeof requests !== 'number' || !Number.isInteger(requests) || requests < low || requests > high) {
    throw new ApplicationError(`its \`requests\` must be a whole number from ${low} to ${high}`)
  }
  checkThinking(parts['thinkMicros'])
  const { sharedSessions = false } = parts
  if (typeof sharedSessions !== 'boolean')
    throw new ApplicationError(
      `its \`sharedSessions\` is ${kindOf(sharedSessions)} and must be true or false`,
    )
  if (parts['model'] !== undefined) modelFrom(parts['model'])
  const application = value as AnyApplication // checked above, as far as it can be before it runs
  return withDefaults(application, name, requests)
}

/** What histories are judged by, from what a user's module exports. Throws an {@link ApplicationError}. */
export function modelFrom(value: unknown): AnyModel {
  const known = MODEL_NAMES.find((name) => name === value)
  if (known !== undefined) return known
  if (typeof value !== 'object' || value === null) {
    throw new ApplicationError(
      `its \`model\` must be one of ${MODEL_NAMES.join(', ')}, or an object with \`initial\` and \`step\``,
    )
  }
  checkFunctions('`model`', value as Parts, ['step'], []) // any object has string keys
  const model = value as SequentialModel // checked above
  return { initial: plain('model.initial', model.initial), step: guardStep(model) }
}

/** A step that gives anything but plain data would be taken for a state like many others. */
function guardStep(model: SequentialModel): SequentialModel['step'] {
  return (state, operation) => {
    const after = attempt('model.step', () => model.step(clonePlain(state), operation))
    return after === undefined ? undefined : plain('model.step', after)
  }
}

function checkThinking(value: unknown): void {
  if (value === undefined) return
  const [low, high, ...rest] = Array.isArray(value) ? value : []
  const fits = Number.isInteger(low) && Number.isInteger(high) && 0 <= low && low <= high && high < 2 ** 32
  if (fits && rest.length === 0) return
  throw new ApplicationError(
    'its `thinkMicros` must be two whole numbers below 2^32, the lower one first: [low, high]',
  )
}

function withDefaults(application: AnyApplication, name: string, requests: number): AnyApplication {
  const { machine, thinkMicros, sharedSessions, model, operation, describe, judge, invariant } = application
  return {
    name,
    requests,
    machine,
    ...(thinkMicros && { thinkMicros }),
    ...(sharedSessions && { sharedSessions }),
    ...(model && { model }),
    operation: operation.bind(application),
    ...(describe && { describe: describe.bind(application) }),
    ...(judge && { judge: judge.bind(application) }),
    ...(invariant && { invariant: invariant.bind(application) }),
  }
}

function checkMachine(value: unknown): void {
  const machine = partsOf(value, '`machine`')
  checkFunctions('`machine`', machine, ['initial', 'apply'], ['query', 'migrate'])
  checkVersion(value as AnyMachine) // checked above, as far as this looks at it
  for (const name of ['commands', 'outputs', 'queries', 'answers']) {
    if (machine[name] === undefined) continue
    const what = `\`machine.${name}\``
    checkFunctions(what, partsOf(machine[name], what), ['encode', 'decode'], [])
  }
}

function checkVersion(machine: AnyMachine): void {
  try {
    versionOf(machine)
  } catch (error) {
    throw new ApplicationError(`\`machine.version\` cannot be: ${messageOf(error)}`)
  }
}

function partsOf(value: unknown, what: string): Parts {
  if (typeof value === 'object' && value !== null) return value as Parts // any object has string keys
  throw new ApplicationError(`${what} is ${kindOf(value)} and must be an object`)
}

function checkFunctions(
  what: string,
  parts: Parts,
  required: readonly string[],
  optional: readonly string[],
): void {
  for (const name of [...required, ...optional]) {
    const part = parts[name]
    if (typeof part === 'function' || (part === undefined && optional.includes(name))) continue
    throw new ApplicationError(`\`${name}\` of ${what} is ${kindOf(part)} and must be a function`)
  }
}

/** What a value is, for a sentence. */
function kindOf(value: unknown): string {
  if (value === undefined || value === null) return String(value)
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (value instanceof Promise) return 'a promise (nothing here may be asynchronous)'
  if (typeof value === 'object') return 'an object'
  return typeof value === 'function' ? 'a function' : `the ${typeof value} ${String(value)}`
}

// ---- while it runs -------------------------------------------------------------------------------------------

/**
 * The same application, watched. Whatever it does wrong is thrown; what is done wrong where a throw would be taken for
 * a command that fails is reported as well.
 */
export function guard(
  application: AnyApplication,
  report: (fault: ApplicationError) => void,
): AnyApplication {
  const { name, requests, thinkMicros, sharedSessions, model } = application
  const machine = guardMachine(application.machine, report)
  const describe = application.describe?.bind(application)
  const judge = application.judge?.bind(application)
  const invariant = application.invariant?.bind(application)
  const operation: AnyApplication['operation'] = (client, position, draw) =>
    checkOperation(
      attempt('operation', () => application.operation(client, position, guardDraw(draw))),
      machine,
    )
  return {
    name,
    requests,
    machine,
    ...(thinkMicros && { thinkMicros }),
    ...(sharedSessions && { sharedSessions }),
    ...(model !== undefined && { model: modelFrom(model) }),
    operation,
    ...(describe && {
      describe: (...args) => checkDescription(attempt('describe', () => describe(...args))),
    }),
    ...(judge && { judge: (client) => guardJudge(attempt('judge', () => judge(client))) }),
    ...(invariant && { invariant: (state) => sentenceOf('invariant', () => invariant(state)) }),
  }
}

type Draw = (low: number, high: number) => number

function guardDraw(draw: Draw): Draw {
  return (low, high) => {
    const fits =
      Number.isSafeInteger(low) && Number.isSafeInteger(high) && low <= high && high - low < 2 ** 32
    if (fits) return draw(low, high)
    throw new Error(
      `draw(${low}, ${high}): it takes two whole numbers, the lower one first, less than 2^32 apart`,
    )
  }
}

function guardMachine(machine: AnyMachine, report: (fault: ApplicationError) => void): AnyMachine {
  const reported = (sentence: string): ApplicationError => {
    const fault = new ApplicationError(sentence)
    report(fault)
    return fault
  }
  /** A TypeError or ReferenceError is a slip, and of those the client would be told no more than the name. */
  const applied = (apply: () => unknown, slot: number): unknown => {
    try {
      return apply()
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof ReferenceError)) throw error
      const what = `\`machine.apply\` threw a ${error.name} in slot ${slot}: ${error.message}; a command that is to fail throws an Error`
      const fault = new ApplicationError(what, { cause: error })
      report(fault)
      throw fault
    }
  }
  const codecs = codecsOf(machine)
  const query = machine.query?.bind(machine)
  const migrate = machine.migrate?.bind(machine)
  const guarded: Machine<unknown, unknown, unknown> = {
    version: versionOf(machine),
    ...(migrate && { migrate: (state, from) => attempt('machine.migrate', () => migrate(state, from)) }),
    initial: () =>
      plain(
        'machine.initial',
        attempt('machine.initial', () => machine.initial()),
      ),
    apply: (state, command, context) => {
      const result = applied(() => machine.apply(state, command, context), context.slot)
      if (Array.isArray(result) && result.length === 2) return result as [unknown, unknown]
      throw reported(`\`machine.apply\` gave ${kindOf(result)} where it must give [state, output]`)
    },
    ...(query && { query }),
    commands: guardCodec('commands', codecs.commands, reported),
    outputs: guardCodec('outputs', codecs.outputs, reported),
    queries: guardCodec('queries', codecs.queries, reported),
    answers: guardCodec('answers', codecs.answers, reported),
    snapshots: guardCodec('snapshots', codecs.snapshots, reported),
  }
  return guarded
}

/** A codec of states, which is told their version, or one of anything else. */
interface AnyCodec {
  encode(value: unknown, version?: number): Uint8Array
  decode(bytes: Uint8Array, version?: number): unknown
}

function guardCodec(
  name: string,
  codec: AnyCodec,
  reported: (sentence: string) => ApplicationError,
): AnyCodec {
  const unusable = (verb: string, error: unknown): ApplicationError =>
    reported(`one of the machine's ${name} cannot be ${verb}: ${messageOf(error)}`)
  // No closures here: this runs for every command on every member.
  return {
    encode: (value, version) => {
      let bytes: unknown
      try {
        bytes = codec.encode(value, version)
      } catch (error) {
        throw unusable('encoded', error)
      }
      if (bytes instanceof Uint8Array) return bytes
      throw reported(`\`machine.${name}.encode\` gave ${kindOf(bytes)} where it must give a Uint8Array`)
    },
    decode: (bytes, version) => {
      try {
        return codec.decode(bytes, version)
      } catch (error) {
        throw unusable('decoded', error)
      }
    },
  }
}

function guardJudge(judge: unknown): (operation: Operation, completion: Completion) => string | null {
  if (typeof judge !== 'function')
    throw new ApplicationError(`\`judge\` gave ${kindOf(judge)} where it must give a function`)
  return (operation, completion) => sentenceOf('judge', () => judge(operation, completion))
}

function checkOperation(value: unknown, machine: AnyMachine): Operation {
  const operation = value as Operation // until the checks below are done
  const type = typeof value === 'object' && value !== null ? operation.type : undefined
  if (type === 'command' && 'command' in operation) return operation
  if (type === 'query' && 'query' in operation) {
    if (machine.query !== undefined) return operation
    throw new ApplicationError('`operation` gave a query, and `machine` has no `query` to answer it')
  }
  throw new ApplicationError(
    `\`operation\` gave ${kindOf(value)} where it must give { type: 'command', command } or { type: 'query', query }`,
  )
}

function checkDescription(value: unknown): Description {
  const { f, key = null, value: what = null } = (value ?? {}) as Partial<Description> // checked just below
  if (typeof f === 'string' && (key === null || typeof key === 'string')) return { f, key, value: what }
  throw new ApplicationError(
    `\`describe\` gave ${kindOf(value)} where it must give { f, key, value }, with f a text and key a text or null`,
  )
}

function sentenceOf(name: string, run: () => unknown): string | null {
  const value = attempt(name, run)
  if (value === null || value === undefined) return null
  if (typeof value === 'string') return value
  throw new ApplicationError(`\`${name}\` gave ${kindOf(value)} where it must give a sentence, or null`)
}

function plain(name: string, state: unknown): unknown {
  try {
    return clonePlain(state)
  } catch (error) {
    throw new ApplicationError(`\`${name}\` gave a state that is not plain data: ${messageOf(error)}`)
  }
}

function attempt<Result>(name: string, run: () => Result): Result {
  try {
    return run()
  } catch (error) {
    throw new ApplicationError(`\`${name}\` threw: ${messageOf(error)}`, { cause: error })
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

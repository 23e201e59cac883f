/** `--machine`: one of the ready-made applications, or the module of a user. */
import { statSync } from 'node:fs'
import { basename, extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isMainThread } from 'node:worker_threads'
import {
  type AnyApplication,
  type AnyModel,
  ApplicationError,
  applicationFrom,
  DEFAULT_MACHINE,
  MODEL_NAMES,
  modelFrom,
  type Reads,
  readyApplication,
} from '../simulation/index.js'
import { firstLineOf, UsageError } from './errors.js'

/** What a module must look like, for `--help`. */
export const MODULE_HELP = `A machine of your own:
  A module, such as ./mine.js, that exports as default (or as \`application\`)
  an object. The first two of these are needed, the others may be left out:

  machine      { initial(), apply(state, command, context), query(state, query) }
               apply gives [state, output] and must be deterministic; a command
               that throws an Error fails, and must leave the state as it was.
               Without query there are no reads but commands. All travels as
               JSON unless it has codecs (see synod/paxos).
  operation    (client, position, draw): what a client does at this position,
               { type: 'command', command } or { type: 'query', query };
               draw(low, high) gives a whole number that depends on the seed
  requests     how many operations each client does (default: 10)
  describe     (operation, completion): how transcripts and histories show it,
               { f, key, value }
  judge        (client): a function (operation, completion) that gives a
               sentence when what a client was told cannot be right
  invariant    (state): gives a sentence when a state is wrong
  thinkMicros  [low, high]: how long a client thinks between two operations
  model        what the history is judged by when the run is over: register,
               append-kv, key-value, or one of your own (see synod check --help)`

/** The application that `--machine` names. Throws a UsageError. */
export async function applicationOf(name: string, reads: Reads | undefined): Promise<AnyApplication> {
  if (name !== DEFAULT_MACHINE && reads !== undefined)
    throw new UsageError('--reads says how the clients of --machine key-value read, and no others')
  const ready = readyApplication(name, reads ?? 'decree')
  if (ready !== null) return ready
  if (!/[\\/.]/.test(name)) {
    throw new UsageError(
      `there is no machine '${name}': choose key-value, shared, bank, or the path of a module, such as ./mine.js`,
    )
  }
  return await load(name)
}

/** What `--machine` of `synod check` names: what histories are judged by. Throws a UsageError. */
export async function modelOf(name: string): Promise<AnyModel> {
  const known = MODEL_NAMES.find((model) => model === name)
  if (known !== undefined) return known
  if (!/[\\/.]/.test(name)) {
    throw new UsageError(
      `there is no machine '${name}' to judge by: choose ${MODEL_NAMES.join(', ')}, or the path of a module, such as ./mine.js`,
    )
  }
  const exported = await exportedBy(name)
  const model =
    typeof exported === 'object' && exported !== null && 'model' in exported ? exported.model : exported
  if (typeof model === 'object' && model !== null && !('step' in model)) {
    throw new UsageError(
      `${name} has no \`model\`, and without one nobody knows what its operations mean (synod check --help tells more)`,
    )
  }
  try {
    return modelFrom(model)
  } catch (error) {
    throw error instanceof ApplicationError ? moduleError(name, error) : error
  }
}

async function load(path: string): Promise<AnyApplication> {
  const exported = await exportedBy(path)
  if (exported === undefined) {
    throw new UsageError(
      `${path} must export, as default or as \`application\`, an object with \`machine\` and \`operation\` (synod simulate --help tells more)`,
    )
  }
  try {
    return applicationFrom(exported, basename(path, extname(path)))
  } catch (error) {
    throw error instanceof ApplicationError ? moduleError(path, error) : error
  }
}

/** What a module exports, as `application` or as default. Throws a UsageError if it cannot be loaded. */
export async function exportedBy(path: string): Promise<unknown> {
  const file = resolve(path)
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) throw new UsageError(`there is no file '${path}'`)
  if (isMainThread) endOnItsErrors(path, file)
  const module = await importModule(path, file)
  return module['application'] ?? module['default']
}

/** A worker leaves these to the main thread. */
function endOnItsErrors(path: string, file: string): void {
  process.on('uncaughtException', (error) => {
    process.stderr.write(`synod: ${path} failed by itself: ${firstLineOf(error)}${placeOf(error, file)}.\n`)
    process.exit(2)
  })
  // Its code may never give control back, and then only the default action of the signal ends it.
  process.removeAllListeners('SIGINT')
}

async function importModule(path: string, file: string): Promise<Record<string, unknown>> {
  try {
    return await import(pathToFileURL(file).href)
  } catch (error) {
    throw new UsageError(`${path} cannot be loaded: ${whyOf(error, path)}${placeOf(error, file)}`)
  }
}

function whyOf(error: unknown, path: string): string {
  const what = firstLineOf(error)
  if (what.includes("token 'export'") || what.includes('import statement outside a module')) {
    return `${what}: it is read as CommonJS; put "type": "module" into package.json, or give it the ending .mjs`
  }
  if (what.includes('extension ".ts"')) return `${what}: compile it first, or use Node.js 22.18 or later`
  return error instanceof SyntaxError ? `${what}; node --check ${path} shows where` : what
}

/** What is wrong with a user's module, as a sentence. */
export function moduleError(path: string, error: ApplicationError): UsageError {
  return new UsageError(`${path}: ${firstLineOf(error)}${placeOf(error.cause, resolve(path))}`)
}

/** Where in a module something was thrown, as far as its stack tells: ` (line 3)`. */
function placeOf(error: unknown, file: string): string {
  const stack = error instanceof Error ? (error.stack ?? '') : ''
  for (const name of [pathToFileURL(file).href, file]) {
    const at = stack.indexOf(`${name}:`)
    const line = at < 0 ? undefined : /^\d+/.exec(stack.slice(at + name.length + 1))
    if (line) return ` (line ${line[0]})`
  }
  return ''
}

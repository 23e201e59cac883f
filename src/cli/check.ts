/** `synod check`: judges whether a history is linearizable. */
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { setImmediate } from 'node:timers/promises'
import { Command } from 'commander'
import {
  ApplicationError,
  HistoryError,
  type HistoryOperation,
  jsonOf,
  LinearizabilityCheck,
  type LinearizabilityResult,
  type ModelName,
  modelsFor,
  operationsOfText,
} from '../simulation/index.js'
import { firstLineOf, UsageError } from './errors.js'
import { judgement } from './judgement.js'
import { modelOf, moduleError } from './machine.js'
import { Output } from './output.js'

/** How many steps are taken before the event loop has its turn: some milliseconds' worth. */
const STEPS = 10_000

const EXIT_CODES: Readonly<Record<LinearizabilityResult['verdict'], number>> = {
  linearizable: 0,
  'not linearizable': 1,
  undecided: 3,
}

interface Flags {
  readonly machine?: string
  readonly limit?: string
  readonly json?: boolean
}

export function checkCommand(): Command {
  return new Command('check')
    .summary('judge whether a history is linearizable')
    .description(
      'Judges whether a history of clients is linearizable: whether each operation can have taken effect at one moment between its beginning and its end. Histories come from synod simulate --history, or from any other system.',
    )
    .usage('<history> [options]')
    .argument('<history>', 'a file of JSON lines, see docs/CHECKING.md; - reads standard input')
    .option(
      '--machine <name>',
      'what a key is: register, append-kv, key-value, or a module with a model of your own (see below) (default: the one that knows the operations)',
    )
    .option('--limit <seconds>', 'how long it may search (default: as long as it takes)')
    .option('--json', 'print the verdict as JSON')
    .addHelpText('after', `\n${MODEL_HELP}\n\n${EXIT_HELP}`)
    .action(async (path: string, flags: Flags) => {
      process.exitCode = await check(path, flags)
    })
}

const MODEL_HELP = `A model of your own:
  A module, such as ./mine.js, that exports one, or an application with a
  \`model\` (see synod simulate --help):

  initial  what a key holds in the beginning
  step     (state, { f, key, input, output, outcome }): what it holds after an
           operation, and state as it was; undefined where the operation cannot
           have happened like that. Of one whose outcome is info nobody knows
           the output`

const EXIT_HELP =
  'It exits with 0 if the history is linearizable, with 1 if it is not, with 2 when an option\nor the history is wrong, and with 3 when the time was too short to decide.'

/** Judges, says so, and gives the exit code. Throws a UsageError. */
async function check(path: string, { machine: given, limit, json = false }: Flags): Promise<number> {
  const limitSeconds = limit === undefined ? Number.POSITIVE_INFINITY : parseLimit(limit)
  const name = path === '-' ? 'standard input' : path
  const model = given === undefined ? undefined : await modelOf(given)
  const content = await contentOf(path)
  const startedAt = performance.now()
  const seconds = (): number => (performance.now() - startedAt) / 1_000
  const result = await orMalformed({ name, machine: given }, async () => {
    const operations = operationsOfText(content)
    const search = new LinearizabilityCheck(model ?? guess(name, operations), operations)
    while (search.advance(STEPS) && seconds() < limitSeconds) await setImmediate()
    return search.result
  })
  const wallSeconds = Math.round(seconds() * 1_000) / 1_000
  const output = new Output(process.stdout)
  if (json) output.line(asJson(result, wallSeconds))
  else for (const line of judgement(name, result, wallSeconds)) output.line(line)
  await output.flush()
  return EXIT_CODES[result.verdict]
}

function parseLimit(given: string): number {
  const seconds = Number(given)
  if (/^\d+(\.\d+)?$/.test(given) && seconds > 0) return seconds
  throw new UsageError(`--limit must be a number of seconds above 0, and '${given}' is not`)
}

async function contentOf(path: string): Promise<string> {
  try {
    return path === '-' ? await text(process.stdin) : readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(`the history cannot be read from ${path}: ${firstLineOf(error)}`)
  }
}

async function orMalformed<Result>(
  { name, machine = '' }: { readonly name: string; readonly machine: string | undefined },
  judge: () => Promise<Result>,
): Promise<Result> {
  try {
    return await judge()
  } catch (error) {
    if (error instanceof ApplicationError) throw moduleError(machine, error)
    throw error instanceof HistoryError ? new UsageError(`${name}, ${firstLineOf(error)}`) : error
  }
}

/** The machine that knows the operations of a history; says which it is. */
function guess(name: string, operations: readonly HistoryOperation[]): ModelName {
  const possible = modelsFor(operations)
  const [first, second] = possible
  const names = [...new Set(operations.map(({ f }) => f))].join(', ')
  if (first === undefined) {
    throw new UsageError(
      `${name}: no machine knows all of ${names}: register has read, write and cas, append-kv get, put and append, key-value get, set, delete, cas and stale-get`,
    )
  }
  if (second !== undefined && names !== '') {
    throw new UsageError(`${name}: ${possible.join(' and ')} both know ${names}: say which with --machine`)
  }
  if (names !== '')
    process.stderr.write(`synod: no machine was given, and ${names} are operations of ${first}\n`)
  return first
}

function asJson(result: LinearizabilityResult, wallSeconds: number): string {
  const { verdict, machine, operations } = result
  const keys = result.keys.map(({ order, blocked, state, ...key }) =>
    key.verdict === 'linearizable' ? key : { ...key, order, blocked, state },
  )
  return jsonOf({ verdict, machine, operations, wallSeconds, keys })
}

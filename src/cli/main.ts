/** The `synod` command line: one file a command. What it says of itself goes to stderr. */
import { Command, CommanderError } from 'commander'
import { synodVersion } from '../runtime/version.js'
import { Failure, UsageError } from './errors.js'
import { endOnInterrupt } from './interruption.js'

/** A verdict did not hold: 1. Something in the command is wrong: 2. Undecided: 3. A bug in Synod: 70, as in sysexits.h. */
const USAGE = 2
const INTERNAL = 70

/** Each command, in the order of the help. Only the one that is wanted is loaded, so that it starts soon. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  up: async () => (await import('./service/up.js')).upCommand(),
  init: async () => (await import('./service/init.js')).initCommand(),
  serve: async () => (await import('./service/serve.js')).serveCommand(),
  status: async () => (await import('./service/status.js')).statusCommand(),
  put: async () => (await import('./service/put.js')).putCommand(),
  get: async () => (await import('./service/get.js')).getCommand(),
  delete: async () => (await import('./service/delete.js')).deleteCommand(),
  cas: async () => (await import('./service/cas.js')).casCommand(),
  scan: async () => (await import('./service/scan.js')).scanCommand(),
  watch: async () => (await import('./service/watch.js')).watchCommand(),
  bench: async () => (await import('./service/bench.js')).benchCommand(),
  member: async () => (await import('./service/member.js')).memberCommand(),
  transfer: async () => (await import('./service/transfer.js')).transferCommand(),
  snapshot: async () => (await import('./service/snapshot.js')).snapshotCommand(),
  store: async () => (await import('./service/store.js')).storeCommand(),
  simulate: async () => (await import('./simulate.js')).simulateCommand(),
  view: async () => (await import('./view.js')).viewCommand(),
  hunt: async () => (await import('./hunt.js')).huntCommand(),
  shrink: async () => (await import('./shrink.js')).shrinkCommand(),
  explore: async () => (await import('./explore.js')).exploreCommand(),
  replay: async () => (await import('./replay.js')).replayCommand(),
  check: async () => (await import('./check.js')).checkCommand(),
}

/** With all commands if it is not clear which one is wanted: for the help, and to say what was meant. */
async function program(wanted: string | undefined): Promise<Command> {
  const command = new Command('synod')
    .description('Multi-Paxos for TypeScript: a cluster to use, to watch, to break and to build upon.')
    .version(synodVersion())
  const one = wanted !== undefined && Object.hasOwn(COMMANDS, wanted) ? COMMANDS[wanted] : undefined
  for (const load of one === undefined ? Object.values(COMMANDS) : [one]) command.addCommand(await load())
  tame(command)
  return command
}

/** Errors are thrown, and said in one place. */
function tame(command: Command): void {
  command.exitOverride().configureOutput({ writeErr: () => {} })
  for (const each of command.commands) tame(each)
}

/** What to say of an error, and the exit code. */
function explain(error: unknown): [string, number] {
  if (error instanceof CommanderError && error.exitCode === 0) return ['', 0] // help and version
  if (error instanceof CommanderError || error instanceof UsageError) {
    return [`synod: ${ended(sentenceOf(error))}\n`, USAGE]
  }
  if (error instanceof Failure) return [`synod: ${ended(sentenceOf(error))}\n`, error.exitCode]
  const stack = error instanceof Error ? [error, error.cause].map(stackOf).join('\n') : String(error)
  return [`synod: this is a bug in Synod; please report it with these lines:\n${stack}\n`, INTERNAL]
}

/** With the end of a sentence, if it has none. */
function ended(sentence: string): string {
  return /[.?]$/.test(sentence) ? sentence : `${sentence}.`
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : ''
}

const NPM = 'npm keeps options for itself unless -- comes before them, as in: npm start -- 6 --loss 20'

/** What to say where words beside the options are too many, or missing. */
const TAKEN: Readonly<Record<string, { readonly most: string; readonly least?: string }>> = {
  simulate: { most: `one seed is all that simulate takes; ${NPM}` },
  hunt: { most: 'hunt takes nothing but options: give it its seeds as in --seeds 1..1000' },
  shrink: {
    most: 'one seed, or one story, is all that shrink takes, and options',
    least: 'shrink wants the seed of a run that fails, or a story, as in: synod shrink 42 --scenario swarm',
  },
  explore: { most: 'explore takes nothing but options; synod explore --help lists them' },
  check: {
    most: 'one history is all that check takes',
    least: 'check wants the file of a history, as in: synod check history.jsonl; or - for standard input',
  },
}

function sentenceOf(error: CommanderError | UsageError | Failure): string {
  if (!(error instanceof CommanderError)) return error.message
  const [, , group = ''] = process.argv
  const taken = Object.hasOwn(TAKEN, group) ? TAKEN[group] : undefined
  if (error.code === 'commander.excessArguments' && taken !== undefined) return taken.most
  if (error.code === 'commander.missingArgument' && taken?.least !== undefined) return taken.least
  if (error.code === 'commander.help') {
    return Object.hasOwn(COMMANDS, group)
      ? `${group} wants to be told what; synod ${group} --help lists it`
      : 'there is no such command; synod --help lists them'
  }
  return error.message
    .replace(/^error: /, '')
    .replace(/\n?\(Did (.*)\)$/, ' (did $1)')
    .replace('. Allowed', '; allowed')
}

/** `npm start --crashes=3` gives the option to npm, which passes it on as a variable and no more. */
function checkNpm(command: Command): void {
  if (process.env['npm_lifecycle_event'] !== 'start') return
  const options = command.commands.find((each) => each.name() === 'simulate')?.options ?? []
  const lost = options.find((option) => !option.negate && process.env[`npm_config_${option.name()}`])
  if (lost) throw new UsageError(`${lost.long} did not get here; ${NPM}`)
}

async function main(): Promise<void> {
  try {
    const command = await program(process.argv[2])
    checkNpm(command)
    if (process.argv.length === 2) command.help()
    await command.parseAsync()
  } catch (error) {
    const [text, code] = explain(error)
    process.stderr.write(text)
    process.exitCode = code
  }
  for (const stream of [process.stdout, process.stderr]) await new Promise((done) => stream.write('', done))
  process.exit() // even if a user's module has left something running
}

// A reader that has gone away is no error here; what is written in earnest looks for itself, see output.ts.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
endOnInterrupt()
// The loop ran dry before `main` was through.
process.once('beforeExit', () => {
  process.stderr.write('synod: the module waits for something that never comes.\n')
  process.exitCode = USAGE
})
void main()

/** The `synod` command line: one file a command. What it says of itself goes to stderr. */
import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { checkCommand } from './check.js'
import { UsageError } from './errors.js'
import { exploreCommand } from './explore.js'
import { huntCommand } from './hunt.js'
import { shrinkCommand } from './shrink.js'
import { simulateCommand } from './simulate.js'

/** A verdict did not hold: 1. Something in the command is wrong: 2. Undecided: 3. A bug in Synod: 70, as in sysexits.h. */
const USAGE = 2
const INTERNAL = 70
/** 128 + SIGINT. */
const INTERRUPTED = 130

function program(): Command {
  const command = new Command('synod')
    .description('Multi-Paxos for TypeScript: a cluster to watch, to break and to build upon.')
    .version(versionOf())
    .addCommand(simulateCommand())
    .addCommand(huntCommand())
    .addCommand(shrinkCommand())
    .addCommand(exploreCommand())
    .addCommand(checkCommand())
  for (const each of [command, ...command.commands]) {
    each.exitOverride().configureOutput({ writeErr: () => {} })
  }
  return command
}

function versionOf(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version // our own file
}

/** What to say of an error, and the exit code. */
function explain(error: unknown): [string, number] {
  if (error instanceof CommanderError && error.exitCode === 0) return ['', 0] // help and version
  if (error instanceof CommanderError || error instanceof UsageError) {
    return [`synod: ${sentenceOf(error).replace(/\.$/, '')}.\n`, USAGE]
  }
  const stack = error instanceof Error ? [error, error.cause].map(stackOf).join('\n') : String(error)
  return [`synod: this is a bug in Synod; please report it with these lines:\n${stack}\n`, INTERNAL]
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : ''
}

const NPM = 'npm keeps options for itself unless -- comes before them, as in: npm start -- 6 --loss 20'

function sentenceOf(error: CommanderError | UsageError): string {
  if (error instanceof UsageError) return error.message
  if (error.code === 'commander.excessArguments' && error.message.includes("'check'")) {
    return 'one history is all that check takes'
  }
  if (error.code === 'commander.excessArguments' && error.message.includes("'simulate'")) {
    return `one seed is all that simulate takes; ${NPM}`
  }
  if (error.code === 'commander.help') return 'there is no such command; synod --help lists them'
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
    const command = program()
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
process.once('SIGINT', () => process.exit(INTERRUPTED))
// The loop ran dry before `main` was through.
process.once('beforeExit', () => {
  process.stderr.write('synod: the module waits for something that never comes.\n')
  process.exitCode = USAGE
})
void main()

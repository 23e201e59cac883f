/** `synod replay`: does once more what a member did, from the recording of its black box. */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { Command } from 'commander'
import { PartReader, RecordingError } from '../paxos/index.js'
import { synodVersion } from '../runtime/index.js'
import type { AnyApplication } from '../simulation/index.js'
import { isColored, PALETTE, red, uncolored } from './colors.js'
import { firstLineOf, UsageError } from './errors.js'
import { Output } from './output.js'
import { recordedApplication } from './recorded-machine.js'
import { ReplaySummary } from './replay-summary.js'
import { ReplayedPart } from './replayed-part.js'

/** How many turns are done before the event loop has its turn: some milliseconds' worth. */
const TURNS = 256

interface Flags {
  readonly machine?: string
  readonly color: boolean
}

export function replayCommand(): Command {
  return new Command('replay')
    .summary('do once more what a member did, from its black box')
    .description(
      'Runs the inputs that the black box of a member has recorded through the same roles, prints the transcript, and tells whether the member did the same then.',
    )
    .usage('<file> [options]')
    .argument('<file>', 'a file of a black box, or the folder of all of them: see docs/BLACKBOX.md')
    .option(
      '--machine <path>',
      'the machine of the member: a module, such as ./mine.js, that exports it (default: that of synod serve)',
    )
    .option('--no-color', 'no colours, not even on a terminal; so does the variable NO_COLOR')
    .addHelpText('after', `\n${EXIT_HELP}`)
    .action(async (path: string, flags: Flags) => {
      process.exitCode = await replay(path, flags)
    })
}

const EXIT_HELP =
  'It exits with 0 when the member did the same then, with 1 when it, or its machine, did something\nelse, and with 2 when an option or the recording is wrong.'

/** Replays, says what came of it, and gives the exit code. Throws a UsageError. */
async function replay(path: string, flags: Flags): Promise<number> {
  const files = filesOf(path)
  const application = await recordedApplication(flags.machine)
  const output = new Output(process.stdout)
  const summary = new ReplaySummary(application.name)
  for (const file of files) {
    if (output.closed || summary.isOver) break
    await replayPart(file, application, output, summary, flags)
  }
  if (output.closed) return 0 // nobody is left to be told
  const alarm = isColored(process.stderr, flags.color) ? red : uncolored
  process.stderr.write(
    summary
      .lines(alarm)
      .map((line) => `${line}\n`)
      .join(''),
  )
  return summary.exitCode
}

async function replayPart(
  file: string,
  application: AnyApplication,
  output: Output,
  summary: ReplaySummary,
  { color }: Flags,
): Promise<void> {
  const palette = isColored(process.stdout, color) ? PALETTE : undefined
  const part = beginPart(file, readPart(file), (reader) => {
    return new ReplayedPart(reader, application, palette, (line) => output.line(line))
  })
  for (let turns = 1; !output.closed && part.next(); turns++) {
    if (turns % TURNS !== 0) continue
    await output.flush()
    await setImmediate()
  }
  await output.flush()
  summary.add(file, part)
}

/** What another version of Synod froze may be no node here. */
function beginPart(
  file: string,
  reader: PartReader,
  begin: (reader: PartReader) => ReplayedPart,
): ReplayedPart {
  try {
    return begin(reader)
  } catch (error) {
    throw new UsageError(
      `${file}: Synod ${synodVersion()} makes no node of what it begins with (${firstLineOf(error)}): replay it with Synod ${reader.beginning.synod}, which has recorded it`,
    )
  }
}

/** The files of a recording, in order. */
function filesOf(path: string): readonly string[] {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) throw new UsageError(`there is no file '${path}'`)
  if (!found.isDirectory()) return [path]
  const names = readdirSync(path).filter((name) => name.endsWith('.blackbox'))
  if (names.length === 0)
    throw new UsageError(
      `${path} holds no recording: name the folder of a member; synod up makes one for each in that of --black-box`,
    )
  return names.sort().map((name) => join(path, name))
}

function readPart(file: string): PartReader {
  try {
    return new PartReader(new Uint8Array(readFileSync(file))) // a slice of a Buffer would be no copy
  } catch (error) {
    const sentence =
      error instanceof RecordingError ? error.message : `it cannot be read: ${firstLineOf(error)}`
    throw new UsageError(`${file}: ${sentence}`)
  }
}

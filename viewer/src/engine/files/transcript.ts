/**
 * A transcript as data. The first record says what run it is: if its machine is known here, the run is made once more, and
 * if that gives the same events, there is all that any run has. If not, there is what the file tells.
 */
import {
  CLASSIC,
  checkScenario,
  type Edit,
  FORMAT_VERSION,
  NdjsonFormatter,
  readyApplication,
  type Scenario,
  StoryError,
  storyMachine,
  tellStory,
} from 'synod/simulation'
import { Sentence } from '../address.js'
import type { Address, Edit as PageEdit } from '../contract.js'
import { OpenedRun } from '../opened.js'
import { Recording } from '../recording.js'
import { MOST_EVENTS, simulated } from '../simulated.js'
import { nameOfModule, ownApplication, type ToldRun } from '../told.js'
import { fileTeller } from './file-teller.js'
import type { Lines } from './lines.js'
import type { Opening } from './open.js'
import { readEvent } from './readable-event.js'

/** How many lines are read in a slice. */
const LINES = 2_048

interface FileHead {
  readonly seed: number
  readonly machine: string
  readonly scenario: Scenario
  readonly edits: readonly Edit[]
}

/** Throws a {@link Sentence}. */
export async function openTranscript(
  name: string,
  first: string,
  rest: Lines,
  opening: Opening,
): Promise<OpenedRun> {
  const head = headOfLine(first)
  const { recording, lines } = await read(name, head === null ? first : null, rest, opening)
  if (head === null)
    return fromFile(
      name,
      recording,
      null,
      'Its first record has no seed and no options, so it cannot be run again: there are no minds and no forks.',
    )
  const again = typeof head === 'string' ? head : await runAgain(name, head, opening)
  if (typeof again === 'string') return fromFile(name, recording, head, again)
  const difference = await differenceOf(again, lines, opening)
  if (difference === null) return again
  if (difference > lines.length) {
    const note = `the file ends after event ${lines.length}; what follows was run anew`
    return new OpenedRun({ ...again.parts, settings: { ...again.parts.settings, file: note } })
  }
  return fromFile(
    name,
    recording,
    head,
    `This version of Synod makes something else of its seed and options, from event ${difference} on: what is shown is the file, without minds and forks.`,
  )
}

// ---- the file ----------------------------------------------------------------------------------------------------

async function read(
  name: string,
  first: string | null,
  rest: Lines,
  { pause, onProgress }: Opening,
): Promise<{ readonly recording: Recording; readonly lines: readonly string[] }> {
  const recording = new Recording((message) => JSON.stringify(message))
  const lines: string[] = []
  for (let line = first ?? rest.next(); line !== null; line = rest.next()) {
    if (line === '') continue
    const told = readEvent(line)
    if (typeof told === 'string') {
      const { number } = rest
      // What is written at the moment, or was when its process was killed, ends anywhere.
      if (rest.next() === null && !rest.isWhole && lines.length > 0) break
      throw new Sentence(`${name}, line ${number}: ${told}.`)
    }
    lines.push(line)
    recording.hear(told.event, told.micros)
    if (lines.length > MOST_EVENTS)
      throw new Sentence(
        `${name} has more than ${MOST_EVENTS} events, and the page takes no more: cut it off.`,
      )
    if (lines.length % LINES !== 0) continue
    onProgress?.(lines.length)
    await pause()
  }
  if (lines.length === 0) throw new Sentence(`${name} has no events.`)
  return { recording, lines }
}

function fromFile(
  name: string,
  recording: Recording,
  head: FileHead | string | null,
  whyNot: string,
): OpenedRun {
  const machine = typeof head === 'object' && head !== null ? head.machine : null
  const application = machine === null ? null : readyApplication(machine, 'decree')
  return new OpenedRun({
    title: name,
    address: null,
    whyNot,
    recording,
    teller: fileTeller(application),
    head: null,
    lengthMicros: recording.micros.at(-1) ?? 0,
    verdicts: [],
    model: application?.model ?? null,
    told: null,
    edits: [],
    settings: machine === null ? {} : { machine },
    minds: null,
  })
}

// ---- its run, made once more -------------------------------------------------------------------------------------

/** The run, or a sentence that says why it cannot be made. */
async function runAgain(name: string, head: FileHead, opening: Opening): Promise<OpenedRun | string> {
  const told = toldByHead(name, head, opening)
  if (told === null)
    return `Its machine, ${head.machine}, is not known here, so it cannot be run again: there are no minds and no forks. Open it with npx synod view --machine ./mine.js.`
  return await simulated(told, addressOf(head), opening.pause, opening.onProgress)
}

function toldByHead(
  title: string,
  { seed, scenario, machine }: FileHead,
  { machine: given }: Opening,
): ToldRun | null {
  const isGiven = given !== null && nameOfModule(given.name) === machine
  const application =
    readyApplication(machine, scenario.reads) ?? (isGiven ? ownApplication(null, given) : null)
  return application && { title, seed, scenario, application, roles: {} }
}

/** Its story, since a file may leave out what no option does. */
function addressOf({ seed, scenario, machine, edits }: FileHead): Address {
  try {
    const run = tellStory({ scenario, machine: storyMachine(machine), seed })
    return { run, options: {}, edits: edits.map(pageEdit), at: null }
  } catch (error) {
    if (error instanceof StoryError) throw new Sentence(error.message)
    throw error
  }
}

function pageEdit(edit: Edit): PageEdit {
  if (edit.type === 'drop') return edit
  if (edit.type === 'delay')
    return { type: 'delay', event: edit.event, to: edit.to, millis: edit.lateMicros / 1_000 }
  const { forMicros, ...others } = edit
  return { ...others, millis: forMicros / 1_000 }
}

/** The first event that is another one, or is there in one of them only; null if they are the same. */
async function differenceOf(
  { parts: { recording, told } }: OpenedRun,
  lines: readonly string[],
  { pause }: Opening,
): Promise<number | null> {
  if (told === null) return 1
  const formatter = new NdjsonFormatter(told.application)
  for (const [place, event] of recording.events.entries()) {
    if (formatter.line(event, recording.micros[place] ?? 0, place + 1) !== lines[place]) return place + 1
    if (place % LINES === 0) await pause()
  }
  return recording.events.length === lines.length ? null : recording.events.length + 1
}

// ---- the head ----------------------------------------------------------------------------------------------------

/** Null if the line is no head; a sentence if it is one that cannot be run. */
function headOfLine(line: string): FileHead | string | null {
  const head = parsedRecord(line)
  if (head === null || !('formatVersion' in head)) return null
  const { formatVersion, seed, options } = head
  if (formatVersion !== FORMAT_VERSION)
    return `It is of version ${String(formatVersion)} of the format, and this is version ${FORMAT_VERSION}: there are no minds and no forks.`
  if (typeof seed !== 'number' || typeof options !== 'object' || options === null) return null
  const { machine, edits = [], ...fields } = options as Readonly<Record<string, unknown>> // any object has string keys
  const scenario = { ...CLASSIC, ...fields } as Scenario // checked below
  try {
    checkScenario(seed, scenario)
  } catch (error) {
    if (!(error instanceof RangeError) && !(error instanceof TypeError)) throw error
    return `This version of Synod cannot run it again (${error.message}): there are no minds and no forks.`
  }
  return { seed, scenario, machine: String(machine), edits: Array.isArray(edits) ? (edits as Edit[]) : [] } // checked when it runs
}

function parsedRecord(line: string): Readonly<Record<string, unknown>> | null {
  try {
    const record = JSON.parse(line) as unknown
    return typeof record === 'object' && record !== null
      ? (record as Readonly<Record<string, unknown>>)
      : null
  } catch {
    return null
  }
}

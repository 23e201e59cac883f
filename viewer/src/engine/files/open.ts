/**
 * Files that can be dropped on the page: a transcript as data, what `synod hunt` or `synod shrink` tell of a failure, a
 * story, or a part of a black box. Whatever else it is, or whatever is wrong with it, is said in a sentence.
 */
import { decodeText, RecordingError } from 'synod/paxos'
import { Sentence } from '../address.js'
import type { GivenFile } from '../contract.js'
import type { OpenedRun } from '../opened.js'
import { type Pause, simulated } from '../simulated.js'
import { type GivenMachine, toldRun } from '../told.js'
import { addressOfCommand, replayIn } from './commands.js'
import { Lines } from './lines.js'
import { openRecording } from './recorded.js'
import { openTranscript } from './transcript.js'

/** A file must be smaller. */
const MOST_BYTES = 512 * 1024 * 1024

/** What the first bytes of a part of a black box say. */
const BLACK_BOX = 'synodbox'

/** How much of a file is looked at to see what it is. */
const PEEK_BYTES = 65_536

export interface Opening {
  readonly machine: GivenMachine | null
  readonly pause: Pause
  readonly onProgress: ((events: number) => void) | undefined
}

/** Throws a {@link Sentence}. */
export async function openGiven({ name, bytes }: GivenFile, opening: Opening): Promise<OpenedRun> {
  if (bytes.length === 0) throw new Sentence(`${name} is empty.`)
  if (bytes.length >= MOST_BYTES)
    throw new Sentence(
      `${name} has ${Math.floor(bytes.length / 1024 / 1024)} MiB, and the page takes less than 512.`,
    )
  const peek = decodeText(bytes, 0, Math.min(bytes.length, PEEK_BYTES))
  if (peek.startsWith(BLACK_BOX)) return await recordingOf(name, bytes, opening)
  // What is cut off in the middle of a character is no mistake of the file.
  if (/[\0\ufffd]/.test(peek.slice(0, -3)))
    throw new Sentence(`${name} is neither text nor a part of a black box: ${WHAT_OPENS}`)
  return await openText(name, bytes, peek, opening)
}

const WHAT_OPENS =
  'what can be opened is a transcript made with --format ndjson, what synod hunt --json or synod shrink --json print, a story, and a file of a black box.'

async function recordingOf(name: string, bytes: Uint8Array, opening: Opening): Promise<OpenedRun> {
  try {
    return await openRecording(name, bytes, opening)
  } catch (error) {
    throw error instanceof RecordingError ? new Sentence(`${name}: ${error.message}.`) : error
  }
}

async function openText(name: string, bytes: Uint8Array, peek: string, opening: Opening): Promise<OpenedRun> {
  const lines = new Lines(bytes)
  const first = lines.next()?.trim() ?? ''
  if (/^\d{1,300}$/.test(first)) return await openCommand(name, `npx synod simulate ${first}`, opening)
  const replay = replayIn(first.startsWith('{') ? first : decodeText(bytes))
  if (replay !== null) return await openCommand(name, replay, opening)
  if (first.startsWith('{')) return await openTranscript(name, first, lines, opening)
  if (peek.startsWith('# synod transcript'))
    throw new Sentence(
      `${name} is a transcript as text: make one with --format ndjson, or open the seed in its first line.`,
    )
  throw new Sentence(`${name} is text, and nothing that Synod has written: ${WHAT_OPENS}`)
}

/** What is told of a failure says how to replay it. */
async function openCommand(name: string, command: string, opening: Opening): Promise<OpenedRun> {
  const address = addressOfCommand(command)
  const told = toldRun(address, opening.machine)
  const opened = await simulated(
    { ...told, title: `${name}: ${told.title}` },
    address,
    opening.pause,
    opening.onProgress,
  )
  return opened
}

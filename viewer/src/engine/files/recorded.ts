/**
 * A part of a black box: what a real member did, done once more. Of the others there is only what it sent to them and
 * heard from them, so a message has one end that is known.
 */
import { codecsOf, type NodeEvent, PartReader, RecordingError, Replay } from 'synod/paxos'
import {
  type AnyApplication,
  keyValueApplication,
  nameOf,
  RecordedEvents,
  readableApplication,
  serviceApplication,
} from 'synod/simulation'
import { Sentence } from '../address.js'
import { machineOf } from '../machine.js'
import { OpenedRun } from '../opened.js'
import { Recording } from '../recording.js'
import { requestsIn, type Teller, tellerOf } from '../teller.js'
import type { Opening } from './open.js'

/** How many turns are done in a slice. */
const TURNS = 512

/** Throws a {@link Sentence}, or a RecordingError. */
export async function openRecording(name: string, bytes: Uint8Array, opening: Opening): Promise<OpenedRun> {
  const reader = new PartReader(bytes)
  const { beginning } = reader
  const own = opening.machine && machineOf(opening.machine)
  const application = readableApplication(own ?? applicationIn(bytes), beginning.redacted)
  const replay = begun(name, reader, own)
  const events = new RecordedEvents(replay.node, application)
  const recording = new Recording(undefined, true)
  let firstMicros: number | null = null
  let turns = 0
  for (let turn = reader.next(); turn !== null; turn = reader.next()) {
    const { nowMicros }: NodeEvent = turn.event
    firstMicros ??= nowMicros
    const micros = nowMicros - firstMicros
    for (const event of events.before(turn.event)) recording.hear(event, micros)
    for (const event of events.after(replay.turn(turn))) recording.hear(event, micros)
    turns += 1
    if (replay.flaw !== null) break
    if (turns % TURNS !== 0) continue
    opening.onProgress?.(recording.events.length)
    await opening.pause()
  }
  if (recording.events.length === 0)
    throw new Sentence(`${name} holds no turn of its member that can be shown.`)
  return new OpenedRun({
    title: name,
    address: null,
    whyNot: `A recording tells what one member did, ${nameOf(beginning.self)}, and not the world around it: there are no minds and no forks.${flawOf(replay, turns)}`,
    recording,
    teller: later(tellerOf(application), firstMicros ?? 0),
    head: null,
    lengthMicros: recording.micros.at(-1) ?? 0,
    verdicts: [],
    model: null,
    told: null,
    edits: [],
    settings: {
      member: beginning.name,
      part: String(beginning.part),
      synod: beginning.synod,
      redacted: String(beginning.redacted),
    },
    minds: null,
  })
}

function flawOf({ flaw }: Replay, turns: number): string {
  return flaw === null
    ? ''
    : ` From its turn ${turns} on the member did something else than this version of Synod does: ${flaw}.`
}

/** What another version of Synod froze may be no node here. */
function begun(name: string, reader: PartReader, application: AnyApplication | null): Replay {
  try {
    return new Replay(reader.beginning, application?.machine ?? null)
  } catch (error) {
    if (error instanceof RecordingError) throw error
    throw new Sentence(
      `${name} was recorded by Synod ${reader.beginning.synod}, and this version makes no node of it: open it with that one.`,
    )
  }
}

/** How many turns are looked at for a first command. */
const MOST_LOOKED_AT = 4_096

/**
 * Nobody has said what its machine is: if the first command is one that `synod serve` understands, it is that one's; of any
 * other, payloads that are JSON are read.
 */
function applicationIn(bytes: Uint8Array): AnyApplication {
  const service = serviceApplication()
  const command = firstCommand(new PartReader(bytes))
  try {
    if (command !== null) codecsOf(service.machine).commands.decode(command)
    return service
  } catch {
    const { describe: _, model: __, ...application } = keyValueApplication('decree')
    return application
  }
}

/** What a client of the member asked, or of another one. */
function firstCommand(reader: PartReader): Uint8Array | null {
  for (let turns = 0; turns < MOST_LOOKED_AT; turns++) {
    const turn = reader.next()
    if (turn === null) return null
    const command = commandIn(turn.event)
    if (command !== null) return command
  }
  return null
}

function commandIn(event: NodeEvent): Uint8Array | null {
  if (event.type === 'requests')
    return event.requests.find((request) => request.type === 'command')?.command ?? null
  if (event.type !== 'messages') return null
  for (const { message } of event.envelopes) {
    const isRequest = message.type === 'request' || message.type === 'relay'
    const requests = isRequest
      ? [message.request]
      : message.type === 'accept'
        ? requestsIn(message.decree)
        : []
    const command = requests.find(({ session }) => session !== 0)?.command
    if (command !== undefined) return command
  }
  return null
}

/** A member measures time from a beginning of its own; the picture begins with the recording. */
function later(teller: Teller, byMicros: number): Teller {
  return { ...teller, line: (event, micros) => teller.line(event, micros + byMicros) }
}

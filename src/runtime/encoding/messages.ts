/**
 * Messages as bytes: a code for the type, then its fields; and behind one message there may be another. The table is total:
 * a message that travels and is not in it does not compile. The messages of every request are written out, because they
 * are most of what a cluster sends.
 */
import {
  type Answered,
  ByteReader,
  ByteWriter,
  type Consistency,
  type Founding,
  type LocalMessage,
  MalformedBytes,
  type Message,
  type MessageOf,
  type MessageType,
  type Outcome,
  type Refusal,
  type Request,
  type Vote,
  type Voter,
} from '../../paxos/index.js'
import {
  ballot,
  bytes,
  count,
  type Field,
  type Fields,
  flag,
  isSet,
  list,
  nullable,
  oneOf,
  struct,
  structWith,
  text,
} from './fields.js'

/** The messages that leave their node. */
export type ForeignType = Exclude<MessageType, LocalMessage['type']>

const voter = struct<Voter>({ member: count, store: count })
const voters = list(voter)

const founding: Field<Founding> = {
  write: (writer, value) => {
    writer.number(value.cluster)
    voters.write(writer, value.voters)
    writer.number(value.timeMicros)
    writer.number(value.machineVersion ?? 1)
  },
  read: (reader) => {
    const begun = { cluster: reader.number(), voters: voters.read(reader), timeMicros: reader.number() }
    const machineVersion = reader.number()
    return machineVersion === 1 ? begun : { ...begun, machineVersion }
  },
}

const vote = struct<Vote>({ slot: count, ballot, decree: bytes })

const REFUSALS = oneOf<Refusal>(
  'command-failed',
  'session-unknown',
  'session-window',
  'session-limit',
  'overloaded',
  'change-refused',
  'already-acknowledged',
  'upgrade-refused',
)

const outcome: Field<Outcome> = {
  write: (writer, value) => {
    writer.number(value.ok ? 1 : 0)
    if (value.ok) {
      writer.bytes(value.output)
      return
    }
    REFUSALS.write(writer, value.error)
    writer.text(value.detail)
  },
  read: (reader) => {
    if (isSet(reader)) return { ok: true, output: reader.bytes() }
    return { ok: false, error: REFUSALS.read(reader), detail: reader.text() }
  },
}

const consistency = oneOf<Consistency>('linearizable', 'stale')

const request: Field<Request> = {
  write: (writer, { session, sequence, acknowledged, command }) => {
    writer.number(session)
    writer.number(sequence)
    writer.number(acknowledged)
    writer.bytes(command)
  },
  read: (reader) => ({
    session: reader.number(),
    sequence: reader.number(),
    acknowledged: reader.number(),
    command: reader.bytes(),
  }),
}

function writeAnswered(writer: ByteWriter, { session, sequence, name, outcome: what, slot }: Answered): void {
  writer.number(session)
  writer.number(sequence)
  writer.text(name)
  outcome.write(writer, what)
  writer.number(slot)
}

function readAnswered<Type extends 'answer' | 'relayed'>(
  type: Type,
  reader: ByteReader,
): Answered & { readonly type: Type } {
  return {
    type,
    session: reader.number(),
    sequence: reader.number(),
    name: reader.text(),
    outcome: outcome.read(reader),
    slot: reader.number(),
  }
}

/** A message of this type: its fields, in this order. */
function message<Type extends ForeignType>(
  type: Type,
  fields: Fields<Omit<MessageOf<Type>, 'type'>>,
): Field<MessageOf<Type>> {
  const field: Field<Omit<MessageOf<Type>, 'type'> & { type: Type }> = structWith(fields, { type })
  return field as unknown as Field<MessageOf<Type>> // the same, but TypeScript cannot put the union together again
}

/** Every message that travels, in the order of their codes: new ones go to the end. */
const MESSAGES: { readonly [Type in ForeignType]: Field<MessageOf<Type>> } = {
  join: message('join', { store: count }),
  welcome: message('welcome', { founding, isNew: flag }),
  turnedAway: message('turnedAway', { cluster: count, store: count }),
  returning: message('returning', { life: count, store: count, written: count }),
  recognised: message('recognised', { life: count, leader: nullable(count) }),
  rolledBack: message('rolledBack', { life: count, written: count }),
  prescout: message('prescout', { question: text, decided: count }),
  prescoutAnswer: message('prescoutAnswer', { question: text, leader: nullable(ballot), decided: count }),
  prepare: message('prepare', { ballot, fromSlot: count, version: count }),
  promise: message('promise', {
    ballot,
    fromSlot: count,
    votes: list(vote),
    nextSlot: nullable(count),
    decided: count,
    written: count,
  }),
  prepareOutdated: message('prepareOutdated', { ballot, decided: count }),
  prepareRejected: message('prepareRejected', { ballot, promised: ballot }),
  accept: {
    write: (writer, value) => {
      ballot.write(writer, value.ballot)
      writer.number(value.slot)
      writer.bytes(value.decree)
      writer.number(value.decided)
    },
    read: (reader) => ({
      type: 'accept',
      ballot: ballot.read(reader),
      slot: reader.number(),
      decree: reader.bytes(),
      decided: reader.number(),
    }),
  },
  accepted: {
    write: (writer, value) => {
      ballot.write(writer, value.ballot)
      writer.number(value.slot)
      writer.number(value.written)
    },
    read: (reader) => ({
      type: 'accepted',
      ballot: ballot.read(reader),
      slot: reader.number(),
      written: reader.number(),
    }),
  },
  acceptOutdated: message('acceptOutdated', { ballot, decided: count }),
  acceptRejected: message('acceptRejected', { ballot, promised: ballot }),
  decided: message('decided', { ballot, decided: count }),
  heartbeat: message('heartbeat', { ballot, decided: count, round: count, written: count }),
  heartbeatAck: message('heartbeatAck', { ballot, round: count }),
  heartbeatRejected: message('heartbeatRejected', { ballot, promised: ballot }),
  fetch: message('fetch', { fromSlot: count }),
  fetched: message('fetched', { fromSlot: count, decrees: list(bytes), decided: count }),
  snapshotChunk: message('snapshotChunk', {
    slot: count,
    checksum: count,
    total: count,
    offset: count,
    chunk: bytes,
  }),
  fetchSnapshot: message('fetchSnapshot', { fromSlot: count, slot: count, checksum: count, offset: count }),
  farewell: message('farewell', { slot: count }),
  takenOver: message('takenOver', { slot: count }),
  learning: message('learning', { ballot, store: count, decided: count }),
  transfer: message('transfer', { to: nullable(count) }),
  handOver: message('handOver', { ballot }),
  request: {
    write: (writer, value) => request.write(writer, value.request),
    read: (reader) => ({ type: 'request', request: request.read(reader) }),
  },
  answer: {
    write: writeAnswered,
    read: (reader) => readAnswered('answer', reader),
  },
  relay: {
    write: (writer, value) => {
      request.write(writer, value.request)
      writer.number(value.hops)
    },
    read: (reader) => ({ type: 'relay', request: request.read(reader), hops: reader.number() }),
  },
  relayed: {
    write: writeAnswered,
    read: (reader) => readAnswered('relayed', reader),
  },
  read: {
    write: (writer, value) => {
      writer.text(value.name)
      writer.bytes(value.query)
      consistency.write(writer, value.consistency)
      writer.number(value.atLeast)
    },
    read: (reader) => ({
      type: 'read',
      name: reader.text(),
      query: reader.bytes(),
      consistency: consistency.read(reader),
      atLeast: reader.number(),
    }),
  },
  readAnswer: {
    write: (writer, value) => {
      writer.text(value.name)
      outcome.write(writer, value.outcome)
      writer.number(value.slot)
    },
    read: (reader) => ({
      type: 'readAnswer',
      name: reader.text(),
      outcome: outcome.read(reader),
      slot: reader.number(),
    }),
  },
  readIndex: message('readIndex', { question: text }),
  readIndexAnswer: message('readIndexAnswer', { question: text, slot: count }),
}

const TYPES = Object.keys(MESSAGES) as ForeignType[] // the keys of the table are the types

const CODES: ReadonlyMap<string, number> = new Map(TYPES.map((type, code) => [type, code]))

const FIELDS = Object.values(MESSAGES) as Field<Message>[] // what is written with a type is read with the same

/** The type of the first message, unread; null if there is none of its code. */
export function typeOfMessage(encoded: Uint8Array): ForeignType | null {
  return TYPES[encoded[0] ?? TYPES.length] ?? null // there are fewer than 128
}

/** Writes messages one behind the other into the same memory, as long as there is room. */
export class MessageWriter {
  readonly #writer: ByteWriter = new ByteWriter(SLAB_BYTES)

  /** How many bytes were written since the last time that they were taken. */
  get length(): number {
    return this.#writer.length
  }

  /**
   * Writes a message behind what was not taken yet. Throws a RangeError if it holds a number that is none; then nothing is
   * left of what was not taken.
   */
  write(value: Message): void {
    const code = CODES.get(value.type)
    const field = code === undefined ? undefined : FIELDS[code]
    if (code === undefined || field === undefined) {
      throw new RangeError(`Messages of type ${value.type} never leave their node.`)
    }
    try {
      this.#writer.number(code)
      field.write(this.#writer, value)
    } catch (error) {
      this.#writer.take() // half a message
      throw error
    }
  }

  /** The bytes of what was written since the last time. They stay as they are. */
  take(): Uint8Array {
    return this.#writer.take()
  }
}

/** Enough for some hundred messages; what is longer gets memory of its own. */
const SLAB_BYTES = 65_536

/**
 * Reads messages, one behind the other. Their byte strings share memory with `encoded`. Throws a `MalformedBytes` if the
 * bytes are none, or not whole.
 */
export function decodeMessages(encoded: Uint8Array): readonly Message[] {
  const reader = new ByteReader(encoded)
  const messages: Message[] = []
  do {
    const code = reader.number()
    const field = FIELDS[code]
    if (field === undefined) throw new MalformedBytes(`There is no message with the code ${code}.`)
    messages.push(field.read(reader))
  } while (!reader.done)
  return messages
}

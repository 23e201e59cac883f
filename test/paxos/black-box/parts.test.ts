// The bytes of a recording: what is written is read, and what is broken gives a sentence.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  DEFAULT_SETTINGS,
  decodeDecree,
  defineMachine,
  digestOf,
  encodeDecree,
  MalformedBytes,
  Node,
  type NodeEvent,
  overhear,
  PartReader,
  PartWriter,
  packNode,
  type RecordedTurn,
  type RecordingEntry,
  RecordingError,
  Replay,
  redact,
  type StoreRecord,
} from '../../../src/paxos/index.js'
import { PlainReader, PlainWriter } from '../../../src/paxos/plain-bytes.js'

const machine = defineMachine({ initial: () => 0, apply: (sum, by: number) => [sum + by, sum + by] })

/** A member that is alone: it founds its cluster, leads, and executes what it is asked. Its whole life is recorded. */
function record(): {
  readonly bytes: Uint8Array
  readonly entries: readonly RecordingEntry[]
  readonly state: unknown
} {
  const purpose = { type: 'seed', cluster: 7, voters: [0] } as const
  let [draws, results, now]: [number[], unknown[], number] = [[], [], 0]
  const node = new Node({
    self: 0,
    purpose,
    machine: overhear(machine as never, (result) => results.push(result)),
    draw: (low) => {
      draws.push(low)
      return low
    },
  })
  const packing = { redacted: false, stateBytes: 1_000 }
  const beginning = {
    part: 1,
    reason: 'start',
    synod: '0.0.0',
    self: 0,
    name: 'a',
    purpose,
    settings: DEFAULT_SETTINGS,
    machineVersion: 1,
    redacted: false,
    node: packNode(node, packing, machine as never),
  } as const
  const entries: RecordingEntry[] = [{ type: 'begins', beginning: structuredClone(beginning) }]
  let written = 0
  const step = (event: (times: { nowMicros: number; wallMicros: number }) => NodeEvent): void => {
    now += 1_000
    const made = event({ nowMicros: now, wallMicros: now })
    const actions = node.step(made)
    written += actions.filter(({ type }) => type === 'persist').length
    const digest = digestOf(actions)
    const turn = { event: made, draws, results, digest, snapshot: null, outgoing: null, error: null }
    entries.push({ type: 'turn', turn: structuredClone(turn) as RecordedTurn })
    draws = []
    results = []
  }
  step((times) => ({ type: 'boot', ...times }))
  for (let turns = 0; turns < 12; turns++) {
    step((times) => ({ type: 'durable', ...times, count: written }))
    const command = new TextEncoder().encode('5')
    const requests = [{ type: 'command', client: 1, reference: turns, command } as const]
    step((times) => ({ type: 'requests', ...times, requests }))
  }
  entries.push({ type: 'ends', end: { reason: 'It was over.', wallMicros: now } })
  const writer = new PartWriter()
  const pieces = [writer.head(), ...entries.flatMap((entry) => writer.entry(entry))]
  const bytes = Uint8Array.from(pieces.flatMap((piece) => [...piece]))
  return { bytes, entries, state: node.roles.replica?.state }
}

const RECORDED = record()

function turnsOf(reader: PartReader): RecordedTurn[] {
  const turns: RecordedTurn[] = []
  for (let turn = reader.next(); turn !== null; turn = reader.next()) turns.push(turn)
  return turns
}

const TURNS = RECORDED.entries.flatMap((entry) => (entry.type === 'turn' ? [entry.turn] : []))

describe('a part of a recording', () => {
  test('is read as it was written', () => {
    const reader = new PartReader(RECORDED.bytes)
    expect({ type: 'begins', beginning: reader.beginning }).toEqual(RECORDED.entries[0])
    expect(turnsOf(reader)).toEqual(TURNS)
    expect(reader.end).toMatchObject({ type: 'ended', end: { reason: 'It was over.' } })
    expect(reader.next()).toBeNull()
  })

  test('comes out the same when it is done once more', () => {
    const replay = new Replay(new PartReader(RECORDED.bytes).beginning, machine as never)
    for (const turn of TURNS) {
      replay.turn(turn)
      expect([replay.flaw, replay.machineFlaw]).toEqual([null, null])
    }
    expect(replay.node.roles.replica?.state).toBe(RECORDED.state)
    expect(RECORDED.state).toBeGreaterThan(5)
  })

  test('comes out otherwise when one of its turns is missing', () => {
    for (const missing of [1, 3, 6]) {
      const replay = new Replay(new PartReader(RECORDED.bytes).beginning, null)
      const others = TURNS.filter((_, at) => at !== missing)
      for (const turn of others) if (replay.flaw === null) replay.turn(turn)
      expect(replay.flaw).not.toBeNull()
    }
  })

  test('that was cut off anywhere is good up to there, and says what is left out', () => {
    fc.assert(
      fc.property(fc.nat(RECORDED.bytes.length - 1), (length) => {
        const reader = readerOf(RECORDED.bytes.subarray(0, length))
        if (reader === null) return
        const turns = turnsOf(reader)
        expect(turns).toEqual(TURNS.slice(0, turns.length))
        expect(['open', 'torn']).toContain(reader.end?.type)
      }),
    )
  })

  test('with a broken byte never crashes: what is before it is good, and what is behind it is left out', () => {
    fc.assert(
      fc.property(fc.nat(RECORDED.bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = RECORDED.bytes.slice()
        bytes[at] = (bytes[at] ?? 0) ^ change
        const reader = readerOf(bytes)
        if (reader === null) return
        const turns = turnsOf(reader)
        expect(turns.length).toBeLessThanOrEqual(TURNS.length)
        expect(turns).toEqual(TURNS.slice(0, turns.length))
        expect(reader.end?.type).toBe('damaged')
      }),
    )
  })

  test('is none where anything else is given: a sentence says so', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => new PartReader(bytes)).toThrow(RecordingError)
      }),
    )
    const later = RECORDED.bytes.slice()
    later[8] = 9
    expect(() => new PartReader(later)).toThrow(/format 9, and this version of Synod reads format 1/)
  })

  test('with entries of other kinds, rightly summed, is damaged there', () => {
    const writer = new PartWriter()
    const begins = RECORDED.entries[0] as RecordingEntry
    const pieces = [writer.head(), ...writer.entry(begins), ...writer.entry(begins)]
    const reader = new PartReader(Uint8Array.from(pieces.flatMap((piece) => [...piece])))
    expect(reader.next()).toBeNull()
    expect(reader.end?.type).toBe('damaged')
  })
})

describe('plain data, one after the other', () => {
  const sparse = fc
    .array(
      fc.oneof(
        fc.uint8Array({ maxLength: 40 }),
        fc.nat(60).map((length) => new Uint8Array(length)),
      ),
    )
    .map((pieces) => Uint8Array.from(pieces.flatMap((piece) => [...piece])))

  test('come back as they were, zeros or not', () => {
    fc.assert(
      fc.property(fc.array(sparse), (values) => {
        const writer = new PlainWriter()
        const written = values.map((value) => writer.encode({ value }))
        const reader = new PlainReader()
        expect(written.map((bytes) => reader.decode(bytes))).toEqual(values.map((value) => ({ value })))
      }),
    )
  })

  test('take no room for zeros', () => {
    expect(new PlainWriter().encode(new Uint8Array(1_000_000)).length).toBeLessThan(12)
    const [first, last] = [Uint8Array.of(1, 2, 3), Uint8Array.of(4, 5)]
    const between = Uint8Array.from([...first, ...new Uint8Array(1_000), ...last])
    expect(new PlainWriter().encode(between).length).toBeLessThan(20)
  })

  test('that are broken give a sentence', () => {
    fc.assert(
      fc.property(sparse, fc.nat(), fc.integer({ min: 1, max: 255 }), (value, place, change) => {
        const bytes = new PlainWriter().encode({ value }).slice()
        const at = place % bytes.length
        bytes[at] = (bytes[at] ?? 0) ^ change
        try {
          new PlainReader().decode(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedBytes)
        }
      }),
    )
  })
})

/** Null where the very beginning is broken. Anything but a RecordingError fails. */
function readerOf(bytes: Uint8Array): PartReader | null {
  try {
    return new PartReader(bytes)
  } catch (error) {
    if (error instanceof RecordingError) return null
    throw error
  }
}

describe('redaction', () => {
  const payload = new TextEncoder().encode('secret')
  const zeros = new Uint8Array(6)
  const request = { session: 3, sequence: 4, acknowledged: 2, command: payload }
  const decree = encodeDecree(99, [request, { session: 0, sequence: 0, acknowledged: 0, command: payload }])

  test('leaves of a decree all but the commands of clients', () => {
    const redacted = redact({ decree }).decree
    expect(redacted.length).toBe(decree.length)
    expect(decodeDecree(redacted)).toEqual({
      stampMicros: 99,
      requests: [
        { ...request, command: zeros },
        { session: 0, sequence: 0, acknowledged: 0, command: payload },
      ],
    })
  })

  test('leaves no bytes of which it does not know that they are the protocol’s', () => {
    expect(redact({ anything: [new Map([[1, { deep: payload }]])] })).toEqual({
      anything: [new Map([[1, { deep: zeros }]])],
    })
  })

  test('leaves what is answered by the cluster itself, and not what is answered by its machine', () => {
    const ok = { ok: true, output: payload } as const
    const failed = { ok: false, error: 'command-failed', detail: 'no sécret' } as const
    const unknown = { ok: false, error: 'session-unknown', detail: 'It has expired.' } as const
    expect(redact({ session: 0, outcome: ok })).toEqual({ session: 0, outcome: ok })
    expect(redact({ session: 3, outcome: ok })).toEqual({ session: 3, outcome: { ok: true, output: zeros } })
    expect(redact(failed)).toEqual({ ...failed, detail: 'xxxxxxxxxx' })
    expect(redact(unknown)).toEqual(unknown)
  })

  test('of a store leaves no decree of a client', () => {
    const record: StoreRecord = { type: 'decision', slot: 1, decree }
    expect(new TextDecoder('latin1').decode(redact(record).decree).match(/secret/g)).toHaveLength(1) // the opener
  })

  test('changes nothing about the checksum of what a node did', () => {
    const send = {
      type: 'send',
      role: 'commander',
      to: [1, 2],
      message: {
        type: 'accept',
        ballot: { round: 1, member: 0, incarnation: 1 },
        slot: 5,
        decree,
        decided: 4,
      },
    } as const
    expect(digestOf([redact(send)])).toBe(digestOf([send]))
    expect(digestOf([{ ...send, to: [1] }])).not.toBe(digestOf([send]))
    expect(digestOf([{ ...send, message: { ...send.message, slot: 6 } }])).not.toBe(digestOf([send]))
    expect(digestOf([send, send])).not.toBe(digestOf([send]))
  })
})

// The Replica and its snapshots (Paxos Made Live, section 5.5): taken, trimmed, fetched and installed. And how it leaves
// when it is removed.

import { beforeEach, describe, expect, it } from 'vitest'
import {
  type AnyMachine,
  codecsOf,
  type Decree,
  type MemberId,
  NO_BALLOT,
  NO_OP,
  type OutgoingSnapshot,
  Replica,
  type ReplicaStart,
  type Settings,
  type Slot,
} from '../../../src/paxos/index.js'
import { checksumOf, takeSnapshot } from '../../../src/paxos/snapshot.js'
import { Bench, type Deed, persisting, sending } from '../../support/bench.js'
import { anyLedger, decoded, encoded } from '../../support/ledger.js'
import { ballot, changing, decree, founding, opening, request } from '../../support/words.js'

const SELF = 1
const OPENING = decree([opening('1.1.1')])
const entry = (sequence: number) => decree([request(1, sequence, `entry ${sequence}`)])
/** What one entry weighs in the log. */
const WEIGHT = entry(1).length + 16

/** Slot 1 opens a session, and every later one holds an entry. */
const decrees = (count: number): Decree[] => [
  OPENING,
  ...Array.from({ length: count - 1 }, (_, index) => entry(index + 1)),
]

interface Seat extends ReplicaStart {
  readonly machine?: AnyMachine
  readonly self?: MemberId
  readonly settings?: Partial<Settings>
}

class Seated {
  readonly bench: Bench
  readonly replica: Replica

  constructor({ self = SELF, settings = {}, machine = anyLedger, ...start }: Seat = {}) {
    this.bench = new Bench({ self, settings })
    this.replica = new Replica(this.bench, machine, { founding: founding(), ...start })
    this.replica.begin()
  }

  learn(first: Slot, learned: readonly Decree[], decided: Slot = first + learned.length - 1): this {
    const decisions = learned.map((each, index) => ({
      slot: first + index,
      ballot: ballot(1),
      decree: each,
    }))
    this.replica.learn(this.bench.self, { type: 'learn', decisions, decided, source: 2 })
    return this
  }

  /** One that holds this many slots, and a snapshot of them and nothing else. */
  static trimmed(count: number, settings: Partial<Settings> = {}): Seated {
    const seated = new Seated({ settings: { ...settings, logBytes: 1 } }).learn(1, decrees(count))
    seated.bench.take()
    return seated
  }

  /** What it sends to who asks for a snapshot. */
  get outgoing(): OutgoingSnapshot {
    this.replica.fetch(9, { type: 'fetch', fromSlot: 0 })
    this.bench.take()
    if (this.replica.outgoing === null) throw new Error('There is no snapshot.')
    return this.replica.outgoing
  }
}

const snapshotRecord = (deeds: readonly Deed[]) =>
  deeds.flatMap((deed) => (deed.type === 'persist' && deed.record.type === 'snapshot' ? [deed.record] : []))

function seatedReplica(bench: Bench): Replica {
  const replica = new Replica(bench, anyLedger, { founding: founding() })
  replica.begin()
  return replica
}

function learnFrom(replica: Replica, first: Slot, decided: readonly Uint8Array[]): void {
  const decisions = decided.map((decree, index) => ({ slot: first + index, ballot: ballot(1), decree }))
  const last = first + decided.length - 1
  replica.learn(SELF, { type: 'learn', decisions, decided: last, source: 2 })
}

const { snapshots: LEDGERS } = codecsOf(anyLedger)

/** The ledger, as a machine that goes on while its state is copied, so many bytes at a time. */
function copying(bytesAtATime: number): AnyMachine {
  const freeze = (state: unknown, _version: number, place: (bytes: number) => Uint8Array) => {
    const bytes = LEDGERS.encode(state, 1)
    const target = place(bytes.length)
    let copied = 0
    return {
      copy: () => {
        target.set(bytes.subarray(copied, copied + bytesAtATime), copied)
        copied += bytesAtATime
        return copied >= bytes.length
      },
      release: () => {},
    }
  }
  return { ...anyLedger, snapshots: { ...LEDGERS, freeze } }
}

describe('a snapshot of a machine that goes on meanwhile', () => {
  const settings = { logBytes: 20 * WEIGHT, chunkBytes: 64 }

  it('is the same as one that is taken at once, and has its place in the turn if it is small', () => {
    const one = new Seated({ machine: copying(1_000_000), settings }).learn(1, decrees(5))
    const other = new Seated({ settings }).learn(1, decrees(5))
    for (const { replica, bench } of [one, other]) {
      bench.take()
      replica.takeSnapshot()
    }
    expect(snapshotRecord(one.bench.take())).toEqual(snapshotRecord(other.bench.take()))
  })

  it('is of the slot at which it was begun, and is written when it is complete', () => {
    const { bench, replica } = new Seated({ machine: copying(8), settings }).learn(1, decrees(5))
    const { data } = takeSnapshot(replica.replicated, anyLedger)
    bench.take()
    replica.takeSnapshot()
    learnFrom(replica, 6, [entry(5), entry(6)])
    const written: Deed[] = []
    while (replica.snapshotSlot === 0) {
      expect(snapshotRecord(written)).toEqual([])
      replica.takeSnapshot() // one at a time
      replica.timer('snapshot')
      written.push(...bench.take())
    }
    expect(snapshotRecord(written)).toMatchObject([{ slot: 5, data }])
    expect(replica).toMatchObject({ applied: 7, snapshotSlot: 5, sinceSnapshotBytes: 2 * WEIGHT })
    replica.timer('snapshot')
    expect(bench.take()).toEqual([])
  })

  it('is sent to all who asked for it when it is complete', () => {
    const { bench, replica } = new Seated({ machine: copying(8), settings: { ...settings, logBytes: 1 } })
    learnFrom(replica, 1, decrees(6))
    while (replica.snapshotSlot === 0) replica.timer('snapshot')
    bench.take()
    for (const node of [2, 3]) replica.fetch(node, { type: 'fetch', fromSlot: 1 })
    expect(bench.messages('snapshotChunk')).toEqual([])
    while (replica.outgoing === null) replica.timer('snapshot')
    const { data, checksum } = replica.outgoing
    expect(checksum).toBe(checksumOf(data))
    const chunk = { slot: 6, checksum, total: data.length, offset: 0, chunk: data.subarray(0, 64) }
    expect(bench.sent('snapshotChunk')).toEqual(
      [2, 3].map((to) => expect.objectContaining({ to, message: { type: 'snapshotChunk', ...chunk } })),
    )
    expect(replica.isSending).toBe(true)
  })

  it('is kept before it is written, where the driver does that and it is large', () => {
    const { bench, replica } = new Seated({ machine: copying(5_000_000), settings })
    bench.keepsSnapshots = true
    replica.replicated.state = ['x'.repeat(1_100_000)]
    replica.learn(SELF, {
      type: 'learn',
      decisions: [{ slot: 1, ballot: ballot(1), decree: OPENING }],
      decided: 1,
      source: 2,
    })
    bench.take()
    replica.takeSnapshot()
    const [deed, ...others] = bench.take()
    expect(deed).toMatchObject({ type: 'keep', slot: 1 })
    expect(others).toEqual([])
    learnFrom(replica, 2, [entry(1)])
    replica.snapshotKept(7) // nobody asked for that
    expect(snapshotRecord(bench.take())).toEqual([])
    replica.snapshotKept(1)
    const [record] = snapshotRecord(bench.take())
    expect(record).toMatchObject({ slot: 1 })
    expect(deed?.type === 'keep' && deed.data === record?.data).toBe(true)
    replica.snapshotKept(1)
    expect(bench.take()).toEqual([])
  })

  it('is taken into the memory of the one before, once the store holds that', () => {
    const { bench, replica } = new Seated({ machine: copying(5_000_000), settings })
    bench.keepsSnapshots = true
    learnFrom(replica, 1, [OPENING])
    replica.replicated.state = ['x'.repeat(1_100_000)]
    let slot = 1
    /** Takes one of what is applied, and gives where its bytes are; the store has been given its record then. */
    const take = (): ArrayBufferLike => {
      learnFrom(replica, slot + 1, [entry(slot)])
      slot += 1
      bench.take()
      replica.takeSnapshot()
      const kept = bench.take().find((deed) => deed.type === 'keep')
      replica.snapshotKept(slot)
      const [record] = snapshotRecord(bench.take())
      expect(record).toMatchObject({ slot, data: takeSnapshot(replica.replicated, anyLedger).data })
      return kept?.type === 'keep' ? kept.data.buffer : expect.fail('Nothing was kept.')
    }
    const first = take()
    expect(take()).not.toBe(first) // the store has yet to write it
    bench.recordsDurable = bench.recordsWritten
    expect(take()).toBe(first)
    bench.recordsDurable = bench.recordsWritten
    expect(take()).toBe(first)
  })

  it('is given up for one of another member', () => {
    const { replica, bench } = new Seated({ machine: copying(8), settings }).learn(1, decrees(5))
    replica.takeSnapshot()
    const { outgoing } = Seated.trimmed(9, { chunkBytes: 10_000 })
    const { slot, checksum, data } = outgoing
    bench.take()
    replica.snapshotChunk(2, {
      type: 'snapshotChunk',
      slot,
      checksum,
      total: data.length,
      offset: 0,
      chunk: data,
    })
    expect(replica).toMatchObject({ applied: 9, snapshotSlot: 9 })
    bench.take()
    replica.timer('snapshot')
    expect(bench.take()).toEqual([])
  })

  it('that fails is told of, and not tried again before as much has come', () => {
    const fails = () => {
      throw new Error('No room.')
    }
    const machine: AnyMachine = {
      ...anyLedger,
      snapshots: { ...LEDGERS, freeze: fails },
    }
    const { replica, bench } = new Seated({ machine, settings: { logBytes: 4 * WEIGHT } }).learn(
      1,
      decrees(9),
    )
    expect(bench.take()).toContainEqual({
      type: 'observe',
      observation: { type: 'snapshotFailed', slot: 9, detail: 'No room.' },
    })
    expect(replica.sinceSnapshotBytes).toBe(0)
  })
})

describe('a snapshot', () => {
  it('is taken when the decisions since the last one weigh more than a log may', () => {
    const bench = new Bench({ self: 0, settings: { logBytes: 10 * WEIGHT } })
    const replica = seatedReplica(bench)
    learnFrom(replica, 1, decrees(10))
    expect(replica.snapshotSlot).toBe(0)
    bench.take()
    for (const number of [10, 11, 12]) learnFrom(replica, number + 1, [entry(number)])
    expect(replica.snapshotSlot).toBe(11)
    expect(snapshotRecord(bench.take())).toHaveLength(1)
  })

  it('is taken again only when what came since weighs as much of it as it should, however short a log may be', () => {
    const bench = new Bench({ self: 0, settings: { logBytes: 1, logPercent: 200 } })
    const replica = seatedReplica(bench)
    learnFrom(replica, 1, decrees(9))
    const [first, { snapshotBytes }] = [replica.snapshotSlot, replica]
    expect(first).toBe(9)
    let slot = 9
    while (replica.snapshotSlot === first) learnFrom(replica, slot + 1, [entry(slot++)])
    const since = (slot - first) * WEIGHT // entries of two digits weigh a little more
    expect(since).toBeGreaterThan(2 * snapshotBytes - 2 * WEIGHT)
    expect(since).toBeLessThan(2 * snapshotBytes + 2 * WEIGHT)
  })

  it('is taken at other slots by other members, so that they do not all stop for it at once', () => {
    const slots = [0, 1, 2].map((self) => {
      const replica = seatedReplica(new Bench({ self, settings: { logBytes: 9 * WEIGHT } }))
      let slot = 0
      while (replica.snapshotSlot === 0) learnFrom(replica, slot + 1, [entry(slot++)])
      return slot
    })
    expect(slots).toEqual([10, 7, 4])
  })

  it('is written, and then the acceptor may forget what it stands for', () => {
    const { bench, replica } = new Seated().learn(1, decrees(3))
    bench.recordsWritten = 40
    bench.take()
    replica.takeSnapshot()
    const deeds = bench.take()
    const { slot, data } = takeSnapshot(replica.replicated, anyLedger)
    expect(deeds).toEqual([
      persisting({
        type: 'snapshot',
        slot,
        data,
        trimmed: 0,
        incarnation: 1,
        promised: NO_BALLOT,
        written: 41,
      }),
      sending(SELF, { type: 'trim', slot: 0 }),
    ])
  })

  it('leaves a quarter of what a log may have, for those who miss only a little', () => {
    const { replica } = new Seated({ settings: { logBytes: 12 * WEIGHT } }).learn(1, decrees(20))
    expect(replica.snapshotSlot).toBe(20)
    expect(replica.logBytes).toBeLessThanOrEqual(3 * WEIGHT)
    expect(replica.logBytes).toBeGreaterThan(WEIGHT)
    expect([...replica.decisions.keys()]).toEqual([19, 20])
  })

  it('is not taken again while nothing has changed, nor of nothing', () => {
    const { bench, replica } = new Seated()
    bench.take()
    replica.takeSnapshot()
    expect(bench.take()).toEqual([])
    const seated = new Seated().learn(1, decrees(3))
    seated.replica.takeSnapshot()
    seated.bench.take()
    seated.replica.takeSnapshot()
    expect(seated.bench.take()).toEqual([])
  })

  it('that is being sent is not replaced until the member who asks for it is through, or gone', () => {
    const seated = Seated.trimmed(6, { chunkBytes: 16 })
    const { bench, replica } = seated
    const { slot, checksum } = seated.outgoing
    const learn = (next: Slot) => {
      const decisions = [{ slot: next, ballot: ballot(1), decree: entry(next) }]
      replica.learn(SELF, { type: 'learn', decisions, decided: next, source: 2 })
    }
    replica.fetchSnapshot(2, { type: 'fetchSnapshot', fromSlot: 1, slot, checksum, offset: 0 })
    bench.nowMicros += 500_000
    learn(7)
    expect(replica).toMatchObject({ applied: 7, snapshotSlot: 6 })
    bench.nowMicros += 1
    learn(8)
    expect(replica.snapshotSlot).toBe(8)
  })

  it('is not replaced either while who has it whole installs it, and fetches what followed', () => {
    const { bench, replica, outgoing } = Seated.trimmed(6, { chunkBytes: 2 * WEIGHT })
    const { slot, checksum, data } = outgoing
    const learn = (next: Slot) => {
      const decisions = [{ slot: next, ballot: ballot(1), decree: entry(next) }]
      replica.learn(SELF, { type: 'learn', decisions, decided: next, source: 2 })
    }
    const offset = data.length - 1
    replica.fetchSnapshot(2, { type: 'fetchSnapshot', fromSlot: 1, slot, checksum, offset })
    for (let next = 7; next <= 12; next++) learn(next)
    bench.nowMicros += 4_900_000
    learn(13)
    replica.fetch(2, { type: 'fetch', fromSlot: 7 })
    bench.nowMicros += 400_000
    learn(14)
    expect(replica, 'it has not got all yet').toMatchObject({ snapshotSlot: 6, trimmed: 6 })
    expect(replica.outgoing).toEqual(outgoing)
    replica.fetch(2, { type: 'fetch', fromSlot: 14 })
    expect(replica, 'nobody needs it any more').toMatchObject({ outgoing: null, snapshotSlot: 14 })
  })

  it('is taken all the same when who was sent one does not come back', () => {
    const { bench, replica, outgoing } = Seated.trimmed(6, { chunkBytes: 1_000 })
    const { slot, checksum } = outgoing
    replica.fetchSnapshot(2, { type: 'fetchSnapshot', fromSlot: 1, slot, checksum, offset: 0 })
    bench.nowMicros += 5_000_001
    const decisions = [{ slot: 7, ballot: ballot(1), decree: entry(7) }]
    replica.learn(SELF, { type: 'learn', decisions, decided: 7, source: 2 })
    expect(replica).toMatchObject({ snapshotSlot: 7, outgoing: null })
  })

  it('weighs no-ops too: a log of nothing else does not grow for ever', () => {
    const noOps = Array.from({ length: 50 }, () => NO_OP)
    const { replica } = new Seated({ settings: { logBytes: 160 } }).learn(1, noOps)
    expect(replica.snapshotSlot).toBeGreaterThan(0)
    expect(replica.decisions.size).toBeLessThanOrEqual(10)
  })

  it('that the machine cannot encode is observed, and tried again when as much has come again', () => {
    let fails = true
    const encode = (state: unknown) => {
      if (fails) throw new Error('It cannot be written.')
      return encoded(state)
    }
    const machine: AnyMachine = { ...anyLedger, snapshots: { encode, decode: decoded } }
    const bench = new Bench({ self: 0, settings: { logBytes: 4 * WEIGHT } })
    const replica = new Replica(bench, machine, { founding: founding() })
    replica.begin()
    const learn = (slot: Slot) => {
      const decisions = [{ slot, ballot: ballot(1), decree: entry(slot) }]
      replica.learn(SELF, { type: 'learn', decisions, decided: slot, source: 2 })
    }
    const attempts = () =>
      bench.take().filter((deed) => deed.type === 'observe' && deed.observation.type === 'snapshotFailed')
    for (let slot = 1; slot <= 9; slot++) learn(slot)
    expect(replica).toMatchObject({ applied: 9, snapshotSlot: 0, trimmed: 0 })
    expect(attempts()).toEqual([
      {
        type: 'observe',
        observation: { type: 'snapshotFailed', slot: 5, detail: 'It cannot be written.' },
      },
    ])
    fails = false
    learn(10)
    expect(attempts()).toEqual([])
    expect(replica.snapshotSlot).toBe(10)
    expect(replica.logBytes).toBeLessThanOrEqual(4 * WEIGHT)
  })

  it('is where the next life begins, with the decisions after it', () => {
    const before = new Seated({ settings: { logBytes: 2 * WEIGHT } }).learn(1, decrees(6))
    before.learn(7, [entry(6)])
    const [snapshot = null] = snapshotRecord(before.bench.take())
    const { trimmed, decisions } = before.replica
    const { bench, replica } = new Seated({ snapshot, trimmed, decisions })
    expect(replica).toMatchObject({ applied: 7, state: before.replica.state })
    const observed = bench.take().filter(({ type }) => type === 'observe')
    expect(observed[0]).toEqual({ type: 'observe', observation: { type: 'installed', slot: 6 } })
  })

  it('of an earlier life tells the acceptor, the leader and the node what is known', () => {
    const { outgoing: snapshot } = Seated.trimmed(6)
    const { bench } = new Seated({ snapshot, trimmed: 6, decisions: new Map([[7, NO_OP]]) })
    const deeds = bench.take()
    expect(deeds).toContainEqual(sending(SELF, { type: 'learned', decided: 7 }))
    expect(deeds).toContainEqual(expect.objectContaining({ type: 'reconfigure' }))
  })

  it('of an earlier life, with nothing after it, tells the acceptor and the leader what is known', () => {
    const { outgoing: snapshot } = Seated.trimmed(6)
    const { bench } = new Seated({ snapshot, trimmed: 6 })
    expect(bench.messages('learned').map(({ decided }) => decided)).toEqual([6])
  })
})

describe('a fetch', () => {
  const answerTo = (seated: Seated, fromSlot: Slot) => {
    seated.replica.fetch(2, { type: 'fetch', fromSlot })
    return seated.bench.take()
  }

  it('of what is trimmed is answered with the first chunk of the snapshot', () => {
    const seated = Seated.trimmed(6, { chunkBytes: 10 })
    const { slot, checksum, data } = seated.outgoing
    const chunk = { slot, checksum, total: data.length, offset: 0, chunk: data.subarray(0, 10) }
    expect(answerTo(seated, 6)).toEqual([sending(2, { type: 'snapshotChunk', ...chunk })])
  })

  it('of what is trimmed is answered with what is applied now, and the next chunks are of the same', () => {
    const seated = Seated.trimmed(6, { chunkBytes: 10 })
    const first = seated.outgoing
    seated.learn(7, [entry(6)])
    expect(seated.outgoing).toBe(first)
    seated.bench.nowMicros += 1_000_000
    seated.replica.takeSnapshot()
    expect(seated.replica.outgoing, 'nobody asks for it any more').toBeNull()
    expect(seated.outgoing.slot).toBe(7)
  })

  it('of what is not is answered with decrees', () => {
    const seated = Seated.trimmed(6)
    expect(answerTo(seated, 7)).toMatchObject([{ message: { type: 'fetched', decrees: [] } }])
  })

  it('of a chunk is answered from where it begins', () => {
    const seated = Seated.trimmed(6, { chunkBytes: 10 })
    const { slot, checksum, data } = seated.outgoing
    seated.replica.fetchSnapshot(2, { type: 'fetchSnapshot', fromSlot: 1, slot, checksum, offset: 20 })
    expect(seated.bench.messages('snapshotChunk')).toEqual([
      { type: 'snapshotChunk', slot, checksum, total: data.length, offset: 20, chunk: data.subarray(20, 30) },
    ])
  })

  it.each([
    ['slot', { slot: 5 }],
    ['checksum', { checksum: 1 }],
  ])('of a chunk of a snapshot with another %s is answered as a fetch of slots is', (_name, other) => {
    const seated = Seated.trimmed(6, { chunkBytes: 10 })
    const { slot, checksum } = seated.outgoing
    const wanted = { slot, checksum, ...other }
    seated.replica.fetchSnapshot(2, { type: 'fetchSnapshot', fromSlot: 1, ...wanted, offset: 20 })
    expect(seated.bench.messages('snapshotChunk')).toMatchObject([{ slot: 6, offset: 0 }])
    seated.replica.fetchSnapshot(2, { type: 'fetchSnapshot', fromSlot: 7, ...wanted, offset: 20 })
    expect(seated.bench.messages('fetched')).toMatchObject([{ fromSlot: 7 }])
  })
})

describe('a snapshot of another member', () => {
  const SIZE = 16
  let giver: Seated
  let taker: Seated

  beforeEach(() => {
    giver = Seated.trimmed(6, { chunkBytes: SIZE })
    taker = new Seated({ self: 0 })
    taker.bench.take()
  })

  /** Gives a chunk of it; gives what the taker does. */
  function give(offset: number, of: OutgoingSnapshot = giver.outgoing, size = SIZE): Deed[] {
    const { slot, checksum, data } = of
    const chunk = data.subarray(offset, offset + size)
    const message = { type: 'snapshotChunk', slot, checksum, total: data.length, offset, chunk } as const
    taker.replica.snapshotChunk(2, message)
    return taker.bench.take()
  }

  /** Gives all of it. */
  function giveAll(of: OutgoingSnapshot = giver.outgoing): Deed[] {
    const deeds: Deed[] = []
    for (let offset = 0; offset < of.data.length; offset += SIZE) deeds.push(...give(offset, of))
    return deeds
  }

  it('comes chunk by chunk: each asks for the next', () => {
    const { slot, checksum } = giver.outgoing
    for (const offset of [0, SIZE]) {
      const wanted = { fromSlot: 1, slot, checksum, offset: offset + SIZE }
      expect(give(offset)).toEqual([sending(2, { type: 'fetchSnapshot', ...wanted })])
    }
  })

  it('is installed at once when its last chunk is there: written, observed, and told to the roles', () => {
    const { slot, data } = giver.outgoing
    const deeds = giveAll().slice(-10)
    expect(taker.replica).toMatchObject({
      applied: 6,
      trimmed: 6,
      incoming: null,
      state: giver.replica.state,
    })
    expect(snapshotRecord(deeds)).toEqual([
      { type: 'snapshot', slot, data, trimmed: 6, incarnation: 1, promised: NO_BALLOT, written: 1 },
    ])
    expect(deeds).toContainEqual({ type: 'observe', observation: { type: 'installed', slot: 6 } })
    const told = deeds.flatMap((deed) => (deed.type === 'send' && deed.to === 0 ? [deed.message.type] : []))
    expect(told).toEqual(['trim', 'learned'])
  })

  it('is followed by the decisions that are here already', () => {
    taker.learn(7, [entry(6), entry(7)])
    giveAll()
    expect(taker.replica.applied).toBe(8)
  })

  it('answers the reads that waited for it', () => {
    taker.replica.read(9, { type: 'read', name: 'r', query: decree([]), consistency: 'stale', atLeast: 6 })
    const answers = giveAll().filter((deed) => deed.type === 'send' && deed.message.type === 'readAnswer')
    expect(answers).toMatchObject([{ to: 9, message: { name: 'r', slot: 6 } }])
  })

  it('has its chunks in order: one that comes again, or too early, is passed over', () => {
    expect(give(SIZE)).toEqual([])
    give(0)
    expect(give(0)).toEqual([])
    expect(give(2 * SIZE)).toEqual([])
    give(SIZE)
    expect(taker.replica.incoming?.received).toBe(2 * SIZE)
  })

  it('is gone on with from where it stopped, whoever is asked next', () => {
    give(0)
    taker.learn(6, [], 6)
    taker.bench.take()
    const { slot, checksum } = giver.outgoing
    const asked: unknown[] = []
    for (let times = 0; times < 3; times++) {
      taker.replica.timer('fetch')
      for (const { to, message } of taker.bench.sent('fetchSnapshot')) asked.push([to, message])
    }
    const wanted = { type: 'fetchSnapshot', fromSlot: 1, slot, checksum, offset: SIZE }
    expect(asked[0]).toEqual([2, wanted])
    expect(new Set(asked.map((each) => (each as [MemberId, unknown])[0]))).toEqual(new Set([1, 2])) // as made above
  })

  it('never mixes with the chunks of another', () => {
    const { slot, checksum, data } = giver.outgoing
    give(0)
    for (const other of [
      { slot, checksum: checksum ^ 1, data },
      { slot: slot - 1, checksum, data },
      { slot, checksum, data: data.subarray(0, data.length - 1) },
    ]) {
      give(SIZE, other)
    }
    expect(taker.replica.incoming?.received).toBe(SIZE)
    for (let offset = SIZE; offset < data.length; offset += SIZE) give(offset)
    expect(taker.replica.applied).toBe(6)
  })

  it('gives way to a later one, from its beginning, when it does not go on itself', () => {
    give(0)
    taker.learn(6, [], 6)
    const later = Seated.trimmed(9, { chunkBytes: SIZE }).outgoing
    give(0, later)
    expect(taker.replica.incoming, 'it goes on').toMatchObject({ slot: 6, received: SIZE })
    taker.replica.timer('fetch')
    give(SIZE, later)
    expect(taker.replica.incoming).toMatchObject({ slot: 6, received: SIZE })
    give(0, later)
    expect(taker.replica.incoming).toMatchObject({ slot: 9, received: SIZE })
    giveAll(later)
    expect(taker.replica.applied).toBe(9)
  })

  it('whose bytes are not what was promised is dropped as a whole, and asked for again', () => {
    const { slot, checksum, data } = giver.outgoing
    const wrong = data.slice()
    wrong[3] = 0xff
    giveAll({ slot, checksum, data: wrong })
    expect(taker.replica).toMatchObject({ applied: 0, incoming: null, snapshotSlot: 0 })
    giveAll()
    expect(taker.replica.applied).toBe(6)
  })

  it('that holds no more than what is applied here is never installed', () => {
    taker.learn(1, decrees(8))
    taker.bench.take()
    expect(giveAll()).toEqual([])
    expect(taker.replica.applied).toBe(8)
  })

  it('that decisions have overtaken is given up', () => {
    give(0)
    taker.learn(1, decrees(8))
    expect(taker.replica.incoming).toBeNull()
  })

  it.each([
    ['longer than the whole', (data: Uint8Array) => [...data, 0]],
    ['without a byte', () => []],
  ])('of which a chunk is %s is passed over', (_name, chunkOf) => {
    const { slot, checksum, data } = giver.outgoing
    const chunk = Uint8Array.from(chunkOf(data))
    const message = { slot, checksum, total: data.length, offset: 0, chunk }
    taker.replica.snapshotChunk(2, { type: 'snapshotChunk', ...message })
    expect(taker.replica.incoming).toBeNull()
  })

  it('is its own from then on: it gives the same to others', () => {
    giveAll()
    expect(taker.replica.snapshotSlot).toBe(6)
    expect(taker.outgoing).toEqual(giver.outgoing)
  })

  it('counts as the last one: the next is taken when a log has come since then', () => {
    taker = new Seated({ self: 0, settings: { logBytes: 3 * WEIGHT } }).learn(1, decrees(3))
    giveAll()
    for (const sequence of [6, 7, 8]) taker.learn(sequence + 1, [entry(sequence)])
    expect(taker.replica.snapshotSlot).toBe(6)
    taker.learn(10, [entry(9)])
    expect(taker.replica.snapshotSlot).toBe(10)
  })
})

// ---- being removed -------------------------------------------------------------------------------------------

const ALPHA = 3
const settings = { alpha: ALPHA, electionTimeoutMicros: 500 }

/** Slot 1 replaces all voters by 3, 4 and 5, from slot 4 on. */
const removed = (members: readonly MemberId[] = [3, 4, 5]) =>
  new Seated({ settings }).learn(1, [decree([changing(members)])])

describe('a member that is removed', () => {
  it('goes on as it was until the change is in force', () => {
    const { bench } = removed().learn(2, [NO_OP])
    expect(bench.messages('farewell')).toEqual([])
  })

  it('asks those who follow, when it is, whether they have the slots below it', () => {
    const { bench } = removed().learn(2, [NO_OP, NO_OP])
    expect(bench.sent('farewell')).toEqual([{ to: [3, 4, 5], message: { type: 'farewell', slot: 3 } }])
  })

  it('asks those again who have not answered', () => {
    const { bench, replica } = removed().learn(2, [NO_OP, NO_OP])
    expect(bench.armed('farewell')).toEqual({ low: 500, high: 500 })
    replica.takenOver(4, { type: 'takenOver', slot: 3 })
    bench.take()
    replica.timer('farewell')
    expect(bench.sent('farewell').map(({ to }) => to)).toEqual([[3, 5]])
  })

  it('is retired when a quorum of them has, and says so once', () => {
    const { bench, replica } = removed().learn(2, [NO_OP, NO_OP])
    for (const [from, slot] of [
      [9, 3],
      [3, 3],
      [3, 3],
      [4, 2],
    ] as const) {
      replica.takenOver(from, { type: 'takenOver', slot })
    }
    expect(replica.retired).toBe(false)
    bench.take()
    replica.takenOver(5, { type: 'takenOver', slot: 3 })
    expect(bench.take()).toContainEqual({ type: 'observe', observation: { type: 'retired' } })
    replica.takenOver(4, { type: 'takenOver', slot: 3 })
    replica.timer('farewell')
    expect(bench.take()).toEqual([])
  })

  it('serves what it has, also when it is retired', () => {
    const { bench, replica } = removed().learn(2, [NO_OP, NO_OP])
    for (const from of [3, 4]) replica.takenOver(from, { type: 'takenOver', slot: 3 })
    bench.take()
    replica.fetch(5, { type: 'fetch', fromSlot: 2 })
    expect(bench.messages('fetched')).toMatchObject([{ decrees: [NO_OP, NO_OP] }])
  })

  it('asks again in its next life, also from a snapshot', () => {
    const snapshot = removed().learn(2, [NO_OP, NO_OP]).outgoing
    const { bench } = new Seated({ settings, snapshot, trimmed: 3 })
    expect(bench.sent('farewell').map(({ to }) => to)).toEqual([[3, 4, 5]])
  })
})

describe('a member that stays', () => {
  it.each([
    ['in the configuration that follows', [1, 3, 4]],
    ['as it was', [0, 1, 2]],
  ])('%s says no farewell', (_name, members) => {
    const { bench } = removed(members).learn(2, [NO_OP, NO_OP])
    expect(bench.messages('farewell')).toEqual([])
  })

  it('says none while it is only a newcomer', () => {
    const seated = new Seated({ self: 9, settings })
    seated.learn(1, [decree([changing([0, 1, 2, 3])]), NO_OP, NO_OP])
    expect(seated.bench.messages('farewell')).toEqual([])
  })
})

describe('a farewell', () => {
  const farewell = (seated: Seated, slot: Slot) => {
    seated.bench.take()
    seated.replica.farewell(0, { type: 'farewell', slot })
    return seated.bench.take()
  }

  it('is answered once the slots are known here, and durable as decided', () => {
    const seated = new Seated({ self: 3 }).learn(1, decrees(5))
    expect(farewell(seated, 6), 'it fetches what it misses').toMatchObject([
      { type: 'after', timer: 'fetch' },
    ])
    expect(farewell(seated, 4)).toEqual([
      persisting({ type: 'learned', slot: 5 }),
      sending(0, { type: 'takenOver', slot: 4 }),
    ])
  })

  it('that is repeated is answered again without another record', () => {
    const seated = new Seated({ self: 3 }).learn(1, decrees(5))
    farewell(seated, 4)
    expect(farewell(seated, 5)).toEqual([sending(0, { type: 'takenOver', slot: 5 })])
  })
})

describe('a snapshot that nobody has any more', () => {
  it('is given up for an earlier one that the others have, if nothing else comes', () => {
    const [later, earlier] = [9, 6].map((slots) => Seated.trimmed(slots, { chunkBytes: 16 }))
    if (later === undefined || earlier === undefined) throw new Error('There are two.')
    const taker = new Seated({ self: 0 }).learn(9, [], 9)
    const { slot, checksum, data } = later.outgoing
    const chunk = { slot, checksum, total: data.length, offset: 0, chunk: data.subarray(0, 16) }
    taker.replica.snapshotChunk(2, { type: 'snapshotChunk', ...chunk })
    for (let times = 0; times < 100 && taker.replica.applied === 0; times++) {
      taker.replica.timer('fetch')
      for (let asked = taker.bench.take(); asked.length > 0; asked = taker.bench.take()) {
        for (const deed of asked) {
          if (deed.type !== 'send') continue
          if (deed.message.type === 'fetch') earlier.replica.fetch(0, deed.message)
          if (deed.message.type === 'fetchSnapshot') earlier.replica.fetchSnapshot(0, deed.message)
        }
        for (const given of earlier.bench.messages('snapshotChunk')) taker.replica.snapshotChunk(1, given)
      }
    }
    expect(taker.replica.applied).toBe(6)
  })
})

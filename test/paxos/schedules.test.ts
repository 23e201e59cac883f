import { describe, expect, it } from 'vitest'
import { ByteWriter } from '../../src/paxos/bytes.js'
import {
  Acceptor,
  Initializer,
  isObsolete,
  type MemberId,
  Replica,
  type StoreRecord,
} from '../../src/paxos/index.js'
import { encodePlain } from '../../src/paxos/plain-bytes.js'
import { initialReplicated } from '../../src/paxos/replicated.js'
import { checksumOf, takeSnapshot } from '../../src/paxos/snapshot.js'
import { Disk } from '../../src/simulation/disk.js'
import { Bench } from '../support/bench.js'
import { anyLedger } from '../support/ledger.js'
import {
  acknowledge,
  adopted,
  bench,
  lead,
  leader,
  learned,
  propose,
  vote,
} from '../support/seated-leader.js'
import { type Letter, Theatre } from '../support/theatre.js'
import {
  ballot,
  changed,
  decree,
  FIVE,
  founding,
  opaque,
  opening,
  request,
  storeOf,
  THREE,
} from '../support/words.js'

const settings = { alpha: 3 }

/** Delivers and syncs until nothing that is let through is left; no time passes and no alarm rings. */
function play(theatre: Theatre, isLetThrough: (letter: Letter) => boolean): void {
  for (let steps = 0; steps < 5_000; steps++) {
    for (const { id, node } of theatre.actors) if (node?.writing) theatre.sync(id)
    const letter = theatre.letters.find(isLetThrough)
    if (letter === undefined) return
    theatre.deliverLetter(letter)
  }
  throw new Error('It goes on for ever.')
}

const among =
  (...ids: readonly number[]) =>
  ({ from, to }: Letter) =>
    ids.includes(from) && ids.includes(to)

describe('a leader that was overtaken by a change', () => {
  it('proposes nothing below it', () => {
    // C2 votes from slot 4 on; the leader itself knows slot 0 decided; others have led up to 3.
    const under = lead({ settings }, [], 0)
    const both = changed(3, THREE, FIVE)
    bench.membership = { ...both, configurations: both.configurations.slice(1) }
    learned(3)
    bench.take()
    adopted(under, [], 3, 2)
    expect(bench.messages('tender').map(({ slot, members }) => [slot, members])).toEqual([])
  })

  it('gives up as one that was outbid, and not as one that was removed: it waits longer before it tries again', () => {
    lead({ settings }, [], 0)
    const both = changed(3, THREE, FIVE)
    bench.membership = { ...both, configurations: both.configurations.slice(1) }
    learned(3)
    expect(leader).toMatchObject({ phase: 'following', failures: 1 })
  })
})

describe('a read behind an inherited change', () => {
  it('is not confirmed by those who voted before it', () => {
    // Inherited: 1 is a change (the leader cannot see that), 2 and 3. Slot 4 is voted on by nobody knows whom.
    const under = lead({ settings }, [vote(1, opaque(1)), vote(2, opaque(2)), vote(3, opaque(3))])
    bench.take()
    leader.confirm(0, { type: 'confirm', question: '1.1' })
    for (const member of [0, 1]) acknowledge(member, under, 1)
    expect(bench.messages('confirmed')).toEqual([])
  })
})

describe('slots at or below the watermark of a promise', () => {
  it('are not proposed in', () => {
    const under = lead({ settings }, [], 6) // one of its quorum knew slots up to 6 decided
    const both = changed(3, THREE, FIVE)
    bench.membership = { ...both, configurations: both.configurations.slice(1) } // from slot 4 on
    learned(6)
    adopted(under, [vote(4, opaque(4)), vote(5, opaque(5)), vote(6, opaque(6))], 3, 2)
    bench.take()
    propose(request(1, 7, 'x'))
    expect(bench.messages('tender').map(({ slot }) => slot)).toEqual([7])
  })
})

describe('whole clusters around a change', () => {
  function led(newcomers: readonly MemberId[]): Theatre {
    const theatre = new Theatre({ newcomers, settings }).open()
    expect(theatre.elect()).toBe(0)
    for (const id of newcomers) theatre.start(id)
    theatre.run(() => theatre.actors.every(({ id }) => theatre.node(id).founding !== null))
    const first = theatre.enter(0, 'before')
    theatre.run(() => theatre.answers.has(first))
    theatre.runFor(300_000)
    return theatre
  }

  it('a leader of the old configuration reads nothing that the new one has outdated', () => {
    const theatre = led([3, 4])
    const between =
      (a: MemberId, b: MemberId, type: string) =>
      ({ from, to, message }: Letter) =>
        from === a && to === b && message.type === type
    theatre.change(0, [0, 3, 4])
    theatre.fire(0, 'leader', 'heartbeat')
    const majority = among(0, 3, 4)
    play(
      theatre,
      (letter) => majority(letter) || between(0, 2, 'accept')(letter) || between(2, 0, 'accepted')(letter),
    )
    for (const id of [3, 4]) theatre.fire(id, 'replica', 'fetch')
    play(theatre, majority)
    theatre.fire(0, 'scout', 'resend')
    play(theatre, majority)
    const write = theatre.enter(0, 'w')
    play(theatre, majority)
    expect(theatre.answer(write)).toBe(2)
    while (theatre.letters.length > 0) theatre.lose({})
    for (let k = 0; k < 6 && !theatre.leaders.includes(1); k++) {
      theatre.fire(1, 'leader', 'election')
      play(theatre, (letter) => among(1, 2)(letter) && letter.message.type !== 'accept')
    }
    expect(theatre.leaders).toContain(1)
    theatre.read(1)
    play(theatre, (letter) => among(1, 2)(letter) && letter.message.type !== 'accept')
    play(theatre, among(1, 2))
    expect(theatre.judge.broken).toEqual([])
  })

  it('a leader that was away while the cluster changed does not decide a slot again', () => {
    const theatre = led([3, 4])
    const leads = (id: MemberId) => theatre.node(id).roles.leader?.phase === 'leading'
    const ring = (
      id: MemberId,
      role: 'leader' | 'replica',
      timer: string,
      until: () => boolean,
      let_: (letter: Letter) => boolean,
    ) => {
      for (let times = 0; times < 12 && !until(); times++) {
        theatre.fire(id, role, timer)
        play(theatre, let_)
      }
      expect(until()).toBe(true)
    }
    const none = () => false
    const loseAll = () => {
      while (theatre.letters.length > 0) theatre.lose({})
    }
    loseAll()
    // 1 leads by {1, 2}, decides slot 3, which 2 hears.
    ring(1, 'leader', 'election', () => leads(1), among(1, 2))
    const third = theatre.enter(1, 'third')
    play(theatre, among(1, 2))
    expect(theatre.answer(third)).toBe(2)
    loseAll()
    ring(0, 'leader', 'heartbeat', () => !leads(0), none)
    loseAll()
    // 0 leads by {0, 2}: 2 tells it that slot 3 is decided. Its fetch is late.
    ring(
      0,
      'leader',
      'election',
      () => leads(0),
      (letter) =>
        among(0, 2)(letter) && letter.message.type !== 'fetch' && letter.message.type !== 'heartbeat',
    )
    const fetch = theatre.pending({ type: 'fetch', from: 0, to: 2 })[0]
    if (fetch === undefined) throw new Error('no fetch')
    theatre.letters.splice(theatre.letters.indexOf(fetch), 1)
    loseAll()
    const zero = theatre.actor(0)
    const paused = zero.node
    zero.node = null
    // 1 leads again.
    ring(1, 'leader', 'heartbeat', () => !leads(1), among(1, 2))
    ring(1, 'leader', 'election', () => leads(1), among(1, 2))
    loseAll()
    theatre.change(1, [0, 1, 2, 3, 4])
    theatre.fire(1, 'leader', 'heartbeat')
    const w = () => theatre.enter(1, 'w')
    const early = (letter: Letter) => {
      const { message } = letter
      if (message.type === 'accept' && message.slot > 5) return false
      if (message.type === 'prepare') return false
      return among(1, 2, 3, 4)(letter)
    }
    // The change goes into slot 4; w waits while it is in flight.
    play(theatre, (letter) => early(letter) && letter.message.type !== 'accept')
    for (const id of [3, 4])
      if (theatre.alarms.some((a) => a.actor.id === id && a.role === 'replica' && a.timer === 'fetch'))
        theatre.fire(id, 'replica', 'fetch')
    play(theatre, (letter) => early(letter) && letter.message.type !== 'accept')
    theatre.fire(1, 'leader', 'heartbeat')
    let reference = -1
    for (let steps = 0; steps < 1000; steps++) {
      if (reference < 0 && theatre.pending({ type: 'accept', from: 1 }).length > 0) reference = w()
      for (const { id, node } of theatre.actors) if (node?.writing) theatre.sync(id)
      const letter = theatre.letters.find(early)
      if (letter === undefined) break
      theatre.deliverLetter(letter)
    }
    theatre.fire(1, 'leader', 'heartbeat')
    play(theatre, early)
    for (const id of [3, 4]) theatre.fire(id, 'replica', 'fetch')
    play(theatre, early)
    expect([3, 4].map((id) => theatre.node(id).roles.replica?.applied)).toEqual([5, 5])
    play(theatre, among(1, 2))
    expect(theatre.answer(reference)).toBe(3)
    loseAll()
    expect(theatre.judge.broken).toEqual([])
    // 0 goes on, and its late fetch is answered.
    zero.node = paused
    theatre.letters.push(fetch)
    play(theatre, (letter) => among(0, 2)(letter) && ['fetch', 'fetched'].includes(letter.message.type))
    play(theatre, among(0, 3, 4))
    expect(theatre.judge.broken).toEqual([])
  })
})

describe('an acceptance that comes late', () => {
  it('does not count for the ballot under which its leader leads again, with another decree', () => {
    const theatre = new Theatre().open()
    expect(theatre.elect()).toBe(0)
    theatre.runFor(300_000)
    theatre.enter(0, 'x')
    theatre.deliver({ from: 0, to: 1, type: 'accept' })
    theatre.sync(1)
    const late = theatre.pending({ from: 1, to: 0, type: 'accepted' })
    expect(late).toHaveLength(1)
    theatre.crash(0) // its own vote is lost
    theatre.letters.splice(0)
    theatre.apart = (from, to) => from === 1 || to === 1
    theatre.start(0)
    theatre.run(() => theatre.leaders.includes(0))
    theatre.enter(0, 'y')
    theatre.sync(0)
    expect(theatre.pending({ from: 0, to: 2, type: 'accept' })).not.toEqual([])
    theatre.lose({ from: 0, to: 2 })
    for (const letter of late) {
      theatre.letters.push(letter)
      theatre.deliverLetter(letter)
    }
    theatre.sync(0)
    expect(theatre.judge.broken).toEqual([])
  })
})

describe('a number that comes with a blank store', () => {
  it('is turned away, and answered nothing of its earlier life', () => {
    const theatre = new Theatre({ blank: true })
    for (const id of THREE) theatre.start(id)
    let late: Letter | undefined
    theatre.run(() => {
      late ??= theatre.pending({ type: 'welcome', to: 2 })[0]
      return theatre.actors.every(({ node }) => node?.founding != null)
    })
    expect(theatre.elect()).toBe(0)
    const first = theatre.enter(2, 'first')
    theatre.run(() => theatre.answers.has(first))
    theatre.crash(2)
    Object.assign(theatre.actor(2), { disk: new Disk() })
    theatre.start(2)
    if (late === undefined) throw new Error('nobody was welcomed')
    theatre.sync(2)
    theatre.letters.push(late)
    theatre.runFor(2_000_000)
    expect(theatre.refused.get(2)).toBe('turned-away')
    theatre.enter(2, 'second')
    theatre.runFor(5_000_000)
    expect(theatre.judge.broken).toEqual([])
  })
})

describe('a seed that comes with a blank store', () => {
  it('founds no second cluster by joins that come late', () => {
    const theatre = new Theatre({ blank: true })
    for (const id of THREE) theatre.start(id)
    for (const id of THREE) theatre.sync(id)
    const late = theatre.pending({ type: 'join', to: 0 })
    expect(late.map(({ from }) => from)).toEqual([1, 2])
    expect(theatre.elect()).toBe(0)
    theatre.apart = (from, to) => from === 2 || to === 2
    const first = theatre.enter(0, 'first')
    theatre.run(() => theatre.answers.has(first))
    theatre.crash(0)
    Object.assign(theatre.actor(0), { disk: new Disk() })
    theatre.letters.splice(0)
    theatre.apart = (from, to) => from === 1 || to === 1
    theatre.start(0)
    theatre.sync(0)
    theatre.letters.push(...late)
    theatre.enter(0, 'second')
    theatre.runFor(5_000_000)
    expect(theatre.judge.broken).toEqual([])
  })
})

describe('a join that comes late', () => {
  it('does not have the store refused that came after it', () => {
    const theatre = new Theatre({ blank: true })
    for (const id of THREE) theatre.start(id)
    theatre.sync(2)
    const late = theatre.pending({ type: 'join', from: 2 })
    expect(late).toHaveLength(1)
    theatre.letters.splice(0)
    theatre.crash(2)
    Object.assign(theatre.actor(2), { disk: new Disk() })
    theatre.start(2)
    expect(theatre.elect()).toBe(0)
    theatre.letters.push(...late)
    theatre.runFor(2_000_000)
    expect(theatre.refused.get(2)).toBeUndefined()
  })
})

describe('a snapshot that takes longer to send than to be replaced', () => {
  it('arrives whole all the same', () => {
    const entry = (sequence: number) => decree([request(1, sequence, `entry ${sequence}`, sequence - 1)])
    const source = new Bench({ self: 1, settings: { logBytes: 200, chunkBytes: 200 } })
    const from = new Replica(source, anyLedger, { founding: founding() })
    const sink = new Bench({ self: 2, settings: { logBytes: 200, chunkBytes: 200 } })
    const to = new Replica(sink, anyLedger, { founding: founding() })
    from.begin()
    to.begin()
    let slot = 0
    const decide = (each: Uint8Array) => {
      slot += 1
      from.learn(1, {
        type: 'learn',
        decisions: [{ slot, ballot: ballot(1), decree: each }],
        decided: slot,
        source: 1,
      })
    }
    decide(decree([opening('1.1.1')]))
    for (let sequence = 1; sequence <= 100; sequence++) decide(entry(sequence))
    to.learn(2, { type: 'learn', decisions: [], decided: slot, source: 1 })
    source.take()
    sink.take()
    to.timer('fetch')
    let chunks = 0
    for (let round = 0; round < 1_000 && to.applied === 0; round++) {
      for (const deed of sink.take()) {
        if (deed.type !== 'send') continue
        if (deed.message.type === 'fetch') from.fetch(2, deed.message)
        if (deed.message.type === 'fetchSnapshot') from.fetchSnapshot(2, deed.message)
      }
      for (const { message } of source.sent('snapshotChunk')) {
        chunks += 1
        to.snapshotChunk(1, message)
      }
      for (let each = 0; each < 4; each++) decide(entry(slot))
    }
    expect(chunks).toBeLessThan(1_000)
    expect(to.applied).toBeGreaterThan(0)
  })
})

describe('a decree whose opening is too long to be one', () => {
  it('does nothing, and stops no replica', () => {
    const { bench: each, replica } = (() => {
      const bench = new Bench({ self: 1 })
      const replica = new Replica(bench, anyLedger, { founding: founding() })
      replica.begin()
      return { bench, replica }
    })()
    each.take()
    const long = { session: 0, sequence: 0, acknowledged: 0, command: new Uint8Array(1_000_000) }
    const decisions = [{ slot: 1, ballot: ballot(1), decree: decree([long]) }]
    expect(() => replica.learn(1, { type: 'learn', decisions, decided: 1, source: 1 })).not.toThrow()
    expect(replica.applied).toBe(1)
  })
})

describe('a store that was refused as put back', () => {
  it('is refused at every start, however often it starts', () => {
    const theatre = new Theatre().open()
    theatre.elect()
    for (const entry of ['a', 'b', 'c']) {
      const reference = theatre.enter(0, entry)
      theatre.run(() => theatre.answers.has(reference))
    }
    theatre.runFor(500_000)
    theatre.crash(2)
    theatre.actor(2).disk.synced.splice(-3)
    const restart = () => {
      theatre.start(2)
      theatre.runFor(1_000_000)
    }
    restart()
    expect(theatre.refused.get(2)).toBe('rolled-back')
    for (let again = 0; again < 5; again++) {
      theatre.refused.delete(2)
      theatre.crash(2)
      restart()
      expect([again, theatre.node(2).voting]).toEqual([again, false])
    }
  })
})

describe('promises and lives that a snapshot stands for', () => {
  it('are obsolete', () => {
    const snapshot = {
      type: 'snapshot',
      slot: 9,
      checksum: 0,
      data: new Uint8Array(),
      trimmed: 9,
      written: 2_001,
      incarnation: 2_000,
      promised: ballot(1_000),
    } as const
    const records: StoreRecord[] = []
    for (let round = 1; round <= 1_000; round++) {
      records.push({ type: 'incarnation', incarnation: round }, { type: 'promised', ballot: ballot(round) })
    }
    expect(records.filter((record) => !isObsolete(record, snapshot)).length).toBeLessThan(10)
  })
})

describe('what comes from outside and is not what it says', () => {
  it('is not promised, when it is a ballot that is no number', () => {
    const bench = new Bench()
    const acceptor = new Acceptor(bench, { promised: ballot(5) })
    acceptor.prepare(1, { type: 'prepare', ballot: ballot(Number.NaN), fromSlot: 1, version: 1 })
    acceptor.accept(1, { type: 'accept', ballot: ballot(1), slot: 1, decree: opaque(1), decided: 0 })
    expect(acceptor.votes.size, 'a vote below the promise').toBe(0)
  })

  it('is not installed, when it is a snapshot that holds something else', () => {
    const bench = new Bench({ self: 1 })
    const replica = new Replica(bench, anyLedger, { founding: founding() })
    replica.begin()
    bench.take()
    const writer = new ByteWriter(10)
    writer.bytes(encodePlain([]))
    writer.bytes(encodePlain({}))
    const chunk = writer.finish()
    const deliver = () =>
      replica.snapshotChunk(2, {
        type: 'snapshotChunk',
        slot: 9,
        checksum: checksumOf(chunk),
        total: chunk.length,
        offset: 0,
        chunk,
      })
    expect(deliver).not.toThrow()
    expect(bench.take().filter(({ type }) => type === 'persist')).toEqual([])
    expect(replica.applied).toBe(0)
  })

  it('is not installed, when it is a snapshot of fewer slots than it says', () => {
    const bench = new Bench({ self: 1 })
    const replica = new Replica(bench, anyLedger, { founding: founding() })
    replica.begin()
    const decisions = [1, 2, 3].map((slot) => ({
      slot,
      ballot: ballot(1),
      decree: decree([opening(`1.1.${slot}`)]),
    }))
    replica.learn(1, { type: 'learn', decisions, decided: 3, source: 2 })
    const { data: chunk } = takeSnapshot(initialReplicated(anyLedger, founding()), anyLedger)
    bench.take()
    replica.snapshotChunk(2, {
      type: 'snapshotChunk',
      slot: 9,
      checksum: checksumOf(chunk),
      total: chunk.length,
      offset: 0,
      chunk,
    })
    expect(bench.take().filter(({ type }) => type === 'persist')).toEqual([])
    expect(replica.applied).toBe(3)
  })

  it('costs no look at every slot before it, when it is a vote far ahead', () => {
    const bench = new Bench()
    const acceptor = new Acceptor(bench)
    acceptor.accept(1, { type: 'accept', ballot: ballot(1), slot: 2_000_000, decree: opaque(1), decided: 0 })
    let looks = 0
    const { votes } = acceptor
    const get = votes.get.bind(votes)
    votes.get = (slot) => {
      looks += 1
      return get(slot)
    }
    acceptor.prepare(2, { type: 'prepare', ballot: ballot(2), fromSlot: 1, version: 1 })
    expect(looks).toBeLessThan(100)
  })
})

describe('a newcomer that begins anew under its number', () => {
  it('is not given the answers of its earlier life', () => {
    const theatre = new Theatre({ newcomers: [3] }).open()
    theatre.elect()
    const joins = () => {
      theatre.start(3)
      theatre.runFor(2_000_000)
      expect(theatre.node(3).roles.replica).toBeDefined()
    }
    joins()
    for (const entry of ['first', 'second']) {
      const reference = theatre.enter(3, entry)
      theatre.run(() => theatre.answers.has(reference))
      if (entry === 'second') break
      theatre.crash(3)
      Object.assign(theatre.actor(3), { disk: new Disk() })
      joins()
    }
    expect(theatre.entries(0)).toEqual(['first', 'second'])
    expect(theatre.judge.broken).toEqual([])
  })
})

describe('a newcomer whose disk was replaced before it was admitted', () => {
  const began = () => {
    const each = new Bench({ self: 1 })
    const initializer = new Initializer(each, { founding: founding() })
    initializer.begin()
    // Member 3 learns with one store, and starts again; then with another, with which it is admitted.
    initializer.returning(3, { ...back, life: 1, store: 903, written: 50 })
    each.membership = changed(3, THREE, [0, 1, 2, 3])
    each.take()
    return { each, initializer }
  }
  const back = { type: 'returning', life: 2, store: storeOf(3) } as const

  it('is recognised by what its present store has vouched for', () => {
    const { each, initializer } = began()
    initializer.returning(3, { ...back, written: 12 })
    expect(each.messages('rolledBack')).toEqual([])
    initializer.returning(3, { ...back, life: 3, written: 8 })
    expect(each.messages('rolledBack')).toHaveLength(1)
  })

  it('is held to what its present store vouched for as a voter', () => {
    const { each, initializer } = began()
    initializer.heartbeat(3, { type: 'heartbeat', ballot: ballot(1), decided: 0, round: 1, written: 12 })
    initializer.returning(3, { ...back, written: 8 })
    expect(each.messages('rolledBack')).toHaveLength(1)
  })
})

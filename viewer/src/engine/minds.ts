/** What nodes know at a moment: their roles, their timers, their disks and their clocks. */
import { type AnyMachine, isObsolete, type Node, type RoleName, type StoreRecord } from 'synod/paxos'
import { formatSeconds, START_WALL_MICROS, type WorldEvent } from 'synod/simulation'
import { placeUpTo } from './columns.js'
import type { Mind } from './contract.js'
import type { Diary, Life } from './diary.js'
import type { Teller } from './teller.js'
import { fieldsOf } from './tree.js'

/** How many of the last records of a disk are listed. */
const MOST_RECORDS = 50

export interface MindSource {
  readonly diary: Diary
  readonly machine: AnyMachine
  readonly teller: Teller
  readonly events: readonly WorldEvent[]
  /** By node: the events in which its disk is written to or synced. */
  readonly disks: ReadonlyMap<number, readonly number[]>
  /** When a clock of a node shows so much, in the time of the world. */
  readonly when: (node: number, sinceMicros: number) => number
  /** What the clock of a node shows, at a time of the world. */
  readonly since: (node: number, micros: number) => number
}

/** The mind of a node that is up. */
export function mindAt(source: MindSource, node: number, event: number, micros: number): Mind | null {
  const life = source.diary.lifeAt(node, event)
  if (life === null) return null
  const thinking = life.nodeAt(event, source.machine)
  return {
    roles: rolesOf(thinking, source.teller),
    timers: timersOf(thinking, (sinceMicros) => source.when(node, sinceMicros)),
    disk: diskAt(source, life, node, event),
    clock: clockOf(life, event, source.since(node, micros), micros),
  }
}

function rolesOf(node: Node, teller: Teller): Mind['roles'] {
  const { fields, roles } = node.plain
  const { timers: _, recovered, ...own } = fields
  const ofNode = { ...own, recovered: recovered === null ? null : `${recovered.written} records` }
  return [
    { name: 'node', fields: fieldsOf(ofNode, teller) },
    ...Object.entries(roles).map(([name, state]) => ({ name, fields: fieldsOf(state, teller) })),
  ]
}

/** The next one first. */
function timersOf(node: Node, when: (sinceMicros: number) => number): Mind['timers'] {
  const timers = [...node.plain.fields.timers].map(([name, deadlineMicros]) => {
    const [role = '', timer = ''] = name.split(' ')
    return { role: role as RoleName, timer, dueMicros: when(deadlineMicros) } // timers are named `role timer`
  })
  return timers.sort((one, other) => one.dueMicros - other.dueMicros)
}

/** What was on the disk when the node started, and what it has written and synced since. */
function diskAt(
  { events, disks, teller }: MindSource,
  life: Life,
  node: number,
  event: number,
): Mind['disk'] {
  let synced: StoreRecord[] = [...life.records]
  let unsynced: StoreRecord[] = []
  const own = disks.get(node) ?? []
  for (const number of own.slice(placeUpTo(own, life.fromEvent) + 1, placeUpTo(own, event) + 1)) {
    const each = events[number - 1]
    if (each?.type === 'writes') unsynced.push(each.record)
    else if (each?.type === 'syncs') {
      const durable = unsynced.slice(0, each.records)
      unsynced = unsynced.slice(each.records)
      synced.push(...durable)
      for (const record of durable)
        if (record.type === 'snapshot') synced = synced.filter((before) => !isObsolete(before, record))
    }
  }
  const listed = synced.slice(-MOST_RECORDS)
  return {
    synced: listed.map((record) => teller.record(record)),
    unsynced: unsynced.map((record) => teller.record(record)),
    omitted: synced.length - listed.length,
  }
}

/** What the clocks of the machine showed when the node had its last turn, beside those of the world. */
function clockOf(life: Life, event: number, sinceMicros: number, micros: number): string {
  const turn = life.lastTurn(event)
  const drift = sinceMicros - micros
  const own = `${formatSeconds(sinceMicros)} s since the beginning`
  const ahead = drift === 0 ? '' : ` (${offText(drift)})`
  const offMicros = turn === null ? 0 : turn.wallMicros - START_WALL_MICROS - turn.nowMicros
  const wall = offMicros === 0 ? 'its wall clock is right' : `its wall clock is ${offText(offMicros)}`
  return `${own}${ahead}; ${wall}`
}

function offText(micros: number): string {
  return `${formatSeconds(Math.abs(micros))} s ${micros < 0 ? 'behind' : 'ahead'}`
}

/**
 * The classes of faults: each is drawn by itself, from the seed, its class, and the identity of what it happens to, so
 * leaving one out changes no other.
 */

/** How strong a class is: how often in a million something happens, or how many times in a run. */
export type FaultUnit = 'perMillion' | 'times'

export interface FaultDescription {
  readonly unit: FaultUnit
  readonly most: number
  /** For help texts: what happens, without a full stop. */
  readonly what: string
}

export type FaultClass =
  | 'loss'
  | 'duplication'
  | 'reordering'
  | 'long-tail'
  | 'clog'
  | 'swizzle-clog'
  | 'one-way'
  | 'client-cut'
  | 'halves'
  | 'minority'
  | 'isolated-leader'
  | 'ring'
  | 'bridge'
  | 'quorum-loss'
  | 'constrained'
  | 'chained'
  | 'crash'
  | 'crash-in-recovery'
  | 'pause'
  | 'slow-member'
  | 'rolling-restart'
  | 'rot'
  | 'misdirection'
  | 'full-disk'
  | 'slow-disk'
  | 'stalled-disk'
  | 'wipe'
  | 'swap'
  | 'drift'
  | 'jump'
  | 'strobe'
  | 'change'
  | 'snapshot'
  | 'transfer'
  | 'lying-sync'
  | 'rollback'

/** A new class goes to the end of the table: stories count on the order. */
export const FAULTS: Readonly<Record<FaultClass, FaultDescription>> = {
  // the network
  loss: { unit: 'perMillion', most: 990_000, what: 'messages are lost' },
  duplication: { unit: 'perMillion', most: 1_000_000, what: 'messages are delivered twice' },
  reordering: { unit: 'perMillion', most: 1_000_000, what: 'messages are overtaken by later ones' },
  'long-tail': { unit: 'perMillion', most: 1_000_000, what: 'messages take very much longer than others' },
  clog: { unit: 'times', most: 64, what: 'a link holds everything back for a while' },
  'swizzle-clog': {
    unit: 'times',
    most: 16,
    what: 'the links of some members clog one after the other, and open in another order',
  },
  'one-way': { unit: 'times', most: 64, what: 'a link works in one direction only' },
  'client-cut': { unit: 'times', most: 64, what: 'clients are cut off from the members' },
  halves: { unit: 'times', most: 64, what: 'the members are parted into two halves' },
  minority: { unit: 'times', most: 64, what: 'a minority is cut off' },
  'isolated-leader': { unit: 'times', most: 64, what: 'the leader is cut off' },
  ring: { unit: 'times', most: 64, what: 'each member hears only its neighbours in a ring of majorities' },
  bridge: { unit: 'times', most: 64, what: 'two halves hear each other only by way of one member' },
  'quorum-loss': {
    unit: 'times',
    most: 64,
    what: 'the leader and all others hear one member only, which hears everybody',
  },
  constrained: {
    unit: 'times',
    most: 64,
    what: 'the leader is cut off, and the others hear one member only, which is behind',
  },
  chained: { unit: 'times', most: 64, what: 'the members are linked in a chain' },
  // processes
  crash: { unit: 'times', most: 10_000, what: 'a member crashes and starts again' },
  'crash-in-recovery': { unit: 'times', most: 64, what: 'a member crashes again while it starts' },
  pause: { unit: 'times', most: 64, what: 'a member stands still for a while, and then goes on' },
  'slow-member': { unit: 'times', most: 16, what: 'a member takes long over everything for a while' },
  'rolling-restart': { unit: 'times', most: 4, what: 'the members are restarted one after the other' },
  // disks
  rot: { unit: 'times', most: 16, what: 'a record on a disk goes bad' },
  misdirection: { unit: 'times', most: 16, what: 'a write lands on the place of another record' },
  'full-disk': { unit: 'times', most: 16, what: 'a disk is full for a while' },
  'slow-disk': { unit: 'times', most: 64, what: 'syncs take very long for a while' },
  'stalled-disk': { unit: 'times', most: 64, what: 'syncs stop for a while' },
  wipe: { unit: 'times', most: 16, what: 'a member loses its store' },
  swap: { unit: 'times', most: 16, what: 'two members come back with the store of the other' },
  // clocks
  drift: { unit: 'perMillion', most: 200_000, what: 'the clocks of members run too fast or too slow' },
  jump: { unit: 'times', most: 64, what: 'the wall clock of a member jumps, either way' },
  strobe: { unit: 'times', most: 16, what: 'the wall clock of a member jumps to and fro for a while' },
  // what operators do in the middle of it
  change: { unit: 'times', most: 16, what: 'members are added, removed or replaced' },
  snapshot: { unit: 'times', most: 1_000, what: 'a member takes a snapshot' },
  transfer: { unit: 'times', most: 16, what: 'the leader is asked to hand over' },
  // outside the swarm: no Paxos can stand these
  'lying-sync': { unit: 'times', most: 16, what: 'a disk says that it has synced, has not, and crashes' },
  rollback: { unit: 'times', most: 16, what: 'the store of a member is put back to an earlier state' },
}

export function isFaultClass(name: string): name is FaultClass {
  return Object.hasOwn(FAULTS, name)
}

/** A sentence for whoever names a class that is none. */
export function unknownFault(name: string): string {
  return `There is no class of faults called ${name}; there are ${Object.keys(FAULTS).join(', ')}.`
}

/** Which classes are on, and how hard. One that is left out is off. */
export type Faults = { readonly [Class in FaultClass]?: number }

/** One fault of a class that is counted in times: the `number`-th of its class, from 0. */
export interface FaultName {
  readonly class: FaultClass
  readonly number: number
}

/** The faults, one a function: each gives whether it struck. */
import { changeMembers } from './membership-changes.js'
import type { Nemesis } from './nemesis.js'
import type { Random } from './random.js'

export type FaultName =
  | 'kill'
  | 'pause'
  | 'partition'
  | 'one-way'
  | 'slow-link'
  | 'reset'
  | 'full-disk'
  | 'slow-disk'
  | 'clock'
  | 'restart'
  | 'membership'
  | 'snapshot'
  | 'transfer'

export type Fault = (nemesis: Nemesis, random: Random) => Promise<boolean>

const HOUR_MICROS = 3_600_000_000

export const FAULTS: Readonly<Record<FaultName, Fault>> = {
  kill,
  pause,
  partition,
  'one-way': oneWay,
  'slow-link': slowLink,
  reset,
  'full-disk': fullDisk,
  'slow-disk': slowDisk,
  clock,
  restart,
  membership: changeMembers,
  snapshot,
  transfer,
}

export const FAULT_NAMES: readonly FaultName[] = Object.keys(FAULTS) as FaultName[] // its keys are those

/** The leader more often than not; at times as many as make a majority, or all. */
async function kill(nemesis: Nemesis, random: Random): Promise<boolean> {
  const { cluster } = nemesis
  const all = cluster.present.length
  const many = random.pick([Math.floor(all / 2) + 1, all])
  const count = random.percent(15) ? many : 1
  const downMillis = random.percent(50) ? 0 : random.between(100, 3_000)
  const victims = nemesis.claim(random, count, random.percent(60) ? cluster.leader : null)
  if (victims.length === 0) return false
  await nemesis.kill(victims, downMillis)
  nemesis.release(victims)
  return true
}

/** SIGSTOP and SIGCONT. */
async function pause(nemesis: Nemesis, random: Random): Promise<boolean> {
  const { cluster } = nemesis
  const millis = random.between(100, 4_000)
  const victims = nemesis.claim(random, random.pick([1, 1, 2]), random.percent(60) ? cluster.leader : null)
  for (const host of victims) cluster.pause(host)
  await nemesis.sleep(millis)
  for (const host of victims) cluster.resume(host)
  nemesis.release(victims)
  return victims.length > 0
}

/** The members fall into two groups that hear nothing of each other. */
async function partition(nemesis: Nemesis, random: Random): Promise<boolean> {
  const { cluster } = nemesis
  const names = cluster.present.map(({ name }) => name)
  const group = new Set(random.sample(names, random.between(1, Math.max(1, names.length >> 1))))
  const { leader } = cluster
  if (leader !== null && random.percent(40)) group.add(leader.name)
  const millis = random.between(300, 5_000)
  const pairs = pairsOf(names).filter(([from, to]) => group.has(from) !== group.has(to))
  for (const pair of pairs) cluster.links.block(...pair)
  await nemesis.sleep(millis)
  for (const pair of pairs) cluster.links.unblock(...pair)
  return true
}

/** A member is heard by nobody, hears nobody, or single links are gone, one way. */
async function oneWay(nemesis: Nemesis, random: Random): Promise<boolean> {
  const { cluster } = nemesis
  const names = cluster.present.map(({ name }) => name)
  const victim = random.percent(50) ? (cluster.leader?.name ?? random.pick(names)) : random.pick(names)
  const shape = random.below(3)
  const millis = random.between(300, 5_000)
  const all = pairsOf(names)
  const pairs =
    shape === 0
      ? all.filter(([from]) => from === victim)
      : shape === 1
        ? all.filter(([, to]) => to === victim)
        : random.sample(all, random.between(1, names.length))
  for (const pair of pairs) cluster.links.block(...pair)
  await nemesis.sleep(millis)
  for (const pair of pairs) cluster.links.unblock(...pair)
  return true
}

async function slowLink(nemesis: Nemesis, random: Random): Promise<boolean> {
  const { cluster } = nemesis
  const pairs = pairsOf(cluster.present.map(({ name }) => name))
  const slow = random.sample(pairs, random.between(1, pairs.length))
  const most = random.pick([20, 100, 300])
  for (const pair of slow) cluster.links.slow(...pair, random.between(1, most))
  await nemesis.sleep(random.between(500, 5_000))
  for (const pair of slow) cluster.links.slow(...pair, 0)
  return true
}

/** Connections end, again and again. */
async function reset(nemesis: Nemesis, random: Random): Promise<boolean> {
  const { cluster } = nemesis
  const pairs = pairsOf(cluster.present.map(({ name }) => name))
  for (let times = random.between(1, 8); times > 0; times--) {
    for (const pair of random.sample(pairs, random.between(1, pairs.length))) cluster.links.cut(...pair)
    await nemesis.sleep(random.between(10, 300))
  }
  return true
}

/** What a member writes fails; it ends, cannot start, and comes back when there is room. */
async function fullDisk(nemesis: Nemesis, random: Random): Promise<boolean> {
  const { cluster } = nemesis
  const millis = random.between(0, 2_000)
  const victims = nemesis.claim(random, 1, random.percent(40) ? cluster.leader : null)
  for (const host of victims) {
    host.mayEnd = true
    cluster.setDisk(host, { type: 'full' })
    while (host.life === 'up' && !nemesis.isOver) await nemesis.sleep(20)
    if (host.life === 'down') await cluster.start(host)
    await nemesis.sleep(millis)
    cluster.setDisk(host, { type: 'sound' })
    await nemesis.startAgain(host)
    host.mayEnd = host.wasRemoved
  }
  nemesis.release(victims)
  return victims.length > 0
}

async function slowDisk(nemesis: Nemesis, random: Random): Promise<boolean> {
  const { cluster } = nemesis
  const delayMillis = random.pick([5, 30, 200, 800, 1_500])
  const millis = random.between(500, 5_000)
  const victims = nemesis.claim(random, random.pick([1, 1, 2]), random.percent(50) ? cluster.leader : null)
  for (const host of victims) cluster.setDisk(host, { type: 'slow', delayMillis })
  await nemesis.sleep(millis)
  for (const host of victims) cluster.setDisk(host, { type: 'sound' })
  nemesis.release(victims)
  return victims.length > 0
}

/** The wall clock jumps, and may stay where it is. */
async function clock(nemesis: Nemesis, random: Random): Promise<boolean> {
  const { cluster } = nemesis
  const host = random.pick(cluster.present)
  const size = random.pick([1_000_000, 60_000_000, HOUR_MICROS, 30 * HOUR_MICROS])
  cluster.setWall(host, random.between(-1_000, 1_000) * Math.floor(size / 1_000))
  await nemesis.sleep(random.between(200, 4_000))
  if (random.percent(50)) cluster.setWall(host, 0)
  return true
}

/** All members, one after the other, as an upgrade would. */
async function restart(nemesis: Nemesis, random: Random): Promise<boolean> {
  const { cluster } = nemesis
  const order = random.sample(cluster.present, cluster.present.length)
  for (const host of order) {
    if (nemesis.isOver) return true
    if (host.isClaimed || host.life !== 'up' || host.wasRemoved) continue
    host.isClaimed = true
    await cluster.close(host)
    await nemesis.startAgain(host)
    host.isClaimed = false
    await nemesis.untilReady(host, 5_000)
  }
  return true
}

async function snapshot(nemesis: Nemesis, random: Random): Promise<boolean> {
  const { cluster } = nemesis
  for (const host of random.sample(cluster.up, random.between(1, 3))) cluster.tell(host, { type: 'snapshot' })
  await nemesis.sleep(random.between(0, 300))
  return true
}

async function transfer(nemesis: Nemesis, random: Random): Promise<boolean> {
  const { cluster } = nemesis
  for (let times = random.between(1, 3); times > 0; times--) {
    const { leader } = cluster
    const to = random.percent(50) ? null : random.pick(cluster.present).number
    if (leader !== null) cluster.tell(leader, { type: 'transfer', to })
    await nemesis.sleep(random.between(50, 800))
  }
  return true
}

function pairsOf(names: readonly string[]): readonly (readonly [from: string, to: string])[] {
  return names.flatMap((from) => names.filter((to) => to !== from).map((to) => [from, to] as const))
}

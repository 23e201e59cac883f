/** Changes of the members: one is added, removed, or replaced by a newcomer. */
import type { Host } from './cluster.js'
import type { Nemesis } from './nemesis.js'
import type { Look } from './protocol.js'
import type { Random } from './random.js'

/** How long a change is waited for. It may come into force later. */
const CHANGE_MILLIS = 20_000
/** With fewer voters nobody is removed. */
const FEWEST = 3

type Latest = NonNullable<Look['latest']>

/** One change at a time. */
let isChanging = false

export async function changeMembers(nemesis: Nemesis, random: Random): Promise<boolean> {
  if (isChanging) return false
  isChanging = true
  try {
    return await change(nemesis, random)
  } finally {
    isChanging = false
  }
}

async function change(nemesis: Nemesis, random: Random): Promise<boolean> {
  const before = await latestOf(nemesis)
  if (before === null) return false
  settle(nemesis, before)
  const { voters } = before
  const adds = voters.length <= nemesis.members && random.percent(voters.length < nemesis.members ? 80 : 60)
  const removes = voters.length > FEWEST && (!adds || random.percent(60))
  const newcomer = adds ? await bring(nemesis, before.version) : null
  if (adds && newcomer === null) return false
  if (!adds && !removes) return false
  const leaving = removes ? random.pick(voters).member : null
  const staying = voters.filter(({ member }) => member !== leaving)
  const wanted = newcomer === null ? staying : [...staying, newcomer]
  if (leaving !== null) mayLeave(nemesis, leaving)
  void nemesis.load.change(before.version, wanted)
  const sinceMillis = performance.now()
  while (!nemesis.isOver && performance.now() - sinceMillis < CHANGE_MILLIS) {
    await nemesis.sleep(100)
    const after = await latestOf(nemesis)
    if (after === null || after.version === before.version) continue
    settle(nemesis, after)
    return true
  }
  return false
}

/** What the leader knows to be the latest configuration. */
async function latestOf({ cluster }: Nemesis): Promise<Latest | null> {
  const { leader } = cluster
  return leader === null ? null : ((await cluster.look(leader))?.latest ?? null)
}

/** Starts a newcomer; null if it found nobody to ask. */
async function bring({ cluster }: Nemesis, version: number): Promise<Latest['voters'][number] | null> {
  const join = cluster.up.map(({ endpoint }) => endpoint)
  const host = await cluster.addHost()
  host.proposedAt = version
  host.isClaimed = true // until it is a member
  host.mayEnd = true
  const isUp = join.length > 0 && (await cluster.start(host, join))
  if (!isUp || host.number === null || host.store === null) {
    await cluster.kill(host)
    host.wasRemoved = true
    return null
  }
  return { member: host.number, store: host.store }
}

function mayLeave({ cluster }: Nemesis, member: number): void {
  for (const host of cluster.present) if (host.number === member) host.mayEnd = true
}

/** Takes note of who is a member now, and who is none any more. */
function settle({ cluster }: Nemesis, { version, voters }: Latest): void {
  for (const host of cluster.present) {
    if (host.number === null) continue
    if (voters.some(({ member, store }) => member === host.number && store === host.store)) admit(host)
    else if (host.proposedAt === null || host.proposedAt < version) {
      // It stops by itself when the others have all that it knew. A newcomer that was not taken waits for nothing.
      host.wasRemoved = true
      host.mayEnd = true
      if (host.proposedAt !== null) void cluster.kill(host)
    }
  }
}

function admit(host: Host): void {
  if (host.proposedAt !== null) host.isClaimed = false
  host.proposedAt = null
  if (!host.isClaimed) host.mayEnd = false
}

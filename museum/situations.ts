/**
 * Situations: small worlds that somebody who knows a bug sets up to see it, each in a few sizes. They are what the
 * shortest story of a bug is looked for in, see {@link search}: written by hand, and no shrinker has a part in it.
 */
import { CLASSIC, type Faults, type Scenario } from 'synod/simulation'

/** What may go wrong, and how much there is of everything else: a world is made of one value of each. */
export interface Situation {
  readonly faults: readonly Faults[]
  /** How long anything may go wrong, from the beginning. */
  readonly quietMillis: readonly number[]
  readonly members: readonly number[]
  readonly clients: readonly number[]
  readonly requests: readonly number[]
  readonly delayMicros: readonly number[]
  /** Whether a message may take from no time at all to twice as long, or each takes as long. */
  readonly isJittery: readonly boolean[]
  readonly placement: readonly Scenario['placement'][]
  readonly alpha: readonly number[]
  readonly logBytes: readonly number[]
  readonly chunkBytes: readonly number[]
  readonly queueLimit: readonly (number | null)[]
  /** Whether more may go wrong than any Paxos can stand. */
  readonly overBudget: readonly boolean[]
}

const MILLION = 1_000_000
const TENTH = MILLION / 10
const MANY: Faults = { loss: TENTH, duplication: 4 * TENTH, reordering: 2 * TENTH }

/** Three members, and one or two clients with few requests, in a network that takes a millisecond each way. */
const CALM: Situation = {
  faults: [{}],
  quietMillis: [1_000],
  members: [3],
  clients: [1, 2],
  requests: [1, 2, 3],
  delayMicros: [1_000],
  isJittery: [false],
  placement: ['spread', 'last'],
  alpha: [CLASSIC.alpha],
  logBytes: [CLASSIC.logBytes],
  chunkBytes: [CLASSIC.chunkBytes],
  queueLimit: [null],
  overBudget: [false],
}

/** It shows as soon as anything is asked, or as a message is lost or comes twice. */
const FIRST_STEPS: Situation = {
  ...CALM,
  clients: [1, 2, 3],
  delayMicros: [200, 1_000, 10_000],
  quietMillis: [30, 300, 1_000],
  faults: [
    {},
    { loss: TENTH },
    { loss: 3 * TENTH },
    { duplication: 5 * TENTH },
    { reordering: 3 * TENTH },
    MANY,
  ],
  members: [1, 2, 3, 4],
  isJittery: [false, true],
}

/** Somebody crashes soon, and comes back. */
const CRASH: Situation = {
  ...CALM,
  faults: [
    { crash: 1 },
    { crash: 2 },
    { crash: 3 },
    { loss: TENTH, crash: 2 },
    { duplication: 5 * TENTH, crash: 2 },
    { 'crash-in-recovery': 2 },
    { crash: 2, 'crash-in-recovery': 1 },
  ],
  quietMillis: [5, 10, 30, 100, 300, 1_000, 2_000],
  members: [1, 2, 3],
  delayMicros: [200, 1_000, 10_000],
}

/** A disk takes long, or takes nothing. */
const DISKS: Situation = {
  ...CRASH,
  faults: [
    { 'slow-disk': 1 },
    { 'slow-disk': 2 },
    { 'stalled-disk': 1 },
    { 'stalled-disk': 2 },
    { 'full-disk': 1 },
    { 'slow-disk': 1, crash: 1 },
    { 'slow-disk': 1, duplication: 5 * TENTH },
    { 'slow-disk': 1, transfer: 2 },
    { 'stalled-disk': 1, crash: 1 },
  ],
  isJittery: [false, true],
}

/** Several lead, or try to, since whoever led is not heard for a while. */
const RIVALS: Situation = {
  ...CALM,
  faults: [
    { 'isolated-leader': 1 },
    { 'isolated-leader': 2 },
    { transfer: 2 },
    { transfer: 4 },
    { minority: 2 },
    { 'one-way': 4 },
    { pause: 4 },
    { crash: 3 },
    { clog: 6 },
    { 'isolated-leader': 2, loss: TENTH },
    { transfer: 3, loss: TENTH },
    { transfer: 3, duplication: 3 * TENTH, reordering: 3 * TENTH },
    { crash: 2, loss: TENTH },
    { 'isolated-leader': 1, crash: 2 },
  ],
  quietMillis: [500, 1_000, 2_000, 4_000],
  members: [2, 3, 4, 5],
  clients: [1, 2, 3],
  delayMicros: [1_000, 10_000, 50_000],
  isJittery: [false, true],
}

/** One leads after the other, and what each leaves undecided differs: in slow networks, where much is under way. */
const HANDOVERS: Situation = {
  ...RIVALS,
  faults: [
    { 'isolated-leader': 1 },
    { 'isolated-leader': 2 },
    { 'isolated-leader': 4 },
    { 'isolated-leader': 1, crash: 1 },
    { 'isolated-leader': 1, crash: 2 },
    { 'isolated-leader': 2, crash: 2 },
    { 'isolated-leader': 2, 'one-way': 4 },
    { minority: 3 },
    { pause: 4, crash: 1 },
    { transfer: 4, loss: 2 * TENTH },
  ],
  quietMillis: [1_000, 1_500, 2_000, 3_000],
  members: [3],
  clients: [2, 3],
  requests: [2, 3, 5],
  delayMicros: [10_000, 50_000, 100_000],
  placement: ['spread'],
}

/** What an acceptor has voted for does not fit into one message. */
const LONG_PROMISES: Situation = {
  ...RIVALS,
  faults: [
    ...CRASH.faults,
    { transfer: 2 },
    { transfer: 3, loss: TENTH },
    { 'isolated-leader': 1 },
    { pause: 2 },
  ],
  quietMillis: [100, 300, 1_000, 2_000],
  members: [2, 3],
  requests: [2, 3, 5],
  chunkBytes: [20, 50],
}

/** Small logs, so that a snapshot is taken after a few requests; and somebody misses them. */
const SNAPSHOTS: Situation = {
  ...CALM,
  faults: [
    { snapshot: 2 },
    { snapshot: 4, crash: 1 },
    { crash: 1 },
    { crash: 2 },
    { loss: 2 * TENTH },
    { clog: 3 },
    { minority: 1 },
    { 'isolated-leader': 1 },
    { crash: 2, loss: TENTH },
    { 'one-way': 3 },
    { wipe: 1 },
    { transfer: 2, crash: 2 },
    MANY,
  ],
  quietMillis: [300, 1_000, 2_000],
  members: [2, 3],
  clients: [1, 2, 3],
  requests: [2, 3, 4, 6, 9],
  delayMicros: [200, 1_000, 10_000],
  isJittery: [false, true],
  logBytes: [20, 50, 100, 200],
  chunkBytes: [20, 50, 100, CLASSIC.chunkBytes],
}

/** A snapshot in many chunks, and another one before the last of them has arrived. */
const MANY_CHUNKS: Situation = {
  ...SNAPSHOTS,
  faults: [{ crash: 1 }, { crash: 2 }, { snapshot: 6, crash: 1 }, { clog: 3 }, { 'one-way': 3 }, MANY],
  quietMillis: [300, 1_000],
  requests: [3, 6, 9],
  delayMicros: [1_000, 10_000],
  placement: ['spread'],
  logBytes: [20, 100],
  chunkBytes: [20, 50, 100],
}

/** A snapshot is asked for more than once, and one of those arrives late, when much more has been decided. */
const LATE_SNAPSHOTS: Situation = {
  ...SNAPSHOTS,
  faults: [
    { crash: 1, duplication: 5 * TENTH },
    { crash: 1, loss: TENTH },
    { loss: 2 * TENTH },
    { ...MANY, crash: 1 },
    MANY,
  ],
  quietMillis: [1_000, 2_000],
  clients: [2, 3],
  requests: [3, 6, 9],
  delayMicros: [1_000, 10_000, 50_000],
  isJittery: [true],
  placement: ['spread'],
  logBytes: [20, 50],
  chunkBytes: [20, 100, CLASSIC.chunkBytes],
}

/** Snapshots, while leadership goes from one to the other. */
const SNAPSHOTS_OF_RIVALS: Situation = {
  ...SNAPSHOTS,
  faults: [
    ...SNAPSHOTS.faults,
    ...RIVALS.faults,
    { snapshot: 4, transfer: 2 },
    { snapshot: 4, 'isolated-leader': 1 },
  ],
  quietMillis: [500, 1_000, 2_000, 4_000],
}

/** Who is a member changes. */
const CHANGES: Situation = {
  ...CALM,
  faults: [
    { change: 1 },
    { change: 2 },
    { change: 3 },
    { change: 2, crash: 2 },
    { change: 2, transfer: 2 },
    { change: 2, loss: TENTH },
    { change: 2, 'isolated-leader': 1 },
    { change: 2, minority: 1 },
    { change: 2, 'one-way': 3 },
    { change: 2, snapshot: 3 },
    { change: 2, wipe: 1 },
  ],
  quietMillis: [100, 300, 1_000, 2_000],
  members: [1, 2, 3, 4],
  requests: [1, 2, 3, 5],
  delayMicros: [200, 1_000, 10_000],
  alpha: [1, 2, 8, CLASSIC.alpha],
}

/** The same, with a snapshot after a few requests. */
const SNAPSHOTS_OF_CHANGES: Situation = {
  ...CHANGES,
  requests: [2, 4, 6],
  logBytes: [20, 100],
}

/** Stores are damaged, some before anything was asked. */
const DAMAGE: Situation = {
  ...CALM,
  faults: [
    { rot: 1 },
    { wipe: 1 },
    { wipe: 2 },
    { swap: 1 },
    { misdirection: 2 },
    { rot: 1, crash: 2 },
    { wipe: 1, crash: 1 },
    { wipe: 1, 'rolling-restart': 1 },
    { swap: 1, crash: 2 },
    { swap: 1, 'rolling-restart': 1 },
    { wipe: 1, 'isolated-leader': 1 },
    { swap: 1, 'isolated-leader': 1 },
  ],
  quietMillis: [6, 30, 100, 300, 1_000, 2_000],
  members: [2, 3],
  clients: [0, 1, 2],
  requests: [1, 2],
  delayMicros: [400, 1_000, 10_000],
  isJittery: [false, true],
}

/** Stores get to another member: by themselves, or since one that was lost is taken for another. */
const SWAPS: Situation = {
  ...DAMAGE,
  faults: [
    { swap: 1 },
    { swap: 1, crash: 2 },
    { swap: 1, 'rolling-restart': 1 },
    { wipe: 1, 'rolling-restart': 2 },
  ],
  quietMillis: [30, 300, 1_000],
  members: [3],
}

/** A store is put back to an earlier state. */
const ROLLBACK: Situation = {
  ...DAMAGE,
  faults: [
    { rollback: 1 },
    { rollback: 2 },
    { rollback: 1, crash: 1 },
    { rollback: 1, 'isolated-leader': 1 },
  ],
  overBudget: [true],
}

/** Clients ask again, since what they asked or the answer did not arrive. */
const RETRIES: Situation = {
  ...FIRST_STEPS,
  faults: [
    ...FIRST_STEPS.faults,
    ...CRASH.faults,
    { 'isolated-leader': 1 },
    { transfer: 2 },
    { pause: 2 },
    { clog: 3 },
  ],
  quietMillis: [300, 1_000, 2_000],
  members: [1, 2, 3],
  clients: [1, 2, 3, 4],
  requests: [1, 2, 3, 4],
  delayMicros: [1_000, 10_000, 50_000],
  placement: ['spread', 'last', 'own'],
}

/** Several read and write at the same time, each at another place, while messages overtake each other. */
const COMPANY: Situation = {
  ...CALM,
  faults: [{}, { duplication: 3 * TENTH }, { loss: TENTH }],
  quietMillis: [0, 100, 1_000],
  members: [1, 2, 3],
  clients: [3, 4, 5, 6],
  requests: [1, 2, 3],
  delayMicros: [1_000, 10_000, 25_000, 50_000],
  isJittery: [false, true],
  placement: ['spread', 'own'],
}

/** Two write at the one member and two read at the other, in a network in which a message may take very much longer than the next. */
const READERS: Situation = {
  ...CALM,
  members: [2],
  clients: [4],
  requests: [2, 3, 4],
  delayMicros: [25_000, 50_000, 100_000],
  isJittery: [true],
  placement: ['spread'],
}

/** More is asked than there is room for. */
const CROWD: Situation = {
  ...RETRIES,
  members: [1, 2, 3],
  clients: [2, 4, 6, 8, 12],
  requests: [1, 2, 3],
  placement: ['spread', 'last', 'own'],
  alpha: [1, 2, 4],
  queueLimit: [null, 1, 2],
}

/** Members crash where there is room for hardly more sessions than are in use. */
const FULL_OF_SESSIONS: Situation = {
  ...CRASH,
  clients: [1, 2, 3],
  placement: ['spread'],
  queueLimit: [2, 8],
}

/** For long somebody hears too few to lead, or cannot write, and others can. */
const LONG_FAULTS: Situation = {
  ...CALM,
  faults: [
    { chained: 1 },
    { chained: 2 },
    { 'quorum-loss': 1 },
    { 'quorum-loss': 2 },
    { bridge: 1 },
    { 'stalled-disk': 1 },
    { 'stalled-disk': 2 },
  ],
  quietMillis: [8_000, 10_000, 12_000],
  members: [3, 4, 5],
  clients: [1, 2, 3, 5],
  requests: [20, 40, 80, 160],
  placement: ['spread'],
}

/** Clients are still at work some seconds after the last fault, when an operator has another member lead. */
const LATE_HANDOVERS: Situation = {
  ...CALM,
  faults: [{ transfer: 1 }],
  quietMillis: [1, 100, 500],
  members: [2, 3],
  requests: [40, 60, 80],
}

/** Members trim at once what others have yet to hear of, and lead by turns. */
const SHORT_LOGS: Situation = {
  ...CALM,
  faults: [
    { pause: 2 },
    { pause: 4 },
    { pause: 4, transfer: 4 },
    { clog: 6, transfer: 4 },
    { clog: 6, pause: 4 },
    { crash: 1, pause: 4 },
    { 'isolated-leader': 2, pause: 2 },
    { transfer: 4, loss: TENTH, reordering: 3 * TENTH },
  ],
  quietMillis: [1_000, 2_000, 4_000],
  clients: [2, 3, 4],
  requests: [2, 4, 6, 10, 20],
  delayMicros: [1_000, 10_000, 50_000],
  isJittery: [false, true],
  placement: ['spread'],
  alpha: [2, 8, CLASSIC.alpha],
  logBytes: [20],
}

/** Which bugs each of them is for. */
const GROUPS: readonly (readonly [situation: Situation, bugs: readonly string[]])[] = [
  [
    FIRST_STEPS,
    [
      'quorum-is-a-fraction',
      'nobody-joins-later',
      'decision-never-fetched',
      'gaps-not-filled',
      'unordered-iteration',
      'ties-not-broken',
      'counter-of-the-process',
      'prepare-must-be-higher',
      'accept-must-be-higher',
      'accept-quorum-one-short',
      'promise-quorum-one-short',
      'duplicate-accepted-counts-twice',
      'watermark-one-too-far',
      'gap-taken-for-no-op',
      'heartbeat-must-be-higher',
      'machine-depends-on-member',
      'joiner-votes-early',
      'answered-before-decided',
      'session-unknown-to-who-lags',
    ],
  ],
  [
    CRASH,
    [
      'acceptor-in-memory',
      'election-timer-never-fires',
      'promise-before-durable',
      'accepted-before-durable',
      'durable-before-sync',
      'resent-accept-answered-early',
      'welcome-before-durable',
      'ballot-reused-after-restart',
      'read-index-ignores-adopted',
      'linearizable-read-answered-locally',
      'read-one-slot-early',
      'stale-read-goes-back',
      'incarnation-not-raised',
      'own-vote-before-durable',
      'stale-adoption',
      'promise-in-memory',
      'preemption-lowers-ballot',
      'inherited-votes-dropped',
      'accept-below-promise',
      'promise-below-promise',
      'watermark-decides-any-ballot',
      'watermark-decides-older-votes',
      'promise-quorum-one-short',
      'accept-quorum-one-short',
      'duplicate-accepted-counts-twice',
      'heartbeat-answered-under-older-promise',
      'watermark-one-too-far',
      'gap-taken-for-no-op',
      'prepare-must-be-higher',
      'any-ballot-preempts',
      'lost-wake-up',
      'no-back-off',
      'decision-never-fetched',
    ],
  ],
  [COMPANY, ['session-in-use-dropped', 'answer-of-another-request']],
  [
    DISKS,
    [
      'resent-accept-answered-early',
      'stale-adoption',
      'own-vote-before-durable',
      'prepare-must-be-higher',
      'promise-before-durable',
    ],
  ],
  [
    RIVALS,
    [
      'gaps-not-filled',
      'prepare-must-be-higher',
      'duplicate-accepted-counts-twice',
      'stale-adoption',
      'promise-in-memory',
      'preemption-lowers-ballot',
      'inherited-votes-dropped',
      'any-ballot-preempts',
      'no-back-off',
      'accept-below-promise',
      'promise-below-promise',
      'watermark-decides-any-ballot',
      'watermark-decides-older-votes',
      'lost-wake-up',
      'read-without-round',
      'read-quorum-one-short',
      'read-confirmed-by-earlier-round',
      'read-index-ignores-adopted',
      'linearizable-read-answered-locally',
      'read-one-slot-early',
      'stale-read-goes-back',
      'heartbeat-answered-under-older-promise',
    ],
  ],
  [READERS, ['read-joins-round-in-flight', 'read-refused']],
  [HANDOVERS, ['highest-ballot-ignored', 'earlier-acceptance-counted']],
  [LONG_PROMISES, ['last-chunk-not-awaited']],
  [LATE_SNAPSHOTS, ['older-snapshot-over-newer-state']],
  [MANY_CHUNKS, ['chunks-of-two-snapshots', 'catch-up-never-ends']],
  [
    SNAPSHOTS,
    ['nothing-trimmed', 'sessions-not-in-snapshot', 'time-not-in-snapshot', 'snapshot-one-slot-ahead'],
  ],
  [
    SNAPSHOTS_OF_RIVALS,
    [
      'snapshot-lowers-promise',
      'promise-trimmed-from-store',
      'no-op-below-trim',
      'votes-above-snapshot-trimmed',
    ],
  ],
  [
    CHANGES,
    [
      'new-quorum-unprepared',
      'read-confirmed-by-unprepared',
      'votes-of-old-configuration',
      'change-in-force-at-once',
      'newcomers-not-awaited',
      'removed-member-leads-on',
      'removed-member-stops-at-once',
      'removed-member-released-early',
      'removed-member-returns',
      'joiner-votes-early',
      'gaps-not-filled',
      'stale-adoption',
      'prepare-must-be-higher',
    ],
  ],
  [SNAPSHOTS_OF_CHANGES, ['pending-configuration-not-in-snapshot']],
  [DAMAGE, ['rot-read-as-empty', 'wiped-store-votes']],
  [SWAPS, ['swapped-store-votes']],
  [ROLLBACK, ['returning-store-unchecked']],
  [
    RETRIES,
    [
      'nobody-joins-later',
      'duplicate-request-not-answered',
      'incarnation-not-raised',
      'duplicate-executed-twice',
      'earlier-request-dropped',
      'answer-of-another-request',
    ],
  ],
  [FULL_OF_SESSIONS, ['session-used-last-expires']],
  [LONG_FAULTS, ['cut-off-leader-leads-on', 'stalled-leader-leads-on']],
  [LATE_HANDOVERS, ['transfer-ignored']],
  [SHORT_LOGS, ['outrun-leader-leads-on']],
  [CROWD, ['window-one-too-wide', 'window-without-bound', 'queue-without-bound']],
]

/** The situations that somebody who knows this bug would set up. */
export function situationsOf(bug: string): readonly Situation[] {
  const found = GROUPS.filter(([, bugs]) => bugs.includes(bug)).map(([situation]) => situation)
  if (found.length > 0) return found
  throw new Error(`No situation is set up for ${bug}: add it to one in museum/situations.ts.`)
}

/** After the last fault everything has this much time to settle: more than any request may take. */
const SETTLING_MICROS = 9_000_000
/** In steps of a prime that none of these numbers of values has, every combination has its turn. */
const STRIDE = 7_919

/** The world of a seed: the situations have their turns, and in each, all combinations, those next to each other unlike. */
export function worldIn(situations: readonly Situation[], seed: number): Scenario {
  const situation = situations[seed % situations.length] ?? CALM
  const turn = Math.floor(seed / situations.length)
  const count = Object.values(situation).reduce((product, values) => product * values.length, 1)
  let rest = (turn * STRIDE) % count
  const pick = <Value>(values: readonly Value[]): Value => {
    const value = values[rest % values.length] as Value // every list has one
    rest = Math.floor(rest / values.length)
    return value
  }
  const quietMicros = 1_000 * pick(situation.quietMillis)
  const delayMicros = pick(situation.delayMicros)
  return {
    ...CLASSIC,
    faults: pick(situation.faults),
    quietMicros,
    lengthMicros: quietMicros + SETTLING_MICROS,
    members: pick(situation.members),
    clients: pick(situation.clients),
    requests: pick(situation.requests),
    delayMicros,
    jitterMicros: pick(situation.isJittery) ? delayMicros : 0,
    placement: pick(situation.placement),
    alpha: pick(situation.alpha),
    logBytes: pick(situation.logBytes),
    chunkBytes: pick(situation.chunkBytes),
    queueLimit: pick(situation.queueLimit),
    overBudget: pick(situation.overBudget),
  }
}

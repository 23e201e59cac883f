/** What came of a hunt, for people and for programs. */
import { FAULTS, type Found, type Range, type Tally } from '../simulation/index.js'
import { rows } from './report.js'
import { machineWords, replayCommand, type ScenarioFlags, scenarioWords } from './scenario.js'
import { formatSeeds } from './seeds.js'

export interface Hunted {
  readonly tally: Tally
  /** The seeds that are not done. */
  readonly left: readonly Range[]
  readonly wallSeconds: number
}

/** A failure, as a sentence, and the command that replays it. */
export function findingOf(found: Found, flags: ScenarioFlags): readonly [string, string] {
  const { seed, verdict, event, reason } = found
  const why = reason.replaceAll(/\s+/g, ' ')
  return [`seed ${seed}: ${verdict} failed at event ${event}: ${why}`, replayCommand(seed, flags)]
}

/** The command that goes on with these seeds. */
export function goOnCommand(
  left: readonly Range[],
  flags: ScenarioFlags & { readonly workers?: string },
): string {
  const workers = flags.workers === undefined ? [] : ['--workers', flags.workers]
  const words = ['npx', 'synod', 'hunt', '--seeds', formatSeeds(left), ...workers]
  return [...words, ...scenarioWords(flags), ...machineWords(flags)].join(' ')
}

/** The table at the end, line by line. */
export function tableOf({ tally, left, wallSeconds }: Hunted): readonly string[] {
  const { seeds, failed, events, simulatedMicros, slowest } = tally
  const simulatedSeconds = simulatedMicros / 1_000_000
  const outcome = failed.length === 0 ? 'every verdict holds' : `${failed.length} of them failed`
  const title =
    seeds === 0 ? 'no seed was run to its end' : `${seeds === 1 ? '1 seed' : `${seeds} seeds`}: ${outcome}`
  const rest = left.length === 0 ? '' : `; left are ${formatSeeds(left)}`
  const rate = (count: number): string => String(Math.round(count / Math.max(wallSeconds, 0.001)))
  return [
    title + rest,
    `  time      ${simulatedSeconds.toFixed(1)} s simulated in ${wallSeconds.toFixed(1)} s: ${rate(simulatedSeconds)} a second`,
    `  events    ${events}: ${rate(events)} a second`,
    ...requestsOf(tally),
    ...rows('faults', faultsOf(tally)),
    ...refusedOf(tally),
    ...rows('verdicts', verdictsOf(tally)),
    ...judgedOf(tally),
    ...slowest.map(({ seed, wallMillis, simulatedSeconds }, at) => {
      const label = at === 0 ? 'slowest ' : '        '
      return `  ${label}  seed ${seed}: ${(wallMillis / 1_000).toFixed(2)} s for ${simulatedSeconds.toFixed(1)} s simulated`
    }),
  ]
}

/** How much clients asked, in simulated time. */
function requestsOf({ requests, simulatedMicros, fewest }: Tally): readonly string[] {
  if (fewest === null) return []
  const mean = (requests / Math.max(simulatedMicros, 1)) * 1_000_000
  const least = `${fewest.perSecond.toFixed(1)} at least (seed ${fewest.seed})`
  return [`  requests  ${requests}: ${mean.toFixed(1)} a simulated second, ${least}`]
}

/** Under which partitions liveness was judged, and how often. */
function judgedOf({ judged }: Tally): readonly string[] {
  const shapes = Object.entries(judged).map(([shape, count]) => `${shape} ${count}`)
  return shapes.length === 0 ? [] : rows('judged', shapes)
}

/** How often each class of faults happened, in the order of the classes; and what comes of crashes. */
function faultsOf({ faults }: Tally): readonly string[] {
  return [...Object.keys(FAULTS), 'torn'].flatMap((name) => (faults[name] ? [`${name} ${faults[name]}`] : []))
}

/** In how many runs stores were refused by name, and how many of them for which reason. */
function refusedOf({ refusals, refused }: Tally): readonly string[] {
  if (refusals === 0) return []
  const reasons = Object.entries(refused).map(([reason, count]) => `${count} ${reason}`)
  return [`  refused   stores in ${refusals === 1 ? '1 run' : `${refusals} runs`}: ${reasons.join(', ')}`]
}

const timesOf = (count: number): string => (count === 1 ? 'once' : `${count} times`)

/** In how many runs each verdict failed, was not decided, or was not asked for. */
function verdictsOf({ failures, undecided, notAsked }: Tally): readonly string[] {
  const names = Object.keys(failures)
  return names.map((name) => {
    const parts = [
      ...(failures[name] ? [`FAILED ${timesOf(failures[name])}`] : []),
      ...(undecided[name] ? [`undecided ${timesOf(undecided[name])}`] : []),
      ...(notAsked[name] ? [`not asked ${timesOf(notAsked[name])}`] : []),
    ]
    return `${name} ${parts.join(' and ') || 'ok'}`
  })
}

/** The same, for programs. */
export function jsonFrom({ tally, left, wallSeconds }: Hunted, flags: ScenarioFlags): unknown {
  const { seeds, events, simulatedMicros, requests, fewest, faults, judged } = tally
  const { refusals, refused, failures, undecided, notAsked, slowest } = tally
  const failed = tally.failed.map(({ seed, verdict, event, reason }) => ({
    ...{ seed, verdict, event, reason },
    replay: replayCommand(seed, flags),
  }))
  return {
    seeds,
    failed,
    events,
    simulatedSeconds: simulatedMicros / 1_000_000,
    wallSeconds: Math.round(wallSeconds * 1_000) / 1_000,
    faults,
    requests,
    fewestRequests: fewest && { ...fewest, perSecond: Math.round(fewest.perSecond * 10) / 10 },
    judged,
    refusals,
    refused,
    failures,
    undecided,
    notAsked,
    slowest: slowest.map(({ wallMillis, ...rest }) => ({
      ...rest,
      wallSeconds: Math.round(wallMillis) / 1_000,
    })),
    left: left.length === 0 ? null : formatSeeds(left),
  }
}

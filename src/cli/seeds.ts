/** Which seeds a campaign runs, as the command line has them. */
import { joined, LAST_SEED, type Range, shardOf } from '../simulation/index.js'
import { UsageError } from './errors.js'

/** `1..100`, `7`, or several of those: `1..100,200..300`. Throws a UsageError. */
export function parseSeeds(text: string): readonly Range[] {
  return joined(text.split(',').map(parseRange))
}

function parseRange(text: string): Range {
  const [, from, to] = /^(\d+)(?:\.\.(\d+))?$/.exec(text) ?? []
  const first = Number(from)
  const last = Number(to ?? from)
  if (first <= last && last <= LAST_SEED) return { first, last }
  throw new UsageError(
    `--seeds must be seeds from 0 to ${LAST_SEED}, as in 1..100000 or 1..500,700, and '${text}' is not`,
  )
}

/** The same, the other way round. */
export function formatSeeds(ranges: readonly Range[]): string {
  return ranges.map(({ first, last }) => (first === last ? String(first) : `${first}..${last}`)).join(',')
}

/** The part of some seeds that `K/N` names. Throws a UsageError. */
export function shardFrom(ranges: readonly Range[], text: string | undefined): readonly Range[] {
  if (text === undefined) return ranges
  const [, shard, shards] = /^(\d{1,6})\/(\d{1,6})$/.exec(text)?.map(Number) ?? []
  if (shard !== undefined && shards !== undefined && shard >= 1 && shard <= shards) {
    return shardOf(ranges, shard, shards)
  }
  throw new UsageError(`--shard must be one of so many, as in 3/10, and '${text}' is not`)
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600 }

/** `90s`, `10m`, `1.5h`, as seconds. Throws a UsageError. */
export function parseDuration(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([smh])$/.exec(text) ?? []
  const seconds = Number(number) * (UNITS[unit] ?? 0)
  if (seconds > 0) return seconds
  throw new UsageError(`--for must be a number of s, m or h, as in 10m, and '${text}' is not`)
}

/** What a load measured, as a table with a histogram, and as JSON. */
import type { Measured } from './load.js'

/** Percentiles, and what they are called in JSON. */
const PERCENTILES = [
  ['p50', 50],
  ['p90', 90],
  ['p99', 99],
  ['p999', 99.9],
] as const

const BAR_WIDTH = 40

function millis(micros: number): number {
  return Number((micros / 1_000).toFixed(3))
}

export function jsonOfMeasured({ operations, failed, seconds, latencies }: Measured): string {
  const { micros } = latencies
  const percentiles = PERCENTILES.map(([name, at]) => [name, millis(micros.percentile(at))])
  return JSON.stringify({
    operationsPerSecond: Number((operations / seconds).toFixed(1)),
    operations,
    failed,
    seconds: Number(seconds.toFixed(3)),
    latencyMillis: {
      mean: operations === 0 ? 0 : millis(micros.mean),
      ...Object.fromEntries(percentiles),
      max: operations === 0 ? 0 : millis(micros.max),
    },
  })
}

export function tableOfMeasured(measured: Measured): string {
  const { operations, failed, seconds, latencies } = measured
  const { micros } = latencies
  const rate = Math.round(operations / seconds).toLocaleString('en')
  const lines = [
    `operations  ${rate} a second: ${operations.toLocaleString('en')} in ${seconds.toFixed(1)} s, ${failed.toLocaleString('en')} failed`,
  ]
  if (operations === 0) return lines.join('\n')
  const told = PERCENTILES.map(
    ([name, at]) => `${name.replace('999', '99.9')} ${shown(micros.percentile(at))}`,
  )
  lines.push(`latency     ${told.join(', ')}, longest ${shown(micros.max)}`)
  return [...lines, ...histogramOf(measured)].join('\n')
}

function shown(micros: number): string {
  return micros < 100_000 ? `${(micros / 1_000).toFixed(2)} ms` : `${(micros / 1_000).toFixed(0)} ms`
}

/** A bar for each latency from a power of two of microseconds to the next. */
function histogramOf({ latencies: { buckets }, operations }: Measured): readonly string[] {
  const most = Math.max(...buckets)
  return [...buckets].flatMap((count, bucket) => {
    if (count === 0) return []
    const from = `${shown(2 ** bucket)} –`.padStart(12)
    const share = `${((count / operations) * 100).toFixed(1)} %`.padStart(7)
    const bar = '█'.repeat(Math.round((count / most) * BAR_WIDTH))
    return `${from} ${shown(2 ** (bucket + 1)).padStart(9)}  ${share}  ${bar}`.trimEnd()
  })
}

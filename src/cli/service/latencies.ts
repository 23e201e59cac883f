/** How long answers took: percentiles, and how many took about as long. */
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'

/** A power of two of microseconds each; the last one is more than a day. */
const BUCKETS = 40

export class Latencies {
  readonly micros: RecordableHistogram = createHistogram()
  /** How many took from 2^n µs up to twice as long, by n. */
  readonly buckets: Float64Array = new Float64Array(BUCKETS)

  record(micros: number): void {
    const whole = Math.max(1, Math.round(micros))
    this.micros.record(whole)
    const bucket = Math.min(BUCKETS - 1, Math.floor(Math.log2(whole)))
    this.buckets[bucket] = (this.buckets[bucket] ?? 0) + 1
  }
}

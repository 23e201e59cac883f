/** The time, as a node is told it. */
import type { Micros } from '../../paxos/index.js'

export interface Clock {
  /** Since some fixed moment; never goes back. */
  nowMicros(): Micros
  /** Since 1970; may jump. */
  wallMicros(): Micros
}

export const SYSTEM_CLOCK: Clock = {
  nowMicros: () => Math.floor(performance.now() * 1_000),
  wallMicros: () => Date.now() * 1_000,
}

/**
 * How the engine of a member's process collects garbage. A member makes and drops much, keeps little of it in small
 * objects, and holds its log in blocks that live until the next snapshot; see docs/PERFORMANCE.md.
 */
import { setFlagsFromString } from 'node:v8'

export function tuneEngine(): void {
  // What is in the log is no garbage: to look again whenever some megabytes of it have come finds nothing.
  setFlagsFromString('--heap-growing-percent=300')
  // The threads that would help are woken in vain: what survives a collection of young objects is soon copied.
  setFlagsFromString('--no-parallel-scavenge')
}

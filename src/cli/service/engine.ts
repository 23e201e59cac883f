/**
 * How the engine of a process collects garbage that makes and drops much, and keeps little of it in small objects: of a
 * member, whose log is blocks that live until the next snapshot, and of who asks as much as members can do. See
 * docs/PERFORMANCE.md.
 */
import { setFlagsFromString } from 'node:v8'

export function tuneEngine(): void {
  // What is in the log is no garbage: to look again whenever some megabytes of it have come finds nothing.
  setFlagsFromString('--heap-growing-percent=200')
  // The threads that would help are woken in vain: what survives a collection of young objects is soon copied.
  setFlagsFromString('--no-parallel-scavenge')
}

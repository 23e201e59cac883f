/**
 * Randomness that replays: every draw is a hash of the seed and of what it is for, such as the n-th message on a link or
 * the n-th timer of a node. There is no common stream, so what happens in one place does not change the draws of another.
 *
 * The hash is the full-avalanche finaliser of MurmurHash3 over 32-bit words, folded one word at a time: neighbouring
 * seeds and counters give unrelated results, and there is no floating-point arithmetic in it.
 */

/** What a draw is for. Each class draws independently of the others. */
export const DRAW = {
  message: 1,
  timer: 2,
  sync: 3,
  workload: 4,
  fault: 5,
  swarm: 6,
  shrink: 7,
} as const

/** Mixes 32 bits so that each bit of the result depends on every bit of the input. */
export function mix(word: number): number {
  let bits = word ^ (word >>> 16)
  bits = Math.imul(bits, 0x85ebca6b)
  bits ^= bits >>> 13
  bits = Math.imul(bits, 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}

/** What the hashes of one seed and one class of draw have in common; worth keeping where many are drawn. */
export function prefix(seed: number, draw: number): number {
  return mix(mix(seed + 0x9e3779b9) ^ (draw + 0x7f4a7c15))
}

/** 32 bits from a prefix and three numbers below 2^32 that name what is drawn. */
export function hash(prefixed: number, first: number, second: number, third: number): number {
  const bits = mix(mix(prefixed ^ (first + 0x632be5ab)) ^ (second + 0x2545f491))
  return mix(bits ^ (third + 0x1b873593))
}

/** A whole number from `low` to `high`, both included, from 32 random bits. */
export function within(bits: number, low: number, high: number): number {
  return low + (bits % (high - low + 1))
}

/** Whether something happens that happens this many times in a million. */
export function happens(bits: number, perMillion: number): boolean {
  return bits % 1_000_000 < perMillion
}

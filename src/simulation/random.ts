/**
 * Randomness that replays: every draw is a hash of the seed and of what it is drawn for, never the next number of a
 * stream. Leaving one draw out changes no other, which is what lets a failing run be taken apart.
 *
 * The hash is the full-avalanche finaliser of MurmurHash3 over 32-bit words, folded one word at a time: neighbouring
 * seeds and counters give unrelated results, and there is no floating-point arithmetic in it.
 */

/** What a draw is for. Each class draws independently of the others. */
export const DRAW = {
  message: 1,
  timer: 2,
  sync: 3,
  crash: 4,
  workload: 5,
} as const

/** Mixes 32 bits so that each bit of the result depends on every bit of the input. */
export function mix(word: number): number {
  let bits = word ^ (word >>> 16)
  bits = Math.imul(bits, 0x85ebca6b)
  bits ^= bits >>> 13
  bits = Math.imul(bits, 0xc2b2ae35)
  return (bits ^ (bits >>> 16)) >>> 0
}

/** 32 bits from a seed, a class of draw, and three numbers below 2^32 that name what it is drawn for. */
export function hash(seed: number, draw: number, first: number, second: number, third: number): number {
  let bits = mix(seed + 0x9e3779b9)
  bits = mix(bits ^ (draw + 0x7f4a7c15))
  bits = mix(bits ^ (first + 0x632be5ab))
  bits = mix(bits ^ (second + 0x2545f491))
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

/** Stories that this version does not tell. */

const PRIME = 999_983n

/** The same story, as if another version had told it. */
export function ofVersion(version: number, story: string): string {
  const body = BigInt(story) / 10_000_000_000n
  const framed = (body * 10_000n + BigInt(version)) * 1_000_000n
  return String(framed + ((PRIME - (framed % PRIME)) % PRIME))
}

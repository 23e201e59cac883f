/** Numbers as people read them. */

/** `1.000250`: seconds, to the microsecond, as transcripts have them. */
export function formatSeconds(micros: number): string {
  return (Math.round(micros) / 1_000_000).toFixed(6)
}

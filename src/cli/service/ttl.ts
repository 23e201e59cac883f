/** `--ttl`: how long a key lives. */
import { keyspaceBounds } from '../../machines/index.js'
import { readDuration } from '../../service/index.js'
import { UsageError } from '../errors.js'

const DAY_MILLIS = 86_400_000

export function ttlOf(given: string | undefined): { readonly ttlMillis?: number } {
  if (given === undefined) return {}
  const ttlMillis = readDuration(given)
  if (ttlMillis === null || ttlMillis === 0)
    throw new UsageError(`--ttl must be a duration such as 500ms, 30s, 5m or 2h, and '${given}' is not`)
  if (ttlMillis > keyspaceBounds.ttlMillis)
    throw new UsageError(
      `--ttl must be at most ${Math.floor(keyspaceBounds.ttlMillis / DAY_MILLIS)}d, and '${given}' is more`,
    )
  return { ttlMillis }
}

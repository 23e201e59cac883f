/** `--ttl`: how long a key lives. */
import { readDuration } from '../../service/index.js'
import { UsageError } from '../errors.js'

export function ttlOf(given: string | undefined): { readonly ttlMillis?: number } {
  if (given === undefined) return {}
  const ttlMillis = readDuration(given)
  if (ttlMillis === null || ttlMillis === 0)
    throw new UsageError(`--ttl must be a duration such as 500ms, 30s, 5m or 2h, and '${given}' is not`)
  return { ttlMillis }
}

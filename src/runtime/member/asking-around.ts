/** What somebody who wants to join asks a member of the cluster first: which number is free, and where the others are. */

import { Connections } from '../client/connections.js'
import { parseEndpoint } from '../transport/index.js'
import { BadOptions } from './errors.js'
import type { Found } from './options.js'
import type { Security } from './security.js'
import type { MemberStatus } from './status.js'

/** How long it takes at most. */
const TIMEOUT_MILLIS = 10_000

/** Throws a `BadOptions` if nobody answers, and the reason of the signal when that fires. */
export async function askAround(
  endpoints: readonly string[],
  security: Security,
  signal?: AbortSignal,
): Promise<Found> {
  const connections = new Connections({ endpoints, security })
  try {
    const status = (await connections.call('status', {}, TIMEOUT_MILLIS, undefined, signal)) as MemberStatus // what members answer
    const known = Object.entries(status.endpoints).map(
      ([member, endpoint]) => [Number(member), endpoint] as const,
    )
    return {
      cluster: status.cluster,
      free: Number(await connections.call('number', {}, TIMEOUT_MILLIS, status.member, signal)),
      endpoints: new Map(known.filter(([, endpoint]) => parseEndpoint(endpoint) !== null)),
    }
  } catch (error) {
    signal?.throwIfAborted()
    const detail = error instanceof Error ? error.message : String(error)
    throw new BadOptions(`No member of the cluster answers at ${endpoints.join(', ')}: ${detail}`, {
      cause: error,
    })
  } finally {
    await connections.close()
  }
}

/** What keeps a member from serving, in a sentence. */
import type { MemberStatus } from '../runtime/index.js'

/** Null: it serves. */
export function troubleOf(status: MemberStatus): string | null {
  const { ready, cluster, voting, leader, applied, decided } = status
  if (ready) return null
  if (cluster === null)
    return 'it belongs to no cluster yet: are enough of the founding members up, or was it never added?'
  if (!voting) return 'it does not vote: it was not added yet, or was removed'
  if (leader === null) return 'no member is known to lead: is a quorum of the members up, and connected?'
  return `it is behind: ${decided - applied} of ${decided} slots are to be applied`
}

/**
 * Keys go with the first command after their deadline. Where nobody sends one, the member that leads does: a command that
 * changes nothing itself. A cluster without keys that are due does nothing.
 */
import { firstKeyspaceDeadline, type KeyspaceCommand } from '../machines/index.js'
import type { Settings } from '../paxos/index.js'
import type { KeyspaceMember } from './service.js'

/**
 * One decree moves decree time on as far as the leader's clock says. With less, a cluster where nothing was decided for
 * some minutes would count a time to live from some minutes ago, and the key would be due at once.
 */
export const SERVICE_SETTINGS: Partial<Settings> = { stampAdvanceMicros: Number.MAX_SAFE_INTEGER }

/** How often it is looked whether a key is due. */
const LOOK_MILLIS = 500

/** No key has this revision, so nothing is ever set. */
export const IDLE_COMMAND: KeyspaceCommand = {
  type: 'compareAndSet',
  key: Uint8Array.of(0),
  expectedRevision: Number.MAX_SAFE_INTEGER,
  value: null,
}

/** Looks after the deadlines until it is stopped, which the function that it gives does. */
export function expireKeys(member: KeyspaceMember): () => void {
  let isUnderway = false
  const look = async (): Promise<void> => {
    if (isUnderway || member.leader !== member.number) return
    isUnderway = true
    try {
      // Each command removes a bounded number of keys.
      while (await isDue(member)) await member.invoke(IDLE_COMMAND)
    } catch {
      // It leads no more, or is being closed: another member looks after them, or this one the next time.
    } finally {
      isUnderway = false
    }
  }
  const timer = setInterval(() => void look(), LOOK_MILLIS)
  return () => clearInterval(timer)
}

async function isDue(member: KeyspaceMember): Promise<boolean> {
  const deadlineMicros = await member.query(firstKeyspaceDeadline, { consistency: 'stale' })
  return deadlineMicros <= Date.now() * 1_000
}

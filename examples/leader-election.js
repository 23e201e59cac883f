// Leader election for an application: of three processes one does the work, and when it is gone another one does.
//
//     npm run build
//     node examples/leader-election.js      # takes the ports 7111 to 7113
//
// Here the three are members in one process. In earnest each runs on a machine of its own, and calls `stand` with its name.
// Who leads the application need not be who leads the cluster: that one may change without anybody noticing.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { defineMachine, Member } from 'synod'

const LEASE_MILLIS = 1_000

/** Who leads, in which term, and until when, in decree time. A term is a fencing token: it only grows. */
const election = defineMachine({
  initial: () => ({ leader: null, term: 0, untilMicros: 0 }),

  apply(state, { candidate }, { timeMicros }) {
    const { leader, term } = state
    if (leader !== candidate && timeMicros < state.untilMicros) return [state, { leader, term }]
    const next = {
      leader: candidate,
      term: leader === candidate ? term : term + 1,
      untilMicros: timeMicros + LEASE_MILLIS * 1_000,
    }
    return [next, { leader: next.leader, term: next.term }]
  },
})

/** Stands for election until the member is closed, and renews while it leads. */
async function stand(member, onLead) {
  const isOver = member.ended.then(() => true)
  let led = 0
  do {
    // The lease begins before it is asked for: so it ends here no later than it does for the others.
    const leadsUntil = performance.now() + LEASE_MILLIS
    const timeoutMillis = LEASE_MILLIS
    const { leader, term } = await member
      .invoke({ candidate: member.id }, { timeoutMillis })
      .catch(() => ({}))
    if (leader === member.id && term !== led && performance.now() < leadsUntil) {
      led = term
      onLead(member, term)
    }
  } while (!(await Promise.race([isOver, wait(LEASE_MILLIS / 4, false)])))
}

const firstPort = Number(process.argv[2] ?? 7111)
const cluster = Object.fromEntries(['a', 'b', 'c'].map((id, at) => [id, `127.0.0.1:${firstPort + at}`]))
const folder = mkdtempSync(join(tmpdir(), 'election-'))
const members = await Promise.all(
  Object.keys(cluster).map((id) => Member.start({ id, data: join(folder, id), machine: election, cluster })),
)

/** The leader works, and then it fails. A quorum is left, so another follows; two of three cannot fail. */
function work(member, term) {
  console.log(`Term ${term}: ${member.id} leads.`)
  if (term === 1) void member.close()
  else for (const other of members) void other.close()
}

await Promise.all(members.map((member) => stand(member, work)))
await Promise.all(members.map((member) => member.close()))
rmSync(folder, { recursive: true })

// Whatever happens to a member, it says that it has accepted only when the vote is on its disk.
import { expect, test } from 'vitest'
import type { Ballot, NodeId, Slot, StoreRecord } from '../../../src/paxos/index.js'
import { formatBallot } from '../../../src/paxos/index.js'
import { sharedApplication, simulate, swarm, type WorldEvent } from '../../../src/simulation/index.js'

const nameOfVote = (ballot: Ballot, slot: Slot): string => `${formatBallot(ballot)} in slot ${slot}`

/** Hears what happens, and notes every acceptance whose vote is still on its way to the disk. */
function overhear(): { readonly onEvent: (event: WorldEvent) => void; readonly early: string[] } {
  const unsynced: Map<NodeId, StoreRecord[]> = new Map()
  const early: string[] = []
  const onEvent = (event: WorldEvent): void => {
    const writing = unsynced.get(event.node) ?? []
    if (event.type === 'starts' || event.type === 'crashes') unsynced.set(event.node, [])
    else if (event.type === 'writes') writing.push(event.record)
    else if (event.type === 'syncs') writing.splice(0, event.records)
    else if (event.type === 'sends' && event.message.type === 'accepted') {
      const said = nameOfVote(event.message.ballot, event.message.slot)
      const votes = writing.flatMap((each) =>
        each.type === 'accepted' ? [nameOfVote(each.ballot, each.slot)] : [],
      )
      if (votes.includes(said)) early.push(`${event.node}: ${said}`)
    }
  }
  return { onEvent, early }
}

test('nobody says that it has accepted what its disk may still lose, not even a machine that was switched off before', () => {
  for (let seed = 21; seed <= 27; seed++) {
    const { onEvent, early } = overhear()
    const scenario = {
      ...swarm(seed),
      members: 1,
      faults: { change: 16, 'slow-disk': 6, 'isolated-leader': 4, 'one-way': 4, pause: 4 },
    }
    simulate({ seed, scenario, application: sharedApplication(), onEvent })
    expect(early, `seed ${seed}`).toEqual([])
  }
})

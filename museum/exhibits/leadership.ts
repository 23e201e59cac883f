/** Bugs of giving way: a leader that cannot lead, or is asked not to, lets another one. */
import { Leader } from 'synod/paxos'
import { type Scenario, swarm } from 'synod/simulation'
import { classes, type Exhibit } from '../exhibit.js'

/** Each time it looks, it has just heard from everybody. */
class HearsEverybody extends Leader {
  override timer(timer: string): void {
    if (this.phase === 'leading')
      for (const member of this.members) this.acknowledged.set(member, this.nowMicros)
    super.timer(timer)
  }
}

class SitsOutItsDisk extends Leader {
  protected override isStalled(): boolean {
    return false
  }
}

class KeepsLeading extends Leader {
  override transfer(): void {
    // goes on
  }
}

class LeadsOnOutrun extends Leader {
  override outrun(): void {
    // goes on
  }
}

/** Members trim after every few requests, and lead by turns, in a network in which much comes late. */
function withShortLogs(seed: number): Scenario {
  return {
    ...swarm(seed),
    members: 3,
    clients: 12,
    delayMicros: 12_800,
    jitterMicros: 12_800,
    alpha: 8,
    logBytes: 20,
    chunkBytes: 4_000,
    faults: { snapshot: 100, transfer: 16, 'long-tail': 200_000, clog: 24, pause: 12 },
  }
}

export const LEADERSHIP: readonly Exhibit[] = [
  {
    name: 'cut-off-leader-leads-on',
    wrong: 'A leader goes on, and says so to whoever hears it, though it hears from no quorum.',
    breaks: 'Omni-Paxos §2: whoever is linked with a quorum goes on, however the others are linked.',
    verdicts: ['liveness'],
    plant: classes({ leader: HearsEverybody }),
  },
  {
    name: 'stalled-leader-leads-on',
    wrong: 'A leader whose disk stalls goes on, and lets nobody else lead.',
    breaks: 'A leader whose disk stalls hands over (docs/LIMITS.md).',
    verdicts: ['liveness'],
    plant: classes({ leader: SitsOutItsDisk }),
  },
  {
    name: 'transfer-ignored',
    wrong: 'A leader that is asked to hand over goes on.',
    breaks: 'A leader that is asked to hand over has another voter lead (docs/PROTOCOL.md).',
    verdicts: ['liveness'],
    plant: classes({ leader: KeepsLeading }),
  },
  {
    name: 'outrun-leader-leads-on',
    wrong: 'A leader goes on in a slot that was decided, and trimmed, elsewhere.',
    breaks:
      'A leader whose slot is trimmed elsewhere is behind, and stops leading (docs/PROTOCOL.md, one ballot).',
    verdicts: ['liveness', 'ended'],
    plant: classes({ leader: LeadsOnOutrun }),
    scenario: withShortLogs,
  },
]

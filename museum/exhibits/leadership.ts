/** Bugs of giving way: a leader that cannot lead, or is asked not to, lets another one. */
import { Leader } from 'synod/paxos'
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
]

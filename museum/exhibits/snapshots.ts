/** Bugs of snapshots, of trimming, and of what is fetched from others. */
import {
  Acceptor,
  checksumOf,
  emptySessions,
  type FetchSnapshot,
  type NodeId,
  Replica,
  type Replicated,
  type Snapshot,
  type SnapshotChunk,
  type Trim,
} from 'synod/paxos'
import { type Scenario, swarm } from 'synod/simulation'
import { classes, type Exhibit } from '../exhibit.js'

/** Takes snapshots of something else than what it holds. */
class Retoucher extends Replica {
  protected retouch(replicated: Replicated): Replicated {
    return replicated
  }

  protected override encodeSnapshot(): Snapshot | null {
    const { replicated } = this
    this.replicated = this.retouch(replicated)
    const snapshot = super.encodeSnapshot()
    this.replicated = replicated
    return snapshot
  }
}

class ForgetsSessions extends Retoucher {
  protected override retouch(replicated: Replicated): Replicated {
    return { ...replicated, sessions: emptySessions() }
  }
}

class ForgetsTime extends Retoucher {
  protected override retouch(replicated: Replicated): Replicated {
    return { ...replicated, timeMicros: 0 }
  }
}

class ForgetsPendingConfigurations extends Retoucher {
  protected override retouch(replicated: Replicated): Replicated {
    const { membership } = replicated
    return {
      ...replicated,
      membership: { ...membership, configurations: membership.configurations.slice(0, 1) },
    }
  }
}

class ForgetsStateOfThisSlot extends Retoucher {
  protected override retouch(replicated: Replicated): Replicated {
    return { ...replicated, applied: replicated.applied + 1 }
  }
}

/** Gives and takes whatever chunk comes next, and trusts that the whole is what it should be. */
class MixesChunks extends Replica {
  override get isSending(): boolean {
    return false
  }

  override fetchSnapshot(from: NodeId, message: FetchSnapshot): void {
    const { slot, checksum } = this.prepareSnapshot(from) ?? message
    super.fetchSnapshot(from, { ...message, slot, checksum })
  }

  override snapshotChunk(from: NodeId, message: SnapshotChunk): void {
    const known = this.incoming
    const { offset, chunk } = message
    if (known === null || offset !== known.received || offset === 0) {
      super.snapshotChunk(from, message)
      return
    }
    const total = Math.max(message.total, offset + chunk.length)
    const isLast = offset + chunk.length === total
    const checksum = isLast ? checksumOf(join([...known.chunks, chunk])) : known.checksum
    this.incoming = { ...known, total, checksum }
    super.snapshotChunk(from, { ...message, slot: known.slot, total, checksum })
  }
}

function join(chunks: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(chunks.flatMap((chunk) => [...chunk]))
}

/** The first time that a chunk is compared with what is applied, nothing seems to be. */
class InstallsOlderSnapshots extends Replica {
  #blind = false

  override get applied(): number {
    if (!this.#blind) return super.applied
    this.#blind = false
    return 0
  }

  override snapshotChunk(from: NodeId, message: SnapshotChunk): void {
    this.#blind = true
    super.snapshotChunk(from, message)
    this.#blind = false
  }
}

class TrimsTooFar extends Acceptor {
  override trim(from: NodeId, trim: Trim): void {
    super.trim(from, trim)
    this.votes.clear()
  }
}

class BeginsAgainEachTime extends Replica {
  override fetchSnapshot(from: NodeId, message: FetchSnapshot): void {
    super.fetchSnapshot(from, { ...message, offset: 0 })
  }
}

/** Most snapshots of the swarm fit into a chunk or two: here they are many, and each has many. */
function inSmallChunks(seed: number): Scenario {
  const scenario = swarm(seed)
  const faults = { ...scenario.faults, snapshot: 60, crash: 8, change: 6 }
  return { ...scenario, logBytes: 400, chunkBytes: 50, faults }
}

export const SNAPSHOTS: readonly Exhibit[] = [
  {
    name: 'sessions-not-in-snapshot',
    wrong: 'A snapshot holds no sessions.',
    breaks: 'Raft §6.3: the table of sessions is part of the state, and of every snapshot.',
    verdicts: ['identical state', 'answers', 'exactly once', 'durability'],
    plant: classes({ replica: ForgetsSessions }),
  },
  {
    name: 'time-not-in-snapshot',
    wrong: 'A snapshot holds no decree time.',
    breaks: 'PTP §3.3.3: time follows from the decrees, on every member alike.',
    verdicts: ['identical state'],
    plant: classes({ replica: ForgetsTime }),
  },
  {
    name: 'pending-configuration-not-in-snapshot',
    wrong: 'A snapshot holds the configuration in force, and not the one to come.',
    breaks: 'PTP §3.3.6: whoever knows every decree up to s − α knows who votes on s.',
    verdicts: ['membership', 'durability', 'agreement'],
    plant: classes({ replica: ForgetsPendingConfigurations }),
  },
  {
    name: 'snapshot-one-slot-ahead',
    wrong: 'A snapshot says that it holds one slot more than it does.',
    breaks: 'Paxos Made Live §5.2: a snapshot and the log that goes on from it must fit.',
    verdicts: ['agreement', 'identical state', 'exactly once', 'answers', 'durability'],
    plant: classes({ replica: ForgetsStateOfThisSlot }),
  },
  {
    name: 'chunks-of-two-snapshots',
    wrong: 'A snapshot is replaced while it is sent, and the chunks of both are put together.',
    breaks: 'A chunk names the snapshot that it is of (src/paxos/snapshot.ts).',
    verdicts: ['identical state', 'agreement', 'membership', 'exactly once', 'ended', 'liveness'],
    plant: classes({ replica: MixesChunks }),
    scenario: inSmallChunks,
  },
  {
    name: 'older-snapshot-over-newer-state',
    wrong: 'A snapshot that is older than what is applied is installed all the same.',
    breaks: 'PMMC R2: slots are applied in order, and a replica never goes back.',
    verdicts: ['agreement', 'exactly once', 'stale reads', 'linearizable'],
    plant: classes({ replica: InstallsOlderSnapshots }),
    scenario: inSmallChunks,
  },
  {
    name: 'votes-above-snapshot-trimmed',
    wrong: 'An acceptor that trims forgets votes above the snapshot, too.',
    breaks: 'PMS P2c: votes on slots that are not known decided are told with every promise.',
    verdicts: ['linearizable', 'ballots', 'agreement', 'durability'],
    plant: classes({ acceptor: TrimsTooFar }),
  },
  {
    name: 'catch-up-never-ends',
    wrong: 'Every chunk of a snapshot that is asked for is the first.',
    breaks: 'PTP §1.2, the progress condition: who is behind catches up.',
    verdicts: ['ended', 'liveness'],
    plant: classes({ replica: BeginsAgainEachTime }),
  },
]

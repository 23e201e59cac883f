/**
 * Every message of the protocol. Which roles of a node hear it, and when it may leave, says `routing.ts`.
 *
 * For each: who sends it, when, and what answers it. *Vouching* messages say that something is on disk, so they leave
 * only when everything their node wrote before them is durable, also when they go to the node itself; the others are
 * *free* and leave at once. The last group never leaves its node: it is how the roles of one node talk.
 *
 * A reply echoes the ballot of its request. A higher promise travels only in a rejection, so a delayed reply can
 * never preempt anyone by merely being different.
 */
import type { Ballot, MemberId } from './ballot.js'
import type { Decree, Request, SessionId, Slot } from './decree.js'
import type { Voter } from './membership.js'
import type { Outcome } from './sessions.js'
import type { Micros } from './settings.js'

/** How a cluster began. The same on every member; the first thing in its store after its incarnation. */
export interface Founding {
  /** Names the cluster: members of different clusters never talk. */
  readonly cluster: number
  /** In ascending order of their numbers. */
  readonly voters: readonly Voter[]
  /** The wall clock of the seed: where decree time begins. */
  readonly timeMicros: Micros
  /** The version of the machine that the cluster begins with; 1 if it is left out. */
  readonly machineVersion?: number
}

/** What an acceptor accepted in a slot: the highest ballot, and its decree. */
export interface Vote {
  readonly slot: Slot
  readonly ballot: Ballot
  readonly decree: Decree
}

// ---- founding and joining ------------------------------------------------------------------------------------

/** Initializer → Seed or Initializer, again and again until it is answered. Free. `welcome` or `turnedAway` answers. */
export interface Join {
  readonly type: 'join'
  /** The identity of the sender's store. */
  readonly store: number
}

/**
 * Seed → Initializer when the cluster is founded; Initializer → Initializer of whoever asks later: a voter, or one that
 * has a number which no voter ever had, and learns until it is admitted by decree. Vouching.
 */
export interface Welcome {
  readonly type: 'welcome'
  readonly founding: Founding
  /** Whether the cluster is founded just now, so that no store has vouched for anything yet. */
  readonly isNew: boolean
}

/**
 * Initializer → Initializer of one that was a voter and is none any more, or is one by its number but comes with
 * another store: what it promised and accepted is lost, so it may never vote under that number again. Vouching: a crash
 * may undo a founding that is not yet on disk.
 */
export interface TurnedAway {
  readonly type: 'turnedAway'
  readonly cluster: number
  /** The store that it came with: whoever has another one is not meant. */
  readonly store: number
}

/**
 * Initializer → every Initializer, by a voter that has started again, until a quorum and whoever leads have answered:
 * before that it neither votes nor leads. Free. Answered by `recognised`, `rolledBack` or `turnedAway`.
 */
export interface Returning {
  readonly type: 'returning'
  /** Tells this life of the sender from every other: drawn at random, because a store may have been put back. */
  readonly life: number
  readonly store: number
  /** How many records were ever written to that store when this life had begun, with the one that began it. */
  readonly written: number
}

/** Initializer → Initializer: nothing that the store vouched for to the sender is missing in it. Free. */
export interface Recognised {
  readonly type: 'recognised'
  readonly life: number
  /** Whom the sender hears leading, or relays to: most of what a voter vouches for, only its leader knows. */
  readonly leader: MemberId | null
}

/** Initializer → Initializer: the store has vouched for more records than it holds. Free. */
export interface RolledBack {
  readonly type: 'rolledBack'
  readonly life: number
  readonly written: number
}

// ---- elections -----------------------------------------------------------------------------------------------

/** Leader → every Leader, before it scouts: do you hear a leader? Free. Answered by `prescoutAnswer`. */
export interface Prescout {
  readonly type: 'prescout'
  /** Tells this question from every other of the same member. */
  readonly question: string
  /** Every slot up to this one is decided and known to the sender: who is behind may fetch from it. */
  readonly decided: Slot
}

/** Leader → Leader. Free. */
export interface PrescoutAnswer {
  readonly type: 'prescoutAnswer'
  readonly question: string
  /** The ballot of the leader that the sender hears or is; null if there is none. */
  readonly leader: Ballot | null
  /** As in the question. */
  readonly decided: Slot
}

/** Scout → every Acceptor: phase 1a. Free. Answered by `promise`, `prepareOutdated` or `prepareRejected`. */
export interface Prepare {
  readonly type: 'prepare'
  readonly ballot: Ballot
  /** Asks for what was accepted from this slot on. */
  readonly fromSlot: Slot
  /** The version of the configuration that votes on that slot. */
  readonly version: number
}

/** Acceptor → Scout: phase 1b, in chunks of bounded size. Vouching. */
export interface Promise {
  readonly type: 'promise'
  /** The ballot of the prepare. */
  readonly ballot: Ballot
  /** The slot that the prepare asked from, or where the chunk before ended. */
  readonly fromSlot: Slot
  /** The votes in ascending order of slot; nothing at or below `decided`. */
  readonly votes: readonly Vote[]
  /** Where the next chunk begins; null if this was the last. */
  readonly nextSlot: Slot | null
  /** Every slot up to this one is decided, and the acceptor's node has the decisions, or a snapshot of them. */
  readonly decided: Slot
  /** How many records were ever written to the acceptor's store; all of them are durable. */
  readonly written: number
}

/**
 * Acceptor → Scout, in place of a promise: a later configuration is in force already, and those who prepare under it
 * must know it. Free.
 */
export interface PrepareOutdated {
  readonly type: 'prepareOutdated'
  readonly ballot: Ballot
  /** Every slot up to this one is decided, and the acceptor's node has the decisions. */
  readonly decided: Slot
}

/** Acceptor → Scout, when it has promised a higher ballot. Free. */
export interface PrepareRejected {
  readonly type: 'prepareRejected'
  readonly ballot: Ballot
  readonly promised: Ballot
}

// ---- decrees -------------------------------------------------------------------------------------------------

/** Commander → every Acceptor: phase 2a. Free. Answered by `accepted`, `acceptOutdated` or `acceptRejected`. */
export interface Accept {
  readonly type: 'accept'
  readonly ballot: Ballot
  readonly slot: Slot
  readonly decree: Decree
  /** The leader's watermark, see {@link DecidedMessage}. */
  readonly decided: Slot
}

/** Acceptor → Commander: phase 2b. Vouching. */
export interface Accepted {
  readonly type: 'accepted'
  readonly ballot: Ballot
  readonly slot: Slot
  /** How many records were ever written to the acceptor's store; all of them are durable. */
  readonly written: number
}

/**
 * Acceptor → Commander: the slot is decided, and what was accepted in it is trimmed, so there is nothing to vote on.
 * Free.
 */
export interface AcceptOutdated {
  readonly type: 'acceptOutdated'
  readonly ballot: Ballot
  /** Every slot up to this one is decided, and the acceptor's node has a snapshot of it. */
  readonly decided: Slot
}

/** Acceptor → Commander, when it has promised a higher ballot. Free. */
export interface AcceptRejected {
  readonly type: 'acceptRejected'
  readonly ballot: Ballot
  readonly promised: Ballot
}

/**
 * Leader → every other Acceptor, when slots were decided and no accept is about to say so; Commander → the Acceptor
 * of its own node, always. Free, unanswered.
 *
 * The watermark (ballot b, slot n): every slot up to n is decided, and what b proposed in any of them is what was
 * decided there. It decides a slot only for who accepted it under b itself; others fetch.
 */
export interface DecidedMessage {
  readonly type: 'decided'
  readonly ballot: Ballot
  readonly decided: Slot
}

/** Leader → every member, periodically and to begin a read round. Free. Acceptors answer, Leaders and Initializers listen. */
export interface Heartbeat {
  readonly type: 'heartbeat'
  readonly ballot: Ballot
  readonly decided: Slot
  /** The number of the latest read round. */
  readonly round: number
  /** How many records of the leader's store are durable: it vouches for its own votes to itself alone. */
  readonly written: number
}

/** Acceptor → Leader: it has promised no ballot above this one. Free. */
export interface HeartbeatAck {
  readonly type: 'heartbeatAck'
  readonly ballot: Ballot
  readonly round: number
}

/** Acceptor → Leader, when it has promised a higher ballot. Free. */
export interface HeartbeatRejected {
  readonly type: 'heartbeatRejected'
  readonly ballot: Ballot
  readonly promised: Ballot
}

/** Replica → any Replica, when it misses decisions. Free. Answered by `fetched`, or `snapshotChunk` where they are trimmed. */
export interface Fetch {
  readonly type: 'fetch'
  readonly fromSlot: Slot
}

/** Replica → Replica: consecutive decrees from the asked slot on, bounded in bytes; none if it has none. Free. */
export interface Fetched {
  readonly type: 'fetched'
  readonly fromSlot: Slot
  readonly decrees: readonly Decree[]
  /** Every slot up to this one is decided and known to the sender. */
  readonly decided: Slot
}

/** Replica → Replica: a part of a snapshot. Free. The next `fetchSnapshot` asks for the next part. */
export interface SnapshotChunk {
  readonly type: 'snapshotChunk'
  readonly slot: Slot
  readonly checksum: number
  /** How many bytes the whole snapshot has, and where among them these begin. */
  readonly total: number
  readonly offset: number
  readonly chunk: Uint8Array
}

/** Replica → Replica: go on with that snapshot, or begin another if it is gone. Free. Answered like `fetch`. */
export interface FetchSnapshot {
  readonly type: 'fetchSnapshot'
  /** The first slot that the sender does not know. */
  readonly fromSlot: Slot
  readonly slot: Slot
  readonly checksum: number
  readonly offset: number
}

/**
 * Replica → every Replica of the configuration that follows, by a member that was removed, until a quorum of them has
 * answered: it serves the slots below the change that long. Free. Answered by `takenOver`.
 */
export interface Farewell {
  readonly type: 'farewell'
  /** The last slot below the change. */
  readonly slot: Slot
}

/** Replica → Replica: every slot up to that one is decided, and that is durable here. Vouching. */
export interface TakenOver {
  readonly type: 'takenOver'
  readonly slot: Slot
}

/**
 * Leader of a newcomer → Leader, while a change that admits it waits: how far it has learned. Vouching: a newcomer that
 * could forget the cluster must not be counted on.
 */
export interface Learning {
  readonly type: 'learning'
  readonly ballot: Ballot
  /** The store of the newcomer: the change must name that very one. */
  readonly store: number
  readonly decided: Slot
}

/** A driver → Leader → the Leader that leads: hand over to another member. Free. */
export interface Transfer {
  readonly type: 'transfer'
  /** Null: to whoever was heard last. */
  readonly to: MemberId | null
}

/** Leader → Leader: lead in my place. Free. It scouts at once, without asking whether somebody leads. */
export interface HandOver {
  readonly type: 'handOver'
  readonly ballot: Ballot
}

// ---- requests ------------------------------------------------------------------------------------------------

/** Requester → a Replica, again and again until it is answered. Free. Answered by `answer`. */
export interface RequestMessage {
  readonly type: 'request'
  readonly request: Request
}

/** What became of a request. */
export interface Answered {
  readonly session: SessionId
  readonly sequence: number
  /** The opener, or the name of the change or of the upgrade, where the session is 0; otherwise empty. */
  readonly name: string
  readonly outcome: Outcome
  /** A slot at or after the one in which it was executed: a stale read that names it sees the effect. */
  readonly slot: Slot
}

/** Replica → Requester. Free. */
export interface Answer extends Answered {
  readonly type: 'answer'
}

/** Replica → the Replica of the leader, or of a member that hears the leader. Free. Answered by `relayed`. */
export interface Relay {
  readonly type: 'relay'
  readonly request: Request
  /** How many members it has passed through. */
  readonly hops: number
}

/** Replica → the Replica that relayed the request. Free. */
export interface Relayed extends Answered {
  readonly type: 'relayed'
}

/** Requester → a Replica, again and again until it is answered. Free. Answered by `readAnswer`. */
export interface Read {
  readonly type: 'read'
  /** The requester's name of this read. */
  readonly name: string
  readonly query: Uint8Array
  readonly consistency: Consistency
  /** `stale`: answered from a state that holds at least every slot up to this one. */
  readonly atLeast: Slot
}

/** `linearizable`: sees every write that was answered before the read began. `stale`: sees some decided prefix. */
export type Consistency = 'linearizable' | 'stale'

/** Replica → Requester. Free. */
export interface ReadAnswer {
  readonly type: 'readAnswer'
  readonly name: string
  readonly outcome: Outcome
  /** The state read from holds exactly the slots up to this one. */
  readonly slot: Slot
}

/**
 * Replica → the Replica of the leader, or of a member that hears the leader: from which slot on may a read be
 * answered? Free. Answered by `readIndexAnswer`.
 */
export interface ReadIndex {
  readonly type: 'readIndex'
  /** The replica's name of this question; every read that it covers arrived before it was asked. */
  readonly question: string
}

/** Replica → Replica. Free. */
export interface ReadIndexAnswer {
  readonly type: 'readIndexAnswer'
  readonly question: string
  readonly slot: Slot
}

// ---- within a node -------------------------------------------------------------------------------------------

/** Scout → Leader, Replica: a quorum of each configuration that it was told has promised. */
export interface Adopted {
  readonly type: 'adopted'
  readonly ballot: Ballot
  /** The version of the last of those configurations. */
  readonly version: number
  /** For each slot above `decided` that anyone of the quorum accepted in: the vote with the highest ballot. */
  readonly votes: readonly Vote[]
  /** The highest watermark in the quorum: the leader proposes nothing at or below it, and fetches those decisions. */
  readonly decided: Slot
  /** Who told that watermark, and so has the decisions. */
  readonly source: MemberId
}

/** Scout, Commander → Leader: somebody has promised a higher ballot. */
export interface Preempted {
  readonly type: 'preempted'
  readonly ballot: Ballot
  readonly promised: Ballot
}

/** Leader → Commander: propose this decree in this slot. */
export interface Tender {
  readonly type: 'tender'
  readonly ballot: Ballot
  readonly slot: Slot
  readonly decree: Decree
  /** Who votes on that slot. */
  readonly members: readonly MemberId[]
}

/** Commander → Leader: every slot up to this one is decided. */
export interface Progress {
  readonly type: 'progress'
  readonly ballot: Ballot
  readonly decided: Slot
}

/** Acceptor → Replica: these slots were decided with what was accepted here, and `decided` is the watermark. */
export interface Learn {
  readonly type: 'learn'
  /** The votes that the watermark decided. */
  readonly decisions: readonly Vote[]
  readonly decided: Slot
  /** Who is known to have the decisions that are missing here. */
  readonly source: MemberId
}

/** Commander → Leader: somebody has trimmed a slot that it proposes in, so it is behind. */
export interface Outrun {
  readonly type: 'outrun'
  readonly ballot: Ballot
}

/** Replica → Acceptor: a snapshot holds every slot up to this one; the votes on them are not needed any more. */
export interface Trim {
  readonly type: 'trim'
  readonly slot: Slot
}

/** Replica → Acceptor, Leader: every slot up to this one is decided and known here. */
export interface Learned {
  readonly type: 'learned'
  readonly decided: Slot
}

/** Leader → Replica, Requester, Initializer: who leads, as far as this member can tell. */
export interface LeaderChanged {
  readonly type: 'leaderChanged'
  /** The member to relay requests to: the leader, or one that hears it; this member itself when it leads. */
  readonly towards: MemberId | null
  /** The leader is heard only by way of `towards`: its watermarks do not arrive here. */
  readonly indirect: boolean
}

/** Replica → Leader: this request wants to be decided. */
export interface Propose {
  readonly type: 'propose'
  readonly request: Request
}

/** Leader → Replica: the request was not taken, the queue is full. */
export interface Refused {
  readonly type: 'refused'
  readonly request: Request
}

/** Replica → Leader: do you still lead, and what was proposed by now? Begins a read round. */
export interface Confirm {
  readonly type: 'confirm'
  readonly question: string
}

/** Leader → Replica: a round that began after the question found a quorum that has promised nobody else. */
export interface Confirmed {
  readonly type: 'confirmed'
  readonly question: string
  /** The last slot that was adopted or proposed when the question was asked. */
  readonly slot: Slot
}

export type Message =
  | Join
  | Welcome
  | TurnedAway
  | Returning
  | Recognised
  | RolledBack
  | Prescout
  | PrescoutAnswer
  | Prepare
  | Promise
  | PrepareOutdated
  | PrepareRejected
  | Accept
  | Accepted
  | AcceptOutdated
  | AcceptRejected
  | DecidedMessage
  | Heartbeat
  | HeartbeatAck
  | HeartbeatRejected
  | Fetch
  | Fetched
  | SnapshotChunk
  | FetchSnapshot
  | Farewell
  | TakenOver
  | Learning
  | Transfer
  | HandOver
  | RequestMessage
  | Answer
  | Relay
  | Relayed
  | Read
  | ReadAnswer
  | ReadIndex
  | ReadIndexAnswer
  | LocalMessage

export type LocalMessage =
  | Adopted
  | Preempted
  | Tender
  | Progress
  | Learn
  | Learned
  | Trim
  | Outrun
  | LeaderChanged
  | Propose
  | Refused
  | Confirm
  | Confirmed

export type MessageType = Message['type']
export type MessageOf<Type extends MessageType> = Extract<Message, { type: Type }>

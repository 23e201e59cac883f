/**
 * What the page asks of its engine, and what it is told: plain data, that crosses from a worker. The engine simulates,
 * replays and judges; the page draws. Nodes have the numbers that `synod/simulation` gives them, events theirs from 1.
 */

// ---- which run ---------------------------------------------------------------------------------------------------

/** What `#…` of the address says: `#6?loss=20&at=1360`. */
export interface Address {
  /** A seed or a story, in digits; empty for a file, which has no address. */
  readonly run: string
  /** Options, by the names and in the units of the command line. */
  readonly options: Readonly<Record<string, string>>
  /** What is changed in the past, in order: `edit=drop.812.3`. */
  readonly edits: readonly Edit[]
  /** The event that is looked at. Null: the first. */
  readonly at: number | null
}

/** A change to the past. What comes before its event stays as it was. */
export type Edit =
  /** The message that event sent to this node never arrives. */
  | { readonly type: 'drop'; readonly event: number; readonly to: number }
  /** It arrives so much later. */
  | { readonly type: 'delay'; readonly event: number; readonly to: number; readonly millis: number }
  /** Right after the event the node crashes; it starts again after so long. */
  | { readonly type: 'crash'; readonly event: number; readonly node: number; readonly millis: number }
  /** Right after the event the node does nothing for so long, and then goes on with what came meanwhile. */
  | { readonly type: 'pause'; readonly event: number; readonly node: number; readonly millis: number }
  /** Right after the event nothing passes from one node to the other, in this direction, for so long. */
  | {
      readonly type: 'cut'
      readonly event: number
      readonly from: number
      readonly to: number
      readonly millis: number
    }

/** A file that was dropped or opened: a transcript in ndjson, a failure that was shrunk, or a part of a black box. */
export interface GivenFile {
  readonly name: string
  readonly bytes: Uint8Array
}

// ---- the whole run -----------------------------------------------------------------------------------------------

export interface Run {
  /** What is shown as its name: `seed 6`, `story 1834…`, or the file's. */
  readonly title: string
  /** The address without `at`; null for a file that tells no seed and options. */
  readonly address: Address | null
  /** Whether it can be run again, for minds and forks. If not, `whyNot` is a sentence. */
  readonly replayable: boolean
  readonly whyNot: string | null
  readonly eventCount: number
  readonly lengthMicros: number
  /** In the order of the diagram: members first, then machines of clients. */
  readonly nodes: readonly NodeInfo[]
  readonly timeline: Timeline
  readonly flights: Flights
  /** Crashes, pauses, partitions, disk faults …: what lasts has an end. */
  readonly faults: readonly FaultSpan[]
  readonly marks: readonly Mark[]
  readonly operations: readonly OperationBar[]
  readonly verdicts: readonly VerdictInfo[]
  /** Options in words, for people: `members` → `5`. */
  readonly settings: Readonly<Record<string, string>>
}

export interface NodeInfo {
  readonly id: number
  readonly name: string
  readonly isMember: boolean
}

/** A column entry an event: event n is at place n − 1. */
export interface Timeline {
  readonly micros: Float64Array
  /** Places in `Run.nodes`. */
  readonly node: Uint16Array
  /** Places in EVENT_TYPES. */
  readonly type: Uint8Array
}

export const EVENT_TYPES = [
  'starts',
  'crashes',
  'begins',
  'ends',
  'sends',
  'loses',
  'doubles',
  'delays',
  'receives',
  'misses',
  'writes',
  'syncs',
  'wakes',
  'applies',
  'invokes',
  'completes',
  'refuses',
  'suffers',
  'recovers',
] as const

export type EventType = (typeof EVENT_TYPES)[number]

/** One message on its way to one recipient, a column entry each, in the order in which they were sent. */
export interface Flights {
  /** The event that sent it, and the event that ended it: `receives`, `misses` or `loses`; 0: still on its way at the end. */
  readonly sent: Uint32Array
  readonly ended: Uint32Array
  readonly sentMicros: Float64Array
  /**
   * When it arrived or was lost; for one still on its way, the end of the run. In the recording of a real member the other
   * end is not known: each is a millisecond long there, and ends with the event that is known.
   */
  readonly endedMicros: Float64Array
  /** Places in `Run.nodes`. */
  readonly from: Uint16Array
  readonly to: Uint16Array
  /** Places in `kinds`. */
  readonly kind: Uint8Array
  /** Places in FLIGHT_FATES. */
  readonly fate: Uint8Array
  /** Types of messages, as the protocol names them. */
  readonly kinds: readonly string[]
}

/** `missed`: it arrived at a node that was down. */
export const FLIGHT_FATES = ['received', 'missed', 'lost', 'underway'] as const

export interface FaultSpan {
  /** `crash`, `pause`, `halves`, `stalled-disk` …: the class of the fault, `down` for the time between crash and start. */
  readonly fault: string
  readonly nodes: readonly number[]
  readonly fromMicros: number
  /** The end of the run if it never ends; the same as the beginning if it does not last. */
  readonly toMicros: number
  readonly event: number
  /** A sentence or a word for people. */
  readonly what: string
}

export interface Mark {
  readonly event: number
  readonly micros: number
  readonly kind: 'election' | 'fault' | 'verdict' | 'edit' | 'membership' | 'snapshot'
  readonly label: string
}

/** What a client did, from its asking to its answer. */
export interface OperationBar {
  readonly client: number
  readonly node: number
  readonly invokedEvent: number
  /** 0 if it was never answered. */
  readonly completedEvent: number
  readonly invokedMicros: number
  readonly completedMicros: number
  readonly text: string
  /** What came of it: `ok`, `fail` or `info`. */
  readonly status: 'ok' | 'fail' | 'info'
  /** The part of the history that is judged by itself, such as its key; null: all of it. */
  readonly key: string | null
}

export interface VerdictInfo {
  readonly name: string
  readonly holds: boolean
  /** What is wrong, in a sentence; empty if it holds. */
  readonly detail: string
  /** The event that broke it; null if it holds, or nothing in particular broke it. */
  readonly event: number | null
  /** The event from which on it could not be avoided: see `causes`, which finds it; null as long as that is not known. */
  readonly inevitable: number | null
}

/** When a verdict that failed could not be avoided any more. */
export interface Cause {
  readonly verdict: string
  /** From this event on it fails even if nothing goes wrong any more; 1: it needs no faults at all; null: nobody knows. */
  readonly inevitable: number | null
}

/** A machine of somebody's own, served beside the page. */
export interface ServedMachine {
  /** What the command line was given, `./mine.js`. */
  readonly name: string
  readonly url: string
}

/** Why a history is not linearizable, or how it is. */
export interface OrderPicture {
  readonly key: string | null
  /** Places in `Run.operations`: the longest legal order. */
  readonly order: readonly number[]
  /** The operation that breaks it, a place in `Run.operations`; null if all is legal. */
  readonly breaks: number | null
}

// ---- one moment of it --------------------------------------------------------------------------------------------

/** How things are right after an event. */
export interface Moment {
  readonly event: number
  readonly micros: number
  /** The line of the transcript. */
  readonly line: string
  readonly members: readonly MemberMoment[]
  /** Places in `Run.flights` of what is on its way. */
  readonly flights: Uint32Array
  readonly ledger: Ledger
  /** Null if the run cannot be replayed. In the order of `Run.nodes`, null for who is down, or was not asked for. */
  readonly minds: readonly (Mind | null)[] | null
}

export interface MemberMoment {
  /** Place in `Run.nodes`. */
  readonly node: number
  readonly state: 'up' | 'down' | 'paused' | 'refused' | 'retired' | 'outside'
  readonly role: 'leading' | 'scouting' | 'following' | 'none'
  /** Under which it leads or wants to; its text is `round.member.incarnation`. */
  readonly ballot: string | null
  /** Place in `Run.nodes` of who it believes leads. */
  readonly believes: number | null
}

/** Slots against members. */
export interface Ledger {
  readonly fromSlot: number
  readonly slots: readonly LedgerSlot[]
}

export interface LedgerSlot {
  readonly slot: number
  /** What is chosen, for people; null if nothing is known to be. */
  readonly chosen: string | null
  /** In the order of the members in `Run.nodes`. */
  readonly cells: readonly LedgerCell[]
}

export interface LedgerCell {
  /** Of the vote that it holds, `round.member.incarnation`; null if it has none. */
  readonly accepted: string | null
  /** Whether that vote is synced. */
  readonly durable: boolean
  readonly state: 'none' | 'accepted' | 'decided' | 'applied' | 'trimmed'
}

/** Everything a node knows: a tree for people to unfold. */
export interface Mind {
  readonly roles: readonly { readonly name: string; readonly fields: readonly Field[] }[]
  readonly timers: readonly { readonly role: string; readonly timer: string; readonly dueMicros: number }[]
  readonly disk: {
    readonly synced: readonly string[]
    readonly unsynced: readonly string[]
    /** How many older records are not listed. */
    readonly omitted: number
  }
  readonly clock: string
}

export interface Field {
  readonly name: string
  /** A short text of the value. */
  readonly value: string
  /** What it is made of, if it can be unfolded. */
  readonly fields: readonly Field[]
}

/** A slot's life, from its request to the answer: events, in their order. */
export interface SlotLife {
  readonly slot: number
  readonly steps: readonly { readonly event: number; readonly micros: number; readonly text: string }[]
}

// ---- the engine --------------------------------------------------------------------------------------------------

/** A run that was opened. Two can be open at a time, to compare them. */
export type RunHandle = number

export interface Opened {
  readonly handle: RunHandle
  readonly run: Run
}

/** Runs in a worker; each promise rejects with an Error whose message is a sentence for the person in front of it. */
export interface Engine {
  /** From now on runs of a machine of somebody's own are of this one; null: there is none. Rejects if it cannot be used. */
  useMachine(machine: ServedMachine | null): Promise<void>
  open(address: Address, onProgress?: (events: number) => void): Promise<Opened>
  openFile(file: GivenFile, onProgress?: (events: number) => void): Promise<Opened>
  /** Gives up whatever is being opened: its promise rejects. */
  cancel(): Promise<void>
  close(handle: RunHandle): Promise<void>
  /** `minds`: of which nodes, as places in `Run.nodes`; of all unless it is given. The fewer, the quicker. */
  moment(handle: RunHandle, event: number, minds?: readonly number[]): Promise<Moment>
  /**
   * SHA-256 of the transcript, in hexadecimal digits, as the terminal prints it; null for a file. It takes longer than the
   * run, so ask once there is a picture.
   */
  hash(handle: RunHandle): Promise<string | null>
  /** So many slots of the ledger from one on, right after an event; a moment has the last ones. */
  ledger(handle: RunHandle, event: number, fromSlot: number, count: number): Promise<Ledger>
  /** Lines of the transcript: events `from` to `to`, both included. */
  lines(handle: RunHandle, from: number, to: number): Promise<readonly string[]>
  slotLife(handle: RunHandle, slot: number): Promise<SlotLife>
  /** The operations of one key, in the longest legal order. */
  order(handle: RunHandle, key: string | null): Promise<OrderPicture>
  /** For each verdict that failed. It takes some seconds for a long run, so ask when there is a picture. */
  causes(handle: RunHandle): Promise<readonly Cause[]>
  /** The first event at which the runs differ; null if they are the same. */
  parting(one: RunHandle, other: RunHandle): Promise<number | null>
}

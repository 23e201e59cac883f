/** What a world has in its queue. */
import type { ClientRequest, Envelope, Micros, RoleName } from '../paxos/index.js'
import type { OperatorRequest } from './faults/stage.js'
import type { Host } from './host.js'

/** What happens to a machine. */
export type Occurrence =
  | { readonly type: 'message'; readonly host: Host; readonly envelopes: readonly [Envelope] }
  | {
      readonly type: 'timer'
      readonly host: Host
      readonly life: number
      readonly role: RoleName
      readonly timer: string
      readonly deadlineMicros: Micros
    }
  | { readonly type: 'sync'; readonly host: Host; readonly life: number }
  | {
      readonly type: 'requests'
      readonly host: Host
      readonly life: number
      readonly requests: readonly ClientRequest[]
    }
  | {
      readonly type: 'request'
      readonly host: Host
      readonly life: number
      readonly request: OperatorRequest
    }

/** What the queue holds. */
export type Pending =
  | Occurrence
  /** What a machine that was busy has to see to now. */
  | { readonly type: 'late'; readonly occurrence: Occurrence }
  /** Whatever is rare: a start, a fault, a client that goes on. */
  | { readonly type: 'other'; readonly happen: () => void }

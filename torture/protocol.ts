/** What the torturer and a member's process say to each other. */

/** What a member's process is started with, as JSON. */
export interface MemberStart {
  readonly name: string
  readonly folder: string
  readonly listen: string
  /** Founders, by name. */
  readonly cluster?: Readonly<Record<string, string>>
  readonly join?: readonly string[]
  readonly routes: Readonly<Record<string, string>>
  readonly disk: DiskMode
  readonly wallShiftMicros: number
  readonly plant: Plant | null
}

/** `forgetful`: a disk that says it is done before it is. `stale`: reads ask one member alone. `repeat`: commands are sent twice. */
export type Plant = 'forgetful' | 'stale' | 'repeat'
export const PLANTS: readonly Plant[] = ['forgetful', 'stale', 'repeat']

/** `full`: what is written fails, part of the way. `slow`: it takes so much longer. */
export type DiskMode =
  | { readonly type: 'sound' }
  | { readonly type: 'full' }
  | { readonly type: 'slow'; readonly delayMillis: number }

export type ToMember =
  | { readonly type: 'routes'; readonly routes: Readonly<Record<string, string>> }
  | { readonly type: 'disk'; readonly disk: DiskMode }
  | { readonly type: 'wall'; readonly shiftMicros: number }
  | { readonly type: 'snapshot' }
  | { readonly type: 'transfer'; readonly to: number | null }
  | { readonly type: 'close' }
  | { readonly type: 'look'; readonly reference: number }

export type FromMember =
  /** It has read its store and listens. */
  | { readonly type: 'up'; readonly number: number; readonly store: number }
  | { readonly type: 'leader'; readonly leader: number | null }
  | { readonly type: 'looked'; readonly reference: number; readonly look: Look }
  /** It is about to exit: with null after a close, or when it was removed. */
  | { readonly type: 'ended'; readonly error: string | null }

/** A member as it is at one moment. */
export interface Look {
  readonly ready: boolean
  readonly applied: number
  readonly decided: number
  readonly digest: string
  readonly latest: {
    readonly version: number
    readonly voters: readonly { readonly member: number; readonly store: number }[]
  } | null
}

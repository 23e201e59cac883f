/**
 * What the keyspace can be asked, what it answers, and what bounds both. Keys and values are byte strings: of a text,
 * `encodeText` of `synod/paxos` makes one.
 */
/** What bounds the keyspace. */
export const keyspaceBounds = {
  /** A key has from 1 to this many bytes. */
  keyBytes: 1_024,
  /** A value has up to this many bytes. */
  valueBytes: 1_048_576,
  /** The longest time to live: some thirty years. */
  ttlMillis: 1_000_000_000_000,
  /** How many entries or changes one answer holds, unless it is asked for fewer or more. */
  answerEntries: 1_000,
  /** How many bytes one answer holds, of keys, values, and 16 for each. One entry always fits. */
  answerBytes: 262_144,
  /** The most changes that are remembered, and the most bytes of them. */
  historyChanges: 10_000,
  historyBytes: 4_194_304,
} as const

/** What an entry of an answer takes beside key and value. */
export const ENTRY_BYTES = 16

/** Counts the changes: 1 is the first. The revision of a key is that of its last change; 0 stands for an absent key. */
export type Revision = number

/** How long the key is to live, in decree time, from 1 to {@link keyspaceBounds}. For ever, unless it is given. */
interface Living {
  readonly ttlMillis?: number
}

export type KeyspaceCommand =
  | KeyspacePut
  | KeyspaceDelete
  | KeyspaceCompareAndSet
  | KeyspaceCompareRevisionAndSet

export interface KeyspacePut extends Living {
  readonly type: 'put'
  readonly key: Uint8Array
  readonly value: Uint8Array
}

export interface KeyspaceDelete {
  readonly type: 'delete'
  readonly key: Uint8Array
}

/** Sets the value if the key holds `expected`. Null stands for an absent key, as what is expected and as what is set. */
export interface KeyspaceCompareAndSet extends Living {
  readonly type: 'compareAndSet'
  readonly key: Uint8Array
  readonly expected: Uint8Array | null
  readonly value: Uint8Array | null
}

/** The same by the revision of the key: 0 stands for an absent one. */
export interface KeyspaceCompareRevisionAndSet extends Living {
  readonly type: 'compareAndSet'
  readonly key: Uint8Array
  readonly expectedRevision: Revision
  readonly value: Uint8Array | null
}

/** `revision` is the last one after the command: of its change, if it made one. */
export type KeyspaceOutput =
  | { readonly type: 'put'; readonly revision: Revision }
  | { readonly type: 'delete'; readonly existed: boolean; readonly revision: Revision }
  | { readonly type: 'compareAndSet'; readonly succeeded: true; readonly revision: Revision }
  | KeyspaceCompareFailed

/** What was there instead, and its revision: null and 0 if nothing was. */
export interface KeyspaceCompareFailed {
  readonly type: 'compareAndSet'
  readonly succeeded: false
  readonly value: Uint8Array | null
  readonly revision: Revision
}

export type KeyspaceQuery =
  | { readonly type: 'get'; readonly key: Uint8Array }
  /** The keys that begin with the prefix, in the order of their bytes, from behind `after` on. */
  | {
      readonly type: 'scan'
      readonly prefix: Uint8Array
      readonly after?: Uint8Array
      readonly limit?: number
    }
  /** The changes of keys that begin with the prefix, in order, after a revision. */
  | {
      readonly type: 'changes'
      readonly prefix: Uint8Array
      readonly after: Revision
      readonly limit?: number
    }
  | { readonly type: 'count' }

export type KeyspaceAnswer =
  | { readonly type: 'get'; readonly entry: KeyspaceValue | null }
  | KeyspaceScanAnswer
  | KeyspaceChangesAnswer
  | { readonly type: 'count'; readonly count: number; readonly revision: Revision }

export interface KeyspaceValue {
  readonly value: Uint8Array
  readonly revision: Revision
  /** What is left of its time to live, rounded up; null if it lives for ever. */
  readonly ttlMillis: number | null
}

export interface KeyspaceEntry extends KeyspaceValue {
  readonly key: Uint8Array
}

export interface KeyspaceScanAnswer {
  readonly type: 'scan'
  readonly entries: readonly KeyspaceEntry[]
  /** Whether there are more: scan on after the last key. */
  readonly more: boolean
  /** The last revision of the state: changes after it are not in the entries. */
  readonly revision: Revision
}

export interface KeyspaceChangesAnswer {
  readonly type: 'changes'
  /** Whether changes after the asked revision are forgotten: scan anew, and go on after the scan's revision. */
  readonly compacted: boolean
  readonly changes: readonly KeyspaceChange[]
  /** Whether there are more. */
  readonly more: boolean
  /** Ask on after this revision. */
  readonly revision: Revision
}

export interface KeyspaceChange {
  readonly type: KeyspaceChangeType
  readonly revision: Revision
  readonly key: Uint8Array
  /** What was put; null otherwise. */
  readonly value: Uint8Array | null
}

export type KeyspaceChangeType = 'put' | 'delete' | 'expire'

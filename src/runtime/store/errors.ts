/** What goes wrong with a store, each with a sentence that says what to do. */

/** Why a store could not be opened, or cannot be written any more. */
export type StoreErrorReason =
  /** Another process has it open. */
  | 'locked'
  /** A later version of Synod wrote it. */
  | 'newer'
  /** What is in the folder is no store, or not of one store alone. */
  | 'foreign'
  /** So much of it cannot be read that not even its identity is known. */
  | 'damaged'
  /** The disk has no room left. */
  | 'full'
  /** The disk refuses for another reason. */
  | 'failed'

export class StoreError extends Error {
  override readonly name = 'StoreError'
  readonly reason: StoreErrorReason

  constructor(reason: StoreErrorReason, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.reason = reason
  }
}

/** What an operation on a file threw, as an error that says what to do. */
export function storeErrorOf(error: unknown, directory: string): StoreError {
  if (error instanceof StoreError) return error
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new StoreError(
      'full',
      `The disk of ${directory} is full (${String(code)}): make room on it, then start the member again.`,
      error,
    )
  const detail = error instanceof Error ? error.message : String(error)
  return new StoreError(
    'failed',
    `The store in ${directory} cannot be read or written (${detail}): see that the folder and its disk are in order, then start the member again.`,
    error,
  )
}

/** What a black box is told, and its bounds. */
import { BadOptions } from '../member/errors.js'

export interface BlackBoxOptions {
  /** The folder for its files, of this member alone. It is made if it is not there. */
  readonly folder: string
  /** How many bytes the files have together at most, from 65,536 on; 268,435,456 by default. */
  readonly limitBytes?: number
  /** Writes zeros in the place of what clients send, what they are answered, and the state. Default: false. */
  readonly redact?: boolean
}

export const BLACK_BOX_BYTES = 268_435_456
export const LEAST_BLACK_BOX_BYTES = 65_536

/** What waits to be written at most, in bytes: when the disk is that far behind, the part ends. */
export const MOST_PENDING_BYTES = 8_388_608

/** How the bytes are spent. */
export interface PartBounds {
  /** A part that has as many bytes is followed by the next. */
  readonly fullBytes: number
  /** No part has more. */
  readonly mostBytes: number
  /** What a part begins with has no more: or else nothing is recorded. */
  readonly beginningBytes: number
  /** A state that takes more is left out of it. */
  readonly stateBytes: number
}

export function partBoundsOf(limitBytes: number): PartBounds {
  return {
    fullBytes: Math.floor(limitBytes / 4),
    mostBytes: Math.floor(limitBytes / 2),
    beginningBytes: Math.floor(limitBytes / 4),
    stateBytes: Math.floor(limitBytes / 8),
  }
}

/** Throws a `BadOptions`. */
export function checkBlackBox({ folder, limitBytes = BLACK_BOX_BYTES }: BlackBoxOptions): void {
  if (typeof folder !== 'string' || folder === '')
    throw new BadOptions('A black box needs a `folder` for its files.')
  if (Number.isSafeInteger(limitBytes) && limitBytes >= LEAST_BLACK_BOX_BYTES) return
  throw new BadOptions(
    `A black box has a limit of ${LEAST_BLACK_BOX_BYTES} bytes or more, in whole bytes, and not ${limitBytes}.`,
  )
}

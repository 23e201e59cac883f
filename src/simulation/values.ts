/** The values of an application, and what messages carry of them, made readable. */
import {
  type Change,
  type Codec,
  type Codecs,
  changeOf,
  decodeNumber,
  type Message,
  nameOfRequest,
  type Request,
  type Upgrade,
  upgradeOf,
} from '../paxos/index.js'

/** A value as JSON, see {@link jsonable}. */
export function jsonOf(value: unknown): string {
  return JSON.stringify(jsonable(value)) ?? 'null'
}

/**
 * A value that `JSON.stringify` can write. What JSON lacks becomes what is nearest: a map its entries, a set its
 * elements, bytes their hexadecimal digits, a bigint its digits.
 */
export function jsonable(value: unknown): unknown {
  if (typeof value === 'bigint') return String(value)
  if (typeof value !== 'object' || value === null || 'toJSON' in value) return value
  if (value instanceof Uint8Array) return hexOf(value)
  if (Array.isArray(value)) return value.map(jsonable)
  if (value instanceof Map || value instanceof Set) return [...value].map(jsonable)
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, jsonable(part)]))
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** What a request carries: a command, the opener of a session, a change of the membership, or an upgrade of the machine. */
export type RequestContent =
  | { readonly command: unknown }
  | { readonly opener: string }
  | { readonly change: Change }
  | { readonly upgrade: Upgrade }

export function contentOfRequest(request: Request, commands: Codec<unknown>): RequestContent {
  if (request.session !== 0) return { command: commands.decode(request.command) }
  const change = changeOf(request)
  if (change !== null) return { change }
  const upgrade = upgradeOf(request)
  return upgrade === null ? { opener: nameOfRequest(request) } : { upgrade }
}

/** What became of a request, its output decoded. */
export type ReadableOutcome =
  | { readonly ok: true; readonly output: unknown }
  | { readonly ok: false; readonly error: string; readonly detail: string }

/** The outcome that a message carries: of a command, of a query, or of opening a session, which gives its number. */
export function readableOutcome(
  message: Extract<Message, { outcome: unknown }>,
  codecs: Codecs,
): ReadableOutcome {
  const { outcome } = message
  if (!outcome.ok) return outcome
  const { output } = outcome
  if (message.type === 'readAnswer') return { ok: true, output: codecs.answers.decode(output) }
  if (message.session === 0) return { ok: true, output: decodeNumber(output) }
  return { ok: true, output: codecs.outputs.decode(output) }
}

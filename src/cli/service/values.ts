/** Keys and values on the screen: byte strings, which mostly are texts. */
import { isUtf8 } from 'node:buffer'
import type { KeyspaceChange, KeyspaceEntry } from '../../machines/index.js'

/** Exactly the value; on a terminal a newline after it. */
export async function writeValue(value: Uint8Array): Promise<void> {
  const end = process.stdout.isTTY ? '\n' : ''
  await new Promise((done) => process.stdout.write(Buffer.concat([value, Buffer.from(end)]), done))
}

/** What is no text is told in base64, under another name. */
function named(name: 'key' | 'value', bytes: Uint8Array): Readonly<Record<string, string>> {
  const given = Buffer.from(bytes)
  return isUtf8(given) ? { [name]: given.toString() } : { [`${name}Base64`]: given.toString('base64') }
}

export function jsonOfEntry({ key, value, revision, ttlMillis }: KeyspaceEntry): string {
  return JSON.stringify({ ...named('key', key), ...named('value', value), revision, ttlMillis })
}

export function jsonOfChange({ type, revision, key, value }: KeyspaceChange): string {
  return JSON.stringify({ type, ...named('key', key), ...(value && named('value', value)), revision })
}

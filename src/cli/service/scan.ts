/** `synod scan`: lists keys. */

import type { Command } from 'commander'
import type { KeyspaceEntry } from '../../machines/index.js'
import { readableText } from '../../paxos/index.js'
import { UsageError } from '../errors.js'
import { Output } from '../output.js'
import { clientCommand, DATA_GROUP, type KeyspaceClient, withClient } from './client.js'
import { jsonOfEntry } from './values.js'

interface Flags extends Readonly<Record<string, unknown>> {
  readonly limit?: string
  readonly json?: boolean
  readonly keys?: boolean
}

export function scanCommand(): Command {
  return clientCommand('scan', DATA_GROUP)
    .summary('list keys with their values')
    .description(
      'Lists the keys that begin with a prefix, in the order of their bytes, with their values. Many keys are read in pieces, each as of its own moment.',
    )
    .argument('[prefix]', 'default: every key', '')
    .option('--limit <count>', 'how many at most')
    .option('--keys', 'the keys alone')
    .option('--json', 'a line of JSON for each')
    .action(async (prefix: string, flags: Flags) => {
      const limit = limitOf(flags.limit)
      const output = new Output(process.stdout)
      await withClient(flags, async (client, { timeoutMillis }) => {
        let left = limit
        for await (const entries of piecesOf(client, Buffer.from(prefix), left, timeoutMillis)) {
          for (const entry of entries.slice(0, left)) output.line(lineOf(entry, flags))
          await output.flush()
          left -= entries.length
          if (left <= 0 || output.closed) return
        }
      })
    })
}

function limitOf(given: string | undefined): number {
  if (given === undefined) return Number.POSITIVE_INFINITY
  if (/^[1-9]\d{0,8}$/.test(given)) return Number(given)
  throw new UsageError(`--limit must be a whole number above 0, and '${given}' is not`)
}

function lineOf(entry: KeyspaceEntry, { json, keys }: Flags): string {
  if (json === true) return jsonOfEntry(entry)
  return keys === true ? readableText(entry.key) : `${readableText(entry.key)}  ${readableText(entry.value)}`
}

/** As many entries as one answer holds, again and again. Each piece may take the whole time. */
export async function* piecesOf(
  client: KeyspaceClient,
  prefix: Uint8Array,
  limit: number,
  timeoutMillis: number,
): AsyncGenerator<readonly KeyspaceEntry[]> {
  let after: Uint8Array | undefined
  for (;;) {
    const asked = { type: 'scan', prefix, ...(after && { after }), ...(limit < 1_000 && { limit }) } as const
    const answer = await client.query(asked, { timeoutMillis })
    if (answer.type !== 'scan') return
    yield answer.entries
    after = answer.entries.at(-1)?.key
    if (!answer.more || after === undefined) return
  }
}

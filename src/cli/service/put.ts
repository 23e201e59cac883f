/** `synod put`: sets a key. */
import { buffer } from 'node:stream/consumers'
import type { Command } from 'commander'
import { clientCommand, DATA_GROUP, withClient } from './client.js'
import { ttlOf } from './ttl.js'

interface Flags extends Readonly<Record<string, unknown>> {
  readonly ttl?: string
}

export function putCommand(): Command {
  return clientCommand('put', DATA_GROUP)
    .summary('set a key')
    .description('Sets a key to a value, on a quorum of the members.')
    .argument('<key>')
    .argument('<value>', '- reads it from standard input')
    .option('--ttl <duration>', 'how long it lives, such as 30s (default: for ever)')
    .action(async (key: string, value: string, flags: Flags) => {
      const ttl = ttlOf(flags.ttl)
      const bytes = value === '-' ? await buffer(process.stdin) : Buffer.from(value)
      await withClient(flags, (client, { timeoutMillis }) =>
        client.invoke({ type: 'put', key: Buffer.from(key), value: bytes, ...ttl }, { timeoutMillis }),
      )
    })
}

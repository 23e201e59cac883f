/** `synod delete`: removes a key. */
import type { Command } from 'commander'
import { Failure } from '../errors.js'
import { clientCommand, DATA_GROUP, withClient } from './client.js'

export function deleteCommand(): Command {
  return clientCommand('delete', DATA_GROUP)
    .summary('remove a key')
    .description('Removes a key. It fails if there is none.')
    .argument('<key>')
    .action(async (key: string, flags: Readonly<Record<string, unknown>>) => {
      const output = await withClient(flags, (client, { timeoutMillis }) =>
        client.invoke({ type: 'delete', key: Buffer.from(key) }, { timeoutMillis }),
      )
      if (output.type === 'delete' && !output.existed) throw new Failure(`there is no key ${key}`)
    })
}

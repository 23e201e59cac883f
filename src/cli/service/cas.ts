/** `synod cas`: sets a key if it is as expected. */

import type { Command } from 'commander'
import { readableText } from '../../paxos/index.js'
import { Failure, UsageError } from '../errors.js'
import { clientCommand, DATA_GROUP, withClient } from './client.js'
import { ttlOf } from './ttl.js'

interface Flags extends Readonly<Record<string, unknown>> {
  readonly from?: string
  readonly to?: string
  readonly ttl?: string
}

export function casCommand(): Command {
  return clientCommand('cas', DATA_GROUP)
    .summary('set a key if it holds what is expected')
    .description(
      'Sets a key if it holds the value that is expected, in one step. Without --from it must be absent; without --to it is removed. It fails if something else is there, and says what.',
    )
    .argument('<key>')
    .option('--from <value>', 'what it must hold (default: nothing)')
    .option('--to <value>', 'what it is set to (default: nothing)')
    .option('--ttl <duration>', 'how long it lives then, such as 30s (default: for ever)')
    .action(async (key: string, flags: Flags) => {
      await compareAndSet(key, flags)
    })
}

async function compareAndSet(key: string, flags: Flags): Promise<void> {
  const { from, to } = flags
  if (from === undefined && to === undefined) throw new UsageError('cas wants --from, --to or both')
  const ttl = ttlOf(flags.ttl)
  const command = {
    type: 'compareAndSet',
    key: Buffer.from(key),
    expected: from === undefined ? null : Buffer.from(from),
    value: to === undefined ? null : Buffer.from(to),
    ...ttl,
  } as const
  const output = await withClient(flags, (client, { timeoutMillis }) =>
    client.invoke(command, { timeoutMillis }),
  )
  if (output.type !== 'compareAndSet' || output.succeeded) return
  const there = output.value === null ? 'nothing' : readableText(output.value)
  throw new Failure(`${key} holds ${there}`)
}

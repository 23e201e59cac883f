/** `synod get`: reads a key. */
import type { Command } from 'commander'
import { Failure } from '../errors.js'
import { clientCommand, DATA_GROUP, withClient } from './client.js'
import { jsonOfEntry, writeValue } from './values.js'

interface Flags extends Readonly<Record<string, unknown>> {
  readonly json?: boolean
}

export function getCommand(): Command {
  return clientCommand('get', DATA_GROUP)
    .summary('read a key')
    .description(
      'Reads a key: the value that every put which was answered before has left. It is written as it is, and a newline after it only on a terminal.',
    )
    .argument('<key>')
    .option('--json', 'with its revision, and what is left of its time to live')
    .action(async (key: string, flags: Flags) => {
      const bytes = Buffer.from(key)
      const answer = await withClient(flags, (client, { timeoutMillis }) =>
        client.query({ type: 'get', key: bytes }, { timeoutMillis }),
      )
      if (answer.type !== 'get' || answer.entry === null) throw new Failure(`there is no key ${key}`)
      if (flags.json === true) process.stdout.write(`${jsonOfEntry({ key: bytes, ...answer.entry })}\n`)
      else await writeValue(answer.entry.value)
    })
}

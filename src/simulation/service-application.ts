/** The machine of `synod serve` as an application: for transcripts of what its members have recorded. */
import { keyspace } from '../machines/index.js'
import { type AnyMachine, readableText } from '../paxos/index.js'
import { type AnyApplication, contentOf } from './application.js'
import { jsonOf } from './values.js'

/** It has no operations of its own: nobody simulates it. */
export function serviceApplication(): AnyApplication {
  return {
    name: 'of synod serve',
    machine: keyspace as unknown as AnyMachine, // what it is given is what it was given before
    requests: 1,
    operation: () => ({ type: 'command', command: null }),
    describe: (operation) => {
      const content = contentOf(operation) as Readonly<Record<string, unknown>> // its commands and queries are objects
      const { type, key, prefix, ...rest } = content
      const named = key ?? prefix
      const texts = Object.entries(rest).map(([name, field]) => [name, textOf(field)])
      const value = texts.length === 0 ? null : Object.fromEntries(texts)
      return { f: String(type), key: named instanceof Uint8Array ? readableText(named) : null, value }
    },
  }
}

/** Most values are texts. */
function textOf(field: unknown): unknown {
  return field instanceof Uint8Array ? readableText(field) : JSON.parse(jsonOf(field))
}

/** `--machine` of `synod replay`: the machine that the recorded member ran. */
import { basename, extname } from 'node:path'
import { keyspace } from '../machines/index.js'
import type { AnyMachine } from '../paxos/index.js'
import {
  type AnyApplication,
  ApplicationError,
  applicationFrom,
  contentOf,
  jsonOf,
} from '../simulation/index.js'
import { UsageError } from './errors.js'
import { exportedBy, moduleError } from './machine.js'
import { shown } from './service/values.js'

/** An application has more than a machine, which nobody asks for here. */
const NO_OPERATIONS = { operation: () => ({ type: 'command', command: null }) }

/** The machine of `synod serve`, unless a module is named. Throws a UsageError. */
export async function recordedApplication(path: string | undefined): Promise<AnyApplication> {
  if (path === undefined) return KEYSPACE
  const exported = await exportedBy(path)
  if (typeof exported !== 'object' || exported === null)
    throw new UsageError(`${path} must export, as default, the machine that the member ran`)
  const parts = 'machine' in exported ? exported : { machine: exported }
  try {
    return applicationFrom({ ...NO_OPERATIONS, ...parts }, basename(path, extname(path)))
  } catch (error) {
    throw error instanceof ApplicationError ? moduleError(path, error) : error
  }
}

const KEYSPACE: AnyApplication = {
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
    return { f: String(type), key: named instanceof Uint8Array ? shown(named) : null, value }
  },
}

/** Most values are texts. */
function textOf(field: unknown): unknown {
  return field instanceof Uint8Array ? shown(field) : JSON.parse(jsonOf(field))
}

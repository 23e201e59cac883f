/** Where the options of the service come from: flags outrank the environment, which outranks the configuration file. */
import { readFileSync } from 'node:fs'
import { BadOptions, type TransportTls } from '../runtime/index.js'
import {
  checkedValue,
  flagOf,
  isOptionName,
  OPTIONS,
  type OptionName,
  type Values,
  variableOf,
} from './options.js'

/** What one source says: by the name of the option. */
interface Source {
  readonly given: ReadonlyMap<OptionName, unknown>
  /** How an option is called there. */
  readonly where: (name: OptionName) => string
}

/** Two ways to say one thing: the source that says either of them outranks what others say of both. */
const ALTERNATIVES: readonly (readonly [OptionName, OptionName])[] = [
  ['token', 'tokenFile'],
  ['cluster', 'join'],
]

/**
 * What the options of these names come to. `flags` are texts by name, `config` among them names the file. Throws a
 * `BadOptions` for what is wrong, be it asked for or not.
 */
export function settle(
  names: readonly OptionName[],
  flags: Readonly<Record<string, unknown>>,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Values {
  const file = flags['config'] ?? environment['SYNOD_CONFIG']
  const sources = [
    ofFlags(flags),
    ofEnvironment(environment),
    ...(typeof file === 'string' && file !== '' ? [ofFile(file)] : []),
  ]
  const values: Partial<Record<OptionName, unknown>> = {}
  for (const name of Object.keys(OPTIONS) as OptionName[]) {
    const source = sources.find(({ given }) => given.has(name) || given.has(otherOf(name) ?? name))
    if (source === undefined || !names.includes(name)) continue
    const other = otherOf(name)
    if (!source.given.has(name)) continue
    if (other !== null && source.given.has(other))
      throw new BadOptions(
        `${source.where(name)} and ${source.where(other)} exclude each other: leave one away.`,
      )
    values[name] = checkedValue(name, source.given.get(name), source.where(name))
  }
  return values as Values // each was checked by its own schema
}

function otherOf(name: OptionName): OptionName | null {
  const pair = ALTERNATIVES.find((each) => each.includes(name))
  return pair?.find((each) => each !== name) ?? null
}

function ofFlags(flags: Readonly<Record<string, unknown>>): Source {
  return { given: known(Object.entries(flags)), where: flagOf }
}

/** A variable that is empty counts as none. */
function ofEnvironment(environment: Readonly<Record<string, string | undefined>>): Source {
  const names = Object.keys(OPTIONS) as OptionName[]
  return {
    given: known(names.map((name) => [name, environment[variableOf(name)] || undefined])),
    where: variableOf,
  }
}

function known(entries: readonly (readonly [string, unknown])[]): ReadonlyMap<OptionName, unknown> {
  return new Map(
    entries.flatMap(([name, value]) => (isOptionName(name) && value !== undefined ? [[name, value]] : [])),
  )
}

/** Everything in the file is checked, so that a slip of the pen is not found out months later. */
function ofFile(path: string): Source {
  const where = (name: OptionName): string => `"${name}" in ${path}`
  const entries = Object.entries(readObject(path))
  for (const [name, value] of entries) {
    if (!isOptionName(name)) {
      const names = Object.keys(OPTIONS).join(', ')
      throw new BadOptions(`"${name}" in ${path} is no option: there are ${names}.`)
    }
    checkedValue(name, value, where(name))
  }
  return { given: known(entries), where }
}

function readObject(path: string): object {
  let value: unknown
  try {
    value = JSON.parse(readText(path, 'configuration'))
  } catch (error) {
    if (error instanceof BadOptions) throw error
    throw new BadOptions(`The configuration in ${path} is no JSON: ${(error as Error).message}.`) // a SyntaxError
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value
  throw new BadOptions(`The configuration in ${path} must be an object, such as { "id": "a" }.`)
}

function readText(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException // all that readFileSync throws
    throw new BadOptions(
      `The ${what} cannot be read from ${path}: ${code === 'ENOENT' ? 'there is no such file' : code}.`,
    )
  }
}

/** What members and clients show each other, read from its files. */
export interface SecurityOptions {
  readonly token?: string
  readonly tls?: TransportTls
}

/** Throws a `BadOptions` where a file cannot be read. */
export function securityOf({ token, tokenFile, tlsKey, tlsCert, tlsCa }: Values): SecurityOptions {
  const secret = tokenFile === undefined ? token : readText(tokenFile, 'token').trim()
  // An empty one would let everybody in.
  if (secret === '') throw new BadOptions(`The token in ${tokenFile} is empty.`)
  const tls: TransportTls = {
    ...(tlsKey !== undefined && { key: readText(tlsKey, 'key') }),
    ...(tlsCert !== undefined && { cert: readText(tlsCert, 'certificate') }),
    ...(tlsCa !== undefined && { ca: readText(tlsCa, 'authority') }),
  }
  return {
    ...(secret !== undefined && { token: secret }),
    ...(Object.keys(tls).length > 0 && { tls }),
  }
}

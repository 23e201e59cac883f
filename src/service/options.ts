/**
 * Every option of the service, in one table: flags, variables of the environment, the configuration file, the help and
 * the reference in docs/OPERATIONS.md all follow from it.
 */
import * as v from 'valibot'
import { BadOptions, BLACK_BOX_BYTES, LEAST_BLACK_BOX_BYTES, parseEndpoint } from '../runtime/index.js'

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** What can be said. Servers and clients each take a part of it, and may share one file. */
export interface Values {
  readonly id?: string
  readonly data?: string
  readonly listen?: string
  readonly advertise?: string
  readonly cluster?: Readonly<Record<string, string>>
  readonly join?: readonly string[]
  readonly identity?: number
  readonly endpoints?: readonly string[]
  readonly token?: string
  readonly tokenFile?: string
  readonly tlsKey?: string
  readonly tlsCert?: string
  readonly tlsCa?: string
  readonly http?: string
  readonly logLevel?: LogLevel
  readonly timeout?: number
  readonly blackBox?: string
  readonly blackBoxLimit?: number
  readonly blackBoxRedact?: boolean
}

export type OptionName = keyof Values

interface OptionSpec<Value> {
  /** What stands behind the flag in the help; nothing if the flag alone says it. */
  readonly argument: string
  readonly help: string
  /** A text, as flags and the environment have it, as the file may have it. */
  readonly read?: (text: string) => unknown
  readonly schema: v.GenericSchema<unknown, Value>
}

const text = (what: string): v.GenericSchema<unknown, string> =>
  v.pipe(v.string(`must be ${what}`), v.nonEmpty(`must be ${what}, and is empty`))

/** Port 0 stands for any that is free, where somebody listens. */
function isEndpoint(given: string, alsoZero: boolean): boolean {
  return parseEndpoint(alsoZero ? given.replace(/:0$/, ':1') : given) !== null
}

const endpoint = (alsoZero = false): v.GenericSchema<unknown, string> =>
  v.pipe(
    v.string('must have the form host:port'),
    v.check(
      (given) => isEndpoint(given, alsoZero),
      ({ input }) => `must have the form host:port, and ${JSON.stringify(input)} has not`,
    ),
  )

const endpoints: v.GenericSchema<unknown, string[]> = v.pipe(
  v.array(endpoint(), 'must be a list of addresses, host:port each'),
  v.minLength(1, 'must name one address at least'),
)

const LIMIT = `must be a whole number of bytes from ${LEAST_BLACK_BOX_BYTES} on`
const DURATION = 'must be a duration such as 500ms, 30s, 5m or 2h'
/** The longest that a timer can be set to. */
const LONGEST_MILLIS = 2 ** 31 - 1

export const OPTIONS: { readonly [Name in OptionName]-?: OptionSpec<NonNullable<Values[Name]>> } = {
  id: { argument: '<name>', help: 'the name of this member', schema: text('a name') },
  data: {
    argument: '<folder>',
    help: 'its folder (default: ./synod-data/ and its name)',
    schema: text('a folder'),
  },
  listen: {
    argument: '<address>',
    help: 'host:port where it listens (default: where --cluster says that it is; 127.0.0.1:7400 if it is alone)',
    schema: endpoint(true),
  },
  advertise: {
    argument: '<address>',
    help: 'host:port where others find it (default: where it listens; where --cluster says that it is, if it listens on every address)',
    schema: endpoint(),
  },
  cluster: {
    argument: '<members>',
    help: 'the members that found the cluster, the same for each of them: a=host:port,b=host:port,…',
    read: readCluster,
    schema: v.record(
      v.string(),
      endpoint(),
      'must say where each member is, and each of them once: a=host:port,b=host:port,…',
    ),
  },
  join: {
    argument: '<addresses>',
    help: 'members of the cluster that it is to be admitted to: host:port,…',
    read: readList,
    schema: endpoints,
  },
  identity: {
    argument: '<number>',
    help: 'the identity of the cluster; any other is refused',
    read: Number,
    schema: v.pipe(
      v.number('must be a whole number'),
      v.integer('must be a whole number'),
      v.minValue(1, 'must be a whole number above 0'),
    ),
  },
  endpoints: {
    argument: '<addresses>',
    help: 'where members are: host:port,… (default: those of synod up, 127.0.0.1:7400 to 7402)',
    read: readList,
    schema: endpoints,
  },
  token: { argument: '<token>', help: 'what lets members and clients in', schema: text('a token') },
  tokenFile: { argument: '<file>', help: 'the file that the token is in', schema: text('a file') },
  tlsKey: { argument: '<file>', help: 'the private key for TLS, in PEM', schema: text('a file') },
  tlsCert: { argument: '<file>', help: 'its certificate, in PEM', schema: text('a file') },
  tlsCa: {
    argument: '<file>',
    help: 'the authorities that certificates are checked against, in PEM',
    schema: text('a file'),
  },
  http: {
    argument: '<address>',
    help: 'host:port for /metrics, /healthz and /readyz, or off (default: 127.0.0.1, with the port of --listen plus 100)',
    schema: v.pipe(
      v.string('must be off, or have the form host:port'),
      v.check(
        (given) => given === 'off' || isEndpoint(given, true),
        ({ input }) => `must be off, or have the form host:port, and ${JSON.stringify(input)} has not`,
      ),
    ),
  },
  logLevel: {
    argument: '<level>',
    help: `what is logged: ${LOG_LEVELS.join(', ')} (default: warn)`,
    schema: v.picklist(LOG_LEVELS, `must be one of ${LOG_LEVELS.join(', ')}`),
  },
  timeout: {
    argument: '<duration>',
    help: 'how long it may take (default: 10s)',
    read: readDuration,
    schema: v.pipe(
      v.number(DURATION),
      v.minValue(1, DURATION),
      v.maxValue(LONGEST_MILLIS, 'must be at most 24d'),
    ),
  },
  blackBox: {
    argument: '<folder>',
    help: 'where it records what it is given, for synod replay (default: it does not)',
    schema: text('a folder'),
  },
  blackBoxLimit: {
    argument: '<bytes>',
    help: `how many bytes of that are kept (default: ${BLACK_BOX_BYTES})`,
    read: Number,
    schema: v.pipe(
      v.number(LIMIT),
      v.integer(LIMIT),
      v.minValue(LEAST_BLACK_BOX_BYTES, LIMIT),
      v.maxValue(Number.MAX_SAFE_INTEGER, LIMIT),
    ),
  },
  blackBoxRedact: {
    argument: '',
    help: 'keeps keys and values out of it',
    read: (given) => (given === 'true' ? true : given === 'false' ? false : given),
    schema: v.boolean('must be true or false'),
  },
}

/** The options of a black box: those of `synod up` as well. */
export const BLACK_BOX_OPTIONS: readonly OptionName[] = ['blackBox', 'blackBoxLimit', 'blackBoxRedact']

export function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(OPTIONS, name)
}

/** `--token-file` */
export function flagOf(name: OptionName): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** `SYNOD_TOKEN_FILE` */
export function variableOf(name: OptionName): string {
  return `SYNOD_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`
}

/** What the runtime says of options, for people who give them as flags: `join` becomes --join. */
export function inFlags(sentence: string): string {
  return sentence.replace(/`(\w+)`/g, (whole, name: string) => (isOptionName(name) ? flagOf(name) : whole))
}

/** What was given for an option, checked. Throws a `BadOptions` that begins with where it was said. */
export function checkedValue<Name extends OptionName>(
  name: Name,
  given: unknown,
  where: string,
): Values[Name] {
  const { read, schema } = OPTIONS[name]
  const result = v.safeParse(schema, typeof given === 'string' && read !== undefined ? read(given) : given)
  if (!result.success) throw new BadOptions(`${where} ${result.issues[0].message}.`)
  return result.output as Values[Name] // the schema is that of this name
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `30s` in milliseconds; null if it is no duration. */
export function readDuration(given: string): number | null {
  const [, count, unit = ''] = /^(\d{1,12})(ms|s|m|h|d)$/.exec(given) ?? []
  return count === undefined ? null : Number(count) * (UNITS[unit] ?? 1)
}

function readList(given: string): string[] {
  return given.split(',').map((each) => each.trim())
}

/** Null if it has not the right form. */
function readCluster(given: string): Record<string, string> | null {
  const members = readList(given).map((each) => /^([^=]+)=(.+)$/.exec(each))
  const entries = members.map((member) => [member?.[1] ?? '', member?.[2] ?? ''] as const)
  const isWhole =
    members.every((member) => member !== null) &&
    new Set(entries.map(([name]) => name)).size === members.length
  return isWhole ? Object.fromEntries(entries) : null
}

/** One member of a key-value cluster, served: the member, its log, and what it tells over HTTP. */
import { join } from 'node:path'
import type { Logger as Pino } from 'pino'
import type { Registry } from 'prom-client'
import type { KeyspaceAnswer, KeyspaceCommand, KeyspaceOutput, KeyspaceQuery } from '../machines/index.js'
import { type KeyspaceState, keyspace } from '../machines/index.js'
import { BadOptions, type BlackBoxOptions, formatEndpoint, Member, parseEndpoint } from '../runtime/index.js'
import { offerBackups } from './backup.js'
import { securityOf } from './configuration.js'
import { expireKeys, SERVICE_SETTINGS } from './expiry.js'
import { HttpServer } from './http.js'
import { BLACK_BOX_OPTIONS, type OptionName, type Values } from './options.js'

export type KeyspaceMember = Member<
  KeyspaceState,
  KeyspaceCommand,
  KeyspaceOutput,
  KeyspaceQuery,
  KeyspaceAnswer
>

/** What `synod serve` takes. */
export const SERVICE_OPTIONS: readonly OptionName[] = [
  'id',
  'data',
  'listen',
  'advertise',
  'cluster',
  'join',
  'identity',
  'token',
  'tokenFile',
  'tlsKey',
  'tlsCert',
  'tlsCa',
  'http',
  'logLevel',
  ...BLACK_BOX_OPTIONS,
]

/** Where the first member of `synod up` listens, and one for which nothing else is said. */
export const DEFAULT_HOST = '127.0.0.1'
export const DEFAULT_PORT = 7_400
/** Others have to be told where a member is. */
const ALONE = formatEndpoint({ host: DEFAULT_HOST, port: DEFAULT_PORT })
/** HTTP is served so many ports above. */
const HTTP_ABOVE = 100

export class Service {
  readonly member: KeyspaceMember
  /** Null: off. */
  readonly httpEndpoint: string | null
  readonly #http: HttpServer | null
  /** Each ends one. */
  readonly #duties: readonly (() => void)[]

  /** Rejects like `Member.start`. */
  static async start(values: Values): Promise<Service> {
    const {
      id,
      data,
      listen: given,
      cluster,
      join: contacts,
      identity,
      advertise,
      logLevel = 'warn',
    } = values
    if (id === undefined) throw new BadOptions('A member has a name: give one with --id.')
    // Clients import this file, too, and log and measure nothing.
    const { logTo } = await import('./logs.js')
    const { collectDefaultMetrics, Registry } = await import('prom-client')
    const log = logTo(logLevel, id)
    const metrics = new Registry()
    collectDefaultMetrics({ register: metrics })
    const isAlone = cluster === undefined && contacts === undefined
    const listen = given ?? cluster?.[id] ?? (isAlone ? ALONE : undefined)
    const member = await Member.start({
      id,
      data: data ?? join('synod-data', id),
      machine: keyspace,
      settings: SERVICE_SETTINGS,
      ...(listen !== undefined && { listen }),
      logger: log,
      metrics,
      ...(cluster !== undefined && { cluster }),
      ...(contacts !== undefined && { join: contacts }),
      ...(identity !== undefined && { identity }),
      ...(advertise !== undefined && { advertise }),
      ...(values.blackBox !== undefined && { blackBox: blackBoxOf(values.blackBox, values) }),
      ...securityOf(values),
    })
    try {
      return await Service.#serve(member, values.http ?? httpBeside(listen ?? ALONE), log, metrics)
    } catch (error) {
      await member.close()
      throw error
    }
  }

  static async #serve(
    member: KeyspaceMember,
    address: string,
    log: Pino,
    metrics: Registry,
  ): Promise<Service> {
    const http = address === 'off' ? null : new HttpServer(metrics, () => member.status())
    const httpEndpoint = http === null ? null : await http.listen(address)
    log.info({ endpoint: member.endpoint, http: httpEndpoint, member: member.number }, 'The member listens.')
    return new Service(member, http, httpEndpoint)
  }

  private constructor(member: KeyspaceMember, http: HttpServer | null, httpEndpoint: string | null) {
    this.member = member
    this.#http = http
    this.httpEndpoint = httpEndpoint
    this.#duties = [expireKeys(member), offerBackups(member)]
  }

  /** Hands leadership over, and stops. */
  async close(): Promise<void> {
    for (const end of this.#duties) end()
    await this.member.close()
    await this.#http?.close()
  }
}

function blackBoxOf(folder: string, { blackBoxLimit, blackBoxRedact = false }: Values): BlackBoxOptions {
  const limited = blackBoxLimit === undefined ? {} : { limitBytes: blackBoxLimit }
  return { folder, redact: blackBoxRedact, ...limited }
}

/** On this machine alone, whoever else may reach the member. */
function httpBeside(listen: string): string {
  if (listen.endsWith(':0')) return `${DEFAULT_HOST}:0`
  const port = (parseEndpoint(listen)?.port ?? DEFAULT_PORT) + HTTP_ABOVE
  return port > 65_535 ? 'off' : formatEndpoint({ host: DEFAULT_HOST, port })
}

/** What a member is started with, and what follows from that and from what its folder says. */
import type { AnyMachine, MemberId, Purpose, Settings, StoreRecord } from '../../paxos/index.js'
import { type BlackBoxOptions, checkBlackBox } from '../black-box/options.js'
import type { MetricsRegistry } from '../metrics.js'
import type { Files } from '../store/files.js'
import {
  type Endpoint,
  parseEndpoint,
  type TransportLimits,
  type TransportTls,
  type Versions,
} from '../transport/index.js'
import type { About } from './about.js'
import type { Clock } from './clock.js'
import { BadOptions } from './errors.js'
import { checkSecurity } from './security.js'

/** What a member logs to: pino, console, or anything alike. */
export interface Logger {
  debug(fields: object, message: string): void
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Nothing is logged. */
export const QUIET: Logger = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/**
 * What members take in place of the defaults of the protocol, which are those of small simulated clusters: a snapshot
 * costs as much as the state is large, so that a log which is small beside it would cost more than all the rest. And what
 * shares a decree is accepted, applied and answered at once, while the others wait: less of it at a time keeps all busy.
 */
export const MEMBER_SETTINGS: Partial<Settings> = {
  decreeBytes: 96 * 1024,
  logBytes: 24 * 1024 * 1024,
  logPercent: 25,
}

export interface MemberOptions<Machine> {
  /** Its name: of letters, digits, `.`, `_` and `-`, at most 64. */
  readonly id: string
  /** The folder for its store. It is made if it is not there, and belongs to this member alone. */
  readonly data: string
  readonly machine: Machine
  /**
   * Where the members are with which the cluster is founded, this one included: `{ a: '127.0.0.1:7001', … }`, the same for
   * all of them. Without it, and without `join`, it is the only member. A folder that belongs to a cluster outranks it.
   */
  readonly cluster?: Readonly<Record<string, string>>
  /**
   * The identity of the cluster, from 1 to 2^48 - 1: the one that it is founded with; a folder that belongs to another is
   * refused. Default: one is drawn, and any is fine.
   */
  readonly identity?: number
  /** Members of a cluster that this one is to be admitted to. A folder that belongs to a cluster outranks it. */
  readonly join?: readonly string[]
  /** Where it listens; by default where `cluster` says that it is. `host:0` for any free port. */
  readonly listen?: string
  /** Where others find it, if not where it listens. */
  readonly advertise?: string
  /** What members and clients must know to be let in, unless a certificate vouches for them. */
  readonly token?: string
  readonly tls?: TransportTls
  /** Those of the protocol. The members of a cluster must agree on some of them: see docs/LIMITS.md. */
  readonly settings?: Partial<Settings>
  readonly limits?: Partial<TransportLimits>
  /** Default: nothing is logged. */
  readonly logger?: Logger
  /** A registry of prom-client that gets this member's metrics, those of docs/OPERATIONS.md. Default: none. */
  readonly metrics?: MetricsRegistry
  readonly clock?: Clock
  /** Gives the start up: it rejects with the reason of the signal, and the folder is free. A started member ends by `close`. */
  readonly signal?: AbortSignal
  /** Records what goes into the member, for `synod replay`: see docs/BLACKBOX.md. Default: nothing is recorded. */
  readonly blackBox?: BlackBoxOptions
  /** @internal Puts something between the member and the world: that is how faults are injected. */
  readonly between?: Between
}

/** @internal What stands between a member and the world. */
export interface Between {
  /** The files of its store, in the place of the real ones. */
  readonly files?: (real: Files) => Files
  /** Where it dials what is said to be at an address. */
  readonly route?: (endpoint: string) => string
  /** The versions of the wire that it speaks: those of an earlier or a later program. */
  readonly versions?: Versions
}

/** What a start comes to. */
export interface Plan {
  readonly member: MemberId
  readonly purpose: Purpose
  /** Where the others are, as far as that is known. */
  readonly endpoints: ReadonlyMap<MemberId, string>
  /** Where they are by the options, if that is not the same: what the folder says may be out of date, and so may they. */
  readonly alternatives: ReadonlyMap<MemberId, string>
  /** Null: it is the only member, and listens nowhere. */
  readonly listen: { readonly host: string; readonly port: number } | null
}

const NAME = /^[\w.-]{1,64}$/

/** Identities of clusters are below this. */
const IDENTITIES = 2 ** 48

/** Throws a `BadOptions` for what cannot be, whatever the folder says. */
export function checkOptions(options: MemberOptions<AnyMachine>): void {
  const { id, data, machine, cluster, join, listen, advertise, identity, blackBox } = options
  checkName(id)
  if (typeof data !== 'string' || data === '')
    throw new BadOptions('A member needs a folder: name one with `data`.')
  // Not every program is checked by TypeScript.
  const { initial, apply }: Partial<AnyMachine> = machine ?? {}
  if (typeof initial !== 'function' || typeof apply !== 'function')
    throw new BadOptions('A member needs a `machine`, with `initial` and `apply`: see defineMachine.')
  checkSecurity(options)
  if (cluster !== undefined && join !== undefined)
    throw new BadOptions('A member either founds a cluster or joins one: give `cluster` or `join`.')
  if (identity !== undefined && !(Number.isSafeInteger(identity) && identity >= 1 && identity < IDENTITIES))
    throw new BadOptions(
      `The identity of a cluster is a whole number from 1 to 2^48 - 1, and ${identity} is not.`,
    )
  if (cluster !== undefined) checkFounders(cluster)
  // Its folder may know better, but not where it is.
  if (listen === undefined) checkIsFounder(options)
  if (blackBox !== undefined) checkBlackBox(blackBox)
  for (const endpoint of [...Object.values(cluster ?? {}), ...(join ?? []), advertise]) {
    if (endpoint !== undefined) endpointOf(endpoint)
  }
  if (join !== undefined && join.length === 0)
    throw new BadOptions('`join` names nobody: name a member of the cluster.')
  if (join !== undefined && listen === undefined)
    throw new BadOptions('Who joins must be found by the others: say with `listen` where.')
  if (listen === undefined) return
  const { host, port } = listenAddress(listen)
  // Who takes any port that is free cannot say beforehand which.
  if (isEverywhere(host) && port !== 0 && advertise === undefined && cluster?.[id] === undefined)
    throw new BadOptions(
      `Nobody finds a member at ${listen}, which stands for every address of this machine: say with \`advertise\` where it is.`,
    )
}

/** Whether it stands for every address of the machine. */
export function isEverywhere(host: string): boolean {
  return host === '0.0.0.0' || host === '::'
}

function checkName(name: string): void {
  if (typeof name === 'string' && NAME.test(name)) return
  throw new BadOptions(
    `${JSON.stringify(name)} is no name of a member: use letters, digits, ".", "_" and "-", at most 64.`,
  )
}

function checkIsFounder({ id, cluster }: MemberOptions<AnyMachine>): void {
  if (cluster === undefined || Object.hasOwn(cluster, id)) return
  throw new BadOptions(
    `Member ${id} is not among those that found the cluster (${Object.keys(cluster).join(', ')}): name it there; or, if it came later, say with \`listen\` where it is.`,
  )
}

/** Throws a `BadOptions` if these cannot found a cluster. */
export function checkFounders(cluster: Readonly<Record<string, string>>): void {
  for (const name of Object.keys(cluster)) checkName(name)
  const endpoints = Object.values(cluster)
  if (new Set(endpoints).size !== endpoints.length)
    throw new BadOptions('Two members of the cluster have the same address.')
}

function endpointOf(text: string): Endpoint {
  const endpoint = parseEndpoint(text)
  if (endpoint === null)
    throw new BadOptions(`${JSON.stringify(text)} is no address: it must have the form host:port.`)
  return endpoint
}

/** Where to listen; here port 0 stands for any that is free. */
export function listenAddress(text: string): { readonly host: string; readonly port: number } {
  if (!text.endsWith(':0')) return endpointOf(text)
  return { host: endpointOf(`${text.slice(0, -1)}1`).host, port: 0 }
}

/** What is written in a store about whose it is. */
export interface Owner {
  /** Null: the store is blank. */
  readonly member: MemberId | null
  /** Null: it knows no cluster. */
  readonly cluster: number | null
  /** How many founded that cluster. */
  readonly founders: number
}

export function ownerOf(records: Iterable<StoreRecord>): Owner {
  let member: MemberId | null = null
  let cluster: number | null = null
  let founders = 0
  for (const record of records) {
    if (record.type === 'created') member = record.member
    if (record.type !== 'founded') continue
    cluster = record.founding.cluster
    founders = record.founding.voters.length
  }
  return { member, cluster, founders }
}

/** What a member of the cluster told somebody who wants to join. */
export interface Found {
  readonly cluster: number | null
  /** A number that no member has. */
  readonly free: MemberId
  readonly endpoints: ReadonlyMap<MemberId, string>
}

/** Throws a `BadOptions` where the options and the folder contradict each other. `found`: what who joins was told. */
export function planOf(
  options: MemberOptions<AnyMachine>,
  owner: Owner,
  about: About | null,
  newCluster: number,
  found: Found | null,
): Plan {
  const { id, data } = options
  const names = Object.keys(options.cluster ?? { [id]: '' }).sort()
  // Without its note the store has no more than a number, which is the place among the founders.
  const name = about?.name ?? (owner.member === null ? id : (names[owner.member] ?? id))
  if (name !== id) {
    throw new BadOptions(
      `The folder ${data} belongs to member ${name}, and this is ${id}: give each member its own, and never copy one.`,
    )
  }
  checkIdentity(options, owner.cluster ?? found?.cluster ?? null)
  if (owner.cluster === null) checkIsFounder(options)
  const founders = names.map((_, number) => number)
  const member = owner.member ?? found?.free ?? names.indexOf(id)
  const endpoints = new Map([...(found?.endpoints ?? []), ...(about?.endpoints ?? [])])
  const alternatives = new Map<MemberId, string>()
  for (const [number, name] of names.entries()) {
    const endpoint = options.cluster?.[name]
    if (endpoint === undefined || number === member || endpoint === endpoints.get(number)) continue
    if (endpoints.has(number)) alternatives.set(number, endpoint)
    else endpoints.set(number, endpoint)
  }
  endpoints.delete(member)
  const listen = options.listen ?? options.cluster?.[id]
  return {
    member,
    purpose: purposeOf(
      options,
      owner,
      member,
      founders,
      [...endpoints.keys()],
      options.identity ?? newCluster,
    ),
    endpoints,
    alternatives,
    listen: listen === undefined ? null : listenAddress(listen),
  }
}

function checkIdentity({ identity, data }: MemberOptions<AnyMachine>, cluster: number | null): void {
  if (identity === undefined || cluster === null || identity === cluster) return
  throw new BadOptions(
    `The folder ${data} belongs, or would belong, to the cluster ${cluster}, and not to ${identity}: give the folder and the identity of the same cluster.`,
  )
}

function purposeOf(
  { join }: MemberOptions<AnyMachine>,
  { cluster: founded }: Owner,
  member: MemberId,
  founders: readonly MemberId[],
  others: readonly MemberId[],
  cluster: number,
): Purpose {
  if (founded !== null || join !== undefined) return { type: 'join', contacts: others }
  if (member === founders[0]) return { type: 'seed', cluster, voters: founders }
  return { type: 'join', contacts: founders.filter((each) => each !== member) }
}

/**
 * An exhibit: one bug, planted into the real protocol by injection. A role is replaced by a variant that differs in one
 * thing, or the driver of a node by one that does; nothing in the package knows of it.
 */
import {
  type Acceptor,
  type AnyMachine,
  type Commander,
  type Initializer,
  type Leader,
  Node,
  type NodeOptions,
  type Replica,
  type Requester,
  type RoleFactories,
  type Scout,
  type Seed,
} from 'synod/paxos'
import type { AnyApplication, Scenario } from 'synod/simulation'

/** The roles of a node. */
export type Roles = Partial<RoleFactories>

/** Makes the node of a member, as a simulated world asks for it. */
export type MakeNode = (options: NodeOptions) => Node

export interface Exhibit {
  /** In kebab-case. */
  readonly name: string
  /** What is wrong, in a sentence. */
  readonly wrong: string
  /** The claim or the invariant that it breaks, and where that stands. */
  readonly breaks: string
  /** Any of these verdicts may be the first to fail. */
  readonly verdicts: readonly string[]
  /** The nodes of one run. Called once a run, so that nothing of one gets into another. */
  plant(): MakeNode
  /** The runs that it is hunted in, by seed; the swarm, unless it needs faults that are outside of it. */
  readonly scenario?: (seed: number) => Scenario
  /** What its clients do in them; those of `shared` unless it says otherwise. */
  readonly application?: AnyApplication
  /** It only shows where clients read otherwise than by commands. */
  readonly needsReads?: true
  /** Found by what happens within a run, or by running the same seed twice. Default: `verdicts`. */
  readonly check?: 'verdicts' | 'determinism'
}

/** Role classes to use in place of the real ones. */
export interface Classes {
  readonly acceptor?: typeof Acceptor
  readonly scout?: typeof Scout
  readonly commander?: typeof Commander
  readonly leader?: typeof Leader
  readonly replica?: typeof Replica
  readonly requester?: typeof Requester
  readonly seed?: typeof Seed
  readonly initializer?: typeof Initializer
}

/** The factories of these classes. */
function rolesOf(classes: Classes): Roles {
  const { acceptor, scout, commander, leader, replica, requester, seed, initializer } = classes
  return {
    ...(acceptor && { acceptor: (context, start) => new acceptor(context, start) }),
    ...(scout && { scout: (context, start) => new scout(context, start) }),
    ...(commander && { commander: (context, start) => new commander(context, start) }),
    ...(leader && { leader: (context, start) => new leader(context, start) }),
    ...(replica && {
      replica: (context, start, machine: AnyMachine) => new replica(context, machine, start),
    }),
    ...(requester && { requester: (context, start) => new requester(context, start) }),
    ...(seed && { seed: (context, start) => new seed(context, start) }),
    ...(initializer && { initializer: (context, start) => new initializer(context, start) }),
  }
}

/** Plants roles into otherwise real nodes. */
export function roles(planted: Roles): () => MakeNode {
  return () => (options) => new Node({ ...options, roles: planted })
}

/** Plants classes of roles. */
export function classes(planted: Classes): () => MakeNode {
  return roles(rolesOf(planted))
}

/** Plants a driver's bug: a node of another class. */
export function driver(planted: typeof Node): () => MakeNode {
  return () => (options) => new planted(options)
}

/** Plants a store's bug: what a node is given when it starts. */
export function store(change: (options: NodeOptions) => NodeOptions): () => MakeNode {
  return () => (options) => new Node(change(options))
}

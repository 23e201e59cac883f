/** The roles that there are, and how a node makes them. */
import type { AnyMachine } from './machine.js'
import type { RoleContext } from './role.js'
import { Acceptor } from './roles/acceptor.js'
import { Commander } from './roles/commander.js'
import { Initializer } from './roles/initializer.js'
import { Leader } from './roles/leader.js'
import { Replica } from './roles/replica.js'
import { Requester } from './roles/requester.js'
import { Scout } from './roles/scout.js'
import { Seed } from './roles/seed.js'
import type { RoleName } from './routing.js'
import type { RoleStarts } from './starts.js'

export interface Roles {
  acceptor: Acceptor
  scout: Scout
  commander: Commander
  leader: Leader
  replica: Replica
  requester: Requester
  seed: Seed
  initializer: Initializer
}

/** How a node makes its roles. Replace one to inject a role of your own. */
export type RoleFactories = {
  readonly [Name in RoleName]: (
    context: RoleContext,
    start: RoleStarts[Name],
    machine: AnyMachine,
  ) => Roles[Name]
}

export const DEFAULT_ROLES: RoleFactories = {
  acceptor: (context, start) => new Acceptor(context, start),
  scout: (context, start) => new Scout(context, start),
  commander: (context, start) => new Commander(context, start),
  leader: (context, start) => new Leader(context, start),
  replica: (context, start, machine) => new Replica(context, machine, start),
  requester: (context, start) => new Requester(context, start),
  seed: (context, start) => new Seed(context, start),
  initializer: (context, start) => new Initializer(context, start),
}

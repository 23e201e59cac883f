/** All exhibits. */
import type { Exhibit } from '../exhibit.js'
import { ANCESTOR } from './ancestor.js'
import { LEADERSHIP } from './leadership.js'
import { MEMBERSHIP } from './membership.js'
import { PROMISES } from './promises.js'
import { QUORUMS } from './quorums.js'
import { READS } from './reads.js'
import { SESSIONS } from './sessions.js'
import { SNAPSHOTS } from './snapshots.js'

export const EXHIBITS: readonly Exhibit[] = [
  ...ANCESTOR,
  ...PROMISES,
  ...QUORUMS,
  ...READS,
  ...SESSIONS,
  ...SNAPSHOTS,
  ...MEMBERSHIP,
  ...LEADERSHIP,
]

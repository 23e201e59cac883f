// The table of messages in docs/PROTOCOL.md says what the code does.

import { expect, test } from 'vitest'
import { DEPARTURE, type MessageType, ROUTES, type RoleName } from '../../src/paxos/index.js'
import { readDocument } from './markdown.js'

/** `Acceptor, Leader` */
function namesOf(roles: readonly RoleName[]): string {
  return roles.map((role) => role.charAt(0).toUpperCase() + role.slice(1)).join(', ')
}

const rows = readDocument('docs/PROTOCOL.md')
  .lines.map((line) => /^\| `(\w+)` \| (.+) → (.+) \| .+ \| (vouching|free|local) \| .+ \|$/.exec(line))
  .filter((match) => match !== null)
  .map(([, type, from, to, leaves]) => ({ type, from, to, leaves }))

test('every message has its row in docs/PROTOCOL.md, in the order of the code', () => {
  expect(rows.map(({ type }) => type)).toEqual(Object.keys(ROUTES))
})

test.for(rows)('docs/PROTOCOL.md says who hears $type, and when it leaves', ({ type, to, leaves }) => {
  const message = type as MessageType // as the test above has it
  expect({ to, leaves }).toEqual({ to: namesOf(ROUTES[message]), leaves: DEPARTURE[message] })
})

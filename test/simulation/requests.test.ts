// What a request carries, in both formats of a transcript: a command, the opener of a session, or a change of the members.

import { describe, expect, it } from 'vitest'
import type { Request } from '../../src/paxos/index.js'
import type { WorldEvent } from '../../src/simulation/events.js'
import { NdjsonFormatter } from '../../src/simulation/ndjson.js'
import { TranscriptFormatter } from '../../src/simulation/transcript.js'
import { ledgerApplication } from '../support/ledger.js'
import { changing, decree, founding, opening, request, upgrading } from '../support/words.js'

const relayed = (content: Request): WorldEvent => ({
  type: 'sends',
  node: 2,
  role: 'replica',
  message: { type: 'relay', request: content, hops: 1 },
  to: [0],
})
const applied = (...requests: readonly Request[]): WorldEvent => ({
  type: 'applies',
  node: 2,
  slot: 7,
  decree: decree(requests, 5),
})

const lineOf = (event: WorldEvent) => new TranscriptFormatter(ledgerApplication).line(event, 1_000_250)
const recordOf = (event: WorldEvent): unknown =>
  JSON.parse(new NdjsonFormatter(ledgerApplication).line(event, 1_000_250, 1))

describe('a request', () => {
  it.each([
    ['of a command is its session, its sequence and the operation', request(3, 4, 'x'), '3.4 enter x'],
    ['for a session is the opener', opening('2.1.1'), 'open 2.1.1'],
    [
      'for other members is the name of the change, the version that it replaces, and the members',
      changing([0, 1, 3], 2, '2.1.5'),
      'change 2.1.5 version=2 members=[0, 1, 3]',
    ],
    [
      'for another version of the machine is the name of the upgrade, and both versions',
      upgrading(1, 3, '2.1.6'),
      'upgrade 2.1.6 from=1 to=3',
    ],
  ])('%s: in the text', (_name, content, text) => {
    expect(lineOf(relayed(content))).toContain(`relay request=${text} hops=1 -> NODE_0`)
    expect(lineOf(applied(content, opening('9')))).toContain(`slot=7 decree=(${text}, open 9)`)
  })

  it.each([
    ['a command', request(3, 4, 'x', 2), { session: 3, sequence: 4, acknowledged: 2, command: 'x' }],
    ['an opener', opening('2.1.1'), { session: 0, sequence: 0, acknowledged: 0, opener: '2.1.1' }],
    [
      'a change',
      changing([0, 1, 3], 2, '2.1.5'),
      {
        session: 0,
        sequence: 1,
        acknowledged: 0,
        change: { name: '2.1.5', version: 2, voters: founding([0, 1, 3]).voters },
      },
    ],
    [
      'an upgrade',
      upgrading(1, 3, '2.1.6'),
      { session: 0, sequence: 2, acknowledged: 0, upgrade: { name: '2.1.6', from: 1, to: 3 } },
    ],
  ])('is %s: in ndjson', (_name, content, data) => {
    expect(recordOf(relayed(content))).toMatchObject({ message: { type: 'relay', request: data, hops: 1 } })
    expect(recordOf(applied(content))).toMatchObject({ decree: { stampMicros: 5, requests: [data] } })
  })
})

import { describe, expect, it } from 'vitest'
import { Leader, Node, type NodeOptions } from '../../src/paxos/index.js'
import { bankApplication } from '../../src/simulation/application.js'
import { CLASSIC, checkScenario, type Scenario } from '../../src/simulation/scenario.js'
import { failuresOf, runWorld, transcribed } from './worlds.js'

const seeds = (from: number, count: number): number[] => Array.from({ length: count }, (_, at) => from + at)

/** Runs a scenario under many seeds; gives every broken verdict, and how long the slowest run took. */
function hunt(
  scenario: Partial<Scenario>,
  from: number,
  count: number,
): { failures: string[]; slowest: number } {
  const worlds = seeds(from, count).map((seed) => runWorld({ seed, scenario }))
  return {
    failures: worlds.flatMap(failuresOf),
    slowest: Math.max(...worlds.map(({ nowMicros }) => nowMicros)) / 1_000_000,
  }
}

describe('the classic scenario', () => {
  it('ends under each of forty seeds within 30 simulated seconds, with every verdict holding', () => {
    const { failures, slowest } = hunt({}, 1, 40)
    expect(failures).toEqual([])
    expect(slowest).toBeLessThan(30)
  })

  it('has eleven clients do eleven operations each, by way of NODE_13, and answers every one', () => {
    const { world, lines } = transcribed({ seed: 6 })
    world.run()
    expect(world.clients.sent).toBe(121)
    expect(world.clients.answered).toBe(121)
    const ofKeyC = lines.filter((line) => line.includes('completes client 2: '))
    expect(ofKeyC.map((line) => line.slice(line.indexOf(': ') + 2))).toEqual([
      'get C = ok null',
      'set C 9 = ok null',
      'get C = ok 9',
      'set C 6 = ok 9',
      'set C 32 = ok 6',
      'get C = ok 32',
      'set C 39 = ok 32',
      'get C = ok 39',
      'set C 66 = ok 39',
      'set C 77 = ok 66',
      'get C = ok 77',
    ])
    expect(ofKeyC.every((line) => line.includes(' NODE_13 '))).toBe(true)
  })

  it('is founded by NODE_0 only after the thirteen others have asked to join', () => {
    const { world, lines } = transcribed({ seed: 6 })
    world.run()
    const founding = lines.findIndex((line) => line.includes('NODE_0   disk        writes    founded'))
    const joined = lines
      .slice(0, founding)
      .filter((line) => line.includes('NODE_0   seed+initializer receives  join'))
    expect(new Set(joined.map((line) => line.slice(line.lastIndexOf(' ')))).size).toBe(13)
  })
})

describe('harder scenarios', () => {
  const hard: [string, Partial<Scenario>][] = [
    ['members that crash and start again', { faults: { loss: 50_000, crash: 6 } }],
    [
      'a third of all messages lost',
      { members: 5, faults: { loss: 330_000 }, quietMicros: 250_000_000, lengthMicros: 300_000_000 },
    ],
    [
      'half of all messages doubled',
      { members: 5, faults: { loss: 50_000, duplication: 500_000, crash: 3 } },
    ],
    [
      'linearizable reads and crashes',
      { members: 5, reads: 'linearizable', faults: { loss: 50_000, crash: 5 } },
    ],
    [
      'round trips longer than the resend interval',
      {
        members: 3,
        delayMicros: 100_000,
        jitterMicros: 1_000,
        reads: 'linearizable',
        faults: { loss: 50_000, crash: 3 },
      },
    ],
    [
      'messages that overtake each other wildly',
      { members: 3, delayMicros: 100_000, jitterMicros: 100_000, faults: { loss: 50_000, crash: 3 } },
    ],
    ['a single member', { members: 1, faults: { crash: 5 } }],
    ['two members, which both are the quorum', { members: 2, faults: { loss: 50_000, crash: 5 } }],
  ]
  for (const [what, scenario] of hard) {
    it(`ends with every verdict holding: ${what}`, () => {
      expect(hunt(scenario, 1, 10).failures).toEqual([])
    })
  }

  it('keeps the sum of the bank under crashes, loss and duplication', () => {
    const scenario = { members: 5, faults: { loss: 50_000, crash: 6, duplication: 200_000 } }
    const worlds = seeds(1, 10).map((seed) => runWorld({ seed, scenario, application: bankApplication() }))
    expect(worlds.flatMap(failuresOf)).toEqual([])
    const outcomes = new Set(worlds.flatMap(({ clients }) => clients.history.map(({ type }) => type)))
    expect(outcomes).toContain('fail') // some accounts do run dry, so failing commands are exercised too
  })

  it('has nothing to do, and ends, without clients', () => {
    expect(failuresOf(runWorld({ scenario: { clients: 0, members: 3 } }))).toEqual([])
  })
})

describe('a world', () => {
  it('is not changed by other worlds that run in the same process at the same time', () => {
    const alone = transcribed({ seed: 6, scenario: { members: 3 } })
    alone.world.run()
    const together = transcribed({ seed: 6, scenario: { members: 3 } })
    const other = transcribed({ seed: 7, scenario: { members: 5, faults: { crash: 2 } } })
    while (together.world.step()) other.world.step()
    expect(together.lines).toEqual(alone.lines)
  })

  it('is not changed by what somebody did to the answers of another', () => {
    const spoil = runWorld({ seed: 6, scenario: { members: 3 }, makeNode: (made) => new SpoiledNode(made) })
    expect(spoil.verdicts['answers']?.ok).toBe(false)
    expect(failuresOf(runWorld({ seed: 6, scenario: { members: 3 } }))).toEqual([])
  })

  it('counts the same events whether or not anybody observes them', () => {
    const { world, lines } = transcribed({
      seed: 3,
      scenario: { faults: { loss: 50_000, crash: 3, duplication: 100_000 } },
    })
    world.run()
    expect(world.events).toBe(lines.length)
    expect(
      runWorld({ seed: 3, scenario: { faults: { loss: 50_000, crash: 3, duplication: 100_000 } } }).events,
    ).toBe(world.events)
  })

  it('goes on exactly the same when its nodes are frozen and thawed again and again', () => {
    const scenario = {
      members: 5,
      clients: 4,
      faults: { loss: 50_000, crash: 4 },
      reads: 'linearizable',
    } as const
    const untouched = transcribed({ seed: 11, scenario })
    untouched.world.run()
    const options = new Map<number, NodeOptions>()
    const makeNode = (made: NodeOptions): Node => {
      options.set(made.self, made)
      return new Node(made)
    }
    const thawed = transcribed({ seed: 11, scenario, makeNode })
    let thaws = 0
    for (let step = 0; thawed.world.step(); step++) {
      const host = thawed.world.hosts[step % thawed.world.hosts.length]
      const made = options.get(host?.id ?? 0)
      if (!host?.node || made === undefined || step % 7 !== 0) continue
      const frozen = host.node.freeze()
      expect(structuredClone(frozen)).toEqual(frozen)
      host.node = Node.thaw(frozen, made)
      thaws += 1
    }
    expect(thaws).toBeGreaterThan(100)
    expect(thawed.lines).toEqual(untouched.lines)
  })

  it('starts a crashed member again from what its disk held, with a higher incarnation', () => {
    const { world, lines } = transcribed({
      seed: 2,
      scenario: { members: 3, faults: { loss: 50_000, crash: 3 } },
    })
    world.run()
    expect(failuresOf(world)).toEqual([])
    const restart = lines.find((line) => / starts {4}with [1-9]\d* records on disk/.test(line))
    expect(restart).toBeDefined()
    expect(lines.some((line) => /writes +incarnation incarnation=2/.test(line))).toBe(true)
  })
})

describe('a scenario', () => {
  it('is refused with a sentence when it makes no sense', () => {
    const refused: [number, Partial<Scenario>, RegExp][] = [
      [-1, {}, /seed must be a whole number from 0 to 4294967295, and -1 is not/],
      [2 ** 32, {}, /seed must be/],
      [1.5, {}, /seed must be/],
      [1, { members: 0 }, /members must be/],
      [1, { faults: { loss: 1_000_001 } }, /loss must be/],
      [1, { reads: 'bogus' } as object, /reads must be decree or linearizable/],
      [1, { member: 3 } as object, /A scenario has no member/],
      [1, { faults: { flood: 1 } } as object, /There is no class of faults called flood; there are loss, /],
      [1, { delayMicros: 10, jitterMicros: 20 }, /A jitter of .* exceeds the delay/],
    ]
    for (const [seed, scenario, sentence] of refused) {
      expect(() => checkScenario(seed, { ...CLASSIC, ...scenario })).toThrow(sentence)
    }
  })
})

/** Writes into every answer that it gives. */
class SpoiledNode extends Node {
  override step(...args: Parameters<Node['step']>): ReturnType<Node['step']> {
    const actions = super.step(...args)
    for (const action of actions) {
      if (action.type !== 'observe' || action.observation.type !== 'answered') continue
      const { outcome } = action.observation
      if (outcome.ok) outcome.output.fill(56)
    }
    return actions
  }
}

/** Leads, and proposes nothing. */
class IdleLeader extends Leader {
  override propose(): void {}
}

it('is asked for liveness also where nothing goes wrong from the beginning', () => {
  const scenario = {
    members: 3,
    clients: 2,
    requests: 2,
    faults: {},
    quietMicros: 0,
    lengthMicros: 9_000_000,
  }
  expect(failuresOf(runWorld({ seed: 1, scenario }))).toEqual([])
  const makeNode = (made: NodeOptions): Node =>
    new Node({ ...made, roles: { leader: (context, start) => new IdleLeader(context, start) } })
  const { verdicts } = runWorld({ seed: 1, scenario, makeNode })
  expect(verdicts['liveness']).toMatchObject({
    ok: false,
    reason: expect.stringContaining('no fault was active'),
  })
})

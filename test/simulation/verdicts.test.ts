/**
 * A verdict that cannot fail is worth nothing: each is shown here to fail, on a planted bug, at the event that broke
 * it.
 */
import { describe, expect, it } from 'vitest'

import {
  Acceptor,
  type AcceptorStart,
  Commander,
  defineMachine,
  type Machine,
  type MessageOf,
  Node,
  type RoleContext,
  type RoleFactories,
  Scout,
} from '../../src/paxos/index.js'
import {
  type AnyApplication,
  bankApplication,
  keyValueApplication,
} from '../../src/simulation/application.js'
import type { World } from '../../src/simulation/world.js'
import { failuresOf, runWorld, type TestWorld } from './worlds.js'

/** Runs seeds until a verdict fails; gives the first world in which one did. */
function firstFailure(options: TestWorld, roles: Partial<RoleFactories> = {}, seeds = 200): World | null {
  for (let seed = 1; seed <= seeds; seed++) {
    const makeNode: TestWorld['makeNode'] = (made) => new Node({ ...made, roles })
    const world = runWorld({ ...options, seed, makeNode })
    if (failuresOf(world).length > 0) return world
  }
  return null
}

/** An application whose clients give a machine the command null, three times each. */
function runs<State>(machine: Machine<State, null, unknown>): AnyApplication {
  return {
    name: 'planted',
    machine: machine as AnyApplication['machine'], // null is what it takes
    requests: 3,
    operation: () => ({ type: 'command', command: null }),
  }
}

function brokenVerdicts(world: World | null): string[] {
  return Object.entries(world?.verdicts ?? {})
    .filter(([, { ok }]) => !ok)
    .map(([name]) => name)
}

/** Counts every acceptance twice: two of five members are taken for a quorum. */
class HastyCommander extends Commander {
  override accepted(from: number, message: MessageOf<'accepted'>): void {
    super.accepted(from, message)
    super.accepted((from + 1) % this.members.length, message)
  }
}

/** Asks three of five members only, and takes two of them for a quorum. */
class NarrowCommander extends Commander {
  override tender(from: number, message: MessageOf<'tender'>): void {
    super.tender(from, { ...message, members: message.members.slice(0, 3) })
  }
}

/** Forgets across a restart what it promised and accepted. */
const forgetful = (context: RoleContext, _start: AcceptorStart): Acceptor => new Acceptor(context, {})

/** Drops the votes that come with a promise. */
class CarelessScout extends Scout {
  override promise(from: number, message: MessageOf<'promise'>): void {
    super.promise(from, { ...message, votes: [] })
  }
}

const crashing = {
  members: 5,
  faults: { loss: 50_000, crash: 8 },
  quietMicros: 4_000_000,
  clients: 5,
} as const

describe('the verdict of durability', () => {
  it('fails when a decree is decided before a quorum has it on disk', () => {
    const world = firstFailure(
      { scenario: { members: 5 } },
      { commander: (c, s) => new NarrowCommander(c, s) },
    )
    expect(world?.court.durability.result).toMatchObject({
      ok: false,
      reason: expect.stringMatching(/no quorum had on disk/),
    })
    const { event } = world?.court.durability.result ?? {}
    expect(event).toBeGreaterThan(0)
    expect(event).toBeLessThan(world?.events ?? 0)
  })
})

describe('the verdict of durability, of what is counted', () => {
  it('fails when somebody is counted that has not voted', () => {
    const world = firstFailure(
      { scenario: { members: 5 } },
      { commander: (c, s) => new HastyCommander(c, s) },
    )
    expect(world?.court.durability.result.reason).toMatch(
      /^NODE_\d counts NODE_\d in slot \d+ under \d+\.\d\.\d, and no such vote is on its disk/,
    )
  })
})

describe('the verdict of ballots', () => {
  it('fails when acceptors forget across a restart', () => {
    const world = firstFailure({ scenario: crashing }, { acceptor: forgetful })
    expect(world?.court.ballots.result.reason).toMatch(/^NODE_\d .*had promised \d+\.\d\.\d/)
  })
})

describe('the verdict of agreement', () => {
  it('fails when a scout forgets what was accepted under earlier ballots', () => {
    const world = firstFailure({ scenario: crashing }, { scout: (c, s) => new CarelessScout(c, s) })
    expect(world?.court.agreement.result.reason).toMatch(/slot \d+ was decided twice, with different decrees/)
  })

  it('fails when a machine is not deterministic', () => {
    let calls = 0
    const machine = defineMachine({
      initial: () => 0,
      apply: (_state: number, _command: null) => [++calls, 0] as const,
    })
    const world = firstFailure({ scenario: { members: 3 }, application: runs(machine) }, {}, 1)
    expect(world?.court.agreement.result.reason).toMatch(/^the machine is not deterministic/)
  })

  it('fails when a command that fails has changed the state', () => {
    const machine = defineMachine({
      initial: () => ({ half: 0 }),
      apply: (state: { half: number }, _command: null) => {
        state.half += 1
        throw new Error('and then no more')
      },
    })
    const world = firstFailure({ scenario: { members: 3 }, application: runs(machine) }, {}, 1)
    expect(world?.court.agreement.result.reason).toMatch(
      /^the machine changed its state in slot \d+, although the command failed: and then no more/,
    )
  })

  it('fails when a member makes something else of the same decrees', () => {
    const machine = defineMachine({
      initial: () => 0,
      apply: (state: number, _command: null) => [state + 1, 0] as const,
    })
    const application = runs(machine)
    const odd = { ...application.machine, initial: () => 7 }
    const world = runWorld({
      scenario: { members: 3 },
      application,
      makeNode: (made) => new Node(made.self === 1 ? { ...made, machine: odd } : made),
    })
    expect(world.court.identicalState.result.reason).toMatch(/^the state of NODE_1 differs/)
  })
})

describe('the verdict of answers', () => {
  it('fails when a machine answers differently on different members', () => {
    let calls = 0
    const machine = defineMachine({
      initial: () => 0,
      apply: (_s: number, _c: null) => [0, ++calls] as const,
    })
    const world = firstFailure({ scenario: { members: 3 }, application: runs(machine) }, {}, 1)
    expect(world?.court.answers.result.reason).toMatch(/was given an answer that the decrees do not give/)
  })

  it('fails when the judge of the application says that an answer is impossible', () => {
    const application = keyValueApplication('decree')
    const stubborn: AnyApplication = {
      ...application,
      judge: () => (operation, completion) =>
        operation.type === 'command' && completion.type === 'ok' && completion.output === 9
          ? 'nine is no number'
          : null,
    }
    const world = firstFailure({ scenario: { members: 3 }, application: stubborn }, {}, 1)
    expect(world?.court.answers.result).toMatchObject({ ok: false, reason: 'nine is no number' })
  })
})

describe('the verdict of conservation', () => {
  it('fails when a bank loses money', () => {
    const application = bankApplication()
    const leaky: AnyApplication = {
      ...application,
      machine: {
        ...application.machine,
        apply: (state, command, context) => {
          const [next, output] = application.machine.apply(state, command, context)
          const balances = next as Map<string, number>
          balances.set('A', (balances.get('A') ?? 0) - 1)
          return [balances, output]
        },
      },
    }
    const world = firstFailure({ scenario: { members: 3 }, application: leaky }, {}, 1)
    expect(world?.court.conservation.result.reason).toMatch(/the accounts hold 799 together instead of 800/)
  })
})

describe('the verdict of having ended', () => {
  it('fails, and says who is not done, when the run is cut off', () => {
    const world = runWorld({ scenario: { lengthMicros: 1_000_000 } })
    expect(world.court.ended.result.reason).toMatch(/after 1 simulated seconds 11 clients are not done/)
  })

  it('fails when answers are lost and requests are never sent again', () => {
    const world = firstFailure(
      { scenario: { members: 3 } },
      { commander: (c, s) => new MuteCommander(c, s) },
      1,
    )
    expect(brokenVerdicts(world)).toEqual(['liveness', 'ended'])
  })
})

/** Never counts an acceptance. */
class MuteCommander extends Commander {
  override accepted(): void {}
}

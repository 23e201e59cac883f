// The replicated state: a function of the decrees alone, the same on every member.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type AnyMachine,
  applyDecree,
  completeSettings,
  type Decree,
  decodeNumber,
  defineMachine,
  executionOf,
  initialReplicated,
  NO_OP,
  type Outcome,
  rememberedOutcome,
  runQuery,
  type Settings,
} from '../../src/paxos/index.js'
import { anyLedger, encoded, ledger } from '../support/ledger.js'
import { decree, founding, gives, opaque, opening, request, WALL_MICROS } from '../support/words.js'

/** A machine whose types do not matter. */
const untyped = (machine: unknown): AnyMachine => machine as AnyMachine // each test gives it what it takes

/** A replica's memory and a way to feed it. */
function remember(machine: AnyMachine = anyLedger, settings: Partial<Settings> = {}) {
  const execution = executionOf(machine, completeSettings(settings))
  const replicated = initialReplicated(machine, founding())
  const apply = (next: Decree): Outcome[] => {
    const outcomes: Outcome[] = []
    applyDecree(replicated, next, execution, (_request, outcome) => outcomes.push(outcome))
    return outcomes
  }
  return { replicated, execution, apply }
}

describe('applying a decree', () => {
  it('opens a session, executes what is in it, and tells each outcome in order', () => {
    const { replicated, apply } = remember()
    const [opened] = apply(decree([opening('a')]))
    expect(opened?.ok && decodeNumber(opened.output)).toBe(1)
    expect(apply(decree([request(1, 1, 'x'), request(1, 2, 'y')]))).toEqual([gives(1), gives(2)])
    expect(replicated).toMatchObject({ applied: 2, state: ['x', 'y'] })
  })

  it('that is a no-op changes nothing but the slot', () => {
    const { replicated, apply } = remember()
    const before = structuredClone(replicated)
    expect(apply(NO_OP)).toEqual([])
    expect(replicated).toEqual({ ...before, applied: 1 })
  })

  it('whose bytes are no decree does nothing, and the next one is applied', () => {
    const { replicated, apply } = remember()
    expect(apply(opaque(0xff, 0xff))).toEqual([])
    apply(decree([opening('a')]))
    expect(replicated).toMatchObject({ applied: 2, timeMicros: WALL_MICROS })
    expect(replicated.sessions.live.size).toBe(1)
  })

  it('remembers the outcome of a request, and the session that an opener opened', () => {
    const { replicated, apply } = remember()
    apply(decree([opening('a'), request(1, 1, 'x')]))
    expect(rememberedOutcome(replicated, request(1, 1, 'x'))).toEqual(gives(1))
    expect(rememberedOutcome(replicated, opening('a'))).toMatchObject({ ok: true })
    expect(rememberedOutcome(replicated, request(1, 2, 'y'))).toBeUndefined()
    expect(rememberedOutcome(replicated, opening('b'))).toBeUndefined()
  })

  it('refuses a session over the limit', () => {
    const { apply } = remember(anyLedger, { sessionLimit: 1 })
    apply(decree([opening('a')]))
    expect(apply(decree([opening('b')]))).toMatchObject([{ ok: false, error: 'session-limit' }])
  })

  it('makes room for a session where one was not used for long, by decree time', () => {
    const { replicated, apply } = remember(anyLedger, { sessionIdleMicros: 1_000, sessionLimit: 2 })
    apply(decree([opening('a'), opening('b')]))
    apply(decree([request(2, 1, 'x')], WALL_MICROS + 900))
    apply(decree([opening('c')], WALL_MICROS + 1_200))
    expect([...replicated.sessions.live.keys()]).toEqual([2, 3])
  })

  it('makes the same state of the same decrees, however they are made into batches', () => {
    const entries = fc.array(fc.string({ maxLength: 3 }), { maxLength: 12 })
    fc.assert(
      fc.property(entries, fc.infiniteStream(fc.boolean()), (texts, cuts) => {
        const requests = texts.map((text, index) => request(1, index + 1, text))
        const alone = remember()
        const batched = remember()
        for (const one of [opening('a'), ...requests]) alone.apply(decree([one]))
        const batches = [[opening('a')]]
        for (const one of requests) {
          if (cuts.next().value) batches.push([])
          batches.at(-1)?.push(one)
        }
        for (const batch of batches) batched.apply(decree(batch))
        expect(batched.replicated.state).toEqual(alone.replicated.state)
        expect(batched.replicated.sessions).toEqual(alone.replicated.sessions)
      }),
    )
  })
})

describe('a command that throws', () => {
  it('leaves the state untouched and gives the same error on every member', () => {
    const members = [remember(), remember()]
    const told = members.map(({ apply }) => {
      apply(decree([opening('a'), request(1, 1, 'good')]))
      return apply(decree([request(1, 2, 'bad')]))
    })
    expect(told[0]).toEqual([{ ok: false, error: 'command-failed', detail: 'The ledger takes no bad.' }])
    expect(told[1]).toEqual(told[0])
    expect(members[0]?.replicated.state).toEqual(['good'])
  })

  it('is not executed again when it is decided again', () => {
    let calls = 0
    const machine = defineMachine({
      initial: () => 0,
      apply: (): readonly [number, number] => {
        calls += 1
        throw new Error('no')
      },
    })
    const { apply } = remember(untyped(machine))
    apply(decree([opening('a'), request(1, 1, 'x')]))
    expect(apply(decree([request(1, 1, 'x')]))).toMatchObject([{ ok: false, detail: 'no' }])
    expect(calls).toBe(1)
  })

  it('because its output cannot be encoded leaves the state untouched too', () => {
    const machine = defineMachine({
      initial: () => 0,
      apply: (state: number) => [state + 1, 1n] as const, // JSON knows no big integers
    })
    const { replicated, apply } = remember(untyped(machine))
    expect(apply(decree([opening('a'), request(1, 1, 'x')]))[1]).toMatchObject({ error: 'command-failed' })
    expect(replicated.state).toBe(0)
  })

  it('an error that every engine words in its own way tells only its name', () => {
    const machine = defineMachine({
      initial: () => 0,
      apply: (_state: number, command: { readonly deep?: { readonly deeper: number } } | null) =>
        [0, command?.deep?.deeper.toFixed(1_000) ?? 'none'] as const,
    })
    const { apply } = remember(untyped(machine))
    const sent = { ...request(1, 1, ''), command: encoded({ deep: { deeper: 1 } }) }
    expect(apply(decree([opening('a'), sent]))[1]).toMatchObject({ detail: 'RangeError' })
  })
})

describe('decree time', () => {
  const times = (...stamps: number[]) => {
    const { replicated, apply } = remember(anyLedger, { stampAdvanceMicros: 1_000 })
    return stamps.map((stamp) => {
      apply(stamp === 0 ? NO_OP : decree([], WALL_MICROS + stamp))
      return replicated.timeMicros - WALL_MICROS
    })
  }

  it('begins with the founding, follows the stamps, and never goes back', () => {
    expect(times(10, 500, 20, 501)).toEqual([10, 500, 500, 501])
  })

  it('moves on by a bounded step, whatever a stamp says', () => {
    expect(times(5_000_000, 5_000_000, 1_500)).toEqual([1_000, 2_000, 2_000])
  })

  it('stands still in a no-op, which carries no stamp', () => {
    expect(times(10, 0, 0)).toEqual([10, 10, 10])
  })

  it('and the slot are what the machine is told', () => {
    const seen: unknown[] = []
    const machine = defineMachine({
      initial: () => 0,
      apply: (state: number, _command: unknown, context: { readonly slot: number }) => {
        seen.push({ ...context })
        return [state, null] as const
      },
    })
    const { apply } = remember(untyped(machine))
    apply(decree([opening('a')]))
    apply(decree([request(1, 1, 'x')], WALL_MICROS + 7))
    expect(seen).toEqual([{ timeMicros: WALL_MICROS + 7, slot: 2, version: 1 }])
  })
})

describe('a query', () => {
  const run = (machine: AnyMachine) => {
    const { replicated, execution } = remember(machine)
    return runQuery(replicated, encoded(null), execution)
  }

  it('answers from the state', () => {
    expect(run(anyLedger)).toEqual(gives([]))
  })

  it('of a machine that answers none is refused, as is one that throws', () => {
    const { initial, apply } = ledger
    const query = () => {
      throw new Error('no')
    }
    expect(run(untyped({ initial, apply }))).toMatchObject({ error: 'command-failed' })
    expect(run(untyped({ initial, apply, query }))).toMatchObject({ detail: 'no' })
  })
})

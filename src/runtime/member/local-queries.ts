/**
 * Queries that are functions of the state: they run on the replica of the member that is asked, so neither they nor what
 * they give ever travel. Within a node a query's bytes, and those of its answer, stay the same object: that object stands
 * for the function, and for what it gave.
 */
import {
  type AnyMachine,
  CommandFailed,
  codecsOf,
  type Machine,
  migrateState,
  versionOf,
} from '../../paxos/index.js'

/** What a function gave. */
class Given {
  readonly value: unknown

  constructor(value: unknown) {
    this.value = value
  }
}

/** The machine, with functions among its queries. What a function gives is copied: it may hold parts of the state. */
export function withLocalQueries(machine: AnyMachine): AnyMachine {
  const codecs = codecsOf(machine)
  const functions = new WeakMap<Uint8Array, (state: unknown) => unknown>()
  const given = new WeakMap<Uint8Array, Given>()
  const wrapped: Machine<unknown, unknown, unknown, unknown, unknown> = {
    ...codecs,
    version: versionOf(machine),
    migrate: (state, from) => migrateState(machine, state, from, from + 1),
    initial: () => machine.initial(),
    apply: (state, command, context) => machine.apply(state, command, context),
    prefetch: (state, requests) => machine.prefetch?.(state, requests),
    query: (state, query, context) => {
      if (typeof query === 'function') return new Given(structuredClone(query(state)))
      if (machine.query !== undefined) return machine.query(state, query, context)
      throw new CommandFailed('This machine answers no queries but functions of a member that is asked.')
    },
    queries: {
      encode: (query) => {
        if (typeof query !== 'function') return codecs.queries.encode(query)
        const bytes = new Uint8Array(0)
        functions.set(bytes, query as (state: unknown) => unknown) // what it takes is its author's business
        return bytes
      },
      decode: (bytes) => functions.get(bytes) ?? codecs.queries.decode(bytes),
    },
    answers: {
      encode: (answer) => {
        if (!(answer instanceof Given)) return codecs.answers.encode(answer)
        const bytes = new Uint8Array(0)
        given.set(bytes, answer)
        return bytes
      },
      decode: (bytes) => {
        const answer = given.get(bytes)
        return answer === undefined ? codecs.answers.decode(bytes) : answer.value
      },
    },
  }
  return wrapped
}

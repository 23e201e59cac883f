/** What clients did, as bars from their asking to their answer. */
import type { Completion, HistoryOperation, Operation, WorldEvent } from 'synod/simulation'
import type { OperationBar } from './contract.js'
import type { Teller } from './teller.js'

interface Asked {
  readonly node: number
  readonly client: number
  readonly operation: Operation
  readonly invokedEvent: number
  readonly invokedMicros: number
  completedEvent: number
  completedMicros: number
  completion: Completion | null
}

export class OperationRecorder {
  readonly #asked: Asked[] = []
  /** By client: what it waits for. */
  readonly #current: Map<number, Asked> = new Map()

  hear(event: WorldEvent, number: number, micros: number): void {
    if (event.type === 'invokes') {
      const { node, client, operation } = event
      const begun = {
        invokedEvent: number,
        invokedMicros: micros,
        completedEvent: 0,
        completedMicros: micros,
      }
      const asked: Asked = { node, client, operation, ...begun, completion: null }
      this.#asked.push(asked)
      this.#current.set(client, asked)
    } else if (event.type === 'completes') {
      const asked = this.#current.get(event.client)
      if (asked === undefined) return
      this.#current.delete(event.client)
      asked.completedEvent = number
      asked.completedMicros = micros
      asked.completion = event.completion
    }
  }

  finish(lengthMicros: number, placeOf: (node: number) => number, teller: Teller): readonly OperationBar[] {
    return this.#asked.map(({ client, node, operation, completion, ...times }) => ({
      client,
      node: placeOf(node),
      invokedEvent: times.invokedEvent,
      completedEvent: times.completedEvent,
      invokedMicros: times.invokedMicros,
      completedMicros: completion === null ? lengthMicros : times.completedMicros,
      text: teller.operation(operation, completion ?? undefined),
      status: completion?.type ?? 'info',
      key: teller.describe(operation).key,
    }))
  }

  /** The same for the search for an order; stale reads take part in none. */
  history(teller: Teller): readonly HistoryOperation[] {
    return this.#asked.filter(({ operation }) => !isStale(operation)).map((asked) => historyOf(asked, teller))
  }
}

function isStale(operation: Operation): boolean {
  return operation.type === 'query' && operation.consistency === 'stale'
}

function historyOf(asked: Asked, teller: Teller): HistoryOperation {
  const { client, operation, completion, invokedEvent, completedEvent } = asked
  const { f, key, value } = teller.describe(operation)
  const isKnown = completion !== null && completion.type !== 'info'
  return {
    process: client,
    f,
    key,
    input: value,
    output: completion?.type === 'ok' ? teller.describe(operation, completion).value : null,
    outcome: isKnown ? completion.type : 'info',
    line: invokedEvent,
    endLine: isKnown ? completedEvent : null,
  }
}

/** How events and what is in them are put into words: by the application of a run, or as a file has them. */
import type { Decree, StoreRecord } from 'synod/paxos'
import type { Completion, Description, Head, Operation, WorldEvent } from 'synod/simulation'
import { type AnyApplication, describe, jsonOf, TranscriptFormatter } from 'synod/simulation'

export interface Teller {
  head(head: Head): string
  /** The line of a transcript. */
  line(event: WorldEvent, micros: number): string
  decree(decree: Decree): string
  record(record: StoreRecord): string
  /** A field of a message, a record or a role, by its name. */
  field(name: string, value: unknown): string
  operation(operation: Operation, completion?: Completion): string
  /** As a history has it. */
  describe(operation: Operation, completion?: Completion): Description
}

/** Tells a run as the terminal does. */
export function tellerOf(application: AnyApplication): Teller {
  const formatter = new TranscriptFormatter(application)
  return {
    head: (head) => formatter.head(head),
    line: (event, micros) => formatter.line(event, micros),
    decree: (decree) => formatter.decree(decree),
    record: (record) => formatter.record(record),
    field: (name, value) => formatter.field(name, value),
    operation: (operation, completion) => {
      const asked = formatter.operation(operation)
      if (completion === undefined) return asked
      if (completion.type === 'ok') return `${asked} = ${jsonOf(completion.output)}`
      return `${asked}: ${completion.type === 'fail' ? 'failed' : 'outcome unknown'}, ${completion.error}`
    },
    describe: (operation, completion) => describe(application, operation, completion),
  }
}

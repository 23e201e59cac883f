/** How events and what is in them are put into words: by the application of a run, or as a file has them. */
import {
  changeOf,
  type Decree,
  decodeDecree,
  isNoOp,
  MalformedBytes,
  type Request,
  type StoreRecord,
} from 'synod/paxos'
import type { Completion, Description, Head, Operation, WorldEvent } from 'synod/simulation'
import { type AnyApplication, describe, formatNodes, jsonOf, TranscriptFormatter } from 'synod/simulation'

export interface Teller {
  head(head: Head): string
  /** The line of a transcript. */
  line(event: WorldEvent, micros: number): string
  decree(decree: Decree): string
  record(record: StoreRecord): string
  /** A field of a message, a record or a role, by its name. */
  field(name: string, value: unknown): string
  /** The names of its requests, `session.sequence`; requests to the cluster itself have longer ones. */
  requestsOf(decree: Decree): readonly string[]
  requestName(request: Request): string
  /** The change of the members that it holds, in words; null if it holds none. */
  change(decree: Decree): string | null
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
    requestsOf: (decree) => requestsIn(decree).map(nameOfRequest),
    requestName: nameOfRequest,
    change: (decree) => {
      const [change] = requestsIn(decree).flatMap((request) => changeOf(request) ?? [])
      return change === undefined
        ? null
        : `members are to be ${formatNodes(change.voters.map(({ member }) => member))}`
    },
    operation: (operation, completion) => {
      const asked = formatter.operation(operation)
      if (completion === undefined) return asked
      if (completion.type === 'ok') return `${asked} = ${jsonOf(completion.output)}`
      return `${asked}: ${completion.type === 'fail' ? 'failed' : 'outcome unknown'}, ${completion.error}`
    },
    describe: (operation, completion) => describe(application, operation, completion),
  }
}

function nameOfRequest({ session, sequence, command }: Request): string {
  return session === 0 ? `0.${sequence} ${command.join(' ')}` : `${session}.${sequence}`
}

/** A recording may have left out what was decided long ago. */
export function requestsIn(decree: Decree): readonly Request[] {
  try {
    return isNoOp(decree) ? [] : decodeDecree(decree).requests
  } catch (error) {
    if (error instanceof MalformedBytes) return []
    throw error
  }
}

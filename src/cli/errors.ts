/** Something that the person at the keyboard can mend: said in one sentence, with exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** 1: it was not done. 3: it is not known whether it was. 4: a member was refused, and will be each time it is started. */
export type FailureCode = 1 | 3 | 4
export const REFUSED = 4

/** What was asked for has failed: said in one sentence. */
export class Failure extends Error {
  override name = 'Failure'
  readonly exitCode: FailureCode

  constructor(message: string, exitCode: FailureCode = 1) {
    super(message)
    this.exitCode = exitCode
  }
}

/** The first line of what somebody else's error says, without the file that Node's own errors end in. */
export function firstLineOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return (message.split('\n', 1)[0] ?? '').replace(/^(E[A-Z]+: .*), \w+( '.*')?$/, '$1')
}

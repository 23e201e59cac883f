/** Something that the person at the keyboard can mend: said in one sentence, with exit code 2. */
export class UsageError extends Error {
  override name = 'UsageError'
}

/** The first line of what somebody else's error says, without the file that Node's own errors end in. */
export function firstLineOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return (message.split('\n', 1)[0] ?? '').replace(/^(E[A-Z]+: .*), \w+( '.*')?$/, '$1')
}

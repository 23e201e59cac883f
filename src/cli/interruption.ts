/** What Ctrl-C does. By default the command ends at once; one that has something to put in order says so. */

/** 128 + the number of the signal. */
export const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const

/** Until a command says otherwise. */
export function endOnInterrupt(): void {
  process.once('SIGINT', () => process.exit(EXIT_CODES.SIGINT))
}

/** On the first SIGINT or SIGTERM this is called; the second one ends the process at once. */
export function windUpOnInterrupt(windUp: () => void): void {
  process.removeAllListeners('SIGINT')
  let isFirst = true
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (!isFirst) process.exit(EXIT_CODES[signal])
      isFirst = false
      windUp()
    })
  }
}

/**
 * Says whether there was a Ctrl-C: then what a command has found so far is told. A second one ends the process at once. A
 * module of a user may never give control back, so with one the signal ends the process by itself: see `machine.ts`.
 */
export function noteInterrupt(): () => boolean {
  let signals = 0
  if (process.listenerCount('SIGINT') === 0) return () => false
  process.removeAllListeners('SIGINT')
  process.on('SIGINT', () => {
    signals += 1
    if (signals > 1) process.exit(EXIT_CODES.SIGINT)
  })
  return () => signals > 0
}

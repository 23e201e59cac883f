/** Answers the calls that come through a port. */
import type { Engine } from './contract.js'
import type { Call, Port, Reply } from './wire.js'

export function serveEngine(engine: Engine, port: Port): void {
  const reply = (message: Reply): void => port.postMessage(message)
  port.addEventListener('message', ({ data }) => {
    const { id, name, parameters } = data as Call // what the page posts is nothing else
    const onProgress = (events: number): void => reply({ id, type: 'progress', events })
    const method = engine[name] as (...parameters: readonly unknown[]) => Promise<unknown> // of this name
    const isOpening = name === 'open' || name === 'openFile'
    method.call(engine, ...parameters, ...(isOpening ? [onProgress] : [])).then(
      (result) => reply({ id, type: 'result', result }),
      (error: unknown) => reply({ id, type: 'error', sentence: sentenceOf(error) }),
    )
  })
}

/** A sentence that was made for the page, or else what broke, which is a mistake of Synod. */
function sentenceOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error)
  return error instanceof Error && error.name === 'Sentence'
    ? message
    : `This broke Synod itself, please report it: ${message}`
}

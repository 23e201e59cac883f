/** The engine as the page has it: every call goes to the worker, and its promise is kept there. */
import type { Address, Engine, GivenFile, Opened } from './contract.js'
import type { Call, CallName, Port, Reply } from './wire.js'

interface Waiting {
  readonly resolve: (result: unknown) => void
  readonly reject: (error: Error) => void
  readonly onProgress: ((events: number) => void) | undefined
}

/** Connects to the engine in a worker that runs `worker.ts`. */
export function connectEngine(worker: Port): Engine {
  const waiting = new Map<number, Waiting>()
  let lastId = 0
  worker.addEventListener('message', ({ data }) => {
    const reply = data as Reply // what the worker posts is nothing else
    const asked = waiting.get(reply.id)
    if (reply.type === 'progress') asked?.onProgress?.(reply.events)
    else {
      waiting.delete(reply.id)
      if (reply.type === 'result') asked?.resolve(reply.result)
      else asked?.reject(new Error(reply.sentence))
    }
  })

  function call<Name extends CallName>(
    name: Name,
    parameters: readonly unknown[],
    onProgress?: (events: number) => void,
  ): ReturnType<Engine[Name]> {
    lastId += 1
    const id = lastId
    const made: Call = { id, name, parameters }
    const promise = new Promise((resolve, reject) => waiting.set(id, { resolve, reject, onProgress }))
    worker.postMessage(made)
    return promise as ReturnType<Engine[Name]> // the worker calls the method of this name
  }

  const opening =
    (name: 'open' | 'openFile') =>
    (what: Address | GivenFile, onProgress?: (events: number) => void): Promise<Opened> =>
      call(name, [what], onProgress)

  return {
    open: opening('open'),
    openFile: opening('openFile'),
    cancel: () => call('cancel', []),
    close: (...parameters) => call('close', parameters),
    moment: (...parameters) => call('moment', parameters),
    hash: (...parameters) => call('hash', parameters),
    ledger: (...parameters) => call('ledger', parameters),
    lines: (...parameters) => call('lines', parameters),
    slotLife: (...parameters) => call('slotLife', parameters),
    causes: (...parameters) => call('causes', parameters),
    useMachine: (...parameters) => call('useMachine', parameters),
    order: (...parameters) => call('order', parameters),
    parting: (...parameters) => call('parting', parameters),
  }
}

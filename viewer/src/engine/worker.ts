/** The worker that the engine runs in. */
import { LocalEngine } from './engine.js'
import { serveEngine } from './serve.js'
import type { Port } from './wire.js'

/** The worker itself, and what it needs of its host. */
declare const self: Port & {
  MessageChannel: new () => {
    readonly port1: { onmessage: (() => void) | null }
    readonly port2: { postMessage(message: null): void }
  }
}

/** Messages that wait are heard before it goes on. A timer would wait four milliseconds each time. */
const { port1, port2 } = new self.MessageChannel()
const waiting: (() => void)[] = []
port1.onmessage = () => waiting.shift()?.()

const engine = new LocalEngine(
  () =>
    new Promise((resolve) => {
      waiting.push(resolve)
      port2.postMessage(null)
    }),
  (url) => import(/* @vite-ignore */ url) as Promise<Readonly<Record<string, unknown>>>, // a module is that
)
serveEngine(engine, self)

/** How the page and its engine talk to each other across a worker: calls, progress, results. */
import type { Engine } from './contract.js'

export type CallName = keyof Engine

export interface Call {
  readonly id: number
  readonly name: CallName
  readonly parameters: readonly unknown[]
}

export type Reply =
  | { readonly id: number; readonly type: 'progress'; readonly events: number }
  | { readonly id: number; readonly type: 'result'; readonly result: unknown }
  | { readonly id: number; readonly type: 'error'; readonly sentence: string }

/** What both ends of a worker have in common. */
export interface Port {
  postMessage(message: unknown): void
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void
}

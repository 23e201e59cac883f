/** Colours: only on a terminal, and never against the wish of the one who looks at it (https://no-color.org). */
import type { WriteStream } from 'node:tty'
import pc from 'picocolors'
import type { Palette, WorldEvent } from '../simulation/index.js'

/** Whether what is written to a stream is coloured. `wanted` is false after `--no-color`. */
export function isColored(stream: Pick<WriteStream, 'isTTY'>, wanted: boolean): boolean {
  const { NO_COLOR, TERM } = process.env
  return wanted && stream.isTTY && !NO_COLOR && TERM !== 'dumb'
}

type Paint = (text: string) => string

const paint = pc.createColors(true)

export const red: Paint = paint.red
export const uncolored: Paint = (text) => text

/** Each node has a colour; with more nodes than colours they share them. */
const NODES: readonly Paint[] = [
  paint.cyan,
  paint.green,
  paint.yellow,
  paint.blue,
  paint.magenta,
  paint.cyanBright,
  paint.greenBright,
  paint.yellowBright,
  paint.blueBright,
  paint.magentaBright,
]

/** What goes wrong stands out, and what only happens inside a node stands back. */
const VERBS: { readonly [Type in WorldEvent['type']]?: Paint } = {
  starts: paint.bold,
  crashes: paint.red,
  loses: paint.red,
  misses: paint.red,
  doubles: paint.yellow,
  sends: paint.bold,
  writes: paint.dim,
  syncs: paint.dim,
}

export const PALETTE: Palette = {
  time: paint.dim,
  node: (text, node) => (NODES[node % NODES.length] ?? uncolored)(text),
  role: uncolored,
  verb: (text, event) => (VERBS[event] ?? uncolored)(text),
  message: uncolored,
}

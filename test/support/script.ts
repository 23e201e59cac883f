// Scripts: a play for a theatre as text, in the style of the data-driven tests of etcd-io/raft. A block is a command, a
// line `----`, and what the transcript says while the command is carried out; lines that begin with # explain. The
// expectations are rewritten by `npm run golden`, never in CI.
//
//     fire 0 leader election        an alarm of a node rings
//     deliver prepare 0->1          every such letter on its way arrives; without a type, every letter on that way
//     lose accept 0->1              the same, but it is lost
//     sync 1 · crash 1 · start 1    a member's sync ends; it stops dead; it starts from what was synced
//     enter 1 x                     a client at a node enters x into the ledger
//     settle                        all that is on its way arrives, and time goes on, until nothing new happens

import { readFileSync, writeFileSync } from 'node:fs'
import { type MessageType, ROUTES, type RoleName } from '../../src/paxos/index.js'
import { nameOf } from '../../src/simulation/names.js'
import { Theatre, type TheatreOptions, type Which } from './theatre.js'

const SEPARATOR = '----'
const SETTLE_MICROS = 5_000_000

interface Played {
  /** The script with what it really says. */
  readonly text: string
  readonly theatre: Theatre
}

/** Plays a script from its beginning, up to where the judge finds something broken. */
export function play(script: string, options: TheatreOptions): Played {
  const theatre = new Theatre(options).open()
  theatre.lines.splice(0)
  const blocks = script.split('\n\n').map((block) => playBlock(theatre, block))
  return { text: `${blocks.join('\n\n')}\n`, theatre }
}

function playBlock(theatre: Theatre, block: string): string {
  const lines = block.split('\n')
  const end = lines.indexOf(SEPARATOR)
  if (end === -1 || theatre.judge.broken.length > 0) return block.trimEnd()
  const head = lines.slice(0, end)
  const command = head.find((line) => !line.startsWith('#')) ?? ''
  const result = perform(theatre, command.split(' '))
  return [...head, SEPARATOR, ...(result.length === 0 ? ['(nothing)'] : result)].join('\n')
}

function perform(theatre: Theatre, [verb, ...words]: readonly string[]): readonly string[] {
  const [first = '', second = '', third = ''] = words
  switch (verb) {
    case 'fire':
      theatre.fire(Number(first), second as RoleName, third) // an alarm of no such role is not found
      break
    case 'deliver':
      theatre.deliver(whichOf(words))
      break
    case 'lose':
      theatre.lose(whichOf(words))
      break
    case 'sync':
      theatre.sync(Number(first))
      break
    case 'crash':
      theatre.crash(Number(first))
      break
    case 'start':
      theatre.start(Number(first))
      break
    case 'enter':
      theatre.enter(Number(first), second)
      break
    case 'settle':
      theatre.runFor(SETTLE_MICROS)
      theatre.lines.splice(0)
      return theatre.members.map((id) => `${nameOf(id)} holds ${theatre.entries(id).join(' ') || 'nothing'}`)
    default:
      throw new Error(`There is no command ${verb}.`)
  }
  return theatre.lines.splice(0)
}

/** `prepare 0->1`, or only `0->1`. */
function whichOf(words: readonly string[]): Which {
  const [from, to] = (words.at(-1) ?? '').split('->').map(Number)
  const [type] = words
  if (from === undefined || to === undefined) throw new Error(`${words.join(' ')} names no way.`)
  return words.length === 1 || type === undefined || !(type in ROUTES)
    ? { from, to }
    : { from, to, type: type as MessageType } // a key of ROUTES
}

export function readScript(name: string): string {
  return readFileSync(pathOf(name), 'utf8')
}

/** What a golden script must say: what it says in the file, or, where golden files are rewritten, what it said now. */
export function goldenOf(name: string, actual: string): string {
  if (process.env['UPDATE_GOLDEN'] === '1' && !process.env['CI']) {
    writeFileSync(pathOf(name), actual)
  }
  return readScript(name)
}

function pathOf(name: string): URL {
  return new URL(`../paxos/golden/${name}.txt`, import.meta.url)
}

/** The command that replays a run, as an address. */
import { parseAddress, Sentence } from '../address.js'
import type { Address } from '../contract.js'

const REPLAY = /npx synod simulate [^\r\n]*/

/** The command in what `synod hunt` or `synod shrink` have told, as data or as text; null if there is none. */
export function replayIn(text: string): string | null {
  const told = text.startsWith('{') ? replayOf(parsed(text)) : (REPLAY.exec(text)?.[0] ?? null)
  return told !== null && REPLAY.test(told) ? told : null
}

/** Of several failures the first. */
function replayOf(told: unknown): string | null {
  if (typeof told !== 'object' || told === null) return null
  if ('replay' in told && typeof told.replay === 'string') return told.replay
  return 'failed' in told && Array.isArray(told.failed) ? replayOf(told.failed[0]) : null
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return null
  }
}

/** Throws a {@link Sentence} when it is no such command. */
export function addressOfCommand(command: string): Address {
  const [, , , run = '', ...words] = wordsOf(command)
  const parts: string[] = []
  while (words.length > 0) {
    const name = words.shift() ?? ''
    if (!name.startsWith('--'))
      throw new Sentence(`The command ‘${command}’ has a word that is no option: ${name}.`)
    const value = words[0]?.startsWith('--') === false ? `=${encodeURIComponent(words.shift() ?? '')}` : ''
    parts.push(`${name.slice(2)}${value}`)
  }
  return parseAddress(`#${run}?${parts.join('&')}`)
}

/** The words of a command, as a shell has them: some are in single quotes. */
function wordsOf(command: string): string[] {
  const words = command.trim().match(/(?:'[^']*'|\\'|[^\s'])+/g) ?? []
  return words.map((word) => word.replace(/'([^']*)'|\\'/g, (_, quoted?: string) => quoted ?? "'"))
}

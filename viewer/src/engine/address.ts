/**
 * What follows `#` in the address of the page: `6?loss=20&at=1360`. The run comes first, a seed or a story; then options
 * by the names and in the units of the command line, what is changed in the past, and the event that is looked at.
 *
 * An option that takes no value is there or not; `fault` and `no-fault` hold several, with commas in between.
 */
import { isStory, PLACEMENTS, QUANTITIES, SHORT_FORMS } from 'synod/simulation'
import { PLANTED } from '../tour/planted.js'
import type { Address, Edit } from './contract.js'

/** What cannot be shown, in a sentence for whoever is in front of the page. */
export class Sentence extends Error {
  override name = 'Sentence'
}

const NUMBERS: readonly string[] = [...QUANTITIES, ...SHORT_FORMS].map(({ name }) => name)

/** Options that are words, and which; empty: any word. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  scenario: ['classic', 'swarm'],
  machine: [],
  reads: ['decree', 'linearizable'],
  placement: PLACEMENTS,
  fault: [],
  'no-fault': [],
  'over-budget': [''],
  planted: Object.keys(PLANTED),
}

const NAMES: readonly string[] = ['scenario', ...NUMBERS, ...Object.keys(WORDS).slice(1)]

const LISTS: readonly string[] = ['fault', 'no-fault']

/** Reads an address, with its `#` or without. Throws a {@link Sentence}. What is in range is seen when it is opened. */
export function parseAddress(text: string): Address {
  const [run = '', query = ''] = text.replace(/^#/, '').split(/\?(.*)/s)
  if (!/^\d+$/.test(run)) {
    throw new Sentence(
      `An address begins with a seed or a story, as in #6, and ‘${run}’ is neither: it must be a whole number.`,
    )
  }
  const options: Record<string, string> = {}
  const edits: Edit[] = []
  let at: number | null = null
  for (const [name, value] of partsOf(query)) {
    if (name === 'at') at = wholeNumber('at', value, 1)
    else if (name === 'edit') edits.push(parseEdit(value))
    else addOption(options, name, value)
  }
  if (isStory(run)) checkStoryOptions(options)
  return { run, options, edits, at }
}

/** The address as it follows `#` (which is the first character). */
export function formatAddress({ run, options, edits, at }: Address): string {
  const parts = NAMES.flatMap((name) => {
    const value = options[name]
    return value === undefined ? [] : [value === '' ? name : `${name}=${escaped(value)}`]
  })
  parts.push(...edits.map((edit) => `edit=${formatEdit(edit)}`))
  if (at !== null) parts.push(`at=${at}`)
  return `#${run}${parts.length === 0 ? '' : `?${parts.join('&')}`}`
}

/** `drop.812.3`: the event, who it happens to, and for how many milliseconds. */
export function formatEdit(edit: Edit): string {
  const { type, event } = edit
  switch (edit.type) {
    case 'drop':
      return [type, event, edit.to].join('.')
    case 'delay':
      return [type, event, edit.to, edit.millis].join('.')
    case 'crash':
    case 'pause':
      return [type, event, edit.node, edit.millis].join('.')
    case 'cut':
      return [type, event, edit.from, edit.to, edit.millis].join('.')
  }
}

function parseEdit(text: string): Edit {
  const [type = '', ...texts] = text.split('.')
  const numbers = texts.map((each) => wholeNumber('edit', each, 0))
  const [event = 0, first = 0, second = 0, third = 0] = numbers
  const length = EDIT_NUMBERS[type]
  if (length === undefined || length !== numbers.length) {
    throw new Sentence(
      `‘edit=${text}’ is no change of the past: there are drop.EVENT.NODE, delay.EVENT.NODE.MS, crash.EVENT.NODE.MS, pause.EVENT.NODE.MS and cut.EVENT.FROM.TO.MS.`,
    )
  }
  if (type === 'drop') return { type, event, to: first }
  if (type === 'delay') return { type, event, to: first, millis: second }
  if (type === 'crash' || type === 'pause') return { type, event, node: first, millis: second }
  return { type: 'cut', event, from: first, to: second, millis: third }
}

const EDIT_NUMBERS: Readonly<Record<string, number>> = { drop: 2, delay: 3, crash: 3, pause: 3, cut: 4 }

function addOption(options: Record<string, string>, name: string, value: string): void {
  const words = WORDS[name]
  if (words === undefined && !NUMBERS.includes(name)) {
    throw new Sentence(`There is no option ‘${name}’; there are ${[...NAMES, 'edit', 'at'].join(', ')}.`)
  }
  const before = options[name]
  if (before !== undefined && !LISTS.includes(name))
    throw new Sentence(`The option ‘${name}’ is there twice: leave one of them out.`)
  if (words !== undefined && words.length > 0 && !words.includes(value)) {
    const choice = words[0] === '' ? 'takes no value' : `is ${words.join(' or ')}`
    throw new Sentence(`The option ‘${name}’ ${choice}, and ‘${value}’ is not that.`)
  }
  options[name] = before === undefined ? value : `${before},${value}`
}

function checkStoryOptions(options: Readonly<Record<string, string>>): void {
  const others = Object.keys(options).filter((name) => name !== 'machine')
  if (others.length > 0)
    throw new Sentence(`A story holds every option of its run: leave out ${others.join(', ')}.`)
}

/** Throws a {@link Sentence}. */
export function wholeNumber(name: string, text: string, low: number): number {
  const value = Number(text)
  if (/^\d{1,15}$/.test(text) && value >= low) return value
  throw new Sentence(`‘${name}’ must be a whole number from ${low} on, and ‘${text}’ is not.`)
}

/** Names and values, each once unescaped. */
function partsOf(query: string): readonly (readonly [name: string, value: string])[] {
  return query
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const [name = '', value = ''] = part.split(/=(.*)/s)
      return [unescaped(name), unescaped(value)] as const
    })
}

/** Commas and equals signs may stand as they are: an address is to be read. */
function escaped(value: string): string {
  return encodeURIComponent(value).replaceAll('%2C', ',').replaceAll('%3D', '=').replaceAll('%2F', '/')
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Sentence(`‘${text}’ in the address is cut off or was changed: copy all of it once more.`)
  }
}

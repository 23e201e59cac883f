/**
 * Everything that is looked at lives in the address: `#6?loss=20&at=1360`. Three words are the page's own: `tour`,
 * the step of the tour; `beside`, which puts a changed run beside what it was before its last change; and `file`, which
 * names a file beside the page in place of a run.
 */

import { formatAddress, parseAddress, Sentence, wholeNumber } from '../engine/address.js'
import type { Address } from '../engine/contract.js'
import { STEPS } from '../tour/steps.js'

export interface PageAddress {
  /** Null: no run is named. */
  readonly run: Address | null
  /** From 1; null: no tour. */
  readonly tour: number | null
  readonly beside: boolean
  readonly file: string | null
  /** The event of the file that is looked at; a run has its own. */
  readonly at: number | null
}

export const NOWHERE: PageAddress = { run: null, tour: null, beside: false, file: null, at: null }

/** Throws an Error whose message is a sentence when it names no run. */
export function parsePage(hash: string): PageAddress {
  const [run = '', query = ''] = hash.replace(/^#/, '').split(/\?(.*)/s)
  const words = query.split('&').filter((word) => word !== '')
  const wordOf = (name: string): string | null =>
    words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1) ?? null
  const file = fileOf(wordOf('file'))
  const tour = tourOf(wordOf('tour'))
  const ours = file === null ? /^(tour|beside|file)(=|$)/ : /^(tour|beside|file|at)(=|$)/
  const rest = words.filter((word) => !ours.test(word)).join('&')
  const isNowhere = run === '' && (rest === '' || tour !== null)
  const at = wordOf('at')
  return {
    run: isNowhere ? null : parseAddress(`#${run}${rest === '' ? '' : `?${rest}`}`),
    tour,
    beside: words.some((word) => /^beside(=|$)/.test(word)),
    file,
    at: file === null || at === null ? null : wholeNumber('at', at, 1),
  }
}

function tourOf(text: string | null): number | null {
  if (text === null) return null
  const step = wholeNumber('tour', text, 1)
  if (step <= STEPS.length) return step
  throw new Sentence(`The tour has ${STEPS.length} steps, and ‘${text}’ is none of them.`)
}

function fileOf(text: string | null): string | null {
  try {
    return decodeURIComponent(text ?? '') || null
  } catch {
    throw new Sentence(`‘file=${text}’ in the address is cut off or was changed: copy all of it once more.`)
  }
}

export function formatPage({ run, tour, beside, file, at }: PageAddress): string {
  // A run that was changed is no longer what its file says.
  const named = run === null ? file : null
  const [head = '#', query = ''] = run === null ? ['#'] : formatAddress(run).split(/\?(.*)/s)
  const words = [
    query,
    beside ? 'beside=1' : '',
    tour === null ? '' : `tour=${tour}`,
    named === null ? '' : `file=${encodeURIComponent(named).replaceAll('%2F', '/')}`,
    named === null || at === null ? '' : `at=${at}`,
  ].filter((word) => word !== '')
  return words.length === 0 ? head : `${head}?${words.join('&')}`
}

/**
 * Everything that is looked at lives in the address: `#6?loss=20&at=1360`. Three words are the page's own: `tour`,
 * the step of the tour; `beside`, which puts a changed run beside what it was before its last change; and `file`, which
 * names a file beside the page in place of a run.
 */

import { formatAddress, parseAddress } from '../engine/address.js'
import type { Address } from '../engine/contract.js'

export interface PageAddress {
  /** Null: no run is named. */
  readonly run: Address | null
  /** From 1; null: no tour. */
  readonly tour: number | null
  readonly beside: boolean
  readonly file: string | null
}

export const NOWHERE: PageAddress = { run: null, tour: null, beside: false, file: null }

/** Throws an Error whose message is a sentence when it names no run. */
export function parsePage(hash: string): PageAddress {
  const [run = '', query = ''] = hash.replace(/^#/, '').split(/\?(.*)/s)
  const words = query.split('&').filter((word) => word !== '')
  const isOurs = (word: string): boolean => /^(tour|beside|file)(=|$)/.test(word)
  const rest = words.filter((word) => !isOurs(word)).join('&')
  const tour = Number(words.find((word) => word.startsWith('tour='))?.slice(5) ?? 0)
  return {
    run: run === '' ? null : parseAddress(`#${run}${rest === '' ? '' : `?${rest}`}`),
    tour: Number.isInteger(tour) && tour > 0 ? tour : null,
    beside: words.some((word) => word.startsWith('beside')),
    file: decodeURIComponent(words.find((word) => word.startsWith('file='))?.slice(5) ?? '') || null,
  }
}

export function formatPage({ run, tour, beside, file }: PageAddress): string {
  const [head = '#', query = ''] = run === null ? ['#'] : formatAddress(run).split(/\?(.*)/s)
  const words = [
    query,
    beside ? 'beside=1' : '',
    tour === null ? '' : `tour=${tour}`,
    file === null ? '' : `file=${encodeURIComponent(file)}`,
  ].filter((word) => word !== '')
  return words.length === 0 ? head : `${head}?${words.join('&')}`
}

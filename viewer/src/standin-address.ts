/** A stand-in for the engine's codec. */
import type { Address } from './engine/contract.js'

export function parseAddress(hash: string): Address {
  const [run = '', query = ''] = hash.replace(/^#/, '').split('?')
  if (!/^\d+$/.test(run)) throw new Error(`'${run}' is neither a seed nor a story.`)
  const { at, ...options } = Object.fromEntries(new URLSearchParams(query))
  return { run, options, edits: [], at: at === undefined ? null : Number(at) }
}

export function formatAddress({ run, options, at }: Address): string {
  const words = new URLSearchParams({ ...options, ...(at === null ? {} : { at: String(at) }) }).toString()
  return `#${run}${words === '' ? '' : `?${words}`}`
}

/** Engines for tests: in the process, and without a pause. */
import { parseAddress } from '../../../viewer/src/engine/address.js'
import type { Opened } from '../../../viewer/src/engine/contract.js'
import { LocalEngine } from '../../../viewer/src/engine/engine.js'

export function newEngine(): LocalEngine {
  return new LocalEngine(
    async () => {},
    async (url) => (await import(url)) as Record<string, unknown>, // a module is that
  )
}

export async function open(address: string): Promise<Opened & { readonly engine: LocalEngine }> {
  const engine = newEngine()
  return { engine, ...(await engine.open(parseAddress(address))) }
}

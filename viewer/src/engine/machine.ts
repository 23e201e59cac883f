/** A machine of somebody's own: a module that is served beside the page. */
import { ApplicationError, applicationFrom } from 'synod/simulation'
import { Sentence } from './address.js'
import type { ServedMachine } from './contract.js'
import type { GivenMachine } from './told.js'

/** Imports a module by its address. */
export type Load = (url: string) => Promise<Readonly<Record<string, unknown>>>

/** Throws a {@link Sentence}. */
export async function loadMachine({ name, url }: ServedMachine, load: Load): Promise<GivenMachine> {
  let module: Readonly<Record<string, unknown>>
  try {
    module = await load(url)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new Sentence(`${name} cannot be loaded in a browser: ${why}`)
  }
  const exported = module['application'] ?? module['default']
  try {
    applicationFrom(exported, name)
  } catch (error) {
    throw error instanceof ApplicationError ? new Sentence(`${name}: ${error.message}.`) : error
  }
  return { name, exported }
}

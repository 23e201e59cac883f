/** A machine of somebody's own: a module that is served beside the page. */
import { type AnyApplication, ApplicationError, applicationFrom } from 'synod/simulation'
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
  const given = { name, exported }
  try {
    // What only runs in real members has no operations.
    if (typeof exported === 'object' && exported !== null && !('operation' in exported)) machineOf(given)
    else applicationFrom(exported, name)
  } catch (error) {
    throw error instanceof ApplicationError ? new Sentence(`${name}: ${error.message}.`) : error
  }
  return given
}

const NO_OPERATIONS = { operation: () => ({ type: 'command', command: null }) }

/** The application of a machine that need not have operations, for what a real member has recorded. */
export function machineOf({ name, exported }: GivenMachine): AnyApplication {
  const isApplication = typeof exported === 'object' && exported !== null && 'machine' in exported
  return applicationFrom({ ...NO_OPERATIONS, ...(isApplication ? exported : { machine: exported }) }, name)
}

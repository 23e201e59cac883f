/** `--machine` of `synod replay`: the machine that the recorded member ran. */
import { basename, extname } from 'node:path'
import {
  type AnyApplication,
  ApplicationError,
  applicationFrom,
  serviceApplication,
} from '../simulation/index.js'
import { UsageError } from './errors.js'
import { exportedBy, moduleError } from './machine.js'

/** An application has more than a machine, which nobody asks for here. */
const NO_OPERATIONS = { operation: () => ({ type: 'command', command: null }) }

/** The machine of `synod serve`, unless a module is named. Throws a UsageError. */
export async function recordedApplication(path: string | undefined): Promise<AnyApplication> {
  if (path === undefined) return serviceApplication()
  const exported = await exportedBy(path)
  if (typeof exported !== 'object' || exported === null)
    throw new UsageError(`${path} must export, as default, the machine that the member ran`)
  const parts = 'machine' in exported ? exported : { machine: exported }
  try {
    return applicationFrom({ ...NO_OPERATIONS, ...parts }, basename(path, extname(path)))
  } catch (error) {
    throw error instanceof ApplicationError ? moduleError(path, error) : error
  }
}

/** `--machine ./mine.js`: bugs of the protocol, hunted with a machine and clients of one's own. */
import { statSync } from 'node:fs'
import { basename, extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  ANY_FAILURE,
  type AnyApplication,
  ApplicationError,
  applicationFrom,
  readyApplication,
  swarm,
  trialsOf,
} from 'synod/simulation'
import type { Exhibit } from './exhibit.js'

/** What is wrong with what was asked for: a sentence, and exit code 2. */
export class UsageError extends Error {}

/** The application that a module exports, as for the other commands, or a ready-made one. Throws a {@link UsageError}. */
export async function applicationOfModule(path: string): Promise<AnyApplication> {
  const ready = readyApplication(path, 'linearizable')
  if (ready !== null) return ready
  const file = resolve(path)
  if (!statSync(file, { throwIfNoEntry: false })?.isFile())
    throw new UsageError(
      `there is no file '${path}': --machine takes the path of a module, such as ./mine.js`,
    )
  try {
    const module = await import(pathToFileURL(file).href)
    return applicationFrom(module.application ?? module.default, basename(path, extname(path)))
  } catch (error) {
    const why = error instanceof ApplicationError ? error.message : String(error)
    throw new UsageError(`${path} is no machine to hunt with: ${why.split('\n')[0]}`)
  }
}

/** The first seed that every machine is tried with. */
const TRIED = 1

/** A machine that is wrong itself fails whatever is planted: no bug would ever be found. Throws a {@link UsageError}. */
export function checkAlone(path: string, application: AnyApplication): void {
  const failure = orUsageError(path, () => trialsOf({ application })(swarm(TRIED), TRIED, ANY_FAILURE))
  if (failure === null) return
  const { verdict, event, reason } = failure
  const why = reason.replaceAll(/\s+/g, ' ')
  throw new UsageError(
    `${path} fails without any bug of the protocol, so mend it first: ${verdict} failed at event ${event}: ${why}; replay it with: npx synod simulate ${TRIED} --scenario swarm --machine ${path}`,
  )
}

/** What a machine does wrong while it runs, as a sentence. */
export function orUsageError<Result>(path: string, run: () => Result): Result {
  try {
    return run()
  } catch (error) {
    if (!(error instanceof ApplicationError)) throw error
    throw new UsageError(`${path} is no machine to hunt with: ${error.message.split('\n')[0]}`)
  }
}

/** The same bug, hunted with that. Throws a {@link UsageError} where it cannot show. */
export function withApplication(exhibit: Exhibit, application: AnyApplication): Exhibit {
  if (exhibit.needsReads && !asksQueries(application)) {
    throw new UsageError(
      `${exhibit.name} is a bug of linearizable reads, and the clients of ${application.name} do not read: have \`operation\` give queries, or hunt another bug with --bug`,
    )
  }
  return { ...exhibit, application }
}

/** Whether any of the first operations of some clients is a query that takes no slot. */
function asksQueries({ operation }: AnyApplication): boolean {
  let calls = 0
  const draw = (low: number, high: number): number => low + (calls++ % (high - low + 1))
  return Array.from({ length: 64 }, (_, at) => operation(at % 8, at >> 3, draw)).some(
    ({ type }) => type === 'query',
  )
}

/** `--machine ./mine.js`: bugs of the protocol, hunted with a machine and clients of one's own. */
import { basename, extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type AnyApplication, ApplicationError, applicationFrom } from 'synod/simulation'
import type { Exhibit } from './exhibit.js'

/** What is wrong with what was asked for: a sentence, and exit code 2. */
export class UsageError extends Error {}

/** The application that a module exports, as for the other commands. Throws a {@link UsageError}. */
export async function applicationOfModule(path: string): Promise<AnyApplication> {
  try {
    const module = await import(pathToFileURL(resolve(path)).href)
    return applicationFrom(module.application ?? module.default, basename(path, extname(path)))
  } catch (error) {
    const why = error instanceof ApplicationError ? error.message : String(error)
    throw new UsageError(`${path} is no machine to hunt with: ${why.split('\n')[0]}`)
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

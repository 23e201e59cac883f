/** A process that does what it is told to, one exhibit after the other: see pool.ts. */
import { examine, replayKnown, searchFor } from './examine.js'
import { EXHIBITS } from './exhibits/index.js'
import { readFindings, type Told } from './findings.js'
import { applicationOfModule, withApplication } from './mine.js'
import { type Job, STORIES } from './pool.js'

async function done({ bug, mode, effort, machine }: Job): Promise<Told> {
  const known = EXHIBITS.find(({ name }) => name === bug)
  if (known === undefined) throw new Error(`There is no bug ${bug}.`)
  if (machine !== undefined) {
    // What is pinned was found with other clients.
    const exhibit = withApplication(known, await applicationOfModule(machine))
    return examine(exhibit, undefined, effort, say)
  }
  const finding = readFindings(STORIES)[bug]
  if (mode === 'quick') return replayKnown(known, finding)
  return mode === 'search'
    ? searchFor(known, finding, effort.searchSeconds)
    : examine(known, finding, effort, say)
}

function say(text: string): void {
  process.stderr.write(`museum: ${text}\n`)
}

process.on('message', async (job: Job) => {
  process.send?.(await done(job))
})

process.on('disconnect', () => process.exit())

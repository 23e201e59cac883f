/** A process that does what it is told to, one exhibit after the other: see pool.ts. */
import { examine, replayKnown, searchFor } from './examine.js'
import { EXHIBITS } from './exhibits/index.js'
import { readFindings, type Told } from './findings.js'
import { applicationOfModule, orUsageError, UsageError, withApplication } from './mine.js'
import { type Job, type Report, STORIES } from './pool.js'

async function done({ bug, mode, effort, machine }: Job): Promise<Told> {
  const known = EXHIBITS.find(({ name }) => name === bug)
  if (known === undefined) throw new Error(`There is no bug ${bug}.`)
  if (machine !== undefined) {
    // What is pinned was found with other clients.
    const exhibit = withApplication(known, await applicationOfModule(machine))
    return orUsageError(machine, () => examine(exhibit, undefined, effort, say))
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

async function reportOf(job: Job): Promise<Report> {
  try {
    return { told: await done(job) }
  } catch (error) {
    if (error instanceof UsageError) return { wrong: error.message }
    throw error
  }
}

process.on('message', async (job: Job) => {
  process.send?.(await reportOf(job))
})

process.on('disconnect', () => process.exit())

/** `synod store check`: looks into the folder of a member that does not run. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { checkStore, StoreError, type StoreReport } from '../../runtime/index.js'
import { Failure, UsageError } from '../errors.js'
import { OPERATION_GROUP } from './client.js'

/** Something that was durable cannot be read. */
const DAMAGED = 1

export function storeCommand(): Command {
  return new Command('store')
    .helpGroup(OPERATION_GROUP)
    .summary('check the store of a member that does not run')
    .description('Looks into the store of a member that does not run.')
    .addCommand(checkCommand())
    .addHelpText('after', EXIT_HELP)
}

const EXIT_HELP =
  '\nIt exits with 0 if the store is whole, with 1 if it is damaged, and with 2 if it is in use or is no store.'

function checkCommand(): Command {
  return new Command('check')
    .summary('say whether a store is whole')
    .description(
      'Reads all that is in the folder of a member, and says whether it is whole. It changes nothing.',
    )
    .argument('<folder>', 'the folder of a member, or of its store')
    .option('--json', 'print all that was found')
    .addHelpText('after', EXIT_HELP)
    .action(async (folder: string, { json = false }: { readonly json?: boolean }) => {
      if (!existsSync(folder)) throw new UsageError(`there is no folder ${folder}`)
      const report = await check(existsSync(join(folder, 'store')) ? join(folder, 'store') : folder)
      process.stdout.write(json ? `${JSON.stringify(report, null, 2)}\n` : told(report))
      if (!report.isWhole) process.exitCode = DAMAGED
    })
}

async function check(folder: string): Promise<StoreReport> {
  try {
    return await checkStore(folder)
  } catch (error) {
    if (!(error instanceof StoreError)) throw error
    throw error.reason === 'damaged' ? new Failure(error.message) : new UsageError(error.message)
  }
}

function told(report: StoreReport): string {
  const { directory, created, founding, written, damaged, isWhole, segments, snapshot, leftovers } = report
  const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0)
  const lines = [
    `${directory}: ${isWhole ? 'whole' : 'damaged'}`,
    `  member    ${created === null ? 'nobody yet' : `${created.member}, with the store ${created.store}`}`,
    `  cluster   ${founding === null ? 'none yet' : founding.cluster}`,
    `  records   ${written} written${damaged > 0 ? `, ${damaged} that are needed cannot be read` : ''}`,
    `  log       ${segments.length} segments, ${bytes} bytes`,
    `  snapshot  ${snapshot === null ? 'none yet' : `${snapshot.name}, ${snapshot.slot === null ? 'cannot be read' : `of slot ${snapshot.slot}, ${snapshot.bytes} bytes`}`}`,
    ...segments
      .filter(({ hasTornTail }) => hasTornTail)
      .map(({ name }) => `  ${name} ends in a write that was not finished, which does no harm`),
    ...segments.flatMap(({ name, damage }) => damage.map((sentence) => `  ${name}: ${sentence}`)),
    ...leftovers.map((name) => `  ${name} is not needed`),
  ]
  if (!isWhole)
    lines.push('Replace the member: start another with an empty folder, and synod member replace.')
  return lines.map((line) => `${line}\n`).join('')
}

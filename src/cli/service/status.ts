/** `synod status`: how every member is. */
import type { Command } from 'commander'
import { troubleOf } from '../../service/index.js'
import { clientCommand, findCluster, OPERATION_GROUP, orFailure } from './client.js'
import { type Report, withRoster } from './roster.js'

interface Flags extends Readonly<Record<string, unknown>> {
  readonly json?: boolean
}

export function statusCommand(): Command {
  return clientCommand('status', OPERATION_GROUP)
    .summary('say how every member is')
    .description('Asks every member how it is. It fails if not all of them serve.')
    .option('--json', 'print all that the members say')
    .action(async (flags: Flags) => {
      const found = findCluster(flags)
      const reports = await orFailure(() =>
        withRoster(found, (roster) => roster.reports(found.timeoutMillis)),
      )
      process.stdout.write(flags.json === true ? jsonOf(reports) : tableOf(reports))
      if (reports.some((report) => wrongWith(report) !== null)) process.exitCode = 1
    })
}

/** Null: nothing. */
function wrongWith({ status }: Report): string | null {
  return status === null ? 'it does not answer' : troubleOf(status)
}

function jsonOf(reports: readonly Report[]): string {
  const members = reports.map((report) => ({ ...report, trouble: wrongWith(report) }))
  return `${JSON.stringify({ members }, null, 2)}\n`
}

const HEAD = ['name', 'number', 'address', 'role', 'applied', 'decided', 'ready', ''] as const

function tableOf(reports: readonly Report[]): string {
  const rows: readonly (readonly string[])[] = [HEAD, ...reports.map(rowOf)]
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '))
  return lines.map((line) => `${line.trimEnd()}\n`).join('')
}

function rowOf(report: Report): readonly string[] {
  const { member, endpoint, status } = report
  const address = endpoint ?? '?'
  const trouble = wrongWith(report) ?? ''
  if (status === null) return ['?', String(member), address, '?', '?', '?', 'no', trouble]
  const { name, applied, decided, ready } = status
  return [
    name,
    String(member),
    address,
    roleOf(report),
    `${applied}`,
    `${decided}`,
    ready ? 'yes' : 'no',
    trouble,
  ]
}

function roleOf({ status }: Report): string {
  if (status === null) return '?'
  if (status.leader === status.member) return 'leader'
  return status.voting ? 'voter' : 'newcomer'
}

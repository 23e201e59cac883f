/** Tables of findings: for a terminal, and in the README. */
import { readFileSync, writeFileSync } from 'node:fs'
import { EXHIBITS } from './exhibits/index.js'
import { type Findings, medianOf, type Told } from './findings.js'

export function tableOf(told: readonly Told[]): string {
  const rows = told.map(({ bug, found, verdict, seeds, events, story }) => [
    bug,
    found ? verdict : 'NOT FOUND',
    String(medianOf(seeds) ?? '-'),
    String(events),
    story,
  ])
  const table = [['bug', 'verdict', 'median seeds', 'events', 'story'], ...rows]
  const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  return table.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n')
}

const BEGIN = '<!-- begin of the table: npm run museum -- --pin writes it -->'
const END = '<!-- end of the table -->'

/** Puts the table into the README, between its marks. */
export function writeTable(readme: URL, findings: Findings): void {
  const text = readFileSync(readme, 'utf8')
  const before = text.slice(0, text.indexOf(BEGIN) + BEGIN.length)
  const after = text.slice(text.indexOf(END))
  writeFileSync(readme, `${before}\n${markdownOf(findings)}\n${after}`)
}

function markdownOf(findings: Findings): string {
  const rows = EXHIBITS.map(({ name, wrong, breaks }) => {
    const finding = findings[name]
    const { verdict = 'not found', events = '' } = finding ?? {}
    return `| \`${name}\` | ${wrong} | ${breaks} | *${verdict}* | ${medianOf(finding?.seeds ?? []) ?? ''} | ${events} |`
  })
  return [
    '| bug | what is wrong | what it breaks | verdict | median seeds | events |',
    '|---|---|---|---|--:|--:|',
    ...rows,
  ].join('\n')
}

/** Tables of findings: for a terminal, and in the README. */
import { readFileSync, writeFileSync } from 'node:fs'
import { EXHIBITS } from './exhibits/index.js'
import { type Finding, type Findings, medianOf, type Told } from './findings.js'

export function tableOf(told: readonly Told[]): string {
  const rows = told.map((one) => [
    one.bug,
    one.found ? one.verdict : 'NOT FOUND',
    String(medianOf(one.seeds) ?? '-'),
    String(one.events),
    String(one.byHand?.events ?? '-'),
    ratioOf(one),
    one.story,
  ])
  const table = [['bug', 'verdict', 'median seeds', 'events', 'by hand', 'ratio', 'story'], ...rows]
  const widths = [0, 1, 2, 3, 4, 5].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)))
  return table.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')).join('\n')
}

/** How many times as long as the one by hand a story is. */
function ratioOf({ events, byHand }: Pick<Finding, 'events' | 'byHand'>): string {
  return byHand === null ? '-' : (events / byHand.events).toFixed(1)
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
    if (finding === undefined) return `| \`${name}\` | ${wrong} | ${breaks} | *not found* | | | | |`
    const { verdict, seeds, events, byHand } = finding
    return `| \`${name}\` | ${wrong} | ${breaks} | *${verdict}* | ${medianOf(seeds) ?? ''} | ${events} | ${byHand?.events ?? ''} | ${ratioOf(finding)} |`
  })
  return [
    '| bug | what is wrong | what it breaks | verdict | median seeds | events | by hand | ratio |',
    '|---|---|---|---|--:|--:|--:|--:|',
    ...rows,
  ].join('\n')
}

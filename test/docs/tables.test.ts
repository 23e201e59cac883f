// The tables in the documents have all there is of what they list, in the order of the code.

import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { CLIENT_OPTIONS } from '../../src/cli/service/client.js'
import * as client from '../../src/client.js'
import * as main from '../../src/index.js'
import * as machines from '../../src/machines/index.js'
import { keyspaceBounds } from '../../src/machines/index.js'
import * as paxos from '../../src/paxos/index.js'
import { measureIn } from '../../src/runtime/metrics.js'
import * as service from '../../src/service/index.js'
import * as simulation from '../../src/simulation/index.js'
import { FAULTS, simulate } from '../../src/simulation/index.js'
import * as testing from '../../src/testing/index.js'
import { ROOT, readDocument } from './markdown.js'

/** The cells of each row of the tables with this head. */
function cellsOf(path: string, head: string): readonly (readonly string[])[] {
  const { lines } = readDocument(path)
  const heads = lines.flatMap((line, at) => (line === head ? [at] : []))
  const rows = heads.flatMap((from) => lines.slice(from + 2, lines.indexOf('', from)))
  return rows.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.replaceAll('`', '').trim()),
  )
}

/** The first two cells of each row. */
function rowsOf(path: string, head: string): readonly (readonly [string, string])[] {
  return cellsOf(path, head).map(([first = '', second = '']) => [first, second])
}

test('docs/SIMULATION.md has every class of faults, with its unit', () => {
  const classes = Object.entries(FAULTS).map(([name, { unit }]) => [name, unit === 'times' ? 'times' : '%'])
  expect(rowsOf('docs/SIMULATION.md', '| class | unit | what happens |')).toEqual(classes)
})

test('docs/CHECKING.md has every verdict', () => {
  const { verdicts } = simulate({ seed: 1, scenario: { clients: 0, members: 1 } }).summary
  const rows = rowsOf('docs/CHECKING.md', '| verdict | what it says |').map(([name]) => name)
  expect(rows).toEqual(Object.keys(verdicts))
})

const explorations = cellsOf('docs/EXPLORING.md', '| options | states generated | different | depth |')
const small = explorations.filter(([, generated = '']) => Number(generated.replaceAll(',', '')) < 300_000)

test.for(small)(
  'docs/EXPLORING.md: %s generates %s states, %s different ones, in %s steps',
  ([options, ...row]) => {
    const words = (options ?? '').split(' ')
    const told = execFileSync(process.execPath, [join(ROOT, 'bin/synod.js'), 'explore', '--json', ...words])
    const { generated, unique, depth } = JSON.parse(told.toString())
    expect([generated, unique, depth].map((count) => count.toLocaleString('en-US'))).toEqual(row)
  },
)

test('docs/OPERATIONS.md has every option, who takes it, and its help', () => {
  const { OPTIONS, SERVICE_OPTIONS, flagOf, variableOf } = service
  const names = Object.keys(OPTIONS) as service.OptionName[] // it has no others
  const rows = names.map((name) => {
    const takers = [
      ...(SERVICE_OPTIONS.includes(name) ? ['members'] : []),
      ...(CLIENT_OPTIONS.includes(name) ? ['clients'] : []),
    ]
    const { argument, help } = OPTIONS[name]
    return [`${flagOf(name)} ${argument}`.trimEnd(), variableOf(name), name, takers.join(', '), help]
  })
  expect(cellsOf('docs/OPERATIONS.md', '| flag | variable | in the file | for | what |')).toEqual(rows)
})

test('docs/OPERATIONS.md has every metric, and its help', async () => {
  const unused = (): never => {
    throw new Error('Nothing is measured here.')
  }
  const registry = new Registry()
  measureIn(registry, { name: 'a', status: unused, counts: unused })
  const metrics = registry.getMetricsAsArray().filter(({ name }) => name.startsWith('synod_'))
  expect(rowsOf('docs/OPERATIONS.md', '| metric | what |')).toEqual(
    metrics.map((metric) => [metric.name, (metric as unknown as { help: string }).help]), // which it leaves out
  )
})

test('examples/synod.service sets variables that there are', () => {
  const unit = readFileSync(join(ROOT, 'examples/synod.service'), 'utf8')
  const names = Object.keys(service.OPTIONS) as service.OptionName[] // it has no others
  const known = ['SYNOD_CONFIG', ...names.map(service.variableOf)]
  const set = [...unit.matchAll(/^Environment=(\w+)=/gm)].map(([, name = '']) => name)
  expect(set.length).toBeGreaterThan(0)
  expect(set.filter((name) => !known.includes(name))).toEqual([])
})

test('docs/KEYSPACE.md has the bounds of the keyspace', () => {
  const bounds = rowsOf('docs/KEYSPACE.md', '| what | bound |').map(([, bound]) => bound.replaceAll(',', ''))
  const numbers = bounds.flatMap((bound) => bound.match(/\d+/g) ?? []).map(Number)
  expect(numbers).toEqual([
    1,
    keyspaceBounds.keyBytes,
    keyspaceBounds.valueBytes,
    keyspaceBounds.answerEntries,
    keyspaceBounds.answerBytes,
    keyspaceBounds.historyChanges,
    keyspaceBounds.historyBytes,
    keyspaceBounds.ttlMillis,
  ])
})

test('docs/ERRORS.md has every error that is exported, and no others', () => {
  const entries = [main, client, paxos, machines, simulation, testing, service]
  const exported = entries.flatMap((entry) => Object.values<unknown>({ ...entry }).filter(isErrorClass))
  const names = new Set(exported.map(({ name }) => name))
  const rows = rowsOf('docs/ERRORS.md', '| error | what it means | what to do |').map(([name]) => name)
  expect([...rows].sort()).toEqual([...names, 'RangeError'].sort())
})

function isErrorClass(value: unknown): value is { readonly name: string } {
  return typeof value === 'function' && value.prototype instanceof Error
}

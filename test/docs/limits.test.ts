// The tables in docs/LIMITS.md say what the code does: every setting with its default, every bound of a scenario.

import { describe, expect, it } from 'vitest'
import { EXPIRED_BY_COMMAND } from '../../src/machines/keyspace/machine.js'
import { DEFAULT_SETTINGS } from '../../src/paxos/index.js'
import {
  BLACK_BOX_BYTES,
  LEAST_BLACK_BOX_BYTES,
  MOST_PENDING_BYTES,
} from '../../src/runtime/black-box/options.js'
import { commandBytesOf, DEFAULT_TRANSPORT_LIMITS } from '../../src/runtime/index.js'
import { CALL_BYTES } from '../../src/runtime/member/calls.js'
import { MOST_WAITING, MOST_WAITING_BYTES } from '../../src/runtime/member/decisions.js'
import { MOST_CALLS } from '../../src/runtime/member/desk.js'
import { NAME_LENGTH } from '../../src/runtime/member/from-clients.js'
import { MEMBER_SETTINGS } from '../../src/runtime/member/options.js'
import { MOST_LOGGED } from '../../src/runtime/member/problem-log.js'
import { TOKEN_BYTES } from '../../src/runtime/transport/handshake.js'
import { HELD_MILLIS } from '../../src/service/backup.js'
import { CONNECTIONS, HEADER_BYTES, REQUEST_MILLIS } from '../../src/service/http.js'
import { BOUNDS, LAST_SEED } from '../../src/simulation/index.js'
import { readDocument } from './markdown.js'

const { lines } = readDocument('docs/LIMITS.md')

/** The lines below a heading, up to the next one. */
function section(heading: string): readonly string[] {
  const from = lines.indexOf(heading) + 1
  const length = lines.slice(from).findIndex((line) => line.startsWith('#'))
  return lines.slice(from, from + length)
}

/** The rows of a section that give a name, a unit and a default. */
const defaultsOf = (heading: string) =>
  section(heading)
    .map((line) => /^\| `(\w+)` \| (µs|ms|bytes|slots|count|percent) \| ([\d,]+) \| /.exec(line))
    .filter((match) => match !== null)
    .map(([, name = '', unit = '', value = '']) => ({ name, unit, value: Number(value.replaceAll(',', '')) }))

const settings = defaultsOf('## Settings')
const limits = defaultsOf('## The transport')

const microseconds = (name: string): boolean => name.endsWith('Micros')
const number = (value: number): string => value.toLocaleString('en')
const bytes = (name: string): boolean => name.endsWith('Bytes')

describe('docs/LIMITS.md', () => {
  it('has every setting, with its default, in the order of the code', () => {
    expect(settings.map(({ name, value }) => [name, value])).toEqual(Object.entries(DEFAULT_SETTINGS))
  })

  it('gives each the unit of its name', () => {
    for (const { name, unit } of settings) {
      expect(unit === 'µs', name).toBe(microseconds(name))
      expect(unit === 'bytes', name).toBe(bytes(name))
    }
  })

  it('marks those that members must agree on, and no others', () => {
    const agreed = lines.flatMap((line) => /^\| `(\w+)` \| .* \| \*agreed\.\*/.exec(line)?.[1] ?? [])
    expect(agreed).toEqual(agreedInCode())
  })

  it('has every limit of the transport, with its default, in the order of the code', () => {
    expect(limits.map(({ name, value }) => [name, value])).toEqual(Object.entries(DEFAULT_TRANSPORT_LIMITS))
    for (const { name, unit } of limits) {
      expect(unit === 'ms', name).toBe(name.endsWith('Millis'))
      expect(unit === 'bytes', name).toBe(bytes(name))
    }
  })

  it('has the bounds of members and clients', () => {
    const { frameBytes } = DEFAULT_TRANSPORT_LIMITS
    expect(commandBytesOf(DEFAULT_TRANSPORT_LIMITS)).toBe(frameBytes / 2)
    const text = lines.join('\n')
    expect(text).toContain(
      `| ${CALL_BYTES / 1024} KiB; a longer one is not heard. A member works at ${number(MOST_CALLS)} of each kind at`,
    )
    expect(MEMBER_SETTINGS).toEqual({ decreeBytes: 96 * 1024, logBytes: 24 * 1024 ** 2, logPercent: 25 })
    expect(text).toContain('`logBytes` is 24 MiB for a member, and `logPercent` is 25')
    expect(text).toContain(`| ${NAME_LENGTH} characters; one that is longer`)
    expect(text).toContain(
      `each ${number(MOST_WAITING)} decisions or ${MOST_WAITING_BYTES / 1024 ** 2} MiB behind`,
    )
    expect(text).toContain(`A token has ${number(TOKEN_BYTES)} bytes at most.`)
    expect(text).toContain(`and ${number(MOST_LOGGED)} in all`)
  })

  it('has the bounds of the service', () => {
    const text = section('## The service').join('\n')
    expect(text).toContain(
      `${CONNECTIONS} connections; ${REQUEST_MILLIS / 1_000} s for a request, and ${number(HEADER_BYTES)} bytes for its head`,
    )
    expect(text).toContain(`After ${HELD_MILLIS / 1_000} s in which nobody asks on`)
    expect(text).toContain(`${EXPIRED_BY_COMMAND} of them go with one command`)
  })

  it('has the bounds of a black box', () => {
    const text = lines.join('\n')
    expect(text).toContain(
      `\`limitBytes\`, ${number(BLACK_BOX_BYTES)} by default and ${number(LEAST_BLACK_BOX_BYTES)} at least`,
    )
    expect(text).toContain(`| ${MOST_PENDING_BYTES / 1024 ** 2} MiB, and what the file begins with.`)
  })

  it('has every bound of a scenario', () => {
    const from = lines.indexOf('| what | from | to |')
    const named = lines.slice(from, lines.indexOf('', from)).flatMap((line) => {
      const [, names = ''] = line.split('|')
      return [...names.matchAll(/`(\w+)`/g)].map(([, name = '']) => name)
    })
    expect(named.sort()).toEqual(Object.keys(BOUNDS).sort())
    expect(lines).toContain(`| seed | 0 | ${LAST_SEED.toLocaleString('en')} |`)
  })
})

/** The settings whose comment says *Agreed.* */
function agreedInCode(): readonly string[] {
  const source = readDocument('src/paxos/settings.ts').lines.join('\n')
  const [, body = ''] = /export interface Settings \{\n([^}]*)\n\}/.exec(source) ?? []
  return body
    .split('readonly ')
    .map((text, index, all) => ({ comment: all[index - 1] ?? '', name: /^\w+/.exec(text)?.[0] ?? '' }))
    .filter(({ comment }) => comment.slice(comment.lastIndexOf('/**')).includes('*Agreed.*'))
    .map(({ name }) => name)
}

// The records of a run: the same events as the text, as data, every field of them documented.

import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type Scenario, type SimulationOptions, simulate } from '../../src/simulation/index.js'

type Data = Readonly<Record<string, unknown>>

const BUSY: Partial<Scenario> = {
  members: 5,
  clients: 4,
  faults: { loss: 100_000, duplication: 50_000, reordering: 10_000, crash: 6 },
  quietMicros: 4_000_000,
  reads: 'linearizable',
}

function linesOf(options: SimulationOptions): string[] {
  const lines: string[] = []
  simulate({ ...options, onLine: (line) => lines.push(line) })
  return lines
}

const records = linesOf({ seed: 3, scenario: BUSY, format: 'ndjson' }).map((line): Data => JSON.parse(line))
const [head, ...events] = records
const text = linesOf({ seed: 3, scenario: BUSY })

/** The fields that each type of event has beside `event`, `time`, `node`, `type` and `role`. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  starts: ['records'],
  crashes: ['lostRecords'],
  begins: [],
  ends: [],
  sends: ['message', 'to'],
  loses: ['message', 'to'],
  doubles: ['message', 'to'],
  delays: ['fault', 'lateMicros', 'message', 'to'],
  receives: ['from', 'message'],
  misses: ['from', 'message'],
  writes: ['record'],
  syncs: ['records'],
  wakes: ['timer'],
  applies: ['decree', 'slot'],
  invokes: ['client', 'operation'],
  completes: ['client', 'completion', 'operation'],
  suffers: ['fault', 'nodes', 'number', 'what'],
  recovers: ['fault', 'nodes', 'number'],
}

describe('the records of a run', () => {
  it('begin with format version, seed and options', () => {
    expect(head).toEqual({
      formatVersion: 2,
      seed: 3,
      options: {
        machine: 'key-value',
        members: 5,
        clients: 4,
        requests: 11,
        delayMicros: 30_000,
        jitterMicros: 20_000,
        reads: 'linearizable',
        lengthMicros: 60_000_000,
        alpha: 64,
        logBytes: 4_194_304,
        chunkBytes: 262_144,
        quietMicros: 4_000_000,
        faults: { loss: 100_000, duplication: 50_000, reordering: 10_000, crash: 6 },
        omitted: { faults: [], clients: [] },
        overBudget: false,
      },
    })
  })

  it('are as many as the lines of the text, numbered, at the same times, at the same nodes, of the same types', () => {
    expect(records).toHaveLength(text.length)
    for (const [index, { event, time, node, type, role }] of events.entries()) {
      expect(event).toBe(index + 1)
      const [seconds, name, roles, verb] = text[index + 1]?.trim().split(/ +/) ?? []
      expect(Number(seconds?.replace('.', ''))).toBe(time)
      expect(name).toBe(`NODE_${node}`)
      expect(verb).toBe(type)
      expect(roles).toBe(verb === 'begins' || verb === 'ends' ? '-' : (role ?? '-'))
    }
  })

  it('have the fields of their type, and every type occurs', () => {
    const seen = new Set<unknown>()
    for (const { event: _, time, node, type, role, ...rest } of events) {
      seen.add(type)
      expect(Object.keys(rest).sort(), `${type}`).toEqual(FIELDS[String(type)])
      expect(time).toEqual(expect.any(Number))
      expect(node).toEqual(expect.any(Number))
      expect(role === null || typeof role === 'string').toBe(true)
      if (rest['to'] !== undefined) expect(rest['to']).toEqual(expect.arrayContaining([expect.any(Number)]))
    }
    expect([...seen].sort()).toEqual(Object.keys(FIELDS).sort())
  })

  it('hold decrees, commands, queries and outputs as the application knows them', () => {
    const messages = events.flatMap(({ message }) => (message === undefined ? [] : [message as Data]))
    const find = (type: string, matching: object) =>
      messages.find((message) => {
        if (message['type'] !== type) return false
        return Object.entries(matching).every(([name, value]) =>
          JSON.stringify(message[name]).includes(value),
        )
      })
    expect(find('accept', { decree: '"set"' })).toMatchObject({
      ballot: { round: expect.any(Number), member: expect.any(Number), incarnation: expect.any(Number) },
      slot: expect.any(Number),
      decree: {
        stampMicros: expect.any(Number),
        requests: expect.arrayContaining([
          expect.objectContaining({
            session: expect.any(Number),
            sequence: expect.any(Number),
            acknowledged: expect.any(Number),
            command: { type: 'set', key: expect.stringMatching(/^[A-D]$/), value: expect.any(Number) },
          }),
        ]),
      },
    })
    expect(find('request', { request: '"session":0' })).toMatchObject({
      request: { opener: expect.stringMatching(/^4\.[0-9a-z]+\.\d+\.\d+$/) },
    })
    expect(find('read', {})).toMatchObject({ query: { type: 'get' }, consistency: 'linearizable' })
    expect(find('readAnswer', { outcome: '77' })).toMatchObject({ outcome: { ok: true, output: 77 } })
    const opened = messages.find(({ type, session }) => type === 'answer' && session === 0)
    expect(opened).toMatchObject({ outcome: { ok: true, output: expect.any(Number) } })
    expect(JSON.stringify(events)).not.toMatch(/"0":\d+,"1":\d+/) // no bytes are left
  })

  it('are described in docs/TRANSCRIPT.md, every field of every event, message and record', () => {
    const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
    const sources = [
      ...['paxos/messages', 'paxos/records', 'simulation/events', 'simulation/head'],
      ...['simulation/scenario', 'simulation/summary', 'simulation/clients'],
    ].map((name) => read(`src/${name}.ts`))
    const fields = sources.flatMap((source) => [
      ...source.matchAll(/^\s+readonly (\w+):|[{;] readonly (\w+):/gm),
    ])
    const names = new Set(fields.map(([, first, second]) => first ?? second ?? ''))
    const documented = read('docs/TRANSCRIPT.md')
    expect(names.size).toBeGreaterThan(50)
    // What is only for the simulation's own use.
    for (const name of ['number', 'place', 'judge', 'history', 'all']) names.delete(name)
    expect([...names].filter((name) => !documented.includes(`\`${name}\``))).toEqual([])
  })
})

import { type HistoryEntry, sharedApplication, simulate, swarm } from 'synod/simulation'
import { describe, expect, it } from 'vitest'
import { EVENT_TYPES, FLIGHT_FATES } from '../../../viewer/src/engine/contract.js'
import { open } from './engines.js'

const SEEDS = ['0', '1', '2', '6', '7', '11', '19', '42', '1000', '4294967295']

describe('a run that is opened', () => {
  it.each(SEEDS)('has the hash and the lines that the terminal prints for seed %s', async (seed) => {
    const { engine, handle, run } = await open(`#${seed}?requests=2`)
    const lines: string[] = []
    const { summary } = simulate({
      seed: Number(seed),
      scenario: { requests: 2 },
      hash: true,
      onLine: (line) => lines.push(line),
    })
    expect(await engine.hash(handle)).toBe(summary.transcriptSha256)
    expect(await engine.lines(handle, 1, run.eventCount)).toEqual(lines.slice(1))
  })

  it('has the hash of a swarm run, whose faults leave nothing as it was', async () => {
    const { engine, handle } = await open('#17?scenario=swarm')
    const { summary } = simulate({
      seed: 17,
      scenario: swarm(17),
      application: sharedApplication(),
      hash: true,
    })
    expect(await engine.hash(handle)).toBe(summary.transcriptSha256)
  })

  it('has columns that say what the events say', async () => {
    const { engine, handle, run } = await open('#6')
    const lines = await engine.lines(handle, 1, run.eventCount)
    for (const [place, line] of lines.entries()) {
      const [, seconds, node, , verb] = /^ *(\S+) +(\S+) +(\S+) +(\S+)/.exec(line) ?? []
      expect(EVENT_TYPES[run.timeline.type[place] ?? 0]).toBe(verb)
      expect(run.nodes[run.timeline.node[place] ?? 0]?.name).toBe(node)
      expect(run.timeline.micros[place]).toBe(Math.round(Number(seconds) * 1e6))
    }
  })

  it('counts every message that was sent, and what became of it', async () => {
    const { run } = await open('#6?duplication=10&crashes=3')
    const { summary } = simulate({
      seed: 6,
      scenario: { faults: { loss: 50_000, duplication: 100_000, crash: 3 } },
    })
    const fates = FLIGHT_FATES.map((_, fate) => run.flights.fate.filter((each) => each === fate).length)
    const [received, missed, lost, underway] = fates
    const doubled = run.timeline.type.filter((type) => EVENT_TYPES[type] === 'doubles').length
    expect(received).toBe(summary.messages.delivered)
    expect((missed ?? 0) + (lost ?? 0)).toBe(summary.messages.dropped)
    expect(run.flights.sent.length).toBe(summary.messages.sent + doubled)
    expect(underway).toBeGreaterThan(0)
  })

  it('ends each flight where the line of its end says', async () => {
    const { engine, handle, run } = await open('#6?scenario=swarm')
    const lines = await engine.lines(handle, 1, run.eventCount)
    for (let flight = 0; flight < run.flights.sent.length; flight++) {
      const from = run.nodes[run.flights.from[flight] ?? 0]?.name
      const to = run.nodes[run.flights.to[flight] ?? 0]?.name
      const kind = run.flights.kinds[run.flights.kind[flight] ?? 0]
      const sent = lines[(run.flights.sent[flight] ?? 0) - 1]
      const ended = lines[(run.flights.ended[flight] ?? 0) - 1]
      expect(sent).toMatch(new RegExp(`^ *\\S+ +${from} +\\S+ +sends +${kind} `))
      if (ended !== undefined) expect(ended).toMatch(new RegExp(` ${kind}( .*)? (<- ${from}|-> ${to})$`))
    }
  })

  it('has a bar for each operation, with the answer that the client got', async () => {
    const { run } = await open('#6')
    const { history } = simulate({ seed: 6 })
    const ends = history.filter(({ type }: HistoryEntry) => type !== 'invoke')
    expect(run.operations).toHaveLength(ends.length)
    expect([...run.operations.map(({ completedMicros }) => completedMicros)].sort((a, b) => a - b)).toEqual(
      ends.map(({ time }) => time),
    )
  })

  it('has a span for each fault, and a mark where it begins', async () => {
    const { run } = await open('#6?crashes=2&fault=pause=1,halves=1')
    const { summary } = simulate({
      seed: 6,
      scenario: { faults: { loss: 50_000, crash: 2, pause: 1, halves: 1 } },
    })
    for (const fault of ['crash', 'pause', 'halves'])
      expect(run.faults.filter((span) => span.fault === fault)).toHaveLength(summary.faults[fault] ?? 0)
    for (const { fault, event, fromMicros, toMicros } of run.faults) {
      expect(toMicros).toBeGreaterThanOrEqual(fromMicros)
      expect(run.marks.some((mark) => mark.event === event)).toBe(fault !== 'down')
    }
  })
})

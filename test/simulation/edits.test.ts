import { describe, expect, it } from 'vitest'
import {
  type Edit,
  type Scenario,
  Simulation,
  type SimulationResult,
  sharedApplication,
  simulate,
  swarm,
  type WorldEvent,
} from '../../src/simulation/index.js'

interface Told {
  readonly lines: readonly string[]
  readonly events: readonly WorldEvent[]
  readonly micros: readonly number[]
  readonly result: SimulationResult
}

const QUICK: Partial<Scenario> = { members: 3, clients: 2, requests: 4 }

function told(edits?: readonly Edit[], scenario: Partial<Scenario> = QUICK, seed = 6): Told {
  const lines: string[] = []
  const events: WorldEvent[] = []
  const micros: number[] = []
  const result = simulate({
    seed,
    scenario,
    hash: true,
    ...(edits && { edits }),
    onLine: (line) => lines.push(line),
    onEvent: (event, _number, timeMicros) => {
      events.push(event)
      micros.push(timeMicros)
    },
  })
  return { lines: lines.slice(1), events, micros, result }
}

/** The number of the first event like this; events are numbered from 1. */
function first({ events }: Told, isIt: (event: WorldEvent) => boolean): number {
  return events.findIndex(isIt) + 1
}

/** An accept that is sent to another node. */
const isAccept = (event: WorldEvent): boolean => event.type === 'sends' && event.message.type === 'accept'

function recipientOf(event: WorldEvent | undefined): number {
  return event?.type === 'sends' ? (event.to.find((to) => to !== event.node) ?? -1) : -1
}

describe('a run that is edited', () => {
  const before = told()
  const sent = first(before, isAccept)
  const to = recipientOf(before.events[sent - 1])
  const edits: readonly Edit[] = [
    { type: 'drop', event: sent, to },
    { type: 'delay', event: sent, to, lateMicros: 123_456 },
    { type: 'crash', event: sent, node: to, forMicros: 1_000_000 },
    { type: 'pause', event: sent, node: to, forMicros: 1_000_000 },
    { type: 'cut', event: sent, from: 0, to, forMicros: 1_000_000 },
  ]

  it('is the run itself where nothing is edited', () => {
    expect(told([]).result.summary.transcriptSha256).toBe(before.result.summary.transcriptSha256)
  })

  it.each(edits)('is the same up to the event, and not after it: $type', (edit) => {
    const after = told([edit])
    expect(after.lines.slice(0, sent)).toEqual(before.lines.slice(0, sent))
    expect(after.lines).not.toEqual(before.lines)
    expect(
      after.events.some((event) => event.type === 'suffers' && event.fault === `edit-${edit.type}`),
    ).toBe(true)
    expect(after.result.summary.ok).toBe(true)
  })

  it.each(edits)('is the same each time: $type', (edit) => {
    expect(told([edit]).lines).toEqual(told([edit]).lines)
  })

  it('loses the one message that is dropped, and leaves the fate of the next on that link', () => {
    const after = told([{ type: 'drop', event: sent, to }])
    const message = after.events[sent - 1]
    const losses = after.events.filter(
      (event) => event.type === 'loses' && message?.type === 'sends' && event.message === message.message,
    )
    expect(losses.map((event) => event.type === 'loses' && event.to)).toContain(to)
    const received = after.events.some(
      (event) =>
        event.type === 'receives' &&
        message?.type === 'sends' &&
        event.message === message.message &&
        event.node === to,
    )
    expect(received).toBe(false)
  })

  it('receives a message that is delayed so much later', () => {
    const arrival = ({ events, micros }: Told): number => {
      const message = events[sent - 1]
      return micros[
        events.findIndex(
          (event) =>
            event.type === 'receives' &&
            event.node === to &&
            message?.type === 'sends' &&
            event.message === message.message,
        )
      ] as number // it is received in both
    }
    const after = told([{ type: 'delay', event: sent, to, lateMicros: 123_456 }])
    expect(arrival(after)).toBe(arrival(before) + 123_456)
  })

  it('has the node crash right after the event, and start again when its time has come', () => {
    const after = told([{ type: 'crash', event: sent, node: to, forMicros: 1_000_000 }])
    const crash = first(after, ({ type, node }) => type === 'crashes' && node === to)
    const start = after.events.findIndex(
      ({ type, node }, place) => place > crash && type === 'starts' && node === to,
    )
    expect(after.micros[crash - 1]).toBe(before.micros[sent - 1])
    expect(after.micros[start]).toBe((before.micros[sent - 1] ?? 0) + 1_000_000)
  })

  it('has nothing happen to a node that pauses before the pause is over', () => {
    const after = told([{ type: 'pause', event: sent, node: to, forMicros: 1_000_000 }])
    const from = first(after, ({ type }) => type === 'suffers')
    const until = first(after, ({ type }) => type === 'recovers')
    const own = after.events.slice(from, until - 1).filter(({ node }) => node === to)
    expect(own).toEqual([])
    expect(after.events.slice(until).some(({ node }) => node === to)).toBe(true)
  })

  it('lets nothing through a link that is cut, one way, while it is', () => {
    const after = told([{ type: 'cut', event: sent, from: 0, to, forMicros: 1_000_000 }])
    const from = first(after, ({ type }) => type === 'suffers')
    const until = first(after, ({ type }) => type === 'recovers')
    const meanwhile = after.events.slice(from, until - 1)
    const sends = meanwhile.filter(
      (event) => event.type === 'sends' && event.node === 0 && event.to.includes(to),
    )
    const losses = meanwhile.filter((event) => event.type === 'loses' && event.node === 0 && event.to === to)
    expect(sends.length).toBeGreaterThan(0)
    expect(losses).toHaveLength(sends.length)
  })

  it('asks for liveness from the end of an edit on that comes after the quiet time', () => {
    const scenario = { ...QUICK, quietMicros: 1, faults: {} }
    const calm = told([], scenario)
    const event = first(calm, isAccept)
    const nodes = [0, 1].map((node): Edit => ({ type: 'crash', event, node, forMicros: 9_000_000 }))
    const { summary } = told(nodes, scenario).result
    expect(summary.simulatedSeconds).toBeGreaterThan(9)
    expect(summary.verdicts).toEqual(calm.result.summary.verdicts)
  })

  it('goes on as long after the last edit as it would have, and is not called unfinished', () => {
    const scenario = { ...QUICK, lengthMicros: 5_000_000, quietMicros: 2_000_000 }
    const event = first(told([], scenario), isAccept)
    const nodes = [0, 1].map((node): Edit => ({ type: 'crash', event, node, forMicros: 20_000_000 }))
    expect(told(nodes, scenario).result.summary.verdicts['ended']).toEqual({ ok: true })
  })

  it('names the edits in its head, so that nobody takes it for the run of its seed', () => {
    const heads: string[] = []
    for (const format of ['text', 'ndjson'] as const) {
      const lines: string[] = []
      simulate({
        seed: 6,
        scenario: QUICK,
        edits: [edits[0] as Edit],
        format,
        onLine: (line) => lines.push(line),
      })
      heads.push(lines[0] ?? '')
    }
    expect(heads[0]).toMatch(new RegExp(` edits=drop\\.${sent}\\.${to}$`))
    expect(heads[1]).toContain(`"edits":[{"type":"drop","event":${sent},"to":${to}}]`)
  })

  it('tells which edits had nothing to change', () => {
    const edit: Edit = { type: 'drop', event: 1, to: 2 } // a start sends nothing
    const simulation = new Simulation({ seed: 6, scenario: QUICK, edits: [edit] })
    while (simulation.advance(1_000));
    expect(simulation.world.unmetEdits).toEqual([edit])
  })

  it.each([
    [[{ type: 'drop', event: 0, to: 1 }], /from 1 on, in their order/],
    [
      [
        { type: 'drop', event: 9, to: 1 },
        { type: 'drop', event: 8, to: 1 },
      ],
      /after event 9 there cannot be one of event 8/,
    ],
    [
      [{ type: 'pause', event: 9, node: 1, forMicros: -1 }],
      /lasts from 0 to 3600000000 microseconds, and not -1/,
    ],
  ] as [Edit[], RegExp][])('refuses edits that are none: %j', (wrong, sentence) => {
    expect(() => told(wrong)).toThrow(sentence)
  })

  it('keeps every verdict in swarm runs, wherever it is edited', () => {
    for (let seed = 1; seed <= 12; seed++) {
      const scenario = { ...swarm(seed), requests: 6 }
      const plain = simulate({ seed, scenario, application: sharedApplication() })
      const event = 1 + ((seed * 7_919) % plain.summary.events)
      const node = seed % scenario.members
      const types = ['crash', 'pause'] as const
      for (const type of types) {
        const { summary } = simulate({
          seed,
          scenario,
          application: sharedApplication(),
          edits: [{ type, event, node, forMicros: 1_500_000 }],
        })
        expect({ seed, type, broken: Object.entries(summary.verdicts).filter(([, { ok }]) => !ok) }).toEqual({
          seed,
          type,
          broken: [],
        })
      }
    }
  })
})

describe('a run that is calm after an event', () => {
  it('comes to its end as any other, from whichever event on it is calm', () => {
    for (const calmAfter of [1, 2, 3, 5, 50, 500]) {
      const scenario = { members: 3, clients: 2, requests: 4, faults: { crash: 3, halves: 2 } }
      const starts: WorldEvent[] = []
      const { summary } = simulate({
        seed: 6,
        scenario,
        calmAfter,
        onEvent: (event) => event.type === 'starts' && starts.push(event),
      })
      expect(summary.ok).toBe(true)
      expect(summary.requests).toEqual({ sent: 8, answered: 8 })
      if (calmAfter < 50) expect(starts.map(({ node }) => node)).toEqual([0, 1, 2])
    }
  })

  it('is the same up to it, and then nothing goes wrong any more', () => {
    const scenario = swarm(17)
    const options = { seed: 17, scenario, application: sharedApplication() }
    const lines: string[] = []
    const calm: WorldEvent[] = []
    const calmLines: string[] = []
    simulate({ ...options, onLine: (line) => lines.push(line) })
    simulate({
      ...options,
      calmAfter: 2_000,
      onLine: (line) => calmLines.push(line),
      onEvent: (event) => calm.push(event),
    })
    expect(calmLines.slice(0, 2_001)).toEqual(lines.slice(0, 2_001))
    const wrong = calm
      .slice(2_100)
      .filter(({ type }) => ['loses', 'suffers', 'crashes', 'delays'].includes(type))
    expect(wrong).toEqual([])
    expect(lines.slice(2_100).some((line) => / (loses|suffers|crashes) /.test(line))).toBe(true)
  })
})

import { describe, expect, it } from 'vitest'
import { parseAddress } from '../../../viewer/src/engine/address.js'
import { open } from './engines.js'

const RUN = '#6?members=3&clients=2&requests=4'

/** The run with the first message of this kind that goes to another node, and who sent it to whom. */
async function beforeOf(
  kind: string,
): Promise<Awaited<ReturnType<typeof open>> & { sent: number; from: number; to: number }> {
  const opened = await open(RUN)
  const { flights, nodes } = opened.run
  const flight = flights.kind.findIndex((each) => flights.kinds[each] === kind)
  const idOf = (places: Uint16Array): number => nodes[places[flight] ?? 0]?.id ?? -1
  return { ...opened, sent: flights.sent[flight] ?? 0, from: idOf(flights.from), to: idOf(flights.to) }
}

describe('a fork', () => {
  it.each(['drop', 'delay', 'crash', 'pause', 'cut'])(
    'parts from its run after the event: %s',
    async (type) => {
      const { engine, handle, sent, from, to } = await beforeOf('accept')
      const edit = {
        drop: `drop.${sent}.${to}`,
        delay: `delay.${sent}.${to}.250`,
        crash: `crash.${sent}.${to}.1000`,
        pause: `pause.${sent}.${to}.1000`,
        cut: `cut.${sent}.${from}.${to}.1000`,
      }[type]
      const fork = await engine.open(parseAddress(`${RUN}&edit=${edit}`))
      const parting = await engine.parting(handle, fork.handle)
      expect(parting).toBeGreaterThan(sent)
      const [line] = await engine.lines(fork.handle, parting ?? 0, parting ?? 0)
      expect(line).toContain(`edit-${type}.0`)
      expect(fork.run.marks).toContainEqual(expect.objectContaining({ event: parting, kind: 'edit' }))
      expect(fork.run.faults).toContainEqual(
        expect.objectContaining({ event: parting, fault: `edit-${type}` }),
      )
      expect(fork.run.verdicts.every(({ holds }) => holds)).toBe(true)
    },
  )

  it('shows the member as the edit has it', async () => {
    const { engine, sent, to } = await beforeOf('accept')
    for (const [type, state] of [
      ['crash', 'down'],
      ['pause', 'paused'],
    ] as const) {
      const { handle, run } = await engine.open(parseAddress(`${RUN}&edit=${type}.${sent}.${to}.1000`))
      const span = run.faults.find(({ fault }) => fault === `edit-${type}`)
      const { members } = await engine.moment(handle, (span?.event ?? 0) + 1)
      expect(members.find(({ node }) => run.nodes[node]?.id === to)?.state).toBe(state)
      expect((span?.toMicros ?? 0) - (span?.fromMicros ?? 0)).toBe(1_000_000)
    }
  })

  it('parts from itself nowhere', async () => {
    const { engine, handle } = await open(RUN)
    const again = await engine.open(parseAddress(RUN))
    expect(await engine.parting(handle, again.handle)).toBeNull()
  })

  it.each([
    ['drop.1.2', '‘edit=drop.1.2’ changes nothing: event 1 sends no message to NODE_2.'],
    ['crash.5.77.100', '‘edit=crash.5.77.100’ changes nothing: NODE_77 is not running at event 5.'],
    ['cut.5.0.77.100', '‘edit=cut.5.0.77.100’ changes nothing: there is no link from NODE_0 to NODE_77.'],
    ['drop.99999999.1', /^‘edit=drop.99999999.1’ changes nothing: the run has only \d+ events\.$/],
    ['pause.9.1.5&edit=pause.8.1.5', /after event 9 there cannot be one of event 8/],
  ])('that changes nothing is refused with a sentence: %s', async (edit, sentence) => {
    await expect(open(`${RUN}&edit=${edit}`)).rejects.toThrow(sentence)
  })
})

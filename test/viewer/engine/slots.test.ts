import { describe, expect, it } from 'vitest'
import type { OperationBar } from '../../../viewer/src/engine/contract.js'
import { open } from './engines.js'

describe('the life of a slot', () => {
  it('goes from the request of a client to its answer, by way of a quorum of votes', async () => {
    const { engine, handle, run } = await open('#6?members=3&clients=1&requests=3&loss=0')
    const asked = run.operations.find(({ text }) => text.startsWith('set '))
    const ledger = await engine.ledger(handle, run.eventCount, 1, 100)
    const slot = ledger.slots.find(({ chosen }) => chosen?.includes(asked?.text.split(' = ')[0] ?? '?'))
    const { steps } = await engine.slotLife(handle, slot?.slot ?? 0)
    const texts = steps.map(({ text }) => text)
    expect(steps[0]?.event).toBe(asked?.invokedEvent)
    expect(texts[0]).toMatch(/^client 0 asks NODE_2: set A/)
    const told = steps.findIndex(({ event }) => event === asked?.completedEvent)
    expect(texts[told]).toMatch(/^client 0 is told: set A 9 = /)
    for (const step of [
      /sends accept under/,
      /writes its vote under/,
      /has its vote on disk/,
      /receives accepted/,
      /applies/,
    ]) {
      const place = texts.findIndex((text) => step.test(text))
      expect(place).toBeGreaterThan(0)
      expect(place).toBeLessThan(told)
    }
    expect(texts.filter((text) => text.includes('writes its vote'))).toHaveLength(3)
    expect(texts.filter((text) => / applies /.test(text))).toHaveLength(3)
    expect(steps.map(({ event }) => event)).toEqual(steps.map(({ event }) => event).sort((a, b) => a - b))
  })

  it('is nothing for a slot that never was', async () => {
    const { engine, handle } = await open('#6?requests=0')
    expect(await engine.slotLife(handle, 1_000)).toEqual({ slot: 1_000, steps: [] })
  })
})

/** When an operation has taken effect for sure; of unknown outcome, it may do so at any later time. */
function endOf(operation: OperationBar | undefined): number {
  return operation === undefined || operation.status === 'info'
    ? Number.POSITIVE_INFINITY
    : operation.completedEvent
}

describe('the order of a key', () => {
  it('is legal, and holds all operations of the key that were answered, where the history is linearizable', async () => {
    const { engine, handle, run } = await open('#3?scenario=swarm&requests=20')
    for (const key of ['A', 'B', 'C']) {
      const { order, breaks } = await engine.order(handle, key)
      expect(breaks).toBeNull()
      const own = run.operations.filter((each) => each.key === key && !each.text.startsWith('stale-'))
      const answered = own.filter(({ status }) => status === 'ok')
      const placed = order.map((place) => run.operations[place])
      expect(placed.every((operation) => operation?.key === key)).toBe(true)
      expect(placed.filter((operation) => operation?.status === 'ok')).toHaveLength(answered.length)
      for (const [place, one] of placed.entries())
        for (const other of placed.slice(place + 1))
          expect(endOf(other)).toBeGreaterThan(one?.invokedEvent ?? 0)
    }
  })

  it('names the operation that breaks it', async () => {
    const { engine, handle, run } = await open('#6?planted=forgetful-scout&scenario=swarm&members=3')
    const keys = [...new Set(run.operations.map(({ key }) => key))]
    const pictures = await Promise.all(keys.map((key) => engine.order(handle, key)))
    const broken = pictures.filter(({ breaks }) => breaks !== null)
    const fails = run.verdicts.some(({ name, holds }) => name === 'linearizable' && !holds)
    expect(broken.length > 0).toBe(fails)
    for (const { key, order, breaks } of broken) {
      expect(run.operations[breaks ?? -1]?.key).toBe(key)
      expect(order).not.toContain(breaks)
    }
  })

  it('cannot be told of a machine without a model, and a sentence says so', async () => {
    const { engine, handle } = await open('#6?machine=bank&requests=1')
    await expect(engine.order(handle, null)).rejects.toThrow(/has no model/)
  })
})

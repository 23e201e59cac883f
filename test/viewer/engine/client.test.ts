import { describe, expect, it } from 'vitest'
import { parseAddress } from '../../../viewer/src/engine/address.js'
import { connectEngine } from '../../../viewer/src/engine/client.js'
import type { Engine } from '../../../viewer/src/engine/contract.js'
import { serveEngine } from '../../../viewer/src/engine/serve.js'
import type { Port } from '../../../viewer/src/engine/wire.js'
import { newEngine, open } from './engines.js'

type Listener = Parameters<Port['addEventListener']>[1]

/** Two ends of a channel; what goes through is copied as a worker would. */
function channel(): readonly [Port, Port] {
  const listeners: [Listener[], Listener[]] = [[], []]
  const end = (own: 0 | 1): Port => ({
    postMessage: (message) => {
      const data: unknown = structuredClone(message)
      queueMicrotask(() => {
        for (const listener of listeners[own === 0 ? 1 : 0]) listener({ data })
      })
    },
    addEventListener: (_type, listener) => void listeners[own].push(listener),
  })
  return [end(0), end(1)]
}

function connected(): Engine {
  const [page, worker] = channel()
  serveEngine(newEngine(), worker)
  return connectEngine(page)
}

describe('an engine across a worker', () => {
  it('gives the same as one that is here', async () => {
    const here = await open('#6?requests=1')
    const engine = connected()
    const { handle, run } = await engine.open(parseAddress('#6?requests=1'))
    expect(run).toEqual(here.run)
    expect(await engine.moment(handle, 700)).toEqual(await here.engine.moment(here.handle, 700))
    expect(await engine.lines(handle, 1, 50)).toEqual(await here.engine.lines(here.handle, 1, 50))
    expect(await engine.hash(handle)).toBe(await here.engine.hash(here.handle))
  })

  it('tells how far it is', async () => {
    const told: number[] = []
    const { run } = await connected().open(parseAddress('#6'), (events) => told.push(events))
    expect(told.length).toBeGreaterThan(0)
    expect(told).toEqual([...told].sort((one, other) => one - other))
    expect(told.at(-1)).toBeLessThanOrEqual(run.eventCount)
  })

  it('rejects with the sentence', async () => {
    await expect(connected().open(parseAddress('#6?loss=100'))).rejects.toThrow(/^The option ‘loss’ must be/)
  })

  it('gives up what is being opened, and opens the next', async () => {
    const engine = connected()
    const opening = engine.open(parseAddress('#6'), () => void engine.cancel())
    await expect(opening).rejects.toThrow('Opening it was given up.')
    expect((await engine.open(parseAddress('#6?requests=0'))).run.eventCount).toBeGreaterThan(0)
  })

  it('tells the minds that are asked for, and no others', async () => {
    const engine = connected()
    const { handle } = await engine.open(parseAddress('#6?members=3&requests=1'))
    const all = await engine.moment(handle, 200)
    const { minds } = await engine.moment(handle, 200, [1])
    expect(minds).toEqual([null, all.minds?.[1], null])
    expect(all.minds?.every((mind) => mind !== null)).toBe(true)
  })

  it('knows a run no longer that was closed', async () => {
    const engine = connected()
    const { handle } = await engine.open(parseAddress('#6?requests=0'))
    await engine.close(handle)
    await expect(engine.moment(handle, 1)).rejects.toThrow('This run was closed: open it once more.')
  })
})

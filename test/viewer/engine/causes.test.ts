import {
  ANY_FAILURE,
  type ApplicationDefinition,
  type Shrunk,
  shrink,
  swarm,
  tellStory,
  trialsOf,
} from 'synod/simulation'
import { describe, expect, it } from 'vitest'
import { parseAddress } from '../../../viewer/src/engine/address.js'
import { newEngine, open } from './engines.js'

const WALLETS = { name: './wallets.js', url: new URL('./wallets.js', import.meta.url).href }

describe('a machine of somebody’s own', () => {
  it('runs as on the command line, and is named in the head as there', async () => {
    const engine = newEngine()
    await engine.useMachine(WALLETS)
    const { run } = await engine.open(parseAddress('#6?members=3&fault=crash=2&machine=./wallets.js'))
    expect(run.settings['machine']).toBe('wallets')
    const broken = run.verdicts.filter(({ holds }) => !holds)
    expect(broken.map(({ name }) => name)).toEqual(['conservation'])
    expect(broken[0]?.detail).toMatch(/the wallets hold \d+ together instead of 40/)
    expect(run.marks).toContainEqual(expect.objectContaining({ event: broken[0]?.event, kind: 'verdict' }))
  })

  it('makes money whatever goes wrong or does not: its failure needs no faults', async () => {
    const engine = newEngine()
    await engine.useMachine(WALLETS)
    const { handle } = await engine.open(parseAddress('#6?members=3&fault=crash=2&machine=./wallets.js'))
    expect(await engine.causes(handle)).toEqual([{ verdict: 'conservation', inevitable: 1 }])
  })

  it('is not taken for another one that an address names', async () => {
    const engine = newEngine()
    await engine.useMachine(WALLETS)
    await expect(engine.open(parseAddress('#6?machine=./purses.js'))).rejects.toThrow(
      /^This run is of the machine ‘\.\/purses\.js’, which this page does not have, but \.\/wallets\.js: /,
    )
  })

  it('may be a machine alone, for what a real member has recorded, and then has no runs', async () => {
    const engine = newEngine()
    await engine.useMachine({ name: './counter.js', url: new URL('./counter.js', import.meta.url).href })
    await expect(engine.open(parseAddress('#6?machine=./counter.js'))).rejects.toThrow(
      /^.\/counter.js: `machine` is undefined/,
    )
  })

  it('goes from a hunt, by way of the shortest story, to the event that broke it', async () => {
    const { default: application } = (await import(WALLETS.url)) as { default: ApplicationDefinition }
    const trial = trialsOf({ application })
    let seed = 1
    while (trial(swarm(seed), seed, ANY_FAILURE) === null) seed += 1
    let shortest: Shrunk | undefined
    for (const shrunk of shrink({ scenario: swarm(seed), seed, trial, mostRuns: 60 })) shortest = shrunk
    if (shortest === undefined) throw new Error('shrink gives at least what it was given')
    const story = tellStory({ ...shortest, machine: 'custom' })

    const engine = newEngine()
    await engine.useMachine(WALLETS)
    const { handle, run } = await engine.open(parseAddress(`#${story}`))
    const broken = run.verdicts.filter(({ holds }) => !holds)
    expect(broken.map(({ name, event }) => [name, event])).toEqual([
      [shortest.failure.verdict, shortest.failure.event],
    ])
    const { line } = await engine.moment(handle, broken[0]?.event ?? 0)
    const [, from, to] = / applies .*"from":"(\w+)","to":"(\w+)"/.exec(line) ?? []
    expect(from).toBe(to) // who sends to himself makes money
    expect(from).toBeDefined()
  })

  it('is refused with a sentence where it is none, or cannot be loaded', async () => {
    const engine = newEngine()
    const url = new URL('./engines.ts', import.meta.url).href
    await expect(engine.useMachine({ name: './engines.ts', url })).rejects.toThrow(/^\.\/engines\.ts: .+\.$/)
    const missing = { name: './no.js', url: new URL('./no.js', import.meta.url).href }
    await expect(engine.useMachine(missing)).rejects.toThrow(/^\.\/no\.js cannot be loaded in a browser: /)
  })
})

describe('a failure', () => {
  /** A member whose store is put back forgets what it has vouched for, and no Paxos stands that. */
  const LYING =
    '?members=3&clients=2&requests=60&machine=shared&loss=0&fault=rollback=16&length=90&calm=30&until=25'

  it('could be avoided before its cause and not after it', async () => {
    const { engine, handle, run } = await open(`#1${LYING}`)
    const broken = run.verdicts.find(({ holds }) => !holds)
    expect(broken?.event).toBeGreaterThan(1)
    const [cause] = await engine.causes(handle)
    expect(cause?.verdict).toBe(broken?.name)
    expect(cause?.inevitable).toBeGreaterThan(1)
    expect(cause?.inevitable).toBeLessThanOrEqual(broken?.event ?? 0)
  })

  it('has no cause where nothing fails', async () => {
    const { engine, handle } = await open('#6?requests=1')
    expect(await engine.causes(handle)).toEqual([])
  })
})

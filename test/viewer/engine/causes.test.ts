import {
  ANY_FAILURE,
  type ApplicationDefinition,
  type Scenario,
  type Shrunk,
  sharedApplication,
  shrink,
  simulate,
  swarm,
  tellStory,
  trialsOf,
} from 'synod/simulation'
import { describe, expect, it } from 'vitest'
import { parseAddress } from '../../../viewer/src/engine/address.js'
import type { Opened, VerdictInfo } from '../../../viewer/src/engine/contract.js'
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
  const LYING: Partial<Scenario> = {
    members: 3,
    clients: 2,
    requests: 60,
    faults: { rollback: 16 },
    lengthMicros: 90_000_000,
    quietMicros: 30_000_000,
    untilMicros: 25_000_000,
  }
  const OPTIONS =
    'members=3&clients=2&requests=60&machine=shared&loss=0&fault=rollback=16&length=90&calm=30&until=25'

  it('could be avoided before its cause and not after it', async () => {
    const engine = newEngine()
    let opened: Opened
    let broken: VerdictInfo | undefined
    let seed = 0
    do {
      seed += 1
      opened = await engine.open(parseAddress(`#${seed}?${OPTIONS}`))
      broken = opened.run.verdicts.find(({ holds }) => !holds)
    } while (broken === undefined)
    expect(broken?.event).toBeGreaterThan(1)
    const [cause] = await engine.causes(opened.handle)
    const event = cause?.inevitable ?? 0
    expect(event).toBeGreaterThan(1)
    expect(event).toBeLessThanOrEqual(broken?.event ?? 0)
    const failsWhenCalm = (calmAfter: number): boolean => {
      const { summary } = simulate({ seed, scenario: LYING, application: sharedApplication(), calmAfter })
      return summary.verdicts[cause?.verdict ?? '']?.ok === false
    }
    expect([failsWhenCalm(event - 1), failsWhenCalm(event)]).toEqual([false, true])
  })

  it('of several verdicts has a cause of each, and none after the event that broke it', async () => {
    const engine = newEngine()
    let opened: Opened
    let broken: readonly VerdictInfo[]
    let seed = 0
    do {
      seed += 1
      opened = await engine.open(parseAddress(`#${seed}?scenario=swarm&requests=20&planted=forgetful-scout`))
      broken = opened.run.verdicts.filter(({ holds }) => !holds)
    } while (broken.length < 2)
    const causes = await engine.causes(opened.handle)
    expect(causes.map(({ verdict }) => verdict).sort()).toEqual(broken.map(({ name }) => name).sort())
    for (const { name, event } of broken) {
      const inevitable = causes.find(({ verdict }) => verdict === name)?.inevitable ?? event ?? 0
      expect(inevitable).toBeGreaterThan(0)
      expect(inevitable).toBeLessThanOrEqual(event ?? 0)
    }
  })

  it('has no cause where nothing fails', async () => {
    const { engine, handle } = await open('#6?requests=1')
    expect(await engine.causes(handle)).toEqual([])
  })
})

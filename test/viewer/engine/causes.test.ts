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

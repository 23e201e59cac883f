// The page, item by item, as somebody clicks through it.

import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { simulate, swarm } from '../../src/simulation/index.js'
import { describeInBrowser, eventOf, pageTest, ready, Visit } from './browser.js'

/** A small run, with everything in it. */
const SMALL = '#7?members=3&clients=2&requests=4&loss=10'

/** The bug of the tour. */
const BUG = '#289?members=3&clients=2&requests=4&loss=0&fault=isolated-leader=1&planted=forgetful-scout'

const side = (page: Page, name: string): Promise<void> => page.getByRole('tab', { name }).click()

describeInBrowser('the page', () => {
  const visit = new Visit()
  const check = (name: string, hash: string, run: (page: Page) => Promise<void>): void =>
    pageTest(visit, name, hash, run)

  check('runs a seed that is typed, with its options, and puts both into the address', '', async (page) => {
    await page.getByRole('main').getByLabel('Seed or story').fill('7 members=3 clients=2 requests=4 loss=10')
    await page.getByRole('main').getByRole('button', { name: 'Run' }).click()
    await ready(page)
    expect(new URL(page.url()).hash).toContain(SMALL)
    await page.getByRole('banner').getByLabel('Seed or story').fill('8 members=3 requests=1')
    await page.keyboard.press('Enter')
    await page.waitForURL(/#8\?members=3&requests=1/)
    await page.goBack()
    await page.waitForURL(/#7\?members=3/)
    await page.goBack()
    await page.getByRole('heading', { name: 'Watch a parliament decide' }).waitFor()
  })

  check('goes back at once from a run that is still being opened', '', async (page) => {
    await page.evaluate(`location.hash = '#37?scenario=swarm&until=600&calm=600&length=900'`)
    await page.getByText(/events …/).waitFor()
    await page.goBack()
    await page.getByRole('heading', { name: 'Watch a parliament decide' }).waitFor()
    await expect.poll(() => page.locator('.canvas-frame canvas').count()).toBe(0)
    // Nor does it come later: another run is opened, and then shown.
    await page.evaluate(`location.hash = '${SMALL}'`)
    await ready(page)
    await page.getByText(/^\d{3} events$/).waitFor()
  })

  check('says in a sentence what is wrong with an address', '#7?lost=20', async (page) => {
    await expect.poll(() => page.getByRole('alert').textContent()).toContain('There is no option ‘lost’')
    await page.goto(page.url().replace('lost=20', 'loss=2000'))
    await page.reload()
    await expect.poll(() => page.getByRole('alert').textContent()).toMatch(/loss/)
    await page.getByRole('button', { name: 'Close this message' }).click()
    await expect.poll(() => page.getByRole('alert').count()).toBe(0)
  })

  test('shows the hashes that the terminal prints', async () => {
    const page = await visit.open('')
    const options = [1, 2, 3, 4, 5, 7, 8].map((seed) => ({
      seed,
      scenario: { members: 3, clients: 2, requests: 3 },
    }))
    const words = 'members=3&clients=2&requests=3'
    const runs = [
      ...options.map((each) => [`#${each.seed}?${words}`, each] as const),
      ['#6', { seed: 6 }] as const,
      ['#5?scenario=swarm', { seed: 5, scenario: swarm(5), application: 'shared' }] as const,
      [
        '#9?members=5&fault=crash=3',
        { seed: 9, scenario: { members: 5, faults: { loss: 50_000, crash: 3 } } },
      ] as const,
    ]
    const { sharedApplication } = await import('../../src/simulation/index.js')
    for (const [hash, { seed, ...rest }] of runs) {
      const shared = 'application' in rest ? { application: sharedApplication() } : {}
      const scenario = 'scenario' in rest ? { scenario: rest.scenario } : {}
      const { transcriptSha256 } = simulate({ seed, ...scenario, ...shared, hash: true }).summary
      await page.goto(`${page.url().split('#')[0]}${hash}`)
      await page.locator(`[data-hash="${transcriptSha256}"]`).waitFor({ timeout: 20_000 })
    }
    await visit.leave(page)
  })

  check('makes a link of every moment', `${SMALL}&at=120`, async (page) => {
    await ready(page)
    expect(await eventOf(page)).toBe(120)
    await page.keyboard.press('ArrowRight')
    await page.waitForURL(/at=121/)
    await expect.poll(() => page.locator('.transcript li[aria-current] .number').textContent()).toBe('121')
  })

  check('lets the diagram be zoomed and panned, by hand and by key', SMALL, async (page) => {
    await ready(page)
    const canvas = page.locator('.canvas-frame canvas')
    const span = async (): Promise<readonly [number, number]> => {
      const text = (await canvas.getAttribute('data-span')) ?? ''
      const [from = 0, to = 0] = text.split(' ').map(Number)
      return [from, to]
    }
    const [from, to] = await span()
    const box = await canvas.boundingBox()
    if (box === null) throw new Error('The diagram is not there.')
    await page.mouse.move(box.x + box.width / 2, box.y + 40)
    await page.mouse.wheel(0, -200)
    await expect.poll(async () => (await span())[1] - (await span())[0]).toBeLessThan(to - from)
    const [zoomed] = await span()
    await page.mouse.down()
    await page.mouse.move(box.x + box.width / 2 - 150, box.y + 60, { steps: 5 })
    await page.mouse.up()
    await expect.poll(async () => (await span())[0]).toBeGreaterThan(zoomed)
    expect(await page.getByRole('button', { name: 'Follow' }).getAttribute('aria-pressed')).toBe('false')
    await page.keyboard.press('0')
    await expect.poll(async () => (await span())[0]).toBeLessThanOrEqual(0)
    const [start, end] = await span()
    await page.keyboard.press('+')
    await expect.poll(async () => (await span())[1] - (await span())[0]).toBeLessThan(end - start)
    await page.getByRole('button', { name: 'Follow' }).click()
    await page.keyboard.press('End')
    await expect.poll(async () => (await span())[1]).toBeGreaterThan(to)
  })

  check(
    'tells of a message under the pointer, and takes it apart when it is clicked',
    SMALL,
    async (page) => {
      await ready(page)
      const [x, y] = await findMessage(page)
      await expect.poll(() => page.locator('.hint').textContent()).toMatch(/\w+ NODE_\d → NODE_\d/)
      await page.mouse.click(x, y)
      const message = page.getByRole('region', { name: 'The message' })
      await message.getByRole('button', { name: /^Sent by event/ }).click()
      await expect.poll(() => message.getByRole('heading').textContent()).toMatch(/NODE_\d → NODE_\d/)
      await expect.poll(() => page.locator('.transcript li[aria-current]').textContent()).toContain('sends')
    },
  )

  check('hides the messages of a family, and shows them again', SMALL, async (page) => {
    await ready(page)
    const votes = page.getByRole('button', { name: 'Votes', exact: true })
    await votes.click()
    expect(await votes.getAttribute('aria-pressed')).toBe('false')
    await votes.click()
    expect(await votes.getAttribute('aria-pressed')).toBe('true')
  })

  check('seats the members in the chamber, and shows who leads under which ballot', SMALL, async (page) => {
    await ready(page)
    await page.keyboard.press('End')
    const leader = page.getByRole('button', { name: /up, leading, ballot 1\.0\.1/ })
    await leader.waitFor()
    await expect.poll(() => page.getByRole('button', { name: /^NODE_\d: up, following/ }).count()).toBe(2)
    await leader.click()
    await expect.poll(() => page.getByLabel('The mind of').inputValue()).toBe('0')
  })

  check('keeps the ledger, and tells the life of a slot', SMALL, async (page) => {
    await ready(page)
    await page.keyboard.press('End')
    await page.getByRole('row', { name: /^3 / }).waitFor()
    await expect
      .poll(() => page.getByRole('cell', { name: /applied|accepted under 1\.0\.1/ }).count())
      .toBeGreaterThan(0)
    await page.getByRole('row', { name: /^3 / }).getByRole('button').first().click()
    const life = page.getByRole('region', { name: 'The life of slot 3' })
    await life.getByRole('listitem').first().waitFor()
    await expect.poll(() => life.getByRole('listitem').count()).toBeGreaterThan(5)
    await life.getByRole('listitem').first().getByRole('button').click()
    await expect
      .poll(() => page.locator('.transcript li[aria-current]').textContent())
      .toMatch(/invokes|request/)
  })

  check('shows a mind: its roles, their fields, its timers and its disk', `${SMALL}&at=150`, async (page) => {
    await ready(page)
    await side(page, 'Mind')
    const panel = page.getByRole('tabpanel', { name: 'Mind' })
    await panel.getByRole('heading', { name: 'acceptor' }).waitFor()
    for (const name of ['replica', 'leader', 'timers', 'disk'])
      await expect.poll(() => panel.getByRole('heading', { name, exact: true }).count()).toBe(1)
    await expect.poll(() => panel.getByText('promised', { exact: true }).count()).toBeGreaterThan(0)
    const nested = panel.locator('details[open] > ul > li > details').first()
    await nested.locator('summary').first().click()
    await expect.poll(() => nested.locator('li').count()).toBeGreaterThan(0)
    await page.getByLabel('The mind of').selectOption('2')
    await page.keyboard.press('Escape')
    await expect.poll(() => panel.getByText(/founded|incarnation/).count()).toBeGreaterThan(0)
  })

  check('opens a long run slice by slice, and gives it up', SMALL, async (page) => {
    await ready(page)
    await page.goto(page.url().replace(/#.*/, '#37?scenario=swarm&until=600&calm=600&length=900'))
    await page.getByText(/events …/).waitFor()
    await page.getByRole('button', { name: 'Give up' }).click()
    await page.getByText(/events …/).waitFor({ state: 'hidden' })
    await expect.poll(() => page.locator('.canvas-frame canvas').count()).toBe(1)
  })

  check('plays slowly, pauses, and goes by one event either way', SMALL, async (page) => {
    await ready(page)
    await expect.poll(() => page.getByLabel('Speed').inputValue()).toBe('20000')
    await page.getByRole('button', { name: 'Play' }).click()
    await expect.poll(() => eventOf(page)).toBeGreaterThan(10)
    await page.getByRole('button', { name: 'Pause' }).click()
    const here = await eventOf(page)
    await page.getByRole('button', { name: 'One event forward' }).click()
    expect(await eventOf(page)).toBe(here + 1)
    await page.getByRole('button', { name: 'One event back' }).click()
    await page.keyboard.press('ArrowLeft')
    expect(await eventOf(page)).toBe(here - 1)
    await page.getByLabel('Speed').selectOption('1000000')
    await page.keyboard.press('Escape')
    await page.locator('body').click({ position: { x: 400, y: 4 } })
    await page.keyboard.press('ArrowDown')
    await expect.poll(() => page.getByLabel('Speed').inputValue()).toBe('500000')
    await page.keyboard.press(' ')
    await page.getByRole('button', { name: 'Pause' }).waitFor()
    await page.keyboard.press(' ')
    await page.getByRole('button', { name: 'Play' }).waitFor()
  })

  check('has a slider, and marks on it that lead to their moments', SMALL, async (page) => {
    await ready(page)
    const election = page.locator('.mark.election').first()
    const label = (await election.getAttribute('aria-label')) ?? ''
    await election.click()
    expect(await eventOf(page)).toBe(Number(/event (\d+)/.exec(label)?.[1]))
    await page.keyboard.press('Home')
    await page.keyboard.press('n')
    expect(await eventOf(page)).toBe(Number(/event (\d+)/.exec(label)?.[1]))
    await page.getByLabel('Simulated time').fill('10000')
    expect(await eventOf(page)).toBeGreaterThan(200)
  })

  check('lists its keys on ?', SMALL, async (page) => {
    await ready(page)
    await page.keyboard.press('?')
    const help = page.getByRole('dialog', { name: 'Keys and hands' })
    await help.waitFor()
    await expect.poll(() => help.getByText('one event forward').count()).toBe(1)
    await help.getByRole('button', { name: 'Close' }).click()
    await help.waitFor({ state: 'hidden' })
  })

  check('lists the verdicts, and the operations in a legal order', SMALL, async (page) => {
    await ready(page)
    await page.getByRole('button', { name: '✓ every verdict holds' }).click()
    await expect.poll(() => page.locator('.verdicts li').count()).toBeGreaterThan(10)
    await page.getByRole('button', { name: 'Operations and their order' }).click()
    await page.getByText(/\d+ operations in a legal order/).waitFor()
    const bar = page.getByRole('button', { name: /set A .*1?\. of the order/ }).first()
    await bar.click()
    await page.getByRole('tab', { name: 'Change the past' }).click()
    await page
      .getByRole('region', { name: 'The message' })
      .getByText(/^re(lay|quest), /)
      .waitFor()
    await page.getByRole('tab', { name: 'Transcript' }).click()
    await expect.poll(() => page.locator('.transcript li[aria-current]').textContent()).toContain('completes')
  })

  check('tells of a fault under the pointer', `${BUG}&at=200`, async (page) => {
    await ready(page)
    const box = await page.locator('.canvas-frame canvas').boundingBox()
    if (box === null) throw new Error('The diagram is not there.')
    // At the very bottom of the lines no message passes.
    for (let up = 0; up < box.height && (await page.locator('.hint b').count()) === 0; up += 6)
      await page.mouse.move(box.x + box.width / 2, box.y + box.height - up)
    await expect.poll(() => page.locator('.hint').textContent()).toMatch(/^isolated-leader NODE_0.*: .* ms$/)
  })

  check('begins with doors that lead to what they promise', '', async (page) => {
    await page.getByRole('link', { name: /^Seed 6 Fourteen members, eleven clients/ }).click()
    await ready(page)
    await expect.poll(() => page.locator('.gutter .lane').count()).toBe(14)
    await side(page, 'Verdicts')
    const settings = page.locator('.settings')
    await expect.poll(() => settings.textContent()).toMatch(/members14clients11.*loss 50000/)
    await page.getByRole('link', { name: 'Synod: to the beginning' }).click()
    await page.getByRole('link', { name: /^A bad day Crashes, a partition and a bad disk/ }).click()
    await expect.poll(() => page.title()).toBe('seed 58 · Synod')
    await ready(page)
    const marks = await page.locator('.mark.fault').evaluateAll((each) => each.map((mark) => mark.ariaLabel))
    for (const fault of [/^crash/, /^isolated-leader/, /^stalled-disk/])
      expect(marks).toContainEqual(expect.stringMatching(fault))
  })

  check(
    'marks the operation that a verdict is about, also where its key alone has a legal order',
    '#320?members=3&clients=3&requests=6&loss=0&fault=isolated-leader=2,crash=2&machine=shared&planted=forgetful-scout',
    async (page) => {
      await ready(page)
      await side(page, 'Verdicts')
      const verdict = page.locator('.verdicts .fails', { hasText: 'linearizable' })
      const why = (await verdict.locator('p').first().textContent()) ?? ''
      await page.getByRole('button', { name: 'Operations and their order' }).click()
      await page.getByText(`These alone have a legal order, but of “`).waitFor()
      const bar = page.locator('.bar.breaks')
      expect(await bar.getAttribute('aria-label')).toContain(why)
      await bar.click()
      await page.getByRole('tab', { name: 'Transcript' }).click()
      await expect.poll(() => page.locator('.transcript li[aria-current]').textContent()).toMatch(/completes/)
      await verdict.getByRole('button', { name: `event ${await eventOf(page)}`, exact: true }).waitFor()
    },
  )

  check('paints what is found out later when it is found out', `${BUG}&at=300`, async (page) => {
    // The question is held back until the picture is there and still.
    await page.addInitScript(`{
      const post = Worker.prototype.postMessage
      Worker.prototype.postMessage = function (call) {
        if (call.name === 'causes') window.release = () => post.call(this, call)
        else post.call(this, call)
      }
    }`)
    await page.reload()
    await ready(page)
    await page.keyboard.press('0')
    await page.waitForFunction('window.release !== undefined')
    const red = (): Promise<unknown> =>
      page.evaluate(`(() => {
        const canvas = document.querySelector('.canvas-frame canvas')
        const { data } = canvas.getContext('2d').getImageData(0, 8, canvas.width, 1)
        return data.filter((value, at) => at % 4 === 0 && value > 170 && data[at + 1] < 60).length
      })()`)
    const before = await settled(red)
    await page.evaluate('window.release()')
    await expect.poll(red).toBeGreaterThan(Number(before))
  })

  check('fits a phone, for reading', '#?tour=1', async (page) => {
    await page.setViewportSize({ width: 390, height: 844 })
    await page.getByRole('heading', { name: 'One decree' }).waitFor()
    await ready(page)
    const wide = await page.evaluate('document.documentElement.scrollWidth')
    expect(wide).toBeLessThanOrEqual(390)
  })
})

/** What it says when it says the same for some frames. */
async function settled(ask: () => Promise<unknown>): Promise<unknown> {
  let same = 0
  let last = await ask()
  while (same < 20) {
    const now = await ask()
    same = now === last ? same + 1 : 0
    last = now
  }
  return last
}

/** Moves the pointer over the diagram until it is on a message. */
async function findMessage(page: Page): Promise<readonly [number, number]> {
  const box = await page.locator('.canvas-frame canvas').boundingBox()
  if (box === null) throw new Error('The diagram is not there.')
  for (let x = box.x + 40; x < box.x + box.width; x += 7) {
    const y = box.y + box.height / 2 + 30
    await page.mouse.move(x, y)
    if ((await page.locator('canvas.over').count()) > 0) return [x, y]
  }
  throw new Error('No message is on the diagram.')
}

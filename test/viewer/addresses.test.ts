// The address says what is shown: in whatever order people go from one thing to the next, and whatever they type.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { describe, expect, it, test } from 'vitest'
import { simulate } from '../../src/simulation/index.js'
import { formatPage, parsePage } from '../../viewer/src/state/page-address.js'
import { temporaryFolder } from '../cli/command.js'
import { describeInBrowser, eventOf, pageTest, ready, Visit } from './browser.js'

describe('an address of the page', () => {
  it.each(['#', '#6?loss=20&at=3&beside=1&tour=8', '#?tour=3', '#?file=traces/run.ndjson&at=12'])(
    '%s is the same when it is read and written again',
    (text) => {
      expect(formatPage(parsePage(text))).toBe(text)
    },
  )

  it.each([
    ['#?tour=9', 'The tour has 8 steps, and ‘9’ is none of them.'],
    ['#6?tour=two', '‘tour’ must be a whole number from 1 on'],
    ['#?loss=20', 'An address begins with a seed or a story'],
    ['#?file=%E0%A4%A', 'is cut off or was changed: copy all of it once more.'],
    ['#?file=run.ndjson&at=x', '‘at’ must be a whole number from 1 on'],
  ])('%s is refused with a sentence', (text, sentence) => {
    expect(() => parsePage(text)).toThrow(sentence)
  })
})

/** As if somebody followed a link. */
const follow = (page: Page, hash: string): Promise<unknown> => page.evaluate(`location.hash = '${hash}'`)

const FORK = '#177?members=5&clients=2&requests=3&loss=0&edit=crash.160.0.1000&at=180&beside=1'

describeInBrowser('the address', () => {
  const lines: string[] = []
  simulate({
    seed: 7,
    scenario: { members: 3, clients: 2, requests: 2 },
    format: 'ndjson',
    onLine: (line) => lines.push(line),
  })
  const visit = new Visit({ 'run.ndjson': `${lines.slice(1).join('\n')}\n` })
  const folder = temporaryFolder()
  const check = (name: string, hash: string, run: (page: Page) => Promise<void>): void =>
    pageTest(visit, name, hash, run)

  const choose = async (page: Page, text: string): Promise<void> => {
    const path = join(folder, 'part.ndjson')
    writeFileSync(path, text)
    const chooser = page.waitForEvent('filechooser')
    await page.getByRole('banner').getByRole('button', { name: 'Open a file' }).click()
    await (await chooser).setFiles(path)
  }

  check(
    'that is wrong is complained of until somebody is elsewhere',
    '#7?members=3&requests=1',
    async (page) => {
      await ready(page)
      await follow(page, '#7?members=3&requests=1&lost=3')
      await page.getByRole('alert').waitFor()
      await page.goBack()
      await page.getByRole('alert').waitFor({ state: 'detached' })
      expect(await page.locator('.canvas-frame canvas').count()).toBe(1)
    },
  )

  check(
    'that cannot be shown does not become that of what is shown',
    '#7?members=3&requests=1',
    async (page) => {
      await ready(page)
      await follow(page, '#7?members=3&loss=2000')
      await page.getByRole('alert').waitFor()
      await page.keyboard.press('ArrowRight')
      await page.waitForURL((url) => url.hash === '#7?members=3&requests=1&at=2')
    },
  )

  check('that cannot be shown stands in the field, to be put right', '#7?members=3&lost=20', async (page) => {
    await page.getByRole('alert').waitFor()
    const field = page.getByLabel('Seed or story')
    await expect.poll(() => field.inputValue()).toBe('7 members=3 lost=20')
    await field.fill('7 members=3 loss=20')
    await field.press('Enter')
    await ready(page)
  })

  check(
    'stands in the field, in place of what was typed and not run',
    '#7?members=3&requests=1',
    async (page) => {
      await ready(page)
      const field = page.getByLabel('Seed or story')
      await field.fill('8')
      await page.getByRole('button', { name: 'Tour', exact: true }).click()
      await page.getByRole('heading', { name: 'One decree' }).waitFor()
      await expect.poll(() => field.inputValue()).toMatch(/^39 members=3/)
    },
  )

  check('names the tab of the browser', '#7?members=3&requests=1', async (page) => {
    await ready(page)
    expect(await page.title()).toBe('seed 7 · Synod')
    await page.getByRole('button', { name: 'Tour', exact: true }).click()
    await expect.poll(() => page.title()).toBe('One decree · Synod')
  })

  check(
    'of a file beside the page has its moment, and is gone back to',
    '#?file=run.ndjson&at=40',
    async (page) => {
      await page.locator('.transcript li[aria-current]').waitFor()
      expect(await eventOf(page)).toBe(40)
      await page.keyboard.press('ArrowRight')
      await page.waitForURL(/#\?file=run\.ndjson&at=41$/)
      await follow(page, '#?file=run.ndjson&at=50')
      await expect.poll(() => eventOf(page)).toBe(50)
      await follow(page, '#7?members=3&requests=1')
      await ready(page)
      await page.waitForURL(/#7.*at=1$/) // what is written just then would cancel the way back
      await page.goBack()
      await page.getByRole('heading', { name: 'run.ndjson', exact: true }).waitFor()
      expect(await eventOf(page)).toBe(50)
    },
  )

  test('of a file that is not there, or on another server, is a sentence', async () => {
    const page = await visit.open('#?file=http://example.invalid/run.ndjson')
    await expect.poll(() => page.getByRole('alert').textContent()).toContain('is on another server: save it')
    await visit.leave(page)
    const other = await visit.open('#?file=no.ndjson')
    await expect.poll(() => other.getByRole('alert').textContent()).toContain('no.ndjson is not there')
    await other.context().close()
    expect(visit.problems.splice(0)).toEqual([expect.stringContaining('404')]) // as the browser says, too
  })

  check('is followed to both futures, and they end where a file is opened', FORK, async (page) => {
    await page.getByRole('heading', { name: 'Before the change' }).waitFor()
    await choose(page, `${lines.slice(1).join('\n')}\n`)
    await page.getByRole('heading', { name: 'part.ndjson', exact: true }).waitFor()
    expect(await page.getByRole('heading', { name: 'Before the change' }).count()).toBe(0)
    expect(await page.locator('.canvas-frame canvas').count()).toBe(1)
  })

  check('is left as it was by a file that cannot be read', '#?tour=3', async (page) => {
    await ready(page)
    const before = page.url()
    await choose(page, 'nothing that anybody has written')
    await page.getByRole('alert').waitFor()
    await page.getByRole('heading', { name: 'A lost promise' }).waitFor()
    expect(page.url()).toBe(before)
  })
})

describeInBrowser('what is shown of one run', () => {
  const visit = new Visit()

  pageTest(
    visit,
    'is not shown with the next one',
    '#7?members=3&clients=2&requests=30&loss=0',
    async (page) => {
      await ready(page)
      await page.keyboard.press('End')
      await page.getByRole('button', { name: 'Older slots' }).click()
      await page.getByRole('button', { name: 'Latest slots' }).waitFor()
      await page.getByRole('tab', { name: 'Operations' }).click()
      await page.getByText(/operations in a legal order/).waitFor()
      const operations = await page.locator('.bar').count()
      await follow(page, '#9?members=3&clients=5&requests=3&loss=0&at=300')
      await expect.poll(() => page.title()).toBe('seed 9 · Synod')
      await expect.poll(() => page.locator('.bar').count()).not.toBe(operations)
      await page.getByText(/operations in a legal order/).waitFor()
      await expect
        .poll(
          async () => (await page.locator('.bar b').allTextContents()).filter((text) => text === '').length,
        )
        .toBe(0)
      expect(await page.getByRole('button', { name: 'Latest slots' }).count()).toBe(0)
    },
  )
})

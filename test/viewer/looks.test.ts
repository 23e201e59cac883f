// Whoever reads by keyboard, by screen reader, in the dark or without colours can use the page; and it is small.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import axe from 'axe-core'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { LOOKS } from '../../viewer/src/kinds.js'
import { describeInBrowser, eventOf, pageTest, ready, Visit } from './browser.js'

const PAGE = fileURLToPath(new URL('../../dist/viewer', import.meta.url))

/** Kilobytes, compressed: all of the page. */
const MOST_KILOBYTES = 200

describe('the page', () => {
  it(`is at most ${MOST_KILOBYTES} kB, compressed`, () => {
    const files = readdirSync(PAGE, { recursive: true, encoding: 'utf8' }).filter((path) =>
      /\.\w+$/.test(path),
    )
    const sizes = files.map((path) => gzipSync(readFileSync(join(PAGE, path))).length)
    const kilobytes = sizes.reduce((sum, size) => sum + size, 0) / 1_000
    expect(files.length).toBeGreaterThan(2)
    expect(kilobytes).toBeLessThanOrEqual(MOST_KILOBYTES)
  })

  it('tells the families of messages apart by their dashes, too', () => {
    const dashes = Object.values(LOOKS).map(({ dash }) => dash.join(' '))
    expect(new Set(dashes).size).toBe(dashes.length)
  })
})

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly html: string }[]
}

/** What axe has to say against the page as it is. */
async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source)
  const found = (await page.evaluate(
    `axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'best-practice'] }).then(({ violations }) => violations)`,
  )) as readonly Violation[]
  return found.map(
    ({ id, nodes }) =>
      `${id}: ${nodes
        .map(({ html }) => html)
        .join(' ')
        .slice(0, 300)}`,
  )
}

describeInBrowser.each(['light', 'dark'] as const)('in the %s', (colorScheme) => {
  const visit = new Visit()

  pageTest(
    visit,
    'every part has contrast and labels',
    '#?tour=8',
    async (page) => {
      await ready(page)
      for (const tab of ['Mind', 'Verdicts', 'Change the past', 'Operations', 'Ledger']) {
        await page.getByRole('tab', { name: tab }).click()
        expect(await violations(page), tab).toEqual([])
      }
      await page.getByRole('button', { name: 'Votes', exact: true }).click()
      await page.getByRole('button', { name: /^NODE_1: / }).click()
      expect(await violations(page), 'what is hidden and chosen').toEqual([])
      await page.keyboard.press('?')
      expect(await violations(page), 'help').toEqual([])
      await page.keyboard.press('Escape')
      await page.goto(`${page.url().split('#')[0]}#?`)
      await page.getByRole('heading', { name: 'Watch a parliament decide' }).waitFor()
      expect(await violations(page), 'the beginning').toEqual([])
    },
    { colorScheme },
  )
})

interface Box {
  readonly name: string
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

describeInBrowser('at every width', () => {
  const visit = new Visit()

  pageTest(visit, 'no part covers another one, and nothing sticks out', '#?tour=4', async (page) => {
    await ready(page)
    for (const width of [1920, 1280, 1101, 1100, 900, 861, 860, 390, 320]) {
      await page.setViewportSize({ width, height: 720 })
      const parts = (await page.evaluate(
        `['.tour', '.diagram', '.time', '.below', '.chamber', '.side .tabs'].map((name) => { const { left, top, right, bottom } = document.querySelector(name).getBoundingClientRect(); return { name, left, top, right, bottom } })`,
      )) as readonly Box[]
      // On a phone the controls of time stay in view, over what is under them.
      const flat = width > 860 ? parts : parts.filter(({ name }) => name !== '.time')
      for (const [at, one] of flat.entries())
        for (const other of flat.slice(at + 1)) {
          const isApart =
            one.right <= other.left + 1 ||
            other.right <= one.left + 1 ||
            one.bottom <= other.top + 1 ||
            other.bottom <= one.top + 1
          expect(isApart, `${one.name} and ${other.name} at ${width}`).toBe(true)
        }
      expect(await page.evaluate('document.documentElement.scrollWidth'), `${width}`).toBeLessThanOrEqual(
        width,
      )
    }
  })
})

describeInBrowser('the chamber', () => {
  const visit = new Visit()

  pageTest(
    visit,
    'has the ballot of a member that is alone beside its seat',
    '#1?members=1&at=897',
    async (page) => {
      await ready(page)
      await page.locator('.seat .ballot').waitFor()
      const [circle, ballot] = (await page.evaluate(
        `['.seat circle', '.seat .ballot'].map((name) => { const { left, top, right, bottom } = document.querySelector(name).getBoundingClientRect(); return { name, left, top, right, bottom } })`,
      )) as readonly Box[]
      expect(ballot?.bottom).toBeLessThanOrEqual(circle?.top ?? 0)
    },
  )
})

describeInBrowser('by the keyboard', () => {
  const visit = new Visit()

  pageTest(
    visit,
    'whatever has the focus shows it, and every control can be reached',
    '#7?members=3&requests=1',
    async (page) => {
      await ready(page)
      const reached = new Set<string>()
      for (let times = 0; times < 60; times++) {
        await page.keyboard.press('Tab')
        const name = (await page.evaluate(
          `(() => { const { outlineStyle, strokeWidth } = getComputedStyle(document.activeElement.querySelector('circle') ?? document.activeElement); return document.activeElement === document.body ? '' : (outlineStyle !== 'none' || strokeWidth === '4px') + ' ' + (document.activeElement.ariaLabel ?? document.activeElement.textContent) })()`,
        )) as string
        if (name !== '') expect(name).toMatch(/^true/)
        reached.add(name.replace(/^true /, ''))
      }
      for (const name of [
        'Run',
        'Open a file',
        'Help',
        'Follow',
        'Play',
        'Ledger',
        'Transcript',
        'NODE_0',
        'NODE_0: ',
      ])
        expect(
          [...reached].some((each) => each.startsWith(name)),
          name,
        ).toBe(true)
    },
  )

  pageTest(
    visit,
    'a seat is a button, and what scrolls is scrolled',
    '#7?members=3&requests=1&at=150',
    async (page) => {
      await ready(page)
      const seat = page.getByRole('button', { name: /^NODE_1: / })
      await seat.press(' ')
      await expect.poll(() => seat.getAttribute('aria-pressed')).toBe('true')
      expect(await page.getByRole('button', { name: 'Play' }).count()).toBe(1)

      const mind = page.getByRole('tabpanel', { name: 'Mind' })
      await mind.getByRole('heading', { name: 'disk' }).waitFor()
      await mind.press('PageDown')
      await expect
        .poll(() => page.evaluate(`document.querySelector('[data-tab=mind]').scrollTop`))
        .toBeGreaterThan(0)
      expect(await eventOf(page)).toBe(150)
    },
  )

  pageTest(
    visit,
    'whoever reads the help does not move what is behind it',
    '#7?members=3&requests=1&at=150',
    async (page) => {
      await ready(page)
      await page.keyboard.press('?')
      const help = page.getByRole('dialog')
      await help.waitFor()
      await page.keyboard.press('ArrowRight')
      await page.keyboard.press('?')
      await help.waitFor({ state: 'hidden' })
      expect(await eventOf(page)).toBe(150)
    },
  )

  pageTest(
    visit,
    'nothing moves by itself for who wants that',
    '#7?members=3&requests=1',
    async (page) => {
      await ready(page)
      const moving = await page.evaluate(
        `[...document.querySelectorAll('*')].filter((each) => getComputedStyle(each).animationName !== 'none' || parseFloat(getComputedStyle(each).transitionDuration) > 0).length`,
      )
      expect(moving).toBe(0)
      await expect.poll(() => page.getByRole('button', { name: 'Play' }).count()).toBe(1)
    },
    { reducedMotion: 'reduce' },
  )
})

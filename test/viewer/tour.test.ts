// The tour: eight steps, each a real run in which everything is there that its text points to.

import { expect } from 'vitest'
import { STEPS } from '../../viewer/src/tour/steps.js'
import { describeInBrowser, pageTest, ready, Visit } from './browser.js'

describeInBrowser('a day in the parliament', () => {
  const visit = new Visit()

  pageTest(visit, 'has eight steps, and every moment that they tell of', '', async (page) => {
    await page.getByRole('link', { name: 'A day in the parliament' }).click()
    const terms = new Set<string>()
    for (const [index, { title, run }] of STEPS.entries()) {
      await page.getByRole('heading', { name: title, exact: true }).waitFor()
      await ready(page)
      await page.waitForURL(
        (url) => url.hash.startsWith(`${run}&at=`) && url.hash.endsWith(`&tour=${index + 1}`),
      )
      expect(await page.locator('.tour .missing').allTextContents(), title).toEqual([])
      expect(await page.locator('.tour .at').count(), title).toBeGreaterThan(2)
      expect(await page.locator('.tour .at[aria-current]').count(), title).toBeGreaterThan(0)
      expect(await page.locator('.trial').textContent(), title).toMatch(/^Try it\. .{40}/)
      for (const term of await page.locator('.tour dfn').allTextContents()) {
        expect(terms, `${term} is said twice`).not.toContain(term)
        terms.add(term)
      }
      await page
        .getByRole('button', { name: index + 1 < STEPS.length ? 'Next' : 'Done', exact: true })
        .click()
    }
    expect(STEPS).toHaveLength(8)
    expect([...terms]).toEqual(
      expect.arrayContaining(['ballot', 'slots', 'decree', 'quorum', 'ledger', 'promise']),
    )
    await page.locator('.tour').waitFor({ state: 'detached' })
  })

  pageTest(visit, 'leads to a moment, and back with the back button', '#?tour=4', async (page) => {
    await ready(page)
    await page.getByRole('link', { name: 'another member prepares' }).click()
    await page.locator('.transcript li[aria-current]', { hasText: 'prepare' }).waitFor()
    await page.goBack()
    await page.locator('.transcript li[aria-current]', { hasText: 'crashes' }).waitFor()
    await page.getByRole('button', { name: '6: A partition' }).click()
    await page.getByRole('heading', { name: 'A partition' }).waitFor()
  })

  pageTest(visit, 'is right about who is on which side of the partition', '#?tour=6', async (page) => {
    await ready(page)
    const now = page.locator('.transcript li[aria-current]')
    await expect.poll(() => now.textContent()).toMatch(/halves\.0: (NODE_3 NODE_0|NODE_0 NODE_3) \| /)
    await page.getByRole('button', { name: /^NODE_0: up, leading/ }).waitFor()
  })

  pageTest(visit, 'shows a bug, and where it became inevitable', `#?tour=8`, async (page) => {
    await ready(page)
    await page.getByRole('tab', { name: 'Verdicts' }).click()
    const failed = page.locator('.verdicts .fails', { hasText: 'agreement' })
    await failed.getByText(/Inevitable from/).waitFor()
    await expect.poll(() => page.locator('.mark.verdict').count()).toBeGreaterThan(1)
    // Without the bug everything holds, and the tour says that this is another run.
    const field = page.getByRole('banner').getByLabel('Seed or story')
    await field.fill((await field.inputValue()).replace(/ planted=\S+/, ''))
    await field.press('Enter')
    await page.getByRole('button', { name: '✓ every verdict holds' }).waitFor()
    await page.getByRole('button', { name: 'Back to the run of this step' }).click()
    await page.getByRole('button', { name: /^✗ agreement/ }).waitFor()
  })
})

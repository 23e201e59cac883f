// The past can be changed: every change by its button, both futures, and the fork as a link.

import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { describeInBrowser, eventOf, pageTest, ready, Visit } from './browser.js'

const RUN = '#7?members=3&clients=2&requests=4&loss=0&at=130'

describeInBrowser('the past', () => {
  const visit = new Visit()
  const check = (name: string, run: (page: Page) => Promise<void>): void =>
    pageTest(visit, name, RUN, async (page) => {
      await ready(page)
      await page.getByRole('tab', { name: 'Change the past' }).click()
      await run(page)
    })

  check('a message is dropped, the futures are compared, and the change is taken back', async (page) => {
    const old = await page.locator('[data-hash]').getAttribute('data-hash')
    const kind = await chooseMessage(page)
    await page.getByRole('button', { name: 'Drop it' }).click()
    await page.waitForURL(/edit=drop\.\d+\.\d+.*beside=1/)
    await page.getByRole('heading', { name: 'Before the change' }).waitFor()
    await page.getByRole('heading', { name: 'After the change' }).waitFor()
    await expect.poll(() => page.locator('.canvas-frame canvas').count()).toBe(2)
    const changes = page.getByRole('region', { name: 'Changes so far' })
    await changes.getByText(/The two runs part at/).waitFor()
    await changes
      .getByRole('button', { name: /^event \d+/ })
      .last()
      .click()
    const parting = await eventOf(page)
    await expect.poll(() => page.locator('.transcript li[aria-current]').textContent()).toContain('is lost')
    await expect.poll(() => page.locator('.mark.edit').count()).toBe(1)

    await page.waitForURL(new RegExp(`at=${parting}&`))
    // The fork is a link: who opens it sees the same.
    await page.reload()
    await page.getByRole('heading', { name: 'Before the change' }).waitFor()
    await ready(page)
    expect(await eventOf(page)).toBe(parting)
    const forked = await page.locator('[data-hash]').getAttribute('data-hash')
    expect(forked).not.toBe(old)

    await page.getByRole('tab', { name: 'Change the past' }).click()
    await page.getByRole('button', { name: 'Both futures' }).click()
    await page.getByRole('heading', { name: 'Before the change' }).waitFor({ state: 'hidden' })
    await page.getByRole('button', { name: 'Undo the last' }).click()
    await page.locator(`[data-hash="${old}"]`).waitFor()
    expect(kind).not.toBe('')
  })

  check('a message is delayed', async (page) => {
    await chooseMessage(page)
    await page.getByLabel('Delay it: milliseconds').fill('300')
    await page.getByRole('button', { name: 'Delay it' }).click()
    await page.waitForURL(/edit=delay\.\d+\.\d+\.300&/)
    await page.getByText(/is 300 ms late/).waitFor()
  })

  check('a link is cut, from its message on', async (page) => {
    await chooseMessage(page)
    await page.getByRole('button', { name: 'Cut this link' }).click()
    await page.waitForURL(/edit=cut\.\d+\.\d\.\d\.1000&/)
    await page.getByText(/Nothing passes from NODE_\d to NODE_\d for 1000 ms/).waitFor()
  })

  check('a member is crashed, and paused, and cut off from another', async (page) => {
    await page.getByRole('button', { name: /^NODE_1: / }).click()
    await page.getByRole('button', { name: 'Crash it' }).click()
    await page.waitForURL(/edit=crash\.130\.1\.1000&/)
    await page.getByText('NODE_1 crashes for 1000 ms').waitFor()
    await ready(page)
    for (let times = 0; times < 3; times++) await page.keyboard.press('ArrowRight')
    await page.getByRole('button', { name: /^NODE_1: down/ }).waitFor()

    await page.getByRole('button', { name: /^NODE_0: / }).click()
    await page.getByRole('button', { name: 'Pause it' }).click()
    await page.waitForURL(/edit=pause\.\d+\.0\.1000&/)
    await page.getByText('NODE_0 pauses for 1000 ms').waitFor()

    await page.getByRole('button', { name: /^NODE_2: / }).click()
    await page.getByLabel('To whom').selectOption('0')
    await page.getByRole('button', { name: 'Cut the link' }).click()
    await page.waitForURL(/edit=crash.*edit=pause.*edit=cut\.\d+\.2\.0\.1000&/)
    await page.getByText('Nothing passes from NODE_2 to NODE_0 for 1000 ms').waitFor()
    await expect
      .poll(() => page.getByRole('region', { name: 'Changes so far' }).getByRole('listitem').count())
      .toBe(3)
  })
})

/** Chooses what is on its way at this moment, and gives its kind. */
async function chooseMessage(page: Page): Promise<string> {
  const first = page.getByRole('region', { name: 'On their way' }).getByRole('button').first()
  const kind = (await first.textContent()) ?? ''
  await first.click()
  await page.getByRole('region', { name: 'The message' }).waitFor()
  return kind
}

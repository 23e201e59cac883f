// Files are opened by button, by drop and by address; what cannot be read gets a sentence.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import { simulate } from '../../src/simulation/index.js'
import { temporaryFolder } from '../cli/command.js'
import { describeInBrowser, pageTest, ready, Visit } from './browser.js'

function transcript(): string {
  const lines: string[] = []
  const scenario = { members: 3, clients: 2, requests: 2 }
  simulate({ seed: 7, scenario, format: 'ndjson', onLine: (line) => lines.push(line) })
  return `${lines.join('\n')}\n`
}

const TRANSCRIPT = transcript()
const HEADLESS = TRANSCRIPT.slice(TRANSCRIPT.indexOf('\n') + 1)

describeInBrowser('a file', () => {
  const visit = new Visit({ 'traces/run.ndjson': TRANSCRIPT })
  const folder = temporaryFolder()

  const choose = async (page: Page, name: string, text: string): Promise<void> => {
    const path = join(folder, name)
    writeFileSync(path, text)
    const chooser = page.waitForEvent('filechooser')
    await page.getByRole('banner').getByRole('button', { name: 'Open a file' }).click()
    await (await chooser).setFiles(path)
  }

  pageTest(
    visit,
    'that is a transcript is shown, and has minds, as it can be run again',
    '',
    async (page) => {
      await choose(page, 'run.ndjson', TRANSCRIPT)
      await page.locator('.transcript li[aria-current]').waitFor()
      await page.getByRole('tab', { name: 'Mind' }).click()
      await page.getByRole('tabpanel', { name: 'Mind' }).getByRole('heading', { name: 'disk' }).waitFor()
    },
  )

  pageTest(visit, 'without seed and options has no minds and no forks, and says so', '', async (page) => {
    await choose(page, 'part.ndjson', HEADLESS)
    await page.locator('.transcript li[aria-current]').waitFor()
    await page.getByRole('tab', { name: 'Mind' }).click()
    await expect.poll(() => page.getByRole('tabpanel').first().textContent()).toMatch(/seed/)
    await page.getByRole('tab', { name: 'Change the past' }).click()
    await expect.poll(() => page.getByRole('button', { name: 'Drop it' }).count()).toBe(0)
  })

  pageTest(
    visit,
    'that is broken gets a sentence, and the page stays as it was',
    '#7?members=3&requests=1',
    async (page) => {
      await ready(page)
      await choose(page, 'broken.ndjson', '{"event": 1, "type"')
      await expect.poll(() => page.getByRole('alert').textContent()).toMatch(/^.{20,}\./)
      await expect.poll(() => page.locator('.canvas-frame canvas').count()).toBe(1)
    },
  )

  pageTest(visit, 'that is huge gets a sentence, and is not read', '', async (page) => {
    await page.evaluate(`(() => {
      const file = new File([], 'huge.ndjson')
      Object.defineProperty(file, 'size', { value: 2 ** 30 })
      file.arrayBuffer = () => { throw new Error('It is read.') }
      const event = new DragEvent('drop', { bubbles: true, cancelable: true })
      Object.defineProperty(event, 'dataTransfer', { value: { files: [file], types: ['Files'] } })
      document.body.dispatchEvent(event)
    })()`)
    await expect.poll(() => page.getByRole('alert').textContent()).toContain('huge.ndjson has 1024 MiB')
  })

  pageTest(visit, 'can be dropped on the page', '', async (page) => {
    const data = await page.evaluateHandle(`(() => {
      const transfer = new DataTransfer()
      transfer.items.add(new File([${JSON.stringify(TRANSCRIPT)}], 'dropped.ndjson'))
      return transfer
    })()`)
    await page.dispatchEvent('body', 'dragover', { dataTransfer: data })
    await page.getByText('Drop it to open it').waitFor()
    await page.dispatchEvent('body', 'drop', { dataTransfer: data })
    await page.locator('.transcript li[aria-current]').waitFor()
  })

  pageTest(visit, 'beside the page is named by the address', '#?file=traces/run.ndjson', async (page) => {
    await page.locator('.transcript li[aria-current]').waitFor()
  })
})

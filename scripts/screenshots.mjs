/**
 * `npm run viewer:screenshots`: makes the pictures of the page in docs/images anew, from real runs. It needs Chromium,
 * which the variable CHROMIUM may name; what fonts it has decides how they look.
 */
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { launchBrowser, servePage } from './page.mjs'
import { setUpOrExit } from './setup.mjs'

setUpOrExit()

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const IMAGES = join(ROOT, 'docs/images')

const BUG = '#?tour=8'
const DUEL = '#220?members=5&clients=2&requests=3&loss=0&fault=isolated-leader=1&at=378'

/** What is to be seen: the address, light or dark, and what is done before. */
const PICTURES = [
  { name: 'viewer', hash: DUEL },
  { name: 'viewer-dark', hash: '#58?scenario=swarm&at=5200', colorScheme: 'dark' },
  { name: 'viewer-tour', hash: BUG },
  {
    name: 'viewer-futures',
    hash: '#177?members=5&clients=2&requests=3&loss=0&edit=crash.160.0.1000&at=165&beside=1',
    act: async (page) => {
      await page.getByRole('tab', { name: 'Change the past' }).click()
      await page.getByText('The two runs part at').waitFor()
    },
  },
  {
    name: 'viewer-order',
    hash: '#360?members=3&clients=3&requests=6&loss=0&fault=isolated-leader=2,crash=2&machine=shared&planted=forgetful-scout',
    act: async (page) => {
      await page.getByRole('tab', { name: 'Verdicts' }).click()
      await page.getByRole('button', { name: 'Operations and their order' }).click()
      await page.getByText('fits nowhere').waitFor()
    },
  },
]

const { server, base } = await servePage()
const browser = await launchBrowser()
mkdirSync(IMAGES, { recursive: true })
for (const { name, hash, colorScheme = 'light', act } of PICTURES) {
  const page = await browser.newPage({ viewport: { width: 1280, height: 720 }, colorScheme })
  await page.goto(`${base}${hash}`)
  await page.locator('.hash').waitFor()
  await act?.(page)
  // What is found out after the picture is in it, too: the hash, and where failures became inevitable.
  await page.waitForTimeout(2_500)
  await page.screenshot({ path: join(IMAGES, `${name}.png`) })
  await page.close()
}
await browser.close()
server.close()

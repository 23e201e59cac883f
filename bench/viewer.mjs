/**
 * `npm run bench:viewer`: how soon the page in a browser has its first picture, simulates and draws a long run, goes from
 * frame to frame, and shows any moment. Headless Chromium, which the variable CHROMIUM may name, and no GPU.
 */

import { cpus } from 'node:os'
import { launchBrowser, servePage } from '../scripts/page.mjs'

const LONG = '#3?scenario=swarm&until=125&calm=125&length=400'
/** What it must have. */
const LEAST_EVENTS = 100_000
const ROUNDS = 5

const { server, base } = await servePage()
const browser = await launchBrowser()

const median = (numbers) => numbers.toSorted((one, other) => one - other)[numbers.length >> 1]

/** Notes when the diagram is on the screen: the frame after its lines have come. */
const NOTE = `new MutationObserver((_, observer) => {
  if (document.querySelector('.lane') === null) return
  observer.disconnect()
  requestAnimationFrame(() => requestAnimationFrame(() => { window.picture = performance.now() }))
}).observe(document, { subtree: true, childList: true })`

/** Milliseconds from the navigation to the picture. */
async function firstPicture(hash) {
  const times = []
  for (let round = 0; round < ROUNDS; round++) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 720 } })
    await page.addInitScript(NOTE)
    await page.goto(`${base}${hash}`)
    await page.waitForFunction(() => window.picture > 0, undefined, { timeout: 60_000 })
    times.push(await page.evaluate('window.picture'))
    await page.close()
  }
  return { median: round(median(times)), best: round(Math.min(...times)) }
}

/** Frames a second, and the longest, while something is done to the diagram in every frame. */
async function frames(page, act) {
  return await page.evaluate(
    ([name]) =>
      new Promise((done) => {
        const canvas = document.querySelector('.canvas-frame canvas')
        const box = canvas.getBoundingClientRect()
        const times = []
        let last = performance.now()
        let count = 0
        const next = (now) => {
          times.push(now - last)
          last = now
          count += 1
          if (count > 120) {
            times.sort((one, other) => one - other)
            return done({
              fps: 1_000 / (times.reduce((sum, each) => sum + each, 0) / times.length),
              p95: times[Math.floor(times.length * 0.95)],
            })
          }
          const shared = { bubbles: true, cancelable: true, clientX: box.x + 300, clientY: box.y + 90 }
          if (name === 'zoom')
            canvas.dispatchEvent(new WheelEvent('wheel', { ...shared, deltaY: count % 40 < 20 ? -30 : 30 }))
          else
            canvas.dispatchEvent(new WheelEvent('wheel', { ...shared, deltaX: count % 60 < 30 ? 25 : -25 }))
          requestAnimationFrame(next)
        }
        requestAnimationFrame(next)
      }),
    [act],
  )
}

/** Milliseconds from a jump to the moment with every mind. */
async function jumps(page) {
  await page.getByRole('tab', { name: 'Mind' }).click()
  const count = Number(
    await page
      .locator('.clock')
      .textContent()
      .then((text) => text.match(/of (\d+)/)[1]),
  )
  const times = []
  for (let part = 1; part <= 12; part++) {
    const event = 1 + Math.floor(((count - 2) * ((part * 7) % 13)) / 13)
    times.push(
      await page.evaluate(
        (event) =>
          new Promise((done) => {
            const start = performance.now()
            const seen = () => {
              if (document.querySelector(`[data-event="${event}"]`)) done(performance.now() - start)
              else requestAnimationFrame(seen)
            }
            location.hash = location.hash.replace(/at=\d+/, `at=${event}`)
            requestAnimationFrame(seen)
          }),
        event,
      ),
    )
  }
  return { median: median(times), most: Math.max(...times) }
}

/** Milliseconds for a moment with the minds of all members, of whom the page asks for one at a time. */
async function everyMind(page) {
  return await page.evaluate(
    ([query, rounds]) => {
      const { name: url } = performance.getEntriesByType('resource').find(({ name }) => /worker-/.test(name))
      const worker = new Worker(url, { type: 'module' })
      let lastId = 0
      const ask = (name, ...parameters) =>
        new Promise((done) => {
          lastId += 1
          const id = lastId
          const hear = ({ data }) => {
            if (data.id !== id || data.type === 'progress') return
            worker.removeEventListener('message', hear)
            done(data.result)
          }
          worker.addEventListener('message', hear)
          worker.postMessage({ id, name, parameters })
        })
      const measure = async () => {
        const options = Object.fromEntries(query.split('&').map((word) => word.split('=')))
        const { handle, run } = await ask('open', { run: '3', options, edits: [], at: null })
        await ask('hash', handle) // by then what makes moments quick is prepared
        const times = []
        for (let part = 1; part <= rounds; part++) {
          const start = performance.now()
          const { minds } = await ask('moment', handle, Math.ceil((run.eventCount * ((part * 7) % 13)) / 13))
          times.push(performance.now() - start)
          if (minds.length < 3) throw new Error('These are not all minds.')
        }
        worker.terminate()
        return times
      }
      return measure()
    },
    [LONG.slice(LONG.indexOf('?') + 1), 12],
  )
}

const round = (number) => Math.round(number * 10) / 10
const result = { cpu: cpus()[0]?.model, firstPictureMillis: await firstPicture('#6') }
result.longRunMillis = await firstPicture(LONG)
const page = await browser.newPage({ viewport: { width: 1280, height: 720 } })
await page.goto(`${base}${LONG}&at=1000`)
await page.locator('.hash').waitFor({ timeout: 120_000 })
await page.waitForTimeout(3_000)
result.events = Number((await page.locator('.clock').textContent()).match(/of (\d+)/)[1])
if (result.events < LEAST_EVENTS)
  throw new Error(`The long run has ${result.events} events only: take another.`)
for (const [name, keys] of [
  ['arrows', []],
  ['dense', ['-', '-', '-']],
  ['all', ['0']],
]) {
  for (const key of keys) await page.keyboard.press(key)
  for (const act of ['pan', 'zoom']) result[`${name} ${act}`] = await frames(page, act)
}
const { median: jump, most } = await jumps(page)
result.jumpMillis = { median: round(jump), most: round(most) }
const minds = await everyMind(page)
result.everyMindMillis = { median: round(median(minds)), most: round(Math.max(...minds)) }
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
await browser.close()
server.close()

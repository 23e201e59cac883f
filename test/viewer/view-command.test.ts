// `synod view`: a user's own machine with a bug, hunted, shrunk to a story, and its cause on the page.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { ended, linesOf, startSynod, synod } from '../cli/command.js'
import { folderWith } from '../cli/forgetful.js'
import { describeInBrowser, eventOf, ready, Visit } from './browser.js'

/** A register that loses every third write: in two files, as people have them. */
const MINE = {
  'writes.mjs': `
    export const isLost = (count) => count % 3 === 2
  `,
  'mine.mjs': `
    import { isLost } from './writes.mjs'
    export default {
      machine: {
        initial: () => ({ value: null, count: 0 }),
        apply: (state, { type, value }) => {
          if (type === 'read') return [state, state.value]
          return [{ value: isLost(state.count) ? state.value : value, count: state.count + 1 }, null]
        },
      },
      model: 'register',
      requests: 8,
      operation: (client, position) => ({
        type: 'command',
        command: position % 2 === 0 ? { type: 'write', value: 100 * client + position } : { type: 'read', value: null },
      }),
      describe: ({ command: { type, value } }, completion) => ({ f: type, key: null, value: type === 'write' ? value : completion?.output ?? null }),
    }
  `,
}
const MACHINE = ['--machine', './mine.mjs']

describeInBrowser('the whole path', () => {
  const visit = new Visit()

  it('leads from a machine with a bug to its cause on the screen', async () => {
    const cwd = folderWith(MINE)
    const world = ['--scenario', 'classic', '--members', '3', '--clients', '2', '--loss', '5']
    const hunt = await synod(['hunt', '--seeds', '1..2', '--workers', '1', '--json', ...world, ...MACHINE], {
      cwd,
    })
    expect(hunt.code).toBe(1)
    const [found] = JSON.parse(hunt.stdout).failed
    expect(found.verdict).toBe('linearizable')

    const options = [String(found.seed), '--limit', '2', '--json', ...world, ...MACHINE]
    const { story, event } = JSON.parse((await synod(['shrink', ...options], { cwd })).stdout)

    const view = startSynod(['view', story, '--no-open', ...MACHINE], { cwd })
    const address = await new Promise<string>((resolve) => {
      view.stdout.once('data', (text: Buffer) => resolve(String(text).trim()))
    })
    const page = await visit.open('', {}, address)
    await ready(page)
    expect(await eventOf(page)).toBe(event)

    await page.getByRole('button', { name: '✗ linearizable' }).click()
    const failed = page.locator('.verdicts .fails')
    await failed.getByText(/Inevitable from/).waitFor()
    await failed.getByRole('button', { name: `event ${event}` }).click()
    await expect.poll(() => page.locator('.transcript li[aria-current]').textContent()).toContain('completes')
    await expect.poll(() => page.locator('.mark.verdict').count()).toBeGreaterThan(0)

    await page.getByRole('button', { name: 'Operations and their order' }).click()
    await page.getByText(/After the longest legal order, of \d+, “read.*” fits nowhere/).waitFor()
    const breaking = page.locator('.bar.breaks')
    expect(await breaking.getAttribute('aria-label')).toContain('fits nowhere')
    await breaking.click()
    await page.getByRole('tab', { name: 'Transcript' }).click()
    await expect
      .poll(() => page.locator('.transcript li[aria-current]').textContent())
      .toMatch(/completes .* read/)
    await visit.leave(page)

    view.kill('SIGINT')
    expect(await ended(view)).toMatchObject({ code: 0 })
  })

  it('opens a file that is named', async () => {
    const cwd = folderWith({})
    const { stdout } = await synod([
      'simulate',
      '7',
      '--members',
      '3',
      '--requests',
      '1',
      '--format',
      'ndjson',
    ])
    const name = 'run #1? 50%.ndjson'
    writeFileSync(join(cwd, name), stdout)
    const view = startSynod(['view', name, '--no-open'], { cwd })
    const address = await new Promise<string>((resolve) => {
      view.stdout.once('data', (text: Buffer) => resolve(linesOf(String(text))[0] ?? ''))
    })
    const page = await visit.open('', {}, address)
    await ready(page)
    await visit.leave(page)
    view.kill('SIGINT')
    expect(await ended(view)).toMatchObject({ code: 0 })
  })
})

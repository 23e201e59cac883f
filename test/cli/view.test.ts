// What `synod view` serves, and what it refuses.

import { request } from 'node:http'
import { describe, expect, it } from 'vitest'
import { type Child, ended, startSynod, synod } from './command.js'
import { FORGETFUL, folderWith } from './forgetful.js'

/** The address that it prints. */
async function addressOf(view: Child): Promise<URL> {
  const text = await new Promise<string>((resolve) =>
    view.stdout.once('data', (data) => resolve(String(data))),
  )
  return new URL(text.trim())
}

const get = async (url: URL, path: string): Promise<{ status: number; text: string; type: string }> => {
  const answer = await fetch(new URL(path, url))
  return { status: answer.status, text: await answer.text(), type: answer.headers.get('content-type') ?? '' }
}

describe('synod view', () => {
  it('prints the address of a run, serves the page on loopback, and ends on Ctrl-C with 0', async () => {
    const view = startSynod(['view', '6', '--loss', '20', '--fault', 'crash=2', '--over-budget', '--no-open'])
    const url = await addressOf(view)
    expect(url.hostname).toBe('127.0.0.1')
    expect(url.hash).toBe('#6?loss=20&fault=crash=2&over-budget')
    const { status, text, type } = await get(url, '/')
    expect([status, type]).toEqual([200, 'text/html; charset=utf-8'])
    for (const [, path = ''] of text.matchAll(/(?:src|href)="(\.\/[^"]+)"/g))
      expect((await get(url, path)).status).toBe(200)
    view.kill('SIGINT')
    expect(await ended(view)).toMatchObject({ code: 0, stderr: 'synod: Ctrl-C ends the page.\n' })
  })

  it('serves a module, what it imports of this package, and nothing else of its folder', async () => {
    const cwd = folderWith({
      'mine.mjs': FORGETFUL,
      'more.mjs': "import { Node } from 'synod/paxos'\nexport * from 'synod/simulation'",
      'secret.txt': 'nobody is to read this',
      '.env.js': 'nor this',
    })
    const view = startSynod(['view', '6', '--no-open', '--machine', './mine.mjs'], { cwd })
    const url = await addressOf(view)
    expect(`${url.search}${url.hash}`).toBe('?machine=./mine.mjs#6?machine=./mine.mjs')
    expect((await get(url, '/machine/mine.mjs')).text).toBe(FORGETFUL)
    const { text } = await get(url, '/machine/more.mjs')
    const imported = [...text.matchAll(/'(\/[^']+)'/g)].map(([, path = '']) => path)
    expect(imported).toHaveLength(2)
    for (const path of imported) expect(await get(url, path)).toMatchObject({ status: 200 })
    const simulate = await get(url, '/synod/simulation/simulate.js')
    const [, noble = ''] = /'(\/noble\/[^']+)'/.exec(simulate.text) ?? []
    expect((await get(url, noble)).status).toBe(200)
    for (const path of [
      '/machine/secret.txt',
      '/machine/.env.js',
      '/machine/%2e%2e/x.js',
      '/%2e%2e/cli/main.js',
      '/given/x',
    ])
      expect((await get(url, path)).status, path).toBe(404)
    view.kill('SIGINT')
    await ended(view)
  })

  it('answers to its own name only, so that no other site can read what it serves', async () => {
    const view = startSynod(['view', '--no-open'])
    const url = await addressOf(view)
    const status = await new Promise((resolve) => {
      request(
        { host: url.hostname, port: url.port, headers: { host: `elsewhere.example:${url.port}` } },
        (answer) => {
          answer.resume()
          resolve(answer.statusCode)
        },
      ).end()
    })
    expect(status).toBe(403)
    view.kill('SIGINT')
    await ended(view)
  })

  it.each([
    [
      ['view', 'nothing.ndjson'],
      "synod: there is no file 'nothing.ndjson', and a seed or a story is a whole number.\n",
    ],
    [
      ['view', '6', '--loss', '200'],
      'synod: --loss must be a percentage from 0 to 99, with at most 4 decimals',
    ],
    [['view', '6', '--machine', './none.js'], "synod: there is no file './none.js'.\n"],
    [['view', '--loss', '5'], 'synod: these options are those of a run: name its seed first'],
    [['view', 'package.json', '--loss', '5'], 'synod: a file has the options of its run in itself'],
    [['view', '--port', '0'], "synod: --port must be a whole number from 1 to 65535, and '0' is not.\n"],
  ])('%j is refused with a sentence', async (args, sentence) => {
    const { code, stdout, stderr } = await synod([...args, '--no-open'])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(sentence)
  })
})

// `synod shrink`, and the stories that it tells.

import { describe, expect, it } from 'vitest'
import { readStory, STORY_VERSION, sharedApplication, simulate, swarm } from '../../src/simulation/index.js'
import { ofVersion } from '../support/stories.js'
import { ended, linesOf, SMALL, shell, startSynod, synod } from './command.js'
import { FORGETFUL, folderWith } from './forgetful.js'

/** A world that is quickly done, and soon shrunk. */
const LOSSY = ['--scenario', 'classic', '--members', '3', '--clients', '2', '--loss', '10']
const MINE = ['--machine', './mine.mjs']

it('tells the shortest run until then on Ctrl-C, with exit code 130', async () => {
  const faults = { 'lying-sync': 3, rollback: 3 }
  const fails = (seed: number): boolean => {
    const scenario = { ...swarm(seed), faults: { ...swarm(seed).faults, ...faults } }
    return !simulate({ seed, scenario, application: sharedApplication() }).summary.ok
  }
  let seed = 1
  while (!fails(seed)) seed += 1
  const liars = ['--fault', 'lying-sync=3', '--fault', 'rollback=3']
  const child = startSynod(['shrink', String(seed), '--scenario', 'swarm', ...liars, '--limit', '600'])
  child.stderr.on('data', (text) => {
    if (String(text).includes('looking for shorter runs')) child.kill('SIGINT')
  })
  const end = await ended(child)
  expect(end.code).toBe(130)
  expect(linesOf(end.stdout).at(-1)).toMatch(/^# replay it with: npx synod simulate \d{20,300}$/)
})

describe('a machine of one’s own with a bug', () => {
  it('is hunted, shrunk to a story, and the story replays the same failure', async () => {
    const cwd = folderWith({ 'mine.mjs': FORGETFUL })
    const hunt = await synod(['hunt', '--seeds', '1..3', '--workers', '1', '--json', ...LOSSY, ...MINE], {
      cwd,
    })
    const [found] = JSON.parse(hunt.stdout).failed
    const command = `${found.replay.replace('npx synod simulate', 'synod shrink')} --limit 3`

    const { code, stdout, stderr } = await shell(command, { cwd })
    expect(code).toBe(0)
    const lines = linesOf(stdout)
    const [, event] =
      /^# answers failed at event (\d+), in the line above: .+$/.exec(lines.at(-2) ?? '') ?? []
    const [, replay, story = ''] =
      /^# replay it with: (npx synod simulate (\d{20,300}) .*)$/.exec(lines.at(-1) ?? '') ?? []
    expect(replay).toBe(`npx synod simulate ${story} --machine ./mine.mjs`)
    expect(lines).toHaveLength(Number(event) + 3)
    expect(Number(event)).toBeLessThan(found.event)
    expect(stderr).toMatch(
      new RegExp(
        `^synod: answers fails at event ${event} instead of ${found.event}, after \\d+ runs in `,
        'm',
      ),
    )

    const replayed = await shell(`synod simulate ${story} --machine ./mine.mjs`, { cwd })
    expect(replayed.code).toBe(1)
    expect(replayed.stderr).toContain(`answers failed at event ${event} (line ${Number(event) + 1} of the `)
    expect(replayed.stderr).toContain(`replay it with: ${replay}\n`)
    expect(linesOf(replayed.stdout).slice(0, Number(event) + 1)).toEqual(lines.slice(0, -2))

    const json = await synod(['shrink', story, '--limit', '3', '--json', ...MINE], { cwd })
    expect(json.code).toBe(0)
    const again = JSON.parse(json.stdout)
    expect(again).toMatchObject({ seed: readStory(story).seed, verdict: 'answers', runs: expect.any(Number) })
    expect(again.event).toBeLessThanOrEqual(Number(event))
    expect(again.replay).toBe(`npx synod simulate ${again.story} --machine ./mine.mjs`)
  })
})

describe.concurrent('synod shrink', () => {
  it('says when there is nothing to shrink, with exit code 2', async () => {
    expect(await synod(['shrink', '6', ...SMALL])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: `synod: every verdict holds: there is nothing to shrink in npx synod simulate 6 ${SMALL.join(' ')}.\n`,
    })
  })

  it('gives what it has when its time is over', async () => {
    const cwd = folderWith({ 'mine.mjs': FORGETFUL })
    const { code, stdout } = await synod(['shrink', '6', '--limit', '0', '--json', ...MINE], { cwd })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ seed: 6, verdict: 'answers', runs: 1 })
  })
})

describe.concurrent('a story', () => {
  const cwd = folderWith({ 'mine.mjs': FORGETFUL })
  const shrunk = synod(['shrink', '6', '--limit', '0', '--json', ...MINE], { cwd })
  const story = async (): Promise<string> => JSON.parse((await shrunk).stdout).story
  const said = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await synod(args, { cwd })
    expect(code).toBe(2)
    return stderr
  }

  it('replays the run of its seed', async () => {
    const [seed, told] = await Promise.all([
      synod(['simulate', '6', ...MINE], { cwd }),
      synod(['simulate', await story(), ...MINE], { cwd }),
    ])
    expect(told.stdout).toBe(seed.stdout)
  })

  it('asks for the machine, when it is the user’s own', async () => {
    expect(await said('simulate', await story())).toBe(
      'synod: this story is of a machine of your own: name it too, as in --machine ./mine.js.\n',
    )
  })

  it('takes no options that it holds already', async () => {
    expect(await said('simulate', await story(), ...MINE, '--members', '3', '--loss', '2')).toBe(
      'synod: a story holds every option of its run: leave out --members 3 --loss 2.\n',
    )
  })

  it('gets a sentence when a digit is wrong, or it is far too long', async () => {
    const wrong = (await story()).replace(/^./, (digit) => String((Number(digit) % 9) + 1))
    expect(await said('simulate', wrong, ...MINE)).toBe(
      'synod: This story is damaged, since its check digits do not fit: copy all of its digits once more.\n',
    )
    expect(await said('shrink', '9'.repeat(301))).toBe(
      'synod: A story has at most 300 digits, and this has 301.\n',
    )
  })

  it('of another version gets a sentence that names both, and is not replayed as something else', async () => {
    const older = ofVersion(STORY_VERSION - 1, await story())
    for (const command of ['simulate', 'shrink']) {
      expect(await said(command, older, ...MINE)).toBe(
        `synod: This story was told by version ${STORY_VERSION - 1} of the simulated world, and this is version ${STORY_VERSION} of it: replay it with the release of Synod that told it.\n`,
      )
    }
  })
})

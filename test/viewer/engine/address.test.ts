import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { formatAddress, parseAddress } from '../../../viewer/src/engine/address.js'
import { newEngine } from './engines.js'

const stories = JSON.parse(
  readFileSync(new URL('../../../museum/stories.json', import.meta.url), 'utf8'),
) as unknown
const STORY = JSON.stringify(stories).match(/\d{21,300}/)?.[0] ?? ''

describe('an address', () => {
  it.each([
    '#6',
    '#6?loss=20&at=1360',
    '#17?scenario=swarm&members=5&no-fault=loss',
    '#6?crashes=2&fault=pause=1,halves&over-budget',
    '#6?edit=drop.812.3&edit=delay.900.1.250&edit=crash.1000.2.2000&edit=pause.1.0.5&edit=cut.5.0.3.1000&at=812',
    `#${STORY}?at=3`,
  ])('%s is the same when it is read and written again', (text) => {
    expect(formatAddress(parseAddress(text))).toBe(text)
  })

  it('takes a list that is given again and again, as the command line does', () => {
    expect(parseAddress('6?fault=crash=2&fault=pause').options).toEqual({ fault: 'crash=2,pause' })
  })

  it.each([
    ['#', /begins with a seed or a story/],
    ['#six', /begins with a seed or a story, as in #6, and ‘six’ is neither/],
    ['#6?los=20', /There is no option ‘los’; there are scenario, members/],
    ['#6?loss=5&loss=6', /‘loss’ is there twice/],
    ['#6?at=0', /‘at’ must be a whole number from 1 on/],
    ['#6?scenario=calm', /‘scenario’ is classic or swarm, and ‘calm’ is not that/],
    ['#6?over-budget=yes', /‘over-budget’ takes no value/],
    ['#6?planted=weed', /‘planted’ is forgetful-scout, and ‘weed’ is not that/],
    ['#6?edit=drop.812', /‘edit=drop.812’ is no change of the past/],
    ['#6?edit=burn.812.3', /is no change of the past/],
    ['#6?fault=%E0%A4%A', /cut off or was changed/],
    [`#${STORY}?loss=5`, /A story holds every option of its run: leave out loss/],
  ])('%s is refused with a sentence', (text, sentence) => {
    expect(() => parseAddress(text)).toThrow(sentence)
  })

  it.each([
    [
      '#6?loss=101',
      "The option ‘loss’ must be a percentage from 0 to 99, with at most 4 decimals, and '101' is not.",
    ],
    ['#4294967296', "A seed must be a whole number from 0 to 4294967295, and '4294967296' is not."],
    ['#6?fault=fire', /^There is no class of faults called fire; there are loss,/],
    ['#6?jitter=50', /^A jitter of 50 ms exceeds the delay of 30 ms/],
    ['#6?machine=bank&reads=linearizable', /leave it out\.$/],
    ['#6?machine=./mine.js', /open it with npx synod view --machine/],
    [`#${STORY.slice(0, -1)}${(Number(STORY.at(-1)) + 1) % 10}`, /This story is damaged/],
  ])('%s is refused with a sentence when it is opened', async (text, sentence) => {
    await expect(newEngine().open(parseAddress(text))).rejects.toThrow(sentence)
  })
})

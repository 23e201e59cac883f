// What is wrong in a command gets one clear sentence, and exit code 2.

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { replayCommand, scenarioFrom, seedFrom } from '../../src/cli/scenario.js'
import { FAULTS } from '../../src/simulation/index.js'
import { SMALL, synod, temporaryFolder } from './command.js'

const SWALLOWED = 'npm keeps options for itself unless -- comes before them, as in: npm start -- 6 --loss 20.'

/** Commands, and the sentence that each of them gets. */
const MISTAKES: readonly (readonly [command: string, sentence: string])[] = [
  ['simulat', "unknown command 'simulat' (did you mean simulate?)."],
  ['help nothing', 'there is no such command; synod --help lists them.'],
  ['--los 5', "unknown option '--los'."],
  ['simulate 6 --los 5', "unknown option '--los' (did you mean one of --log, --loss?)."],
  ['simulate 6 --loss', "option '--loss <percent>' argument missing."],
  ['simulate x', "a seed must be a whole number from 0 to 4294967295, and 'x' is not."],
  ['simulate 4294967296', "a seed must be a whole number from 0 to 4294967295, and '4294967296' is not."],
  ['simulate -1', "a seed must be a whole number from 0 to 4294967295, and '-1' is not."],
  ['simulate 6 20', `one seed is all that simulate takes; ${SWALLOWED}`],
  [
    'simulate 6 --loss 100',
    "--loss must be a percentage from 0 to 99, with at most 4 decimals, and '100' is not.",
  ],
  ['simulate 6 --members 0', "--members must be a whole number from 1 to 100, and '0' is not."],
  [
    'simulate 6 --delay 10 --jitter 11',
    'A jitter of 11 ms exceeds the delay of 10 ms: no message may arrive before it is sent.',
  ],
  [
    'simulate 3 --scenario swarm --calm 40 --until 40',
    "--calm must be less than the length of the run, which is 17.587903 seconds, and '40' is not; a longer run is an option too: --length.",
  ],
  [
    'simulate 6 --until 60',
    "--until must be less than the length of the run, which is 60 seconds, and '60' is not; a longer run is an option too: --length.",
  ],
  ['simulate 6 --crashes 10001', "--crashes must be a whole number from 0 to 10000, and '10001' is not."],
  [
    'simulate 6 --fault flood',
    `There is no class of faults called flood; there are ${Object.keys(FAULTS).join(', ')}.`,
  ],
  ['simulate 6 --fault =3', "--fault must be a class of faults, and '=3' names none."],
  ['hunt 5', 'hunt takes nothing but options: give it its seeds as in --seeds 1..1000.'],
  [
    'shrink',
    'shrink wants the seed of a run that fails, or a story, as in: synod shrink 42 --scenario swarm.',
  ],
  ['shrink 6 7', 'one seed, or one story, is all that shrink takes, and options.'],
  ['explore 3', 'explore takes nothing but options; synod explore --help lists them.'],
  ['simulate 6 --fault rot=-1', "--fault rot must be a whole number from 0 to 16, and '-1' is not."],
  [
    'simulate 6 --format xml',
    "option '--format <format>' argument 'xml' is invalid; allowed choices are text, ndjson.",
  ],
  [
    'simulate 6 --summary text',
    "option '--summary <format>' argument 'text' is invalid; allowed choices are json.",
  ],
  [
    'simulate 6 --reads stale',
    "option '--reads <way>' argument 'stale' is invalid; allowed choices are decree, linearizable.",
  ],
  [
    'simulate 6 --machine bank --reads linearizable',
    '--reads says how the clients of --machine key-value read, and no others.',
  ],
  [
    'simulate 6 --history no/such/folder/history',
    'the history cannot be written to no/such/folder/history: ENOENT: no such file or directory.',
  ],
]

describe.concurrent('a mistake in a command', () => {
  it.each(MISTAKES)('synod %s: %s', async (command, sentence) => {
    expect(await synod(command.split(' '))).toMatchObject({
      code: 2,
      stdout: '',
      stderr: `synod: ${sentence}\n`,
    })
  })

  it('leaves no history behind', async () => {
    const file = join(temporaryFolder(), 'history')
    expect(await synod(['simulate', 'x', '--history', file])).toMatchObject({ code: 2 })
    expect(existsSync(file)).toBe(false)
  })
})

describe.concurrent('options that npm has swallowed', () => {
  it.each([{ npm_config_crashes: '3' }, { npm_config_summary: 'true' }])('%o', async (variables) => {
    const name = Object.keys(variables)[0]?.replace('npm_config_', '--')
    const env = { npm_lifecycle_event: 'start', ...variables }
    expect(await synod(['simulate', '6'], { env })).toMatchObject({
      code: 2,
      stdout: '',
      stderr: `synod: ${name} did not get here; ${SWALLOWED}\n`,
    })
  })

  it('are told from npm’s own', async () => {
    const env = { npm_lifecycle_event: 'start', npm_config_color: 'always', npm_config_loglevel: 'warn' }
    expect(await synod(['simulate', '6', ...SMALL], { env })).toMatchObject({ code: 0 })
  })
})

describe.concurrent('the units of options', () => {
  const machine = 'key-value'
  const given = (flags: Record<string, string>) => scenarioFrom({ machine, ...flags }, 6)

  it('are exact: percent to a millionth, milliseconds to a microsecond', () => {
    expect(given({ loss: '2.5' }).faults.loss).toBe(25_000)
    expect(given({ loss: '0.0007' }).faults.loss).toBe(7)
    expect(given({ duplication: '100' }).faults.duplication).toBe(1_000_000)
    expect(given({ delay: '1000.001' }).delayMicros).toBe(1_000_001)
    expect(given({ length: '0.1' }).lengthMicros).toBe(100_000)
  })

  it.each(['', ' 5', '5 ', '+5', '5.', '.5', '1e1', '0x5', '5,5', 'NaN', '2.00001', '-0'])(
    'refuse %j',
    (text) => {
      expect(() => given({ loss: text })).toThrow(/--loss must be a percentage/)
    },
  )

  it.each(['', ' ', '1.0', '1e3', '0x10', '+1', 'NaN', '99999999999999999999'])('no seed is %j', (text) => {
    expect(() => seedFrom(text)).toThrow(/a seed must be a whole number/)
  })

  it('come back in the command that replays, quoted for a shell', () => {
    const flags = { machine: "./it's mine.js", loss: '2.50', format: 'ndjson', history: 'file' }
    expect(replayCommand(7, flags)).toBe("npx synod simulate 7 --loss 2.50 --machine './it'\\''s mine.js'")
  })
})

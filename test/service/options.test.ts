// Options: one table for flags, variables and the configuration file. What is wrong gets one sentence, which says where.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { BadOptions } from '../../src/runtime/index.js'
import {
  flagOf,
  OPTIONS,
  type OptionName,
  readDuration,
  securityOf,
  settle,
  variableOf,
} from '../../src/service/index.js'
import { newFolder } from './served.js'

const NAMES = Object.keys(OPTIONS) as OptionName[] // it has no others

function fileWith(text: string): string {
  const file = join(newFolder(), 'synod.json')
  writeFileSync(file, text)
  return file
}

/** What is said of options that are wrong. */
function sentence(work: () => unknown): string {
  try {
    work()
  } catch (error) {
    if (error instanceof BadOptions) return error.message
    throw error
  }
  throw new Error('Nothing is wrong with them.')
}

describe('an option', () => {
  test.for([
    ['id', 'a', 'a'],
    ['listen', '127.0.0.1:0', '127.0.0.1:0'],
    ['listen', '[::1]:7400', '[::1]:7400'],
    ['cluster', 'a=h:1, b=[::1]:2', { a: 'h:1', b: '[::1]:2' }],
    ['join', 'h:1,i:2', ['h:1', 'i:2']],
    ['identity', '12', 12],
    ['endpoints', 'h:1', ['h:1']],
    ['http', 'off', 'off'],
    ['logLevel', 'info', 'info'],
    ['timeout', '1500ms', 1500],
    ['timeout', '2m', 120_000],
    ['blackBox', './box', './box'],
    ['blackBoxLimit', '65536', 65_536],
    ['blackBoxRedact', 'true', true],
  ] as const)('%s is read from the text %j, as a flag and as a variable', ([name, text, value]) => {
    expect(settle([name], { [name]: text }, {})).toEqual({ [name]: value })
    expect(settle([name], {}, { [variableOf(name)]: text })).toEqual({ [name]: value })
  })

  test('is in the file as text, or as JSON has it', () => {
    const asJson = fileWith('{ "cluster": { "a": "h:1" }, "join": ["h:1"], "identity": 7, "timeout": "2s" }')
    const asText = fileWith('{ "cluster": "a=h:1", "join": "h:1", "identity": "7", "timeout": 2000 }')
    const values = { cluster: { a: 'h:1' }, identity: 7, timeout: 2_000 }
    const file = (config: string) => settle(['cluster', 'identity', 'timeout'], { config }, {})
    expect([asJson, asText].map((each) => sentence(() => file(each)))).toEqual(
      [asJson, asText].map(
        (each) => `"cluster" in ${each} and "join" in ${each} exclude each other: leave one away.`,
      ),
    )
    expect(file(fileWith('{ "cluster": { "a": "h:1" }, "identity": 7, "timeout": "2s" }'))).toEqual(values)
    expect(file(fileWith('{ "cluster": "a=h:1", "identity": "7", "timeout": 2000 }'))).toEqual(values)
  })

  test('as a flag outranks the variable, which outranks the file', () => {
    const config = fileWith('{ "id": "file", "data": "file", "listen": "file:1" }')
    const environment = { SYNOD_ID: 'variable', SYNOD_DATA: 'variable', SYNOD_CONFIG: config }
    expect(settle(['id', 'data', 'listen'], { id: 'flag' }, environment)).toEqual({
      id: 'flag',
      data: 'variable',
      listen: 'file:1',
    })
  })

  test('outranks another way to say the same in a source that comes after', () => {
    const config = fileWith('{ "cluster": "a=h:1", "token": "secret" }')
    const flags = { config, join: 'h:2', tokenFile: 'there' }
    expect(settle(['cluster', 'join', 'token', 'tokenFile'], flags, {})).toEqual({
      join: ['h:2'],
      tokenFile: 'there',
    })
  })

  test('that is an empty variable is not given', () => {
    expect(settle(NAMES, {}, { SYNOD_ID: '', SYNOD_TOKEN: '' })).toEqual({})
  })

  test('that a command does not take may be in the file it shares with others', () => {
    expect(settle(['token'], { config: fileWith('{ "id": "a", "token": "t" }') }, {})).toEqual({ token: 't' })
  })

  test('has a flag and a variable that follow from its name, and a line of help', () => {
    expect(flagOf('tokenFile')).toBe('--token-file')
    expect(variableOf('tokenFile')).toBe('SYNOD_TOKEN_FILE')
    for (const name of NAMES) expect(OPTIONS[name].help, name).toMatch(/^[a-z].*[^.]$/)
  })
})

describe('what is wrong gets one sentence, which says where', () => {
  test.for([
    ['id', '', '--id must be a name, and is empty.'],
    ['listen', 'here', '--listen must have the form host:port, and "here" has not.'],
    ['listen', 'h:65536', '--listen must have the form host:port, and "h:65536" has not.'],
    ['advertise', 'h:0', '--advertise must have the form host:port, and "h:0" has not.'],
    [
      'cluster',
      'a',
      '--cluster must say where each member is, and each of them once: a=host:port,b=host:port,….',
    ],
    [
      'cluster',
      'a=h:1,a=h:2',
      '--cluster must say where each member is, and each of them once: a=host:port,b=host:port,….',
    ],
    ['cluster', 'a=h', '--cluster must have the form host:port, and "h" has not.'],
    ['join', 'h:1,,', '--join must have the form host:port, and "" has not.'],
    ['identity', '1.5', '--identity must be a whole number.'],
    ['identity', '0', '--identity must be a whole number above 0.'],
    ['identity', 'x', '--identity must be a whole number.'],
    ['http', '9000', '--http must be off, or have the form host:port, and "9000" has not.'],
    ['logLevel', 'loud', '--log-level must be one of debug, info, warn, error, silent.'],
    ['timeout', '5', '--timeout must be a duration such as 500ms, 30s, 5m or 2h.'],
    ['timeout', '0s', '--timeout must be a duration such as 500ms, 30s, 5m or 2h.'],
    ['timeout', '25d', '--timeout must be at most 24d.'],
  ] as const)('--%s %s: %s', ([name, text, told]) => {
    expect(sentence(() => settle(NAMES, { [name]: text }, {}))).toBe(told)
  })

  test('in a variable', () => {
    expect(sentence(() => settle(NAMES, {}, { SYNOD_LISTEN: 'x' }))).toBe(
      'SYNOD_LISTEN must have the form host:port, and "x" has not.',
    )
  })

  test.for([
    ['{ "listen": 5 }', '"listen" in FILE must have the form host:port.'],
    ['{ "listn": "h:1" }', `"listn" in FILE is no option: there are ${NAMES.join(', ')}.`],
    ['[]', 'The configuration in FILE must be an object, such as { "id": "a" }.'],
    [
      '{ "token": "a", "tokenFile": "b" }',
      '"token" in FILE and "tokenFile" in FILE exclude each other: leave one away.',
    ],
  ] as const)('in the file %s', ([text, told]) => {
    const config = fileWith(text)
    expect(sentence(() => settle(NAMES, { config }, {}))).toBe(told.replaceAll('FILE', config))
  })

  test('in a file that is none, or no JSON', () => {
    const missing = join(newFolder(), 'none.json')
    expect(sentence(() => settle(NAMES, { config: missing }, {}))).toBe(
      `The configuration cannot be read from ${missing}: there is no such file.`,
    )
    const config = fileWith('{ "id": ')
    expect(sentence(() => settle(NAMES, { config }, {}))).toMatch(
      /^The configuration in .* is no JSON: .*\.$/,
    )
  })

  test('with files that are to be read', () => {
    const folder = newFolder()
    expect(sentence(() => securityOf({ tokenFile: join(folder, 'none') }))).toMatch(
      /^The token cannot be read from .*none: there is no such file\.$/,
    )
    expect(sentence(() => securityOf({ tlsCa: folder }))).toMatch(
      /^The authority cannot be read from .*: EISDIR\.$/,
    )
    writeFileSync(join(folder, 'empty'), ' \n')
    expect(sentence(() => securityOf({ tokenFile: join(folder, 'empty') }))).toBe(
      `The token in ${join(folder, 'empty')} is empty.`,
    )
  })
})

test('a token is read from its file, without the newline at its end', () => {
  const file = fileWith('secret\n')
  expect(securityOf({ tokenFile: file })).toEqual({ token: 'secret' })
  expect(securityOf({})).toEqual({})
})

test.for([
  ['500ms', 500],
  ['30s', 30_000],
  ['5m', 300_000],
  ['2h', 7_200_000],
  ['1d', 86_400_000],
  ['0s', 0],
  ['5', null],
  ['-1s', null],
  ['1.5s', null],
  ['s', null],
  ['', null],
] as const)('the duration %j has %j ms', ([text, millis]) => {
  expect(readDuration(text)).toBe(millis)
})

// Decrees, and the text that machines put into them.

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  clampStamp,
  decodeDecree,
  decodeText,
  encodeDecree,
  encodeText,
  isNoOp,
  isRequest,
  MalformedBytes,
  NO_OP,
  nameOfRequest,
  type Request,
  requestKey,
} from '../../src/paxos/index.js'
import { decree, opening, request } from '../support/words.js'

const number = fc.maxSafeNat()
const anyRequest: fc.Arbitrary<Request> = fc.record({
  session: number,
  sequence: number,
  acknowledged: number,
  command: fc.uint8Array({ maxLength: 100 }),
})

describe('a decree', () => {
  it('gives back its stamp and its requests, in their order', () => {
    fc.assert(
      fc.property(number, fc.array(anyRequest, { maxLength: 10 }), (stampMicros, requests) => {
        const content = decodeDecree(encodeDecree(stampMicros, requests))
        expect(content).toEqual({ stampMicros, requests })
      }),
    )
  })

  it('is never a no-op, even with no request in it', () => {
    expect(isNoOp(decree([]))).toBe(false)
    expect(isNoOp(NO_OP)).toBe(true)
  })

  it('that breaks off anywhere is malformed', () => {
    const whole = decree([request(3, 4, 'entry'), request(3, 5, 'other')])
    for (let length = 0; length < whole.length; length++) {
      expect(() => decodeDecree(whole.subarray(0, length)), `${length} bytes`).toThrow(MalformedBytes)
    }
  })

  it('that goes on after its end is malformed', () => {
    const whole = decree([request(3, 4, 'entry')])
    expect(() => decodeDecree(Uint8Array.from([...whole, 0]))).toThrow(MalformedBytes)
  })

  it('of any bytes is either read or malformed, never something else', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decodeDecree(bytes)
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedBytes)
        }
      }),
    )
  })

  it.each([
    [-5, 0],
    [1.5, 1],
    [2 ** 60, Number.MAX_SAFE_INTEGER],
  ])('holds a stamp whatever the wall clock shows: %d becomes %d', (wall, stamp) => {
    expect(clampStamp(wall)).toBe(stamp)
  })
})

describe('requests', () => {
  it('of a session are told apart by session and sequence, those for one by their opener', () => {
    const requests = [request(1, 12, 'a'), request(11, 2, 'a'), opening('1.12'), opening('1.1.2')]
    const keys = requests.map((each) => requestKey(each.session, each.sequence, nameOfRequest(each)))
    expect(new Set(keys).size).toBe(4)
  })

  it('carry an opener only where they ask for a session', () => {
    expect(nameOfRequest(opening('3.1.7'))).toBe('3.1.7')
    expect(nameOfRequest(request(1, 1, 'x'))).toBe('')
  })

  it.each([
    ['a negative session', { session: -1 }],
    ['a sequence that is no number', { sequence: Number.NaN }],
    ['an acknowledgement beyond 2^53', { acknowledged: 2 ** 53 }],
    ['a change that is none', { session: 0, sequence: 1, command: new Uint8Array(1 << 20) }],
    ['an opener of a megabyte', { session: 0, sequence: 0, command: new Uint8Array(1 << 20) }],
  ])('from outside are refused with %s', (_name, wrong) => {
    expect(isRequest(request(1, 1, 'x'))).toBe(true)
    expect(isRequest({ ...request(1, 1, 'x'), ...wrong })).toBe(false)
  })
})

describe('text', () => {
  it('comes back as it went, long or short, ASCII or not', () => {
    const unit = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 1 }), fc.constant('\u{feff}'))
    const wellFormed = fc.string({ unit, maxLength: 100 })
    fc.assert(fc.property(wellFormed, (text) => decodeText(encodeText(text)) === text))
  })

  it('is UTF-8, whichever way it took', () => {
    const encoder = new TextEncoder()
    for (const text of ['', 'key', 'é', 'x'.repeat(64), 'x'.repeat(65), `${'x'.repeat(60)}é`]) {
      expect(encodeText(text)).toEqual(encoder.encode(text))
    }
  })
})

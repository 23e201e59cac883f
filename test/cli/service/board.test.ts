// The board of `synod up`: a line for each member, on a terminal and in a pipe.

import type { WriteStream } from 'node:tty'
import { expect, it, onTestFinished } from 'vitest'
import { Board } from '../../../src/cli/service/board.js'

/** A stream that keeps what is written to it. */
function stream(columns: number | undefined, isTTY = true): { readonly stream: WriteStream; said: string } {
  const { TERM, CI } = process.env
  process.env['TERM'] = 'xterm'
  delete process.env['CI']
  onTestFinished(() => {
    for (const [name, value] of Object.entries({ TERM, CI }))
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
  })
  const kept = { said: '' }
  const write = (text: string): boolean => {
    kept.said += text
    return true
  }
  return Object.assign(kept, { stream: { isTTY, columns, write } as unknown as WriteStream }) // all that it uses
}

const LINE = { name: 'a', text: '127.0.0.1:7400  stopped', detail: '' }

it.each([
  [80, 'a  127.0.0.1:7400  stopped\n'],
  [0, 'a  127.0.0.1:7400  stopped\n'],
  [undefined, 'a  127.0.0.1:7400  stopped\n'],
  [10, 'a  127.0.\n'],
])('on a terminal of %s columns a line is not longer than that', (columns, said) => {
  const terminal = stream(columns)
  new Board(terminal.stream).show([LINE])
  expect(terminal.said).toBe(said)
})

it('draws the lines anew on a terminal, and in a pipe only tells what has changed but for details', () => {
  const changed = [LINE, { ...LINE, detail: 'slot 5' }, { ...LINE, text: 'starts' }]
  const terminal = stream(80)
  const drawn = new Board(terminal.stream)
  for (const line of changed) drawn.show([line])
  expect(terminal.said.split('\u001b[1A\u001b[J')).toEqual([
    'a  127.0.0.1:7400  stopped\n',
    'a  127.0.0.1:7400  stopped  slot 5\n',
    'a  starts\n',
  ])
  const pipe = stream(undefined, false)
  const told = new Board(pipe.stream)
  for (const line of changed) told.show([line])
  expect(pipe.said).toBe('a  127.0.0.1:7400  stopped\na  starts\n')
})

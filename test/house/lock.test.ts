// package-lock.json works for everyone who clones: whatever their registry, whatever their system.

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

interface Lock {
  readonly packages: Readonly<Record<string, { readonly version?: string; readonly resolved?: string }>>
}

const lock: Lock = JSON.parse(readFileSync(new URL('../../package-lock.json', import.meta.url), 'utf8'))
const entries = Object.entries(lock.packages)

test('the lock has a version of every package, those of other systems included', () => {
  // npm writes entries without one when a registry does not have them, and then `npm ci` fails.
  expect(entries.filter(([, entry]) => entry.version === undefined)).toEqual([])
})

test('the lock names no registry', () => {
  expect(entries.filter(([, entry]) => entry.resolved !== undefined)).toEqual([])
})

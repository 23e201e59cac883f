// The store and the simulated disk mean the same: every claim about the disk of a member holds of both.

import { describe, test } from 'vitest'
import { DISK_CLAIMS, type TestedDisk } from '../../../src/testing/index.js'
import { TestedSimulatedDisk, TestedStore } from './tested.js'

const DISKS: readonly [string, () => Promise<TestedDisk>][] = [
  ['the store', TestedStore.make],
  ['the simulated disk', () => Promise.resolve(new TestedSimulatedDisk())],
]

describe.each(DISKS)('%s', (_, makeDisk) => {
  test.each(DISK_CLAIMS)('$name', ({ run }) => run(makeDisk))
})

// What `synod bench` tells: JSON under names that programs rely on, and a histogram that counts every operation once.

import { describe, expect, it } from 'vitest'
import { Latencies } from '../../../src/cli/service/latencies.js'
import { jsonOfMeasured, tableOfMeasured } from '../../../src/cli/service/measured.js'

/** Most are quick, some are not, one is very late. */
function latenciesOf(): Latencies {
  const latencies = new Latencies()
  for (let at = 0; at < 70; at++) latencies.record(100)
  for (let at = 0; at < 20; at++) latencies.record(1_500)
  for (let at = 0; at < 9; at++) latencies.record(1_900)
  latencies.record(40_000)
  return latencies
}

const measured = { operations: 100, failed: 2, seconds: 4, latencies: latenciesOf() }

describe('what was measured', () => {
  it('is told as JSON in operations a second, and milliseconds', () => {
    const told = JSON.parse(jsonOfMeasured(measured))
    expect(told).toMatchObject({ operationsPerSecond: 25, operations: 100, failed: 2, seconds: 4 })
    expect(Object.keys(told.latencyMillis)).toEqual(['mean', 'p50', 'p90', 'p99', 'p999', 'max'])
    const { p50, p90, p99, max } = told.latencyMillis
    expect([p50, p90, p99, max].map((millis) => Number(millis.toFixed(1)))).toEqual([0.1, 1.5, 1.9, 40])
  })

  it('is told as a table: each operation is in the bar of what it took', () => {
    const [rate = '', latency = '', ...bars] = tableOfMeasured(measured).split('\n')
    expect(rate).toBe('operations  25 a second: 100 in 4.0 s, 2 failed')
    expect(latency).toMatch(
      /^latency {5}p50 0\.10 ms, p90 1\.50 ms, p99 1\.90 ms, p99\.9 40\.\d+ ms, longest 40\.\d+ ms$/,
    )
    expect(bars.map((bar) => bar.trim().replace(/█+/, (blocks) => String(blocks.length)))).toEqual([
      '0.06 ms –   0.13 ms   70.0 %  40',
      '1.02 ms –   2.05 ms   29.0 %  17',
      '32.77 ms –  65.54 ms    1.0 %  1',
    ])
  })

  it('has no latencies where nothing was answered', () => {
    const nothing = { operations: 0, failed: 3, seconds: 1, latencies: new Latencies() }
    expect(tableOfMeasured(nothing)).toBe('operations  0 a second: 0 in 1.0 s, 3 failed')
    expect(JSON.parse(jsonOfMeasured(nothing)).latencyMillis).toMatchObject({ mean: 0, max: 0 })
  })
})

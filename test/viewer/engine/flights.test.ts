import type { Message } from 'synod/paxos'
import type { WorldEvent } from 'synod/simulation'
import { describe, expect, it } from 'vitest'
import { FLIGHT_FATES, type Flights } from '../../../viewer/src/engine/contract.js'
import { FlightRecorder, underwayAt } from '../../../viewer/src/engine/flights.js'

/** What a file has of a message: never the same, and equal each time. */
function message(): Message {
  return { type: 'fetch', fromSlot: 3 }
}

const sends = (): WorldEvent => ({ type: 'sends', node: 0, role: 'replica', message: message(), to: [1] })
const loses = (): WorldEvent => ({ type: 'loses', node: 0, message: message(), to: 1 })
const doubles = (): WorldEvent => ({ type: 'doubles', node: 0, message: message(), to: 1 })
const receives = (): WorldEvent => ({ type: 'receives', node: 1, message: message(), from: 0 })

/** An event a millisecond, and the run ends a millisecond after the last. */
function flightsOf(events: readonly WorldEvent[]): Flights {
  const recorder = new FlightRecorder((each) => JSON.stringify(each))
  for (const [place, event] of events.entries()) recorder.hear(event, place + 1, place * 1_000)
  return recorder.finish(events.length * 1_000, (node) => node)
}

function told({ sent, ended, fate }: Flights): readonly string[] {
  return Array.from(sent, (from, flight) => `${from}-${ended[flight]} ${FLIGHT_FATES[fate[flight] ?? 0]}`)
}

describe('equal messages of a file', () => {
  it('arrive in the order in which they were sent', () => {
    expect(told(flightsOf([sends(), sends(), receives(), receives()]))).toEqual([
      '1-3 received',
      '2-4 received',
    ])
  })

  it('are lost as soon as they are sent, and not those that are still on their way', () => {
    expect(told(flightsOf([sends(), sends(), loses(), receives()]))).toEqual(['1-4 received', '2-3 lost'])
  })

  it('are two where one is doubled, both from where it was sent', () => {
    expect(told(flightsOf([sends(), doubles(), receives(), receives()]))).toEqual([
      '1-3 received',
      '1-4 received',
    ])
  })

  it('are on their way to the end of the run where nobody tells what became of them', () => {
    const flights = flightsOf([sends(), sends(), receives()])
    expect(told(flights)).toEqual(['1-3 received', '2-0 underway'])
    expect([...flights.endedMicros]).toEqual([2_000, 3_000])
    expect([1, 2, 3].map((event) => [...underwayAt(flights, event)])).toEqual([[0], [0, 1], [1]])
  })
})

/** What the seed and the options chose for a run, for people: in the units of the options, and by their names. */
import { type FaultName, joined, type Summary } from '../simulation/index.js'
import { formatSeeds } from './seeds.js'

type Chosen = Summary['options']

/** All of it but the faults, line by line. */
export function chosenOf(options: Chosen): string[] {
  const { members, clients, delayMicros, jitterMicros, alpha, logBytes, chunkBytes, queueLimit } = options
  const queue = queueLimit === undefined ? '' : `, queue ${queueLimit}`
  return [
    `  cluster   ${members} members, ${clients} clients, ${delayMicros / 1000} ± ${jitterMicros / 1000} ms`,
    `  clients   ${workOf(options).join(', ')}`,
    `  settings  alpha ${alpha}, log ${logBytes} bytes, chunk ${chunkBytes} bytes${queue}`,
    `  calm      from ${seconds(options.quietMicros)} on, length ${seconds(options.lengthMicros)}`,
  ]
}

/** Where the clients are, what they use, and for how long. */
function workOf({ placement = 'last', machine, reads, requests, paceMicros, untilMicros }: Chosen): string[] {
  return [
    `placement ${placement}`,
    `machine ${machine}`,
    ...(machine === 'key-value' ? [`reads ${reads}`] : []),
    `requests ${requests} each`,
    ...(paceMicros === undefined || paceMicros === null ? [] : [`pace ${paceMicros / 1000} ms`]),
    ...(untilMicros === undefined || untilMicros === null ? [] : [`until ${seconds(untilMicros)}`]),
  ]
}

/** What is left out, if anything is: of a class of faults those of these numbers, and these clients. */
export function leftOutOf({ omitted: { faults, clients } }: Chosen): string[] {
  const classes = [...new Set(faults.map((fault) => fault.class))]
  const parts = classes.map((each) => `${each} ${numbersOf(faults, each)}`)
  if (clients.length > 0) parts.push(`clients ${formatSeeds(joined(clients.map(alone)))}`)
  return parts.length === 0 ? [] : [`  left out  ${parts.join(', ')}`]
}

function numbersOf(faults: readonly FaultName[], name: string): string {
  const numbers = faults.filter((fault) => fault.class === name).map(({ number }) => alone(number))
  return formatSeeds(joined(numbers))
}

const alone = (number: number): { readonly first: number; readonly last: number } => ({
  first: number,
  last: number,
})

const seconds = (micros: number): string => `${micros / 1_000_000} s`

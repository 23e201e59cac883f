/** How each field of a scenario is written into a story. A scenario that gains a field does not compile without it. */
import { FAULTS, type FaultClass, type FaultName, type Faults } from '../faults/classes.js'
import { PLACEMENTS } from '../placement.js'
import { BOUNDS, type Omitted, type Quantity, type Scenario } from '../scenario.js'
import type { DigitReader, DigitWriter } from './digits.js'

/** Writes a field and reads it back; `before` holds the fields that come before it in the table. */
interface FieldCodec<Value> {
  write(digits: DigitWriter, scenario: Scenario): void
  read(digits: DigitReader, before: Scenario): Value
}

/** The quantities that may be null: whatever is usual. */
type QuantityOrNone = 'requests' | 'untilMicros' | 'paceMicros' | 'queueLimit'

/** In this order they are written. A story counts on the order and on every bound: see STORY_VERSION. */
export const FIELDS: { readonly [Field in keyof Scenario]-?: FieldCodec<Scenario[Field]> } = {
  members: quantity('members'),
  clients: quantity('clients'),
  requests: quantityOrNone('requests'),
  delayMicros: quantity('delayMicros'),
  jitterMicros: quantity('jitterMicros'),
  reads: choice('reads', ['decree', 'linearizable']),
  placement: choice('placement', PLACEMENTS),
  untilMicros: quantityOrNone('untilMicros'),
  lengthMicros: quantity('lengthMicros'),
  quietMicros: quantity('quietMicros'),
  alpha: quantity('alpha'),
  logBytes: quantity('logBytes'),
  chunkBytes: quantity('chunkBytes'),
  overBudget: choice('overBudget', [false, true]),
  faults: { write: writeFaults, read: readFaults },
  omitted: { write: writeOmitted, read: readOmitted },
  // These came later. They are written only as far as there is something to say: stories told before have neither.
  paceMicros: later('paceMicros', ['paceMicros', 'queueLimit']),
  queueLimit: later('queueLimit', ['queueLimit']),
}

/** The classes in the order of their table. */
export const CLASSES = Object.keys(FAULTS) as readonly FaultClass[] // its keys are the classes

function quantity<Field extends Exclude<Quantity, QuantityOrNone>>(field: Field): FieldCodec<number> {
  const [low, high] = BOUNDS[field]
  const radix = high - low + 1
  return {
    write: (digits, scenario) => digits.write(scenario[field] - low, radix),
    read: (digits) => low + digits.read(radix),
  }
}

/** A number, or null: that is 0, and every number is one more. */
function quantityOrNone(field: QuantityOrNone): FieldCodec<number | null> {
  const [low, high] = BOUNDS[field]
  const radix = high - low + 2
  return {
    write: (digits, scenario) => digits.write((scenario[field] ?? low - 1) - low + 1, radix),
    read: (digits) => {
      const digit = digits.read(radix)
      return digit === 0 ? null : low + digit - 1
    },
  }
}

/** A number, or null, which is written only if it or a field after it is not null. */
function later(field: QuantityOrNone, from: readonly QuantityOrNone[]): FieldCodec<number | null> {
  const { write, read } = quantityOrNone(field)
  return {
    write: (digits, scenario) => {
      if (from.some((each) => scenario[each] !== null)) write(digits, scenario)
    },
    read: (digits, before) => (digits.ended ? null : read(digits, before)),
  }
}

function choice<Field extends keyof Scenario>(
  field: Field,
  choices: readonly [Scenario[Field], ...Scenario[Field][]],
): FieldCodec<Scenario[Field]> {
  return {
    write: (digits, scenario) => digits.write(choices.indexOf(scenario[field]), choices.length),
    read: (digits) => choices[digits.read(choices.length)] ?? choices[0],
  }
}

// ---- faults ----------------------------------------------------------------------------------------------------

function writeFaults(digits: DigitWriter, { faults }: Scenario): void {
  for (const name of CLASSES) {
    const strength = faults[name]
    digits.write(strength === undefined ? 0 : 1, 2)
    if (strength !== undefined) digits.write(strength, FAULTS[name].most + 1)
  }
}

function readFaults(digits: DigitReader): Faults {
  const faults: { [Class in FaultClass]?: number } = {}
  for (const name of CLASSES) {
    if (digits.read(2) === 1) faults[name] = digits.read(FAULTS[name].most + 1)
  }
  return faults
}

// ---- what is left out --------------------------------------------------------------------------------------------

function writeOmitted(digits: DigitWriter, { omitted, clients, faults }: Scenario): void {
  writeSet(digits, omitted.clients, clients)
  for (const [name, strength] of countedFaults(faults)) {
    const numbers = omitted.faults.filter((fault) => fault.class === name).map(({ number }) => number)
    writeSet(digits, numbers, strength)
  }
}

function readOmitted(digits: DigitReader, { clients, faults }: Scenario): Omitted {
  const omitted = { clients: readSet(digits, clients), faults: [] as FaultName[] }
  for (const [name, strength] of countedFaults(faults)) {
    for (const number of readSet(digits, strength)) omitted.faults.push({ class: name, number })
  }
  return omitted
}

/** The classes that are on and counted in times: single faults can be left out of those. */
export function countedFaults(faults: Faults): readonly (readonly [FaultClass, number])[] {
  return CLASSES.flatMap((name): (readonly [FaultClass, number])[] => {
    const strength = faults[name] ?? 0
    return strength > 0 && FAULTS[name].unit === 'times' ? [[name, strength]] : []
  })
}

const EMPTY = 0
const LIST = 1
const MASK = 2

/** Some of the numbers from 0 up to but without `size`: nothing, a list or a bit mask, whichever is the shortest. */
function writeSet(digits: DigitWriter, members: readonly number[], size: number): void {
  const known = Array.from({ length: size }, (_, number) => number).filter((each) => members.includes(each))
  const listed = BigInt(size + 1) * BigInt(size) ** BigInt(known.length)
  const masked = 1n << BigInt(size)
  if (known.length === 0) {
    digits.write(EMPTY, 3)
  } else if (listed < masked) {
    digits.write(LIST, 3)
    digits.write(known.length, size + 1)
    for (const number of known) digits.write(number, size)
  } else {
    digits.write(MASK, 3)
    digits.write(
      known.reduce((mask, number) => mask | (1n << BigInt(number)), 0n),
      masked,
    )
  }
}

function readSet(digits: DigitReader, size: number): number[] {
  switch (digits.read(3)) {
    case LIST: {
      const length = digits.read(size + 1)
      return Array.from({ length }, () => digits.read(size))
    }
    case MASK: {
      const mask = digits.readBig(1n << BigInt(size))
      return Array.from({ length: size }, (_, number) => number).filter((each) => (mask >> BigInt(each)) & 1n)
    }
    default:
      return []
  }
}

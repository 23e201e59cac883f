/** What messages are made of, as bytes: each sort of field is written and read by one of these. */
import { type Ballot, type ByteReader, type ByteWriter, MalformedBytes } from '../../paxos/index.js'

/** Writes values of one sort, and reads them. `read` throws a `MalformedBytes` on what nobody has written. */
export interface Field<Value> {
  write(writer: ByteWriter, value: Value): void
  read(reader: ByteReader): Value
}

/** A whole number from 0 to 2^53 - 1. */
export const count: Field<number> = {
  write: (writer, value) => writer.number(value),
  read: (reader) => reader.number(),
}

/** What is read shares memory with the bytes that it is read from. */
export const bytes: Field<Uint8Array> = {
  write: (writer, value) => writer.bytes(value),
  read: (reader) => reader.bytes(),
}

export const text: Field<string> = {
  write: (writer, value) => writer.text(value),
  read: (reader) => reader.text(),
}

/** The member of a ballot is one more than its number, because that of `NO_BALLOT` is -1. */
export const ballot: Field<Ballot> = {
  write: (writer, { round, member, incarnation }) => {
    writer.number(round)
    writer.number(member + 1)
    writer.number(incarnation)
  },
  read: (reader) => ({
    round: reader.number(),
    member: reader.number() - 1,
    incarnation: reader.number(),
  }),
}

/** One of these texts, by its place among them: new ones go to the end. */
export function oneOf<Text extends string>(...texts: readonly Text[]): Field<Text> {
  return {
    write: (writer, value) => writer.number(texts.indexOf(value)),
    read: (reader) => {
      const place = reader.number()
      const found = texts[place]
      if (found !== undefined) return found
      throw new MalformedBytes(`There is no choice ${place} among ${texts.length}.`)
    },
  }
}

export function nullable<Value>(field: Field<Value>): Field<Value | null> {
  return {
    write: (writer, value) => {
      writer.number(value === null ? 0 : 1)
      if (value !== null) field.write(writer, value)
    },
    read: (reader) => (isSet(reader) ? field.read(reader) : null),
  }
}

/** Whether something is so. */
export const flag: Field<boolean> = {
  write: (writer, value) => writer.number(value ? 1 : 0),
  read: (reader) => isSet(reader),
}

/** Reads whether something is so: 1 or 0. */
export function isSet(reader: ByteReader): boolean {
  const value = reader.number()
  if (value > 1) throw new MalformedBytes(`${value} says neither yes nor no.`)
  return value === 1
}

export function list<Value>(field: Field<Value>): Field<readonly Value[]> {
  return {
    write: (writer, values) => {
      writer.number(values.length)
      for (const value of values) field.write(writer, value)
    },
    read: (reader) => {
      const values: Value[] = []
      for (let left = reader.number(); left > 0; left--) values.push(field.read(reader))
      return values
    },
  }
}

/** One field for each key of an object. */
export type Fields<Value> = { readonly [Key in keyof Value]-?: Field<Value[Key]> }

/** An object: its fields one after the other, in the order in which they are named here. */
export function struct<Value extends object>(fields: Fields<Value>): Field<Value> {
  return structWith<Value, object>(fields, {})
}

/** An object of which some is known already, and takes no bytes. */
export function structWith<Value extends object, Known extends object>(
  fields: Fields<Value>,
  known: Known,
): Field<Value & Known> {
  const keys = Object.keys(fields) as (keyof Value)[] // it has these keys and no others
  return {
    write: (writer, value) => {
      for (const key of keys) fields[key].write(writer, value[key])
    },
    read: (reader) => {
      const value: Partial<Value> = { ...known } as Partial<Value>
      for (const key of keys) value[key] = fields[key].read(reader)
      return value as Value & Known // every key has its value by now
    },
  }
}

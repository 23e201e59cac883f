/**
 * Upgrades: which version of the machine is active. A decree activates a later one, on every member in the same slot.
 */
import { ByteReader, ByteWriter, encodeNumber, MalformedBytes } from './bytes.js'
import type { Outcome } from './sessions.js'

/** What a decree that upgrades the machine says. */
export interface Upgrade {
  /** Tells this upgrade from every other, so that whoever asks again is told of the first. */
  readonly name: string
  /** The version that is active: it does nothing to any other. */
  readonly from: number
  /** The version that is active afterwards. */
  readonly to: number
}

/** The version that is active. */
export interface ActiveVersion {
  readonly machineVersion: number
  /** The name of the upgrade that activated it; empty for that of the founding. */
  readonly upgrade: string
}

export function encodeUpgrade({ name, from, to }: Upgrade): Uint8Array {
  const writer = new ByteWriter(64)
  writer.text(name)
  writer.number(from)
  writer.number(to)
  return writer.finish()
}

/** Throws a `MalformedBytes` if the bytes are no upgrade. */
export function decodeUpgrade(bytes: Uint8Array): Upgrade {
  const reader = new ByteReader(bytes)
  const upgrade: Upgrade = { name: reader.text(), from: reader.number(), to: reader.number() }
  if (!reader.done) throw new MalformedBytes('An upgrade goes on after its last version.')
  if (upgrade.name === '') throw new MalformedBytes('An upgrade has no name.')
  return upgrade
}

/** Why an upgrade cannot be, in a sentence; null if it can. The same on every member. */
export function flawOfUpgrade(active: number, { from, to }: Upgrade): string | null {
  if (from !== active)
    return `The upgrade is from version ${from} of the machine, and version ${active} is active: look at it again.`
  if (to > from) return null
  return `An upgrade goes to a higher version of the machine, and ${to} is not above ${from}.`
}

/** The outcome of an upgrade that activated the version that still is. */
export function rememberedUpgrade(
  { machineVersion, upgrade }: ActiveVersion,
  name: string,
): Outcome | undefined {
  return upgrade === name && name !== '' ? { ok: true, output: encodeNumber(machineVersion) } : undefined
}

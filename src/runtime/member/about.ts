/**
 * What a member notes beside its store: its name, and where the others are. Neither is needed for safety: whose store it
 * is, the store says.
 */
import { readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { MemberId } from '../../paxos/index.js'
import { makeFolder } from '../folders.js'
import { parseEndpoint } from '../transport/index.js'
import { BadOptions } from './errors.js'

export interface About {
  readonly name: string
  readonly member: MemberId
  /** Where members are, as far as was heard. */
  readonly endpoints: ReadonlyMap<MemberId, string>
}

const FILE = 'member.json'
/** How it is called until it is whole. */
const NEW_FILE = `${FILE}.new`
export const ABOUT_FILES: readonly string[] = [FILE, NEW_FILE]

/** Null if there is none. */
export async function readAbout(folder: string): Promise<About | null> {
  const path = join(folder, FILE)
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
  const about = parseAbout(text)
  if (about === null) throw new BadOptions(`${path} cannot be read: remove it, the store knows what matters.`)
  return about
}

export async function writeAbout(folder: string, { name, member, endpoints }: About): Promise<void> {
  await makeFolder(folder)
  const text = JSON.stringify({ name, member, endpoints: Object.fromEntries(endpoints) }, null, 2)
  await writeFile(join(folder, NEW_FILE), `${text}\n`)
  await rename(join(folder, NEW_FILE), join(folder, FILE))
}

function parseAbout(text: string): About | null {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return null
  }
  if (typeof value !== 'object' || value === null) return null
  const { name, member, endpoints } = value as Record<string, unknown>
  if (typeof name !== 'string' || !Number.isSafeInteger(member)) return null
  if (typeof endpoints !== 'object' || endpoints === null) return null
  const entries = Object.entries(endpoints).map(([id, endpoint]) => [Number(id), String(endpoint)] as const)
  if (!entries.every(([id, endpoint]) => Number.isSafeInteger(id) && parseEndpoint(endpoint) !== null))
    return null
  return { name, member: Number(member), endpoints: new Map(entries) }
}

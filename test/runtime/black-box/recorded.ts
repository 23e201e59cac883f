// A folder for a black box, what is in it, and what comes of doing it once more.

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AnyMachine, PartReader, type RecordedTurn, Replay } from '../../../src/paxos/index.js'

export function filesOf(folder: string): readonly string[] {
  return readdirSync(folder)
    .sort()
    .map((name) => join(folder, name))
}

function readPart(file: string): PartReader {
  return new PartReader(new Uint8Array(readFileSync(file)))
}

export function partsOf(folder: string): readonly PartReader[] {
  return filesOf(folder).map(readPart)
}

export function turnsOf(part: PartReader): readonly RecordedTurn[] {
  const turns: RecordedTurn[] = []
  for (let turn = part.next(); turn !== null; turn = part.next()) turns.push(turn)
  return turns
}

/** Does all parts once more; each has to come out as it did then. The replay of the last part is given. */
export function replayAll(folder: string, machine: AnyMachine | null): Replay {
  let replay: Replay | null = null
  for (const part of partsOf(folder)) {
    replay = new Replay(part.beginning, machine)
    for (const [at, turn] of turnsOf(part).entries()) {
      replay.turn(turn)
      if (replay.flaw !== null)
        throw new Error(`Part ${part.beginning.part}, turn ${at + 1}, ${turn.event.type}: ${replay.flaw}`)
      if (replay.machineFlaw !== null)
        throw new Error(`Part ${part.beginning.part}, turn ${at + 1}: the machine: ${replay.machineFlaw}`)
    }
    if (part.end?.type === 'damaged') throw new Error(`Part ${part.beginning.part} is damaged.`)
  }
  if (replay === null) throw new Error('Nothing was recorded.')
  return replay
}

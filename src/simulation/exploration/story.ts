/** A counterexample as a transcript: the steps that lead to it. Time stands still, so the time column counts the steps. */
import type { AnyApplication } from '../application.js'
import type { WorldEvent } from '../events.js'
import { TranscriptFormatter } from '../transcript.js'
import type { Members } from './members.js'

/** A move of a member, and its state before. */
export interface Step {
  readonly state: number
  readonly move: number
}

export function storyOf(application: AnyApplication, members: Members, steps: readonly Step[]): string[] {
  const formatter = new TranscriptFormatter(application)
  const lines: string[] = []
  let number = 0
  const tell = (event: WorldEvent): void => {
    lines.push(formatter.line(event, number))
  }
  for (const id of members.ids) members.begin(id, tell)
  for (const { state, move } of steps) {
    number += 1
    members.replay(state, move, tell)
  }
  return lines
}

/** A counterexample as a story: everything that happens in the steps that lead to it. */
import type { WorldEvent } from '../events.js'
import type { Members } from './members.js'

/** A move of a member, and its state before. */
export interface Step {
  readonly state: number
  readonly move: number
}

/** Something that happens in a step: 0 is the beginning. Time stands still, so it is the steps that are counted. */
export interface ToldEvent {
  readonly step: number
  readonly event: WorldEvent
}

export function storyOf(members: Members, steps: readonly Step[]): ToldEvent[] {
  const story: ToldEvent[] = []
  let step = 0
  const tell = (event: WorldEvent): void => {
    story.push({ step, event })
  }
  for (const id of members.ids) members.begin(id, tell)
  for (const { state, move } of steps) {
    step += 1
    members.replay(state, move, tell)
  }
  return story
}

/** Edits of the past, as the page has them and as the simulation takes them. */
import { checkEdits, nameOf, type Edit as SimulatedEdit } from 'synod/simulation'
import { formatEdit, Sentence } from './address.js'
import type { Edit } from './contract.js'
import type { Recording } from './recording.js'

/** Throws a {@link Sentence}. */
export function simulatedEdits(edits: readonly Edit[]): readonly SimulatedEdit[] {
  const simulated = edits.map(simulatedEdit)
  try {
    checkEdits(simulated)
  } catch (error) {
    throw error instanceof RangeError ? new Sentence(error.message) : error
  }
  return simulated
}

function simulatedEdit(edit: Edit): SimulatedEdit {
  const { event } = edit
  switch (edit.type) {
    case 'drop':
      return { type: 'drop', event, to: edit.to }
    case 'delay':
      return { type: 'delay', event, to: edit.to, lateMicros: edit.millis * 1_000 }
    case 'crash':
    case 'pause':
      return { type: edit.type, event, node: edit.node, forMicros: edit.millis * 1_000 }
    case 'cut':
      return { type: 'cut', event, from: edit.from, to: edit.to, forMicros: edit.millis * 1_000 }
  }
}

/** Why an edit has changed nothing. */
export function unmetSentence(edit: Edit, { events }: Recording): string {
  const name = `‘edit=${formatEdit(edit)}’ changes nothing`
  const event = events[edit.event - 1]
  if (event === undefined) return `${name}: the run has only ${events.length} events.`
  switch (edit.type) {
    case 'drop':
    case 'delay':
      return `${name}: event ${edit.event} sends no message to ${nameOf(edit.to)}.`
    case 'crash':
    case 'pause':
      return `${name}: ${nameOf(edit.node)} is not running at event ${edit.event}.`
    case 'cut':
      return `${name}: there is no link from ${nameOf(edit.from)} to ${nameOf(edit.to)}.`
  }
}

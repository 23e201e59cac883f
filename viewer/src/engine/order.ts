/** The longest legal order of the operations of one key, and the operation that breaks it. */
import { HistoryError, LinearizabilityCheck } from 'synod/simulation'
import { Sentence } from './address.js'
import type { OrderPicture } from './contract.js'
import type { OpenedRun } from './opened.js'
import type { Pause } from './simulated.js'

/** How many steps the search takes in a slice, and at most. */
const STEPS = 10_000
const MOST_STEPS = 1_000_000

/** Throws a {@link Sentence} where there is nothing to judge by. */
export async function orderOf(opened: OpenedRun, key: string | null, pause: Pause): Promise<OrderPicture> {
  const { model, recording, teller } = opened.parts
  if (model === null)
    throw new Sentence('The machine of this run has no model, so nobody can say which orders are legal.')
  const operations = recording.operations.history(teller).filter((operation) => operation.key === key)
  if (operations.length === 0) return { key, order: [], breaks: null }
  const check = begun(() => new LinearizabilityCheck(model, operations))
  for (let steps = 0; steps < MOST_STEPS && check.advance(STEPS); steps += STEPS) await pause()
  const [finding] = check.result.keys
  const places = new Map(opened.run.operations.map(({ invokedEvent }, place) => [invokedEvent, place]))
  const placeOf = ({ line }: { readonly line: number }): number => places.get(line) ?? 0
  return {
    key,
    order: (finding?.order ?? []).map(placeOf),
    breaks:
      finding?.verdict === 'not linearizable' && finding.blocked !== null ? placeOf(finding.blocked) : null,
  }
}

function begun(make: () => LinearizabilityCheck): LinearizabilityCheck {
  try {
    return make()
  } catch (error) {
    if (!(error instanceof HistoryError)) throw error
    throw new Sentence(
      `The model of this machine does not fit: at event ${error.message.replace(/^line /, '')}.`,
    )
  }
}

/** The summary of a run, as data. Who has a clock adds how long it took. */
import { type HeadOptions, headOf } from './head.js'
import type { MessageCounts } from './post.js'
import type { VerdictResult } from './verdicts/verdict.js'
import type { World } from './world.js'

export interface Summary {
  readonly seed: number
  /** Every verdict holds. */
  readonly ok: boolean
  /** SHA-256 of the transcript: the uncoloured text, every line ended by a line feed. Null unless it was asked for. */
  readonly transcriptSha256: string | null
  readonly simulatedSeconds: number
  readonly events: number
  /** What went over the network; messages of a node to itself are not counted, and a doubled one is delivered twice. */
  readonly messages: Readonly<MessageCounts>
  /** Slots that were decided. */
  readonly decided: number
  /** Operations of the clients. */
  readonly requests: { readonly sent: number; readonly answered: number }
  /** What the seed and the options chose. */
  readonly options: HeadOptions
  /** How many times each class of faults has happened; those that did not are left out. */
  readonly faults: Readonly<Record<string, number>>
  /** How many stores were found to be none that may vote, by what is wrong with them. */
  readonly refused: Readonly<Record<string, number>>
  /** How many operations the verdict on liveness judged while a partition was all that was wrong, by its class. */
  readonly judged: Readonly<Record<string, number>>
  readonly verdicts: Readonly<Record<string, VerdictResult>>
}

export function summaryOf(world: World, transcriptSha256: string | null): Summary {
  const { verdicts, clients } = world
  const { seed, scenario, application, edits } = world.options
  return {
    seed,
    ok: Object.values(verdicts).every(({ ok }) => ok),
    transcriptSha256,
    simulatedSeconds: world.nowMicros / 1_000_000,
    events: world.events,
    messages: { ...world.messages },
    decided: world.court.decided,
    requests: { sent: clients.sent, answered: clients.answered },
    options: headOf(seed, scenario, application, edits).options,
    faults: world.faults,
    refused: { ...world.refused },
    judged: { ...world.court.liveness.judged },
    verdicts,
  }
}

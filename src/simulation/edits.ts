/**
 * Edits of the past: a run in which, at some event, one thing more goes wrong, and all else is as it was. Up to that event
 * the run is the same, byte for byte; what is drawn afterwards has the same names, so that of what is still the same
 * nothing else becomes of it.
 */
import type { Micros, NodeId } from '../paxos/index.js'
import type { Host } from './host.js'
import { nameOf } from './names.js'
import type { Network } from './network.js'
import type { Timeline } from './timeline.js'

/**
 * One change, at an event. Where there are several, each names an event of the run with those before it, and so they are
 * given in the order of their events.
 */
export type Edit =
  /** The message that the event sent to this node is lost, both copies if it is doubled. */
  | { readonly type: 'drop'; readonly event: number; readonly to: NodeId }
  /** It arrives so much later. */
  | { readonly type: 'delay'; readonly event: number; readonly to: NodeId; readonly lateMicros: Micros }
  /** The node crashes, nothing of a sync in flight survives, and it starts again after so long. */
  | { readonly type: 'crash'; readonly event: number; readonly node: NodeId; readonly forMicros: Micros }
  /** The node stands still for so long; then what it missed happens to it at once. */
  | { readonly type: 'pause'; readonly event: number; readonly node: NodeId; readonly forMicros: Micros }
  /** Nothing passes from one node to the other, this way, for so long. */
  | {
      readonly type: 'cut'
      readonly event: number
      readonly from: NodeId
      readonly to: NodeId
      readonly forMicros: Micros
    }

/** What an edit is called where the class of a fault stands. */
export type EditFault = `edit-${Edit['type']}`

/** What befalls a message. */
type Mail = Extract<Edit, { type: 'drop' | 'delay' }>

/** What edits need of a world. */
export interface EditSite {
  readonly timeline: Timeline
  readonly network: Network
  /** Null: there is no such node. */
  host(id: NodeId): Host | null
  crash(host: Host): void
  restart(host: Host, timeMicros: Micros): void
  /** Something has gone wrong that will be over at this time. */
  disturbs(untilMicros: Micros): void
}

/** An edit may last for an hour at most. */
const MOST_MICROS = 3_600_000_000

/** Throws a RangeError, with a sentence, when an edit is none, or they are not in the order of their events. */
export function checkEdits(edits: readonly Edit[]): void {
  let last = 1
  for (const edit of edits) {
    const { event } = edit
    if (!Number.isSafeInteger(event) || event < last)
      throw new RangeError(
        `Edits name events, from 1 on, in their order; after event ${last} there cannot be one of event ${event}.`,
      )
    last = event
    const micros = durationOf(edit)
    if (!Number.isInteger(micros) || micros < 0 || micros > MOST_MICROS)
      throw new RangeError(`An edit lasts from 0 to ${MOST_MICROS} microseconds, and not ${micros}.`)
  }
}

function durationOf(edit: Edit): Micros {
  if (edit.type === 'drop') return 0
  return edit.type === 'delay' ? edit.lateMicros : edit.forMicros
}

/** `drop.812.3`: how the head of a transcript names an edit; times are in microseconds. */
export function nameOfEdit(edit: Edit): string {
  return Object.values(edit).join('.')
}

export class Edits {
  readonly #edits: readonly Edit[]
  readonly #met: Set<Edit> = new Set()
  /** The first that was not looked at yet, of those that change no message. */
  #next = 0

  constructor(edits: readonly Edit[]) {
    checkEdits(edits)
    this.#edits = edits
  }

  /** Those that changed nothing: their events never came, or there was nothing to change. */
  get unmet(): readonly Edit[] {
    return this.#edits.filter((edit) => !this.#met.has(edit))
  }

  /** Whether any has changed anything yet. */
  get haveBegun(): boolean {
    return this.#met.size > 0
  }

  /** What befalls the message that an event sends to a node: how much later it arrives; Infinity: it never does. */
  lateMicros(site: EditSite, event: number, from: NodeId, to: NodeId): Micros {
    let lateMicros = 0
    for (const edit of this.#edits) {
      if (!isMail(edit) || edit.event !== event || edit.to !== to) continue
      const late = edit.type === 'drop' ? Number.POSITIVE_INFINITY : edit.lateMicros
      const what = edit.type === 'drop' ? 'is lost' : `is ${late} us late`
      this.#begin(site, edit, [from, to], `its message to ${nameOf(to)} ${what}`, durationOf(edit))
      lateMicros += late
    }
    return lateMicros
  }

  /** Makes the changes whose events have come; the turn that they are a part of is over. */
  happen(site: EditSite): void {
    for (; this.#next < this.#edits.length; this.#next++) {
      const edit = this.#edits[this.#next]
      if (edit === undefined || edit.event > site.timeline.events) return
      if (!isMail(edit)) this.#strike(site, edit)
    }
  }

  #strike(site: EditSite, edit: Exclude<Edit, Mail>): void {
    const untilMicros = site.timeline.nowMicros + edit.forMicros
    if (edit.type === 'cut') {
      const links = [[edit.from, edit.to]] as const
      if (site.host(edit.from) === null || site.host(edit.to) === null) return
      this.#begin(
        site,
        edit,
        links[0],
        `${nameOf(edit.to)} does not hear ${nameOf(edit.from)}`,
        edit.forMicros,
      )
      site.network.cut(links)
      this.#end(site, edit, links[0], () => site.network.heal(links))
      return
    }
    const host = site.host(edit.node)
    if (host === null || host.node === null) return
    const what = edit.type === 'crash' ? 'it crashes' : 'it stands still'
    this.#begin(site, edit, [host.id], what, edit.forMicros)
    if (edit.type === 'pause') host.freeMicros = Math.max(host.freeMicros, untilMicros)
    else {
      site.crash(host)
      site.restart(host, untilMicros)
    }
    this.#end(site, edit, [host.id])
  }

  #begin(site: EditSite, edit: Edit, nodes: readonly NodeId[], what: string, forMicros: Micros): void {
    const { timeline } = site
    this.#met.add(edit)
    site.disturbs(timeline.nowMicros + forMicros)
    timeline.announce({ type: 'suffers', node: nodes[0] ?? 0, ...this.#named(edit), nodes, what })
  }

  #end(site: EditSite, edit: Exclude<Edit, Mail>, nodes: readonly NodeId[], heal?: () => void): void {
    const { timeline } = site
    timeline.at(timeline.nowMicros + edit.forMicros, () => {
      timeline.announce({ type: 'recovers', node: nodes[0] ?? 0, ...this.#named(edit), nodes })
      heal?.()
    })
  }

  #named(edit: Edit): { readonly fault: EditFault; readonly number: number } {
    return { fault: `edit-${edit.type}`, number: this.#edits.indexOf(edit) }
  }
}

function isMail(edit: Edit): edit is Mail {
  return edit.type === 'drop' || edit.type === 'delay'
}

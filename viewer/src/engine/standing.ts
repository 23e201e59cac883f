/** How members stand, moment by moment: up or down, what they do in elections, and whom they believe to lead. */
import { type Ballot, formatBallot } from 'synod/paxos'
import type { WorldEvent } from 'synod/simulation'
import { Changes } from './columns.js'
import type { MemberMoment } from './contract.js'

export interface Standing extends Omit<MemberMoment, 'node' | 'believes'> {
  /** The number of a node. */
  readonly believes: number | null
}

const OUTSIDE: Standing = { state: 'outside', role: 'none', ballot: null, believes: null }

export class StandingRecorder {
  /** By number. */
  readonly #members: Map<number, Changes<Standing>> = new Map()
  /** How many pauses a member is in, and the ballot that it prepared last. */
  readonly #pauses: Map<number, number> = new Map()
  readonly #ballots: Map<number, Ballot> = new Map()

  hear(event: WorldEvent, number: number): void {
    const { node } = event
    switch (event.type) {
      case 'starts':
        this.#set(node, number, { ...OUTSIDE, state: 'up' })
        return
      case 'crashes':
        this.#pauses.delete(node)
        this.#set(node, number, { ...OUTSIDE, state: 'down' })
        return
      case 'refuses':
        this.#set(node, number, { ...OUTSIDE, state: 'refused' })
        return
      case 'begins':
        this.#begin(node, number, event.role)
        return
      case 'ends':
        this.#end(node, number, event.role)
        return
      case 'sends':
        this.#send(node, number, event)
        return
      case 'suffers':
      case 'recovers':
        if (isPause(event))
          for (const each of event.nodes) this.#pause(each, number, event.type === 'suffers')
    }
  }

  #begin(node: number, event: number, role: string): void {
    const before = this.#last(node).role
    if (role === 'leader') this.#set(node, event, { role: 'following' })
    else if (role === 'scout' && before !== 'leading') this.#set(node, event, { role: 'scouting' })
    else if (role === 'commander') this.#set(node, event, { role: 'leading', ballot: this.#ballotOf(node) })
  }

  #end(node: number, event: number, role: string): void {
    const before = this.#last(node).role
    if (role === 'leader') this.#set(node, event, { role: 'none', ballot: null })
    else if ((role === 'scout' && before === 'scouting') || (role === 'commander' && before === 'leading'))
      this.#set(node, event, { role: 'following', ballot: null })
  }

  #send(node: number, event: number, { message, to }: Extract<WorldEvent, { type: 'sends' }>): void {
    if (message.type === 'leaderChanged' && to[0] === node)
      this.#set(node, event, { believes: message.towards })
    if (message.type !== 'prepare' && message.type !== 'adopted') return
    this.#ballots.set(node, message.ballot)
    if (this.#last(node).role === 'scouting') this.#set(node, event, { ballot: this.#ballotOf(node) })
  }

  #pause(node: number, event: number, begins: boolean): void {
    const pauses = (this.#pauses.get(node) ?? 0) + (begins ? 1 : -1)
    this.#pauses.set(node, pauses)
    const { state } = this.#last(node)
    if (state === 'up' || state === 'paused') this.#set(node, event, { state: pauses > 0 ? 'paused' : 'up' })
  }

  #ballotOf(node: number): string | null {
    const ballot = this.#ballots.get(node)
    return ballot === undefined ? null : formatBallot(ballot)
  }

  #last(node: number): Standing {
    return this.#members.get(node)?.last ?? OUTSIDE
  }

  #set(node: number, event: number, change: Partial<Standing>): void {
    const changes = this.#members.get(node) ?? new Changes()
    this.#members.set(node, changes)
    changes.set(event, { ...this.#last(node), ...change })
  }

  /** Those that were switched off for good did not crash when they stopped for the last time. */
  retire(nodes: readonly number[]): void {
    for (const node of nodes) {
      const changes = this.#members.get(node)
      if (changes?.last?.state === 'down')
        changes.set(changes.lastEvent, { ...changes.last, state: 'retired' })
    }
  }

  at(node: number, event: number): Standing {
    return this.#members.get(node)?.at(event) ?? OUTSIDE
  }
}

function isPause({ fault }: { readonly fault: string }): boolean {
  return fault === 'pause' || fault === 'edit-pause'
}

/** A slot's life, from the request that it came to hold to the answer: the events that are about it, in words. */
import { formatBallot, type Message } from 'synod/paxos'
import { formatNodes, nameOf, type WorldEvent } from 'synod/simulation'
import type { SlotLife } from './contract.js'
import type { OpenedRun } from './opened.js'

/** An answer is followed by the word to its client within so many events. */
const ANSWER_EVENTS = 16

interface Slot {
  readonly slot: number
  /** The names of the requests in it. */
  readonly requests: ReadonlySet<string>
  /** Events in which a vote on it became durable. */
  readonly syncs: ReadonlySet<number>
  /** Nodes that have been told that it is decided. */
  readonly told: Set<number>
}

export function slotLifeOf(opened: OpenedRun, slot: number): SlotLife {
  const { recording, teller } = opened.parts
  const votes = recording.ledger.votesOf(slot)
  const decree = recording.ledger.decreeOf(slot)
  const about: Slot = {
    slot,
    requests: new Set(decree === null ? [] : teller.requestsOf(decree)),
    syncs: new Set(votes.map(({ synced }) => synced)),
    told: new Set(),
  }
  const numbers = new Set<number>()
  for (const [place, event] of recording.events.entries()) {
    const number = place + 1
    if (!isAbout(event, number, about, opened)) continue
    numbers.add(number)
    for (const end of operationEvents(opened, event, number)) numbers.add(end)
  }
  const steps = [...numbers]
    .sort((one, other) => one - other)
    .flatMap((number) => {
      const event = recording.events[number - 1]
      return event === undefined
        ? []
        : [{ event: number, micros: recording.micros[number - 1] ?? 0, text: textOf(event, opened) }]
    })
  return { slot, steps }
}

function isAbout(event: WorldEvent, number: number, about: Slot, { parts: { teller } }: OpenedRun): boolean {
  switch (event.type) {
    case 'sends':
    case 'receives':
    case 'loses':
    case 'misses':
    case 'delays':
    case 'doubles':
      return isMessageAbout(event.message, about, event.node, (request) => teller.requestName(request))
    case 'writes':
      return (
        (event.record.type === 'accepted' || event.record.type === 'decision') &&
        event.record.slot === about.slot
      )
    case 'syncs':
      return about.syncs.has(number)
    case 'applies':
      return event.slot === about.slot
    default:
      return false
  }
}

function isMessageAbout(
  message: Message,
  about: Slot,
  node: number,
  nameOfRequest: (request: never) => string,
): boolean {
  switch (message.type) {
    case 'accept':
    case 'accepted':
    case 'tender':
      return message.slot === about.slot
    case 'request':
    case 'relay':
    case 'propose':
    case 'refused':
      return about.requests.has(nameOfRequest(message.request as never)) // of a file it is readable already
    case 'answer':
    case 'relayed':
      return about.requests.has(`${message.session}.${message.sequence}`)
    case 'progress':
    case 'decided':
    case 'heartbeat':
    case 'learn':
      // The first word of it that a node has: whoever counted the votes, and then all others.
      if (message.decided < about.slot || about.told.has(node)) return false
      about.told.add(node)
      return true
    default:
      return false
  }
}

/** An answer reaches a client: when it asked, and when it is told. */
function operationEvents(
  { run, parts: { recording } }: OpenedRun,
  event: WorldEvent,
  number: number,
): number[] {
  const isAnswer =
    (event.type === 'receives' || (event.type === 'sends' && event.to.includes(event.node))) &&
    event.message.type === 'answer'
  if (!isAnswer) return []
  for (let next = number + 1; next <= number + ANSWER_EVENTS; next++) {
    const following = recording.events[next - 1]
    if (following?.node !== event.node || following.type === 'receives') return []
    if (following.type !== 'completes') continue
    const operation = run.operations.find(({ completedEvent }) => completedEvent === next)
    return operation === undefined ? [next] : [operation.invokedEvent, next]
  }
  return []
}

function textOf(event: WorldEvent, { parts: { teller } }: OpenedRun): string {
  const name = nameOf(event.node)
  switch (event.type) {
    case 'sends':
      return `${name} sends ${messageText(event.message)} to ${event.to.length === 1 && event.to[0] === event.node ? 'itself' : formatNodes(event.to)}`
    case 'receives':
      return `${name} receives ${messageText(event.message)} from ${nameOf(event.from)}`
    case 'loses':
      return `the network loses ${messageText(event.message)} from ${name} to ${nameOf(event.to)}`
    case 'misses':
      return `${name} is down and misses ${messageText(event.message)} from ${nameOf(event.from)}`
    case 'delays':
      return `the network holds up ${messageText(event.message)} from ${name} to ${nameOf(event.to)}`
    case 'doubles':
      return `the network doubles ${messageText(event.message)} from ${name} to ${nameOf(event.to)}`
    case 'writes':
      if (event.record.type === 'accepted')
        return `${name} writes its vote under ${formatBallot(event.record.ballot)}`
      return `${name} writes what was decided`
    case 'syncs':
      return `${name} has its vote on disk`
    case 'applies':
      return `${name} applies ${teller.decree(event.decree)}`
    case 'invokes':
      return `client ${event.client} asks ${name}: ${teller.operation(event.operation)}`
    case 'completes':
      return `client ${event.client} is told: ${teller.operation(event.operation, event.completion)}`
    default:
      return `${name} ${event.type}`
  }
}

function messageText(message: Message): string {
  const ballot = 'ballot' in message ? ` under ${formatBallot(message.ballot)}` : ''
  return `${message.type}${ballot}`
}

/** Runs a simulated world to its end, slice by slice, and makes a run that can be looked at of what was heard. */
import {
  type AnyApplication,
  ApplicationError,
  type HeadOptions,
  headOf,
  Simulation,
  type Summary,
  type World,
} from 'synod/simulation'
import { Sentence } from './address.js'
import type { Address, VerdictInfo } from './contract.js'
import { Diary } from './diary.js'
import { simulatedEdits, unmetSentence } from './forks.js'
import type { MindSource } from './minds.js'
import { OpenedRun } from './opened.js'
import { Recording } from './recording.js'
import { tellerOf } from './teller.js'
import type { ToldRun } from './told.js'

/** How many things happen in a slice: some milliseconds' worth. */
const STEPS = 2_048

/** A browser has no room for more. */
export const MOST_EVENTS = 2_000_000

/** Lets others have their turn between slices. */
export type Pause = () => Promise<void>

export async function simulated(
  told: ToldRun,
  address: Address,
  pause: Pause,
  onProgress?: (events: number) => void,
): Promise<OpenedRun> {
  const recording = new Recording()
  const diary = new Diary(() => recording.events.length)
  const { seed, scenario } = told
  const edits = simulatedEdits(address.edits)
  try {
    const simulation = new Simulation({
      seed,
      scenario,
      application: told.application,
      makeNode: (options) => {
        recording.ledger.reads(options.self, options.records ?? [])
        return diary.makeNode({ ...options, roles: { ...options.roles, ...told.roles } })
      },
      edits,
      onEvent: (event, _number, micros) => recording.hear(event, micros),
    })
    while (simulation.advance(STEPS)) {
      onProgress?.(recording.events.length)
      if (recording.events.length > MOST_EVENTS)
        throw new Sentence(
          `This run has more than ${MOST_EVENTS} events, and the page takes no more: lower its requests, or its length.`,
        )
      await pause()
    }
    const [unmet] = simulation.world.unmetEdits
    const blamed = unmet && address.edits[edits.indexOf(unmet)]
    if (blamed !== undefined) throw new Sentence(unmetSentence(blamed, recording))
    return openedFrom(told, address, simulation, recording, diary)
  } catch (error) {
    if (error instanceof ApplicationError)
      throw new Sentence(`The machine of this run is wrong: ${error.message}.`)
    throw error
  }
}

function openedFrom(
  told: ToldRun,
  address: Address,
  { world, result }: Simulation,
  recording: Recording,
  diary: Diary,
): OpenedRun {
  const { application } = world.options
  const teller = tellerOf(application)
  recording.standing.retire(world.hosts.filter(({ isRetired }) => isRetired).map(({ id }) => id))
  return new OpenedRun({
    title: told.title,
    address: { ...address, at: null },
    whyNot: null,
    recording,
    teller,
    head: teller.head(headOf(world.options.seed, world.options.scenario, application, world.options.edits)),
    lengthMicros: world.nowMicros,
    verdicts: verdictsOf(result.summary),
    model: application.model ?? null,
    told,
    edits: world.options.edits ?? [],
    settings: settingsOf(result.summary.options),
    minds: mindsOf(world, application, recording, diary),
  })
}

function mindsOf(world: World, application: AnyApplication, recording: Recording, diary: Diary): MindSource {
  const clocks = world.hosts.map(({ clock }) => clock)
  return {
    diary,
    machine: application.machine,
    teller: tellerOf(application),
    events: recording.events,
    disks: recording.disks,
    when: (node, sinceMicros) => clocks[node]?.when(sinceMicros) ?? sinceMicros,
    since: (node, micros) => clocks[node]?.since(micros) ?? micros,
  }
}

function verdictsOf({ verdicts }: Summary): readonly VerdictInfo[] {
  return Object.entries(verdicts).map(([name, { ok, event, reason, undecided, notAsked }]) => ({
    name,
    holds: ok,
    detail: reason ?? undecided ?? notAsked ?? '',
    event: event ?? null,
    inevitable: null,
  }))
}

function settingsOf(options: HeadOptions): Readonly<Record<string, string>> {
  const { faults, omitted, edits: _, ...others } = options
  const settings = Object.entries(others).map(([name, value]) => [name, String(value)] as const)
  const strengths = Object.entries(faults).map(([name, strength]) => `${name} ${strength}`)
  const left = [
    ...omitted.faults.map((each) => `${each.class}.${each.number}`),
    ...omitted.clients.map((client) => `client ${client}`),
  ]
  return Object.fromEntries([
    ...settings,
    ['faults', strengths.length === 0 ? 'none' : strengths.join(', ')],
    ['omitted', left.length === 0 ? 'nothing' : left.join(', ')],
  ])
}

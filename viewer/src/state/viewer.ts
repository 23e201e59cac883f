/**
 * What the page shows, as signals, and what people can do with it. The engine answers later than it is asked: whoever
 * asks again before an answer is there gets the answer to the latest question only.
 */
import { batch, computed, effect, signal } from '@preact/signals'
import type {
  Address,
  Edit,
  Engine,
  GivenFile,
  Mark,
  Moment,
  Opened,
  OperationBar,
  Run,
} from '../engine/contract.js'
import { STEPS, type Step } from '../tour/steps.js'
import { differences, FlightIndex } from './flight-index.js'
import { formatPage, NOWHERE, type PageAddress, parsePage } from './page-address.js'
import { lowerBound, upperBound } from './search.js'

/** A run that is open, and what is derived from it once. */
export interface Shown extends Opened {
  readonly index: FlightIndex
  /** Of each message, whether the run beside this one has no such message; null: there is none beside it. */
  readonly differs: Uint8Array | null
}

/** A span of simulated time that the diagram shows. */
export interface Span {
  readonly from: number
  readonly to: number
}

export type Selection =
  | { readonly type: 'flight'; readonly at: number }
  | { readonly type: 'node'; readonly node: number }
  | { readonly type: 'slot'; readonly slot: number }

export type SideTab = 'ledger' | 'mind' | 'verdicts' | 'change'
export type BelowTab = 'transcript' | 'operations'

/** Simulated microseconds a second. A message takes some tens of milliseconds: at a fiftieth one can watch it. */
export const SPEEDS = [
  1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000, 1_000_000,
] as const
const USUAL_SPEED = 20_000

/** The diagram begins with so much of a run. */
const FIRST_SPAN = 600_000
const LEAST_SPAN = 120_000
const FIRST_FLIGHTS = 350
const SHORTEST_SPAN = 200

export const page = signal<PageAddress>(NOWHERE)
export const shown = signal<Shown | null>(null)
/** The same run before its last change, to compare. */
export const before = signal<Shown | null>(null)
/** The first event at which the two differ. */
export const parting = signal<number | null>(null)
/** Of the transcript, as the terminal prints it; it comes after the picture. */
export const hash = signal<string | null>(null)
/** How many events are simulated so far; null: nothing is being opened. */
export const opening = signal<number | null>(null)
/** What the address said when it was last read. */
export const asked = signal('')
/** What went wrong, as a sentence. */
export const problem = signal<string | null>(null)

/** The event that is looked at, and the time: while it plays, the time is between events. */
export const event = signal(1)
export const micros = signal(0)
export const moment = signal<Moment | null>(null)
export const playing = signal(false)
export const speed = signal<number>(USUAL_SPEED)
export const follow = signal(true)
export const span = signal<Span>({ from: 0, to: FIRST_SPAN })
export const selection = signal<Selection | null>(null)
export const hidden = signal<ReadonlySet<number>>(new Set())
export const sideTab = signal<SideTab>('ledger')
export const belowTab = signal<BelowTab>('transcript')
/** The key whose operations are shown. */
export const orderKey = signal<string | null>(null)
export const helpOpen = signal(false)
/** Of which node the mind is shown. */
export const mindOf = signal(0)

export const run = computed<Run | null>(() => shown.value?.run ?? null)

let engine: Engine

// ---- the address -------------------------------------------------------------------------------------------------

/** Takes over: reads the address, now and whenever it changes. */
export function start(given: Engine): void {
  engine = given
  addEventListener('hashchange', () => void visit())
  effect(writeAddress)
  effect(writeTitle)
  effect(askForMoment)
  void begin()
}

/** The command line serves a machine of somebody's own beside the page, and says so: `?machine=./mine.js`. */
async function begin(): Promise<void> {
  const name = new URLSearchParams(location.search).get('machine')
  try {
    if (name !== null) {
      const file = name.split(/[\\/]/).at(-1) ?? name
      await engine.useMachine({ name, url: new URL(`machine/${file}`, document.baseURI).href })
    }
  } catch (error) {
    problem.value = sentenceOf(error)
    return
  }
  await visit()
}

async function visit(): Promise<void> {
  known = location.hash
  asked.value = known
  let wanted: PageAddress
  try {
    wanted = parsePage(location.hash)
  } catch (error) {
    problem.value = sentenceOf(error)
    return
  }
  wanted = ofTour(wanted)
  problem.value = null
  if (wanted.run === null && wanted.file === null) return leave()
  if (isShown(wanted)) stay(wanted)
  else if (wanted.run !== null) await open(wanted, wanted.run)
  else if (wanted.file !== null) await fetchFile(wanted, wanted.file)
  await compare()
}

/** Somebody goes to another moment of what is shown, or comes back to it while something else is being opened. */
function stay(wanted: PageAddress): void {
  giveUp()
  page.value = wanted
  if (shown.value !== null) seek(wanted.run?.at ?? wanted.at ?? firstOf(shown.value.run))
}

function isShown({ run, file }: PageAddress): boolean {
  if (shown.value === null) return false
  return run === null ? file === page.value.file : isSameRun(run, shown.value.run.address)
}

/** A step of the tour has a run of its own, unless another one is named: somebody has changed it. */
function ofTour(wanted: PageAddress): PageAddress {
  const step = stepOf(wanted)
  if (step === undefined || wanted.run !== null) return wanted
  return { ...wanted, run: parsePage(step.run).run }
}

const stepOf = ({ tour }: PageAddress): Step | undefined => (tour === null ? undefined : STEPS[tour - 1])

/** Whether it is the run of the step of the tour, or that run with other options. */
export function isOfTour({ run }: Address): boolean {
  const step = stepOf(page.value)
  return step !== undefined && parsePage(step.run).run?.run === run
}

/** Whether what is shown is the run that the step of the tour tells of. */
export function isRunOfStep(): boolean {
  const step = stepOf(page.value)
  const own = step === undefined ? null : parsePage(step.run).run
  return own === null || page.value.run === null || isSameRun(own, page.value.run)
}

/** What is shown stays. */
export function leaveTour(): void {
  go({ ...page.value, run: page.value.run && { ...page.value.run, at: event.value }, tour: null })
}

function leave(): void {
  giveUp() // what is still being opened is wanted no more
  if (shown.value !== null) void engine.close(shown.value.handle)
  batch(() => {
    endComparison()
    playing.value = false
    shown.value = null
    page.value = NOWHERE
  })
}

/** Goes to an address, so that the back button leads here again. */
export function go(to: PageAddress): void {
  const hash = formatPage(to)
  if (hash === location.hash || (hash === '#' && location.hash === '')) void visit()
  else location.hash = hash
}

/** The address of a moment of what is shown. */
export function linkTo(at: number): string {
  return formatPage(atEvent(page.value, at))
}

function atEvent(address: PageAddress, at: number): PageAddress {
  const { run, file } = address
  return { ...address, run: run && { ...run, at }, at: file === null ? null : at }
}

const isSameRun = (one: Address, other: Address | null): boolean =>
  other !== null && formatPage(pageOf({ ...one, at: null })) === formatPage(pageOf({ ...other, at: null }))

const pageOf = (address: Address): PageAddress => ({ ...NOWHERE, run: address })

let writing: ReturnType<typeof setTimeout> | undefined
/** What the address was when it was last read or written here. */
let known = ''

/** The event in the address follows what is looked at, without a step of history for each. */
function writeAddress(): void {
  const at = event.value
  const { run, file } = page.value
  if (shown.value === null || (run === null && file === null) || playing.value) return
  clearTimeout(writing)
  writing = setTimeout(() => {
    // Somebody has gone elsewhere, which is about to be heard of.
    if (location.hash !== known || shown.peek() === null) return
    const hash = formatPage(atEvent(page.peek(), at))
    if (hash !== known) history.replaceState(null, '', hash)
    known = location.hash
  }, 150)
}

/** Tabs and the history of the browser are told apart by it. */
function writeTitle(): void {
  const name = stepOf(page.value)?.title ?? run.value?.title
  document.title = run.value === null || name === undefined ? 'Synod' : `${name} · Synod`
}

// ---- opening -----------------------------------------------------------------------------------------------------

let turn = 0

async function open(wanted: PageAddress, run: Address): Promise<void> {
  await show(
    (tell) => engine.open(run, tell),
    (opened) => settle(opened, wanted, run.at),
  )
}

export async function openFile(file: GivenFile): Promise<void> {
  await show(
    (tell) => engine.openFile(file, tell),
    (opened) => {
      settle(opened, { ...NOWHERE, run: opened.run.address }, null)
      history.pushState(null, '', formatPage(page.value))
      known = location.hash
    },
  )
}

/** A file beside the page, as its address names it. */
async function fetchFile(wanted: PageAddress, path: string): Promise<void> {
  await show(
    async (tell) => engine.openFile(await fetched(path), tell),
    (opened) => settle(opened, wanted, wanted.at),
  )
}

async function fetched(path: string): Promise<GivenFile> {
  // A file may have any name; what has a scheme is an address already.
  const isAddress = /^[a-z]+:/i.test(path)
  const url = new URL(isAddress ? path : path.split('/').map(encodeURIComponent).join('/'), document.baseURI)
  if (url.origin !== location.origin)
    throw new Error(`${path} is on another server: save it, and drop it on this page.`)
  const answer = await fetch(url).catch(() => {
    throw new Error(`${path} cannot be fetched: its server does not answer.`)
  })
  if (!answer.ok) throw new Error(`${path} is not there: the server says ${answer.status}.`)
  return {
    name: decodeURIComponent(url.pathname.split('/').at(-1) ?? path),
    bytes: new Uint8Array(await answer.arrayBuffer()),
  }
}

/** Gives up what is being opened. What was shown before stays. */
export function giveUp(): void {
  if (opening.value === null) return
  turn += 1
  opening.value = null
  void engine.cancel()
}

/** Opens something, and shows it unless something else is wanted by then. What is found out later is told later. */
async function show(
  make: (tell: (events: number) => void) => Promise<Opened>,
  take: (opened: Opened) => void,
): Promise<void> {
  giveUp()
  turn += 1
  const mine = turn
  // What was given up may still tell of its progress.
  const tell = (events: number): void => {
    if (mine === turn && opening.value !== null) opening.value = events
  }
  batch(() => {
    opening.value = 0
    problem.value = null
    playing.value = false
  })
  try {
    const opened = await make(tell)
    if (mine !== turn) return void engine.close(opened.handle)
    const old = shown.value
    batch(() => take(opened))
    if (old !== null) void engine.close(old.handle)
    void tellMore(opened)
  } catch (error) {
    if (mine === turn) problem.value = sentenceOf(error)
  } finally {
    if (mine === turn) opening.value = null
  }
}

/** What takes longer than its picture: the hash, and where failures became inevitable. */
async function tellMore(opened: Opened): Promise<void> {
  const isStill = (): boolean => shown.peek()?.handle === opened.handle
  try {
    await afterPicture()
    const digits = isStill() ? await engine.hash(opened.handle) : null
    if (!isStill()) return
    hash.value = digits
    await findCauses(opened)
  } catch (error) {
    if (isStill()) problem.value = sentenceOf(error)
  }
}

/** Where verdicts that failed became inevitable: that is told later, too. */
async function findCauses({ handle, run }: Opened): Promise<void> {
  if (!run.replayable || run.verdicts.every(({ holds }) => holds)) return
  const causes = await engine.causes(handle)
  const now = shown.value
  if (now?.handle !== handle) return
  const inevitable = new Map(causes.map((cause) => [cause.verdict, cause.inevitable]))
  const verdicts = run.verdicts.map((verdict) => ({
    ...verdict,
    inevitable: inevitable.get(verdict.name) ?? null,
  }))
  const marks = verdicts.flatMap(({ name, event, inevitable }): Mark[] =>
    inevitable === null || inevitable === event
      ? []
      : [
          {
            event: inevitable,
            micros: run.timeline.micros[inevitable - 1] ?? 0,
            kind: 'verdict',
            label: `${name} is inevitable`,
          },
        ],
  )
  shown.value = { ...now, run: { ...now.run, verdicts, marks: [...now.run.marks, ...marks] } }
}

/** Two frames later what was asked for is on the screen. */
function afterPicture(): Promise<void> {
  return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(() => resolve())))
}

function settle(opened: Opened, wanted: PageAddress, at: number | null): void {
  const { run } = opened
  endComparison()
  page.value = wanted
  shown.value = { ...opened, index: new FlightIndex(run.flights), differs: null }
  opening.value = null
  hash.value = null
  moment.value = null
  selection.value = null
  mindOf.value = 0
  setEvent(Math.min(Math.max(1, at ?? firstOf(run)), run.eventCount))
  const width = firstWidth(run, micros.value)
  span.value = spanAround(micros.value, width, run)
}

/** Wide enough to see something, and not so wide that arrows cover one another. */
function firstWidth({ flights, lengthMicros }: Run, time: number): number {
  const { sentMicros } = flights
  const first = lowerBound(sentMicros, time - FIRST_SPAN / 2)
  const last = sentMicros[Math.min(first + FIRST_FLIGHTS, sentMicros.length - 1)] ?? lengthMicros
  return Math.min(
    lengthMicros * 1.04,
    FIRST_SPAN,
    Math.max(LEAST_SPAN, last - Math.max(0, time - FIRST_SPAN / 2)),
  )
}

/** The event to begin with, where none is named. */
function firstOf(run: Run): number {
  const step = stepOf(page.value)
  if (step !== undefined) return step.begin(run) ?? 1
  return run.verdicts.find(({ holds, event }) => !holds && event !== null)?.event ?? 1
}

async function compare(): Promise<void> {
  const now = shown.value
  const address = now?.run.address ?? null
  const isWanted = page.value.beside && address !== null && address.edits.length > 0
  batch(endComparison)
  if (!isWanted || now === null) return
  const isStill = (): boolean => shown.peek()?.handle === now.handle && page.peek().beside
  try {
    const opened = await engine.open({ ...address, edits: address.edits.slice(0, -1), at: null })
    if (!isStill() || before.peek() !== null) return void engine.close(opened.handle)
    const [differs, beside] = differences(opened.run.flights, now.run.flights)
    batch(() => {
      before.value = { ...opened, index: new FlightIndex(opened.run.flights), differs }
      shown.value = { ...(shown.value ?? now), differs: beside }
    })
    const part = await engine.parting(opened.handle, now.handle)
    if (before.peek()?.handle === opened.handle) parting.value = part
  } catch (error) {
    if (isStill()) problem.value = sentenceOf(error)
  }
}

/** From here on there is one future only. */
function endComparison(): void {
  if (before.value !== null) void engine.close(before.value.handle)
  before.value = null
  parting.value = null
  if (shown.value?.differs) shown.value = { ...shown.value, differs: null }
}

/** The run with one change more, beside what it was. */
export function change(edit: Edit): void {
  const address = shown.value?.run.address
  if (!address) return
  go({
    ...page.value,
    run: { ...address, edits: [...address.edits, edit], at: edit.event },
    beside: true,
    file: null,
  })
}

/** The run without its last change. */
export function undo(): void {
  const address = shown.value?.run.address
  if (!address || address.edits.length === 0) return
  go({
    ...page.value,
    run: { ...address, edits: address.edits.slice(0, -1), at: event.value },
    beside: false,
  })
}

// ---- time --------------------------------------------------------------------------------------------------------

function setEvent(number: number): void {
  const run = shown.value?.run
  if (!run) return
  const next = Math.min(Math.max(1, number), run.eventCount)
  event.value = next
  micros.value = run.timeline.micros[next - 1] ?? 0
}

/** Looks at an event, and lets the diagram show it. */
export function seek(number: number): void {
  batch(() => {
    setEvent(number)
    reveal()
  })
}

export function step(by: number): void {
  playing.value = false
  seek(event.value + by)
}

/** The last event that has happened at a time. */
export function seekTime(time: number): void {
  const run = shown.value?.run
  if (run) seek(upperBound(run.timeline.micros, time))
}

/** To the mark after this event, or before it. */
export function seekMark(direction: 1 | -1): void {
  const marks = shown.value?.run.marks ?? []
  const events = marks.map((mark) => mark.event).sort((one, other) => one - other)
  const next =
    direction === 1
      ? events.find((each) => each > event.value)
      : events.findLast((each) => each < event.value)
  if (next !== undefined) seek(next)
}

export function togglePlay(): void {
  const run = shown.value?.run
  if (!run) return
  if (!playing.value && event.value >= run.eventCount) seek(1)
  playing.value = !playing.value
  if (playing.value) follow.value = true
}

/** One step of the speeds, up or down. */
export function changeSpeed(by: 1 | -1): void {
  const at = (SPEEDS as readonly number[]).indexOf(speed.value)
  speed.value = SPEEDS[Math.min(Math.max(0, at + by), SPEEDS.length - 1)] ?? USUAL_SPEED
}

/** So many seconds of the watcher's have passed. */
export function elapse(seconds: number): void {
  const run = shown.value?.run
  if (!run || !playing.value) return
  batch(() => {
    micros.value = Math.min(micros.value + seconds * speed.value, run.lengthMicros)
    event.value = Math.max(1, upperBound(run.timeline.micros, micros.value))
    if (micros.value >= run.lengthMicros) playing.value = false
    if (follow.value) reveal()
  })
}

// ---- what the diagram shows --------------------------------------------------------------------------------------

function spanAround(time: number, width: number, { lengthMicros }: Run, where = 0.5): Span {
  const most = Math.max(SHORTEST_SPAN, lengthMicros * 1.04)
  const wide = Math.min(Math.max(SHORTEST_SPAN, width), most)
  const from = Math.min(Math.max(-wide * 0.02, time - wide * where), Math.max(0, lengthMicros * 1.02 - wide))
  return { from, to: from + wide }
}

/** Moves the span, if need be, so that the time that is looked at is in it. */
function reveal(): void {
  const run = shown.value?.run
  if (!run) return
  const { from, to } = span.value
  const place = (micros.value - from) / (to - from)
  if (place >= 0.04 && place <= 0.86) return
  span.value = playing.value
    ? spanAround(micros.value, to - from, run, place > 0.86 && place < 1 ? 0.86 : 0.3)
    : spanAround(micros.value, to - from, run, 0.5)
}

/** Wider or narrower by a factor; the time at this place of the width stays where it is. */
export function zoom(factor: number, place?: number): void {
  const run = shown.value?.run
  if (!run) return
  const { from, to } = span.value
  const where = place ?? Math.min(1, Math.max(0, (micros.value - from) / (to - from)))
  span.value = spanAround(from + (to - from) * where, (to - from) * factor, run, where)
}

export function zoomToAll(): void {
  const run = shown.value?.run
  if (run) span.value = spanAround(run.lengthMicros / 2, Number.MAX_SAFE_INTEGER, run)
}

export function panBy(by: number): void {
  const run = shown.value?.run
  if (!run) return
  const { from, to } = span.value
  span.value = spanAround(from + by, to - from, run, 0)
}

export function toggleFamily(family: number): void {
  const next = new Set(hidden.value)
  if (!next.delete(family)) next.add(family)
  hidden.value = next
}

export function selectNode(node: number): void {
  batch(() => {
    selection.value = { type: 'node', node }
    mindOf.value = node
    if (sideTab.value !== 'change') sideTab.value = 'mind'
  })
}

/** Goes to where an operation ended, and marks the message that it began with. */
export function lookAt({ node, invokedEvent, completedEvent }: OperationBar): void {
  const now = shown.value
  if (now === null) return
  const { sent, from } = now.run.flights
  const first = sent.findIndex((event, at) => event >= invokedEvent && from[at] === node)
  batch(() => {
    seek(completedEvent === 0 ? invokedEvent : completedEvent)
    if (first >= 0) selection.value = { type: 'flight', at: first }
  })
}

export function selectFlight(at: number): void {
  batch(() => {
    selection.value = { type: 'flight', at }
    sideTab.value = 'change'
  })
}

// ---- moments -----------------------------------------------------------------------------------------------------

let asking = false
/** What the moment that is there was asked for. */
let askedFor = ''

/** One question at a time; when the answer is there, the latest one is asked. Minds take longest: only who is looked at. */
function askForMoment(): void {
  const now = shown.value
  const number = event.value
  const minds = sideTab.value === 'mind' ? [mindOf.value] : []
  const question = `${now?.handle} ${number} ${minds.join()}`
  if (now === null || asking || question === askedFor) return
  asking = true
  const isStill = (): boolean => shown.peek()?.handle === now.handle
  engine.moment(now.handle, number, minds).then(
    (answer) => {
      asking = false
      askedFor = question
      if (isStill()) moment.value = answer
      askForMoment()
    },
    (error: unknown) => {
      asking = false
      askedFor = question
      if (isStill()) problem.value = sentenceOf(error)
      askForMoment()
    },
  )
}

export function ask(): Engine {
  return engine
}

export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

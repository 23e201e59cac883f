/** What is said of a replay when it is over, and its exit code. */
import { synodVersion } from '../runtime/index.js'
import { formatSeconds, nameOf } from '../simulation/index.js'
import type { Difference, ReplayedPart } from './replayed-part.js'

const DIVERGED = 1
const DAMAGED = 2

export class ReplaySummary {
  readonly #machine: string
  readonly #parts: { readonly file: string; readonly part: ReplayedPart }[] = []

  constructor(machine: string) {
    this.#machine = machine
  }

  add(file: string, part: ReplayedPart): void {
    this.#parts.push({ file, part })
  }

  /** A node that did something else is not gone on with. */
  get isOver(): boolean {
    return this.#parts.some(({ part }) => part.difference !== null)
  }

  get exitCode(): number {
    const parts = this.#parts.map(({ part }) => part)
    if (parts.some(({ difference, machineDifference }) => difference !== null || machineDifference !== null))
      return DIVERGED
    return parts.some(({ end }) => end?.type === 'damaged') ? DAMAGED : 0
  }

  /** For people; what is wrong is said in alarm. */
  lines(alarm: (text: string) => string): readonly string[] {
    const last = this.#parts.length - 1
    const lines = this.#parts.flatMap(({ file, part }, at) => [
      this.#partLine(file, part),
      ...endOf(file, part, at === last),
    ])
    return [...lines, ...this.#judgement(alarm)]
  }

  #partLine(file: string, { beginning, turns, first, last }: ReplayedPart): string {
    const whose = `member ${beginning.name} (${nameOf(beginning.self)})`
    if (first === null || last === null) return `${file}: ${whose}, no turns`
    const span = formatSeconds(last.nowMicros - first.nowMicros)
    return `${file}: ${whose}, ${turns} turns in ${span} s, from ${timeOf(first.wallMicros)} on`
  }

  #judgement(alarm: (text: string) => string): readonly string[] {
    const lines: string[] = []
    for (const { file, part } of this.#parts) {
      if (part.difference !== null)
        lines.push(
          alarm(`the member diverged ${placeOf(file, part.difference)}: ${adviceOf(part.beginning.synod)}`),
        )
    }
    const odd = this.#parts.find(({ part }) => part.machineDifference !== null)
    if (odd?.part.machineDifference != null)
      lines.push(alarm(this.#oddMachine(odd.file, odd.part.machineDifference)))
    if (lines.length > 0) return lines
    return ['what the member does is what it did then', this.#machineLine()]
  }

  #oddMachine(file: string, difference: Difference): string {
    return `the machine ${this.#machine} diverged ${placeOf(file, difference)}: either the member ran another one (name that with --machine), or it is not deterministic`
  }

  #machineLine(): string {
    const { length } = this.#parts
    const run = this.#parts.filter(({ part }) => part.isMachineRun).length
    if (run === length) return `the machine ${this.#machine} gives what it gave then`
    const why = this.#parts.some(({ part }) => part.beginning.redacted)
      ? 'what it was given is redacted'
      : 'its state was too large for the black box'
    return run === 0
      ? `the machine was not run, because ${why}: it is taken to give what it gave then`
      : `the machine ${this.#machine} gives what it gave then in ${run} of ${length} files; in the others ${why}`
  }
}

function endOf(file: string, { end, error }: ReplayedPart, isLast: boolean): readonly string[] {
  if (end === null) return []
  if (end.type === 'open')
    return isLast ? [`${file}: it has no end: the member ran on, or its process was killed`] : []
  if (end.type === 'torn')
    return [`${file}: the last ${end.bytes} bytes were not written to their end, and are left out`]
  if (end.type === 'ended')
    return error === null ? [`${file}: ${end.end.reason}`] : [`${file}: it ends with an error: ${error}`]
  return [
    `${file}: it is damaged, and its last ${end.bytes} bytes cannot be replayed: copy it anew from the member`,
  ]
}

function adviceOf(recordedBy: string): string {
  const own = synodVersion()
  if (own !== recordedBy)
    return `replay it with Synod ${recordedBy}, which has recorded it, as this is Synod ${own}`
  return `if it ran the roles of Synod ${own} as they are, please report it, with the file`
}

function placeOf(file: string, { turn, event, flaw }: Difference): string {
  return `at turn ${turn} of ${file} (${event.type} at ${formatSeconds(event.nowMicros)}): ${flaw}`
}

function timeOf(wallMicros: number): string {
  return new Date(wallMicros / 1_000).toISOString()
}

/** The members that `synod up` runs, and what is told of them: a line each. */
import type { WriteStream } from 'node:tty'
import type { MemberStatus } from '../../runtime/index.js'
import { troubleOf } from '../../service/index.js'
import { Failure } from '../errors.js'
import { Board, type BoardLine } from './board.js'
import { MemberProcess } from './member-process.js'
import { Roster } from './roster.js'

/** How often the members are asked how they are. */
const LOOK_MILLIS = 250

export interface CrewMember {
  readonly name: string
  readonly endpoint: string
  readonly data: string
  /** More of what `synod serve` takes. */
  readonly more: readonly string[]
}

export class Crew {
  readonly #board: Board
  readonly #members: readonly MemberProcess[]
  readonly #roster: Roster
  /** What each member said last of how it is. */
  readonly #statuses: Map<MemberProcess, MemberStatus> = new Map()
  #look: NodeJS.Timeout | null = null
  #isReady = false
  #isStopping = false
  #end: (failure: Failure | null) => void = () => {}
  /** Resolves when all of them have ended: with null after `stop`, or with what went wrong. */
  readonly ended: Promise<Failure | null>

  constructor(members: readonly CrewMember[], stream: WriteStream) {
    this.#board = new Board(stream)
    this.ended = new Promise((resolve) => {
      this.#end = resolve
    })
    const cluster = members.map(({ name, endpoint }) => `${name}=${endpoint}`).join(',')
    this.#members = members.map(({ name, endpoint, data, more }) => {
      const args = ['--id', name, '--data', data, '--cluster', cluster, '--listen', endpoint, '--http', 'off']
      return new MemberProcess(name, endpoint, [...args, ...more], {
        onWords: (words) => this.say(`${name}: ${words}`),
        onChange: () => this.#changed(),
      })
    })
    this.#roster = new Roster(
      members.map(({ endpoint }) => endpoint),
      {},
    )
  }

  say(sentence: string): void {
    this.#board.say(sentence)
  }

  start(): void {
    for (const member of this.#members) member.start()
    void this.#watch()
  }

  stop(): void {
    void this.#stop(null)
  }

  async #stop(failure: Failure | null): Promise<void> {
    if (this.#isStopping) return
    this.#isStopping = true
    if (this.#look !== null) clearTimeout(this.#look)
    await Promise.all(this.#members.map((member) => member.stop()))
    await this.#roster.close()
    this.#end(failure)
  }

  /** A member was started, or has ended. */
  #changed(): void {
    this.#show()
    const over = this.#members.filter(({ exitCode }) => exitCode !== null)
    const [failed] = over.filter(({ exitCode }) => exitCode !== 0)
    // To go on without it would hide what is wrong: most often it is wrong with all of them.
    if (failed !== undefined && !this.#isReady)
      void this.#stop(new Failure(`member ${failed.name} cannot serve`))
    else if (over.length === this.#members.length) void this.#stop(new Failure('no member is left'))
  }

  /** Asks them all, shows what they say, and again after a while. */
  async #watch(): Promise<void> {
    await Promise.all(this.#members.map((member, number) => this.#ask(member, number)))
    if (this.#isStopping) return
    this.#show()
    if (!this.#isReady && this.#members.every(({ hasServed }) => hasServed)) this.#tellReady()
    this.#look = setTimeout(() => void this.#watch(), LOOK_MILLIS)
  }

  async #ask(member: MemberProcess, number: number): Promise<void> {
    try {
      const status = await this.#roster.status(LOOK_MILLIS, number)
      this.#statuses.set(member, status)
      if (status.ready) member.noteServing()
    } catch {
      this.#statuses.delete(member)
    }
  }

  #tellReady(): void {
    this.#isReady = true
    this.say('The cluster serves. From another terminal: synod put greeting hello')
  }

  #show(): void {
    this.#board.show(this.#members.map((member) => lineOf(member, this.#statuses.get(member))))
  }
}

function lineOf(
  { name, endpoint, down, hasServed }: MemberProcess,
  status: MemberStatus | undefined,
): BoardLine {
  const line = (text: string, detail = ''): BoardLine => ({ name, text: `${endpoint}  ${text}`, detail })
  if (down !== null) return line(down)
  if (!hasServed) return line('starts')
  if (status === undefined) return line('does not answer')
  const trouble = troubleOf(status)
  if (trouble !== null) return line(trouble)
  const clients = Math.max(0, status.clients - 1) // without this one
  return line(
    status.leader === status.member ? 'leads' : 'serves',
    `slot ${status.applied}, ${clients === 1 ? '1 client' : `${clients} clients`}`,
  )
}

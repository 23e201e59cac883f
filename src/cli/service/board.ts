/** A line for each member: kept up to date on a terminal; in a pipe, a line whenever one changes. */
import type { WriteStream } from 'node:tty'

/** Where a terminal does not say how wide it is. */
const USUAL_COLUMNS = 80

export interface BoardLine {
  readonly name: string
  readonly text: string
  /** Changes too often to be told in a pipe. */
  readonly detail: string
}

export class Board {
  readonly #stream: WriteStream
  readonly #isTerminal: boolean
  /** What each line said last. */
  readonly #told: Map<string, string> = new Map()
  #drawn: readonly string[] = []

  constructor(stream: WriteStream) {
    this.#stream = stream
    this.#isTerminal = stream.isTTY && process.env['TERM'] !== 'dumb' && process.env['CI'] === undefined
  }

  show(lines: readonly BoardLine[]): void {
    if (this.#isTerminal)
      this.#draw(lines.map(({ name, text, detail }) => `${name}  ${text}${detail && `  ${detail}`}`))
    else for (const line of lines) this.#tell(line)
  }

  /** A line above all others, which stays. */
  say(sentence: string): void {
    const drawn = this.#drawn
    this.#erase()
    this.#stream.write(`${sentence}\n`)
    this.#draw(drawn)
  }

  #tell({ name, text }: BoardLine): void {
    if (this.#told.get(name) === text) return
    this.#told.set(name, text)
    this.#stream.write(`${name}  ${text}\n`)
  }

  #draw(lines: readonly string[]): void {
    if (lines.join('\n') === this.#drawn.join('\n')) return
    this.#erase()
    const columns = this.#stream.columns || USUAL_COLUMNS
    for (const line of lines) this.#stream.write(`${line.slice(0, columns - 1)}\n`)
    this.#drawn = lines
  }

  #erase(): void {
    if (this.#drawn.length > 0) this.#stream.write(`\u001b[${this.#drawn.length}A\u001b[J`)
    this.#drawn = []
  }
}

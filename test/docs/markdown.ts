// What the documents of this project hold: fenced blocks, each with what its fence says about it.
//
//     ```ts file=driver.ts run     a file of the document's folder; `run`: it is executed
//     ```text output               right after such a block: what it prints
//     ```sh                        commands, one a line; each has to work
//     ```text                      below a comment `<!-- excerpt: command`: lines of what the command prints

import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url))

export interface Block {
  readonly language: string
  /** What stands behind the language: `run` is ['run', ''], `file=a.ts` is ['file', 'a.ts']. */
  readonly options: ReadonlyMap<string, string>
  readonly text: string
  /** The lines of the document that hold `text`, from this one up to but without that one, counted from 0. */
  readonly from: number
  readonly to: number
  /** The comment `<!-- excerpt: … -->` right above it, without its frame. */
  readonly recipe: string | null
}

export interface Document {
  /** From the root, with slashes. */
  readonly path: string
  readonly lines: readonly string[]
  readonly blocks: readonly Block[]
}

/** Every document of the project. */
export function readDocuments(): readonly Document[] {
  const inDocs = readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.md'))
    .map((path) => `docs/${path.replaceAll('\\', '/')}`)
    .sort()
  const above = readdirSync(ROOT).filter((path) => path.endsWith('.md'))
  return [...above.sort(), ...inDocs].map(readDocument)
}

export function readDocument(path: string): Document {
  const lines = readFileSync(join(ROOT, path), 'utf8').split('\n')
  return { path, lines, blocks: blocksOf(lines) }
}

function blocksOf(lines: readonly string[]): readonly Block[] {
  const blocks: Block[] = []
  for (let at = 0; at < lines.length; at++) {
    const fence = /^```(\S*) *(.*)$/.exec(lines[at] ?? '')
    if (fence === null) continue
    const end = lines.indexOf('```', at + 1)
    if (end === -1) throw new Error(`The fence in line ${at + 1} is never closed.`)
    const [, language = '', words = ''] = fence
    const text = lines
      .slice(at + 1, end)
      .map((line) => `${line}\n`)
      .join('')
    blocks.push({
      language,
      options: optionsOf(words),
      text,
      from: at + 1,
      to: end,
      recipe: recipeAbove(lines, at),
    })
    at = end
  }
  return blocks
}

function optionsOf(words: string): ReadonlyMap<string, string> {
  const pairs = words.split(' ').filter((word) => word !== '')
  return new Map(pairs.map((word) => [word.split('=', 1)[0] ?? '', word.split('=').slice(1).join('=')]))
}

function recipeAbove(lines: readonly string[], fence: number): string | null {
  if (lines[fence - 1] !== '-->') return null
  const begin = lines.slice(0, fence).findLastIndex((line) => line.startsWith('<!--'))
  const first = /^<!-- excerpt: (.*)$/.exec(lines[begin] ?? '')
  return first === null ? null : [first[1], ...lines.slice(begin + 1, fence - 1)].join('\n')
}

/** The command of a recipe: its first line. */
export function commandOf(recipe: string): string {
  return recipe.split('\n', 1)[0] ?? ''
}

/**
 * What a recipe makes of an output. Each of its lines is a pattern that picks the next line of the output that
 * matches; a space stands for one or more, and `{name}` for what an earlier `(?<name>…)` matched. Lines that begin
 * with `#` are put in as they are, and empty lines too. Long lines are cut.
 */
export function excerptOf(recipe: string, output: string): string {
  const left = output.split('\n')
  const captured = new Map<string, string>()
  const [, ...steps] = recipe.split('\n')
  const picked = steps.map((step) => {
    if (step === '' || step.startsWith('#')) return step
    const source = step.replaceAll(' ', ' +').replace(/\{([a-z]+)\}/g, (_, name) => captured.get(name) ?? _)
    const pattern = new RegExp(source)
    const index = left.findIndex((line) => pattern.test(line))
    if (index === -1) throw new Error(`No further line of \`${commandOf(recipe)}\` matches ${pattern}`)
    const [line = ''] = left.splice(0, index + 1).slice(-1)
    for (const [name, value] of Object.entries(pattern.exec(line)?.groups ?? {})) captured.set(name, value)
    return cut(line)
  })
  return picked.map((line) => `${line}\n`).join('')
}

const WIDTH = 120

function cut(line: string): string {
  return line.length <= WIDTH ? line : `${line.slice(0, WIDTH - 1)}…`
}

/** A document with other texts in some of its blocks. */
export function replaceBlocks(document: Document, texts: ReadonlyMap<Block, string>): string {
  const lines = [...document.lines]
  for (const block of [...texts.keys()].sort((a, b) => b.from - a.from)) {
    const text = texts.get(block) ?? block.text
    lines.splice(block.from, block.to - block.from, ...text.split('\n').slice(0, -1))
  }
  return lines.join('\n')
}

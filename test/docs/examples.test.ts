// Every example in the documents works, and prints what the document says that it prints.
//
// `npm run golden` writes anew what examples print and what excerpts show; read the difference before committing it.

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import {
  type Block,
  commandOf,
  type Document,
  excerptOf,
  ROOT,
  readDocuments,
  replaceBlocks,
} from './markdown.js'
import { Project } from './project.js'

const UPDATE = process.env['UPDATE_GOLDEN'] === '1' && !process.env['CI']
const SCRIPTS = ['js', 'ts']

const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Readonly<Record<string, string>>
}

describe.for(readDocuments().filter(isTested))('$path', (document) => {
  const project = new Project()
  const updated = new Map<Block, string>()

  afterAll(() => {
    if (updated.size > 0) writeFileSync(join(ROOT, document.path), replaceBlocks(document, updated))
  })

  /** Compares a block with what it should be; or notes what it should be, to be written at the end. */
  const agree = (block: Block, text: string): void => {
    if (!UPDATE) expect(block.text).toBe(text)
    else if (block.text !== text) updated.set(block, text)
  }

  const code = document.blocks.filter(({ language }) => SCRIPTS.includes(language))
  if (code.length > 0) {
    test('every piece of code is a file that compiles', () => {
      for (const block of code) project.write(fileOf(block), block.text)
      project.compile()
    })
  }

  const runnable = code.filter(({ options }) => options.has('run'))
  test.for(runnable.map((block) => [fileOf(block), block] as const))(
    '%s prints what it should',
    ([file, block]) => {
      const output = document.blocks[document.blocks.indexOf(block) + 1]
      if (!output?.options.has('output')) throw new Error('No ```text output follows it.')
      agree(output, project.execute(file))
    },
  )

  test.for(commandsOf(document))('%s works', (command) => {
    const [program, ...args] = command.split(' ')
    if (program === 'npx') expect(project.shell(command)).toMatchObject({ status: 0 })
    if (program !== 'npm' || args[0] === undefined) return
    if (['install', 'pack', 'pkg'].includes(args[0])) return // done by test/house/package.test.ts, or npm's own affair
    const script = args[0] === 'run' ? args[1] : args[0]
    expect(Object.keys(scripts)).toContain(script)
  })

  const excerpts = document.blocks.filter(({ recipe }) => recipe !== null)
  test.for(excerpts.map(({ from }) => from))('the excerpt in line %i is real', (line) => {
    const block = excerpts.find(({ from }) => from === line)
    if (block?.recipe == null) throw new Error(`There is no excerpt in line ${line}.`)
    const { stdout, stderr } = project.shell(commandOf(block.recipe))
    agree(block, excerptOf(block.recipe, stdout + stderr))
  })
})

/** Whether there is anything to test: some documents have only drawings. */
function isTested({ blocks }: Document): boolean {
  return blocks.some(({ language, recipe }) => [...SCRIPTS, 'sh'].includes(language) || recipe !== null)
}

function fileOf({ options, from }: Block): string {
  const file = options.get('file')
  if (file === undefined) throw new Error(`The block in line ${from} does not say \`file=…\`.`)
  return file
}

/** The commands of the `sh` blocks, without comments. */
function commandsOf({ blocks }: Document): readonly string[] {
  return blocks
    .filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.split('\n'))
    .map((line) => line.replace(/ +#.*$/, ''))
    .filter((line) => line !== '')
}

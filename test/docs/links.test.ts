// What the documents refer to is there: links, files of this project, npm scripts.

import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Document, ROOT, readDocument, readDocuments } from './markdown.js'

const INLINE = /\[[^\]]*\]\(([^)\s]+)\)/g

/** The targets of a document's links, those to other sites left out. */
function linksOf({ lines }: Document): readonly string[] {
  const targets = [...lines.join('\n').matchAll(INLINE)].map(([, target = '']) => target)
  return [...new Set(targets)].filter((target) => !/^[a-z]+:/.test(target))
}

/** What a heading is called in a link, as GitHub makes it. */
function anchorsOf({ lines }: Document): readonly string[] {
  return lines
    .filter((line) => /^#+ /.test(line))
    .map((line) => line.replace(/^#+ /, '').toLowerCase())
    .map((heading) => heading.replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-'))
}

const linking = readDocuments().filter((document) => linksOf(document).length > 0)

describe.for(linking)('$path', (document) => {
  test.for(linksOf(document))('links to %s', (link) => {
    const [file = '', anchor] = link.split('#')
    const path = file === '' ? document.path : join(dirname(document.path), file)
    expect(existsSync(join(ROOT, path)), `${path} is not there`).toBe(true)
    if (anchor !== undefined) expect(anchorsOf(readDocument(path))).toContain(anchor)
  })
})

const FILE = /`((?:src|test|docs|scripts|bench|bin|\.ci)\/[\w./-]*)`/g
const SCRIPT = /npm run ([\w:-]+)/g

const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as {
  scripts: Readonly<Record<string, string>>
}

describe.for(readDocuments())('$path', ({ lines }) => {
  const named = (pattern: RegExp): readonly string[] =>
    [...lines.join('\n').matchAll(pattern)].map(([, name = '']) => name)

  test('names only files that are there', () => {
    expect(named(FILE).filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  })

  test('names only npm scripts that are there', () => {
    expect(named(SCRIPT).filter((name) => !Object.hasOwn(scripts, name))).toEqual([])
  })
})

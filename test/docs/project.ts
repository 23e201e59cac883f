// A reader's project: an empty folder with the built package in it, where the examples of one document run.

import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from './markdown.js'

/** As a reader would have it. */
const COMPILER_OPTIONS = {
  target: 'ES2022',
  module: 'NodeNext',
  moduleResolution: 'NodeNext',
  strict: true,
  allowJs: true,
  skipLibCheck: true,
  types: ['node'],
  typeRoots: [join(ROOT, 'node_modules', '@types')],
  rootDir: '.',
  outDir: 'out',
}

export interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

export class Project {
  readonly #folder: string = mkdtempSync(join(tmpdir(), 'synod-docs-'))
  readonly #ran: Map<string, Ran> = new Map()

  constructor() {
    mkdirSync(join(this.#folder, 'node_modules'))
    symlinkSync(ROOT, join(this.#folder, 'node_modules', 'synod'), 'junction')
    this.write('package.json', '{ "type": "module" }\n')
    this.write('tsconfig.json', JSON.stringify({ compilerOptions: COMPILER_OPTIONS }))
  }

  write(file: string, text: string): void {
    writeFileSync(join(this.#folder, file), text)
  }

  /** Type-checks and translates what was written. Throws with what the compiler says. */
  compile(): void {
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc')
    const { status, stdout } = run(process.execPath, [tsc, '-p', '.', '--pretty', 'false'], {
      cwd: this.#folder,
    })
    if (status !== 0) throw new Error(stdout)
  }

  /** Runs a file that was compiled; gives what it prints. */
  execute(file: string): string {
    const script = join('out', file.replace(/\.ts$/, '.js'))
    const { status, stdout, stderr } = run(process.execPath, [script], { cwd: this.#folder })
    if (status !== 0) throw new Error(stderr)
    return stdout
  }

  /** Runs a command of the documents, once: `npm` in the clone, everything else in this folder. */
  shell(command: string): Ran {
    const before = this.#ran.get(command)
    if (before !== undefined) return before
    const synod = `"${process.execPath}" "${join(ROOT, 'bin', 'synod.js')}"`
    const cwd = command.startsWith('npm ') ? ROOT : this.#folder
    const ran = run(command.replaceAll('npx synod', synod), [], { cwd, shell: true })
    this.#ran.set(command, ran)
    return ran
  }
}

function run(program: string, args: readonly string[], options: { cwd: string; shell?: boolean }): Ran {
  const { status, stdout, stderr, error } = spawnSync(program, args, {
    ...options,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (error !== undefined) throw error
  return { status, stdout, stderr }
}

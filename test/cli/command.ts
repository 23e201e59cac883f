/** The command line as a real process. `npm test` has built dist before. */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'

export const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))

/** A cluster that is quickly done. */
export const SMALL: readonly string[] = ['--members', '3', '--clients', '2', '--requests', '3']

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Surroundings {
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
}

/** What the surrounding `npm test` and vitest have put into the environment is kept from the command. */
function environment(more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm_|NO_COLOR$|FORCE_)/.test(name))
  return { ...Object.fromEntries(kept), ...more }
}

export type Child = ChildProcessByStdio<null, Readable, Readable>

export function start(command: string, args: readonly string[], { env, cwd }: Surroundings = {}): Child {
  return spawn(command, args, { env: environment(env), cwd, stdio: ['ignore', 'pipe', 'pipe'] })
}

/** Reads what a child says until it ends. */
export async function ended(child: Child): Promise<Ended> {
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  return await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}

export function startSynod(args: readonly string[], surroundings?: Surroundings): Child {
  return start(process.execPath, [MAIN, ...args], surroundings)
}

/** `synod …`, from its beginning to its end. */
export async function synod(args: readonly string[], surroundings?: Surroundings): Promise<Ended> {
  return await ended(startSynod(args, surroundings))
}

/** A line of a shell in which `synod` is the command line. */
export async function shell(line: string, surroundings?: Surroundings): Promise<Ended> {
  const script = `synod() { "${process.execPath}" "${MAIN}" "$@"; }\n${line}`
  return await ended(start('sh', ['-c', script], surroundings))
}

/** A folder that is gone when the run of the tests is over. */
export function temporaryFolder(): string {
  return mkdtempSync(join(tmpdir(), 'synod-cli-'))
}

export function linesOf(text: string): string[] {
  return text.split('\n').slice(0, -1)
}

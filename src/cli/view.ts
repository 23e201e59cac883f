/** `synod view`: the page that shows what a cluster did and why, served on this machine. */
import { spawn } from 'node:child_process'
import { statSync } from 'node:fs'
import { basename } from 'node:path'
import { Command } from 'commander'
import { DEFAULT_MACHINE, readyApplication } from '../simulation/index.js'
import { UsageError } from './errors.js'
import { windUpOnInterrupt } from './interruption.js'
import { exportedBy, MODULE_HELP } from './machine.js'
import { faultHelp, machineOptions, type ScenarioFlags, scenarioOptions, wordsOf } from './scenario.js'
import { runOf } from './told.js'
import { type Given, PageServer } from './view-server.js'

interface Flags extends ScenarioFlags {
  readonly open: boolean
  readonly port?: string
}

export function viewCommand(): Command {
  const command = new Command('view')
    .summary('watch a run in a browser')
    .description(
      'Serves a page on this machine, and opens it in a browser: every message of a run, what each member thinks, and what would have happened otherwise. Nothing leaves this machine.',
    )
    .usage('[seed | story | file] [options]')
    .argument(
      '[run]',
      'a seed with the options of synod simulate, a story, or a file: a transcript in ndjson, a failure of synod hunt, a part of a black box',
    )
    .option('--no-open', 'print the address, and open no browser')
    .option('--port <port>', 'where the page is served (default: a port that is free)')
  for (const option of [...scenarioOptions(), ...machineOptions()]) command.addOption(option)
  return command
    .addHelpText('after', `\n${faultHelp()}\n\n${MODULE_HELP}\n\n${EXIT_HELP}`)
    .action(async (word: string | undefined, flags: Flags) => {
      await view(word, flags)
    })
}

const EXIT_HELP =
  'It runs until Ctrl-C, and exits with 0 then; with 2 when an option or a module is wrong, or a port\nis taken; and with 70 when Synod itself is wrong.'

/** Resolves after Ctrl-C. Throws a UsageError. */
async function view(word: string | undefined, flags: Flags): Promise<void> {
  const port = portOf(flags.port)
  const given = await givenOf(word, flags)
  const server = new PageServer(given)
  const machine = given.module === null ? '' : `?machine=${escaped(given.module)}`
  const address = `${await server.listen(port)}${machine}${given.hash}`
  const ended = new Promise<void>((resolve) => windUpOnInterrupt(resolve))
  process.stdout.write(`${address}\n`)
  process.stderr.write('synod: Ctrl-C ends the page.\n')
  if (flags.open) openBrowser(address)
  await ended
  await server.close()
}

function portOf(text: string | undefined): number {
  if (text === undefined) return 0
  const port = Number(text)
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port
  throw new UsageError(`--port must be a whole number from 1 to 65535, and '${text}' is not`)
}

async function givenOf(word: string | undefined, flags: Flags): Promise<Given> {
  const module = flags.machine !== undefined && isOwn(flags.machine) ? flags.machine : null
  if (word === undefined || (!/^\d+$/.test(word) && isFile(word))) {
    if (word === undefined && wordsOf(flags).length > 0)
      throw new UsageError('these options are those of a run: name its seed first, as in synod view 6')
    if (word !== undefined && wordsOf(flags).length > 0)
      throw new UsageError('a file has the options of its run in itself: leave these out')
    if (module !== null) await exportedBy(module)
    return {
      hash: word === undefined ? '' : `#?file=given/${encodeURIComponent(basename(word))}`,
      file: word ?? null,
      module,
    }
  }
  if (!/^\d+$/.test(word))
    throw new UsageError(`there is no file '${word}', and a seed or a story is a whole number`)
  await runOf(word, flags) // says what is wrong with it here, and not in the page
  return { hash: `#${word}${queryOf(flags)}`, file: null, module }
}

const isOwn = (machine: string): boolean =>
  machine !== DEFAULT_MACHINE && readyApplication(machine, 'decree') === null

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() === true

/** The options of a run, as the address of the page has them: by their names, and in their units. */
function queryOf(flags: Flags): string {
  const words = wordsOf(flags).map(([name, value]) => (value === null ? name : `${name}=${escaped(value)}`))
  if (flags.machine !== undefined) words.push(`machine=${escaped(flags.machine)}`)
  return words.length === 0 ? '' : `?${words.join('&')}`
}

/** An address is to be read. */
function escaped(text: string): string {
  return encodeURIComponent(text).replaceAll('%2F', '/').replaceAll('%3D', '=')
}

/** If there is none, the address that was printed is enough. */
function openBrowser(address: string): void {
  const [command, ...args] =
    process.platform === 'darwin'
      ? ['open', address]
      : process.platform === 'win32'
        ? ['cmd', '/c', 'start', '""', address]
        : ['xdg-open', address]
  const child = spawn(command as string, args, { stdio: 'ignore', detached: true })
  child.on('error', () => {})
  child.unref()
}

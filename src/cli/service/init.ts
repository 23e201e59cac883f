/** `synod init`: makes the identity of a cluster, once. */
import { randomBytes, randomInt } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { Command } from 'commander'
import { checkFounders } from '../../runtime/index.js'
import { settle } from '../../service/index.js'
import { firstLineOf, UsageError } from '../errors.js'
import { CLUSTER_GROUP, explained, once } from './client.js'

/** Identities are below this. */
const IDENTITIES = 2 ** 48
const TOKEN_BYTES = 24

interface Flags {
  readonly cluster: string
  readonly file: string
}

export function initCommand(): Command {
  return new Command('init')
    .helpGroup(CLUSTER_GROUP)
    .summary('make the configuration of a new cluster')
    .description(
      'Makes a configuration file for all members and clients of a new cluster: its identity and a token, both random, and where its members are. Prints the command that runs each member.',
    )
    .requiredOption(
      '--cluster <members>',
      'the members that found it: a=host:port,b=host:port,…',
      once('--cluster'),
    )
    .option('--file <file>', 'the file, which must not be there', 'synod.json')
    .addHelpText(
      'after',
      '\nThe file holds the token: only its owner can read it. It exits with 2 when an option is wrong.',
    )
    .action((flags: Flags) => {
      init(flags)
    })
}

function init({ cluster: given, file }: Flags): void {
  const { cluster = {} } = settleCluster(given)
  const identity = randomInt(1, IDENTITIES)
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  try {
    const text = JSON.stringify({ identity, cluster, token }, null, 2)
    writeFileSync(file, `${text}\n`, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new UsageError(`${file} is there already: a cluster is made once; give another name with --file`)
    throw new UsageError(`the configuration cannot be written to ${file}: ${firstLineOf(error)}`)
  }
  const commands = Object.keys(cluster).map((id) => `synod serve --config ${file} --id ${id}\n`)
  process.stdout.write(commands.join(''))
  process.stderr.write(
    `synod: ${file} is made. Bring it to each member, and run there the command that has its name.\n`,
  )
}

/** Other sources have no say. */
function settleCluster(given: string): ReturnType<typeof settle> {
  try {
    const values = settle(['cluster'], { cluster: given }, {})
    checkFounders(values.cluster ?? {})
    return values
  } catch (error) {
    throw explained(error)
  }
}

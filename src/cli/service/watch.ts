/** `synod watch`: tells changes as they happen. */
import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import type { KeyspaceChange } from '../../machines/index.js'
import { OutcomeUnknown, Overloaded, readableText } from '../../paxos/index.js'
import { Unreachable } from '../../runtime/index.js'
import { UsageError } from '../errors.js'
import { windUpOnInterrupt } from '../interruption.js'
import { Output } from '../output.js'
import { clientCommand, DATA_GROUP, type KeyspaceClient, withClient } from './client.js'
import { piecesOf } from './scan.js'
import { jsonOfChange } from './values.js'

/** How long a member is asked to wait for the next slot: not long, it might be cut off from the others. */
const WAIT_MILLIS = 5_000
/** After a slot was decided, changes are gathered for so long before they are asked for. */
const GATHER_MILLIS = 10
/** After nobody answered, or too many asked. */
const RETRY_MILLIS = 100
const RETRIED = [Unreachable, OutcomeUnknown, Overloaded]

interface Flags extends Readonly<Record<string, unknown>> {
  readonly after?: string
  readonly json?: boolean
}

export function watchCommand(): Command {
  return clientCommand('watch', DATA_GROUP)
    .summary('tell changes as they happen')
    .description(
      'Tells each change of the keys that begin with a prefix, in order and without a gap, until Ctrl-C. It goes on when the leader changes.',
    )
    .argument('[prefix]', 'default: every key', '')
    .option('--after <revision>', 'begin after this revision (default: with the next change)')
    .option('--json', 'a line of JSON for each')
    .action(async (prefix: string, flags: Flags) => {
      const after = revisionOf(flags.after)
      await withClient(flags, (client, { timeoutMillis }) => {
        const over = new AbortController()
        windUpOnInterrupt(() => over.abort()) // as long as nobody is reached there is nothing to put in order
        const watch = new Watch(client, Buffer.from(prefix), flags.json === true, timeoutMillis)
        return watch.run(after, over.signal)
      })
    })
}

function revisionOf(given: string | undefined): number | null {
  if (given === undefined) return null
  if (/^\d{1,15}$/.test(given)) return Number(given)
  throw new UsageError(`--after must be a whole number, and '${given}' is not`)
}

class Watch {
  readonly #client: KeyspaceClient
  readonly #prefix: Uint8Array
  readonly #isJson: boolean
  readonly #timeoutMillis: number
  readonly #output = new Output(process.stdout)

  constructor(client: KeyspaceClient, prefix: Uint8Array, isJson: boolean, timeoutMillis: number) {
    this.#client = client
    this.#prefix = prefix
    this.#isJson = isJson
    this.#timeoutMillis = timeoutMillis
  }

  /** Resolves when the signal fires, or the reader of the output has gone. */
  async run(given: number | null, signal: AbortSignal): Promise<void> {
    let after = given ?? (await this.#revision(signal))
    process.stderr.write(`synod: watching from revision ${after} on; Ctrl-C ends it\n`)
    const aborted = once(signal, 'abort').then(() => Promise.reject(new Error('It was ended.')))
    aborted.catch(() => {}) // it may come when nobody waits
    while (!signal.aborted && !this.#output.closed) {
      try {
        // Whatever is decided after the slot is waited for, and what was decided before it is asked for now.
        const slot = await this.#wait(0, 0, aborted)
        after = await this.#tellAll(after, signal)
        await this.#wait(slot + 1, WAIT_MILLIS, aborted)
        await pause(GATHER_MILLIS, undefined, { signal })
      } catch (error) {
        if (signal.aborted) return
        if (!RETRIED.some((each) => error instanceof each)) throw error
        await pause(RETRY_MILLIS)
      }
    }
  }

  /** The last revision. */
  async #revision(signal: AbortSignal): Promise<number> {
    const answer = await this.#client.query({ type: 'count' }, { timeoutMillis: this.#timeoutMillis, signal })
    return answer.type === 'count' ? answer.revision : 0
  }

  /** Waits until a slot is applied by the member that was asked, and gives the last slot that is. */
  async #wait(slot: number, timeoutMillis: number, aborted: Promise<never>): Promise<number> {
    const asking = { timeoutMillis: timeoutMillis + this.#timeoutMillis }
    const applied = this.#client.call('wait', { slot, timeoutMillis }, asking)
    return Number(await Promise.race([applied, aborted]))
  }

  /** Tells all changes after a revision, and gives the last one. */
  async #tellAll(from: number, signal: AbortSignal): Promise<number> {
    let after = from
    for (;;) {
      const query = { type: 'changes', prefix: this.#prefix, after } as const
      const answer = await this.#client.query(query, { timeoutMillis: this.#timeoutMillis, signal })
      if (answer.type !== 'changes') return after
      if (answer.compacted) return await this.#catchUp(after, signal)
      await this.#tell(answer.changes)
      after = answer.revision
      if (!answer.more || this.#output.closed) return after
    }
  }

  async #tell(changes: readonly KeyspaceChange[]): Promise<void> {
    for (const change of changes) this.#output.line(this.#isJson ? jsonOfChange(change) : lineOf(change))
    await this.#output.flush()
  }

  /** The changes are forgotten: tells every key there is instead, and goes on after that. */
  async #catchUp(after: number, signal: AbortSignal): Promise<number> {
    process.stderr.write(
      `synod: the changes after revision ${after} are forgotten; what follows is all that is there\n`,
    )
    const revision = await this.#revision(signal)
    for await (const entries of piecesOf(
      this.#client,
      this.#prefix,
      Number.POSITIVE_INFINITY,
      this.#timeoutMillis,
    )) {
      signal.throwIfAborted()
      await this.#tell(entries.map((entry) => ({ ...entry, type: 'put' })))
    }
    return revision
  }
}

function lineOf({ type, key, value }: KeyspaceChange): string {
  return value === null
    ? `${type}  ${readableText(key)}`
    : `${type}  ${readableText(key)}  ${readableText(value)}`
}

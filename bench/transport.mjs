// `node bench/transport.mjs [--seconds S] [--json]`: the transport alone, measured on dist. One process sends to another
// over loopback, in batches of so many messages a turn; both tell the CPU time that a frame took them.
// A benchmark, not a test: nothing fails here when a machine is slow.

import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Transport } from '../dist/runtime/index.js'
import { optionsOf } from './options.mjs'

/** So many messages may be under way: more would be dropped by the bounds of the queue. */
const UNDER_WAY = 20_000

const SIZES = [64, 300]
const BATCHES = [1, 16, 128]

function makeTransport(member, rest) {
  return new Transport({
    identity: () => ({ cluster: 1, member, store: member, endpoint: null }),
    listen: { host: '127.0.0.1', port: 0 },
    onMessages: () => {},
    onBook: () => {},
    onProblem: ({ detail }) => console.error(detail),
    ...rest,
  })
}

// ---- the receiver, a process of its own

/** Counts what comes, and says so back after every so many, so that the sender never fills its queue. */
async function receive() {
  let received = 0
  let chunks = 0
  const transport = makeTransport(2, {
    onMessages: (_from, _store, payloads) => {
      const before = Math.floor(received / (UNDER_WAY / 4))
      received += payloads.length
      chunks++
      if (Math.floor(received / (UNDER_WAY / 4)) > before) process.send({ received }, () => {}) // the sender may be gone
    },
  })
  const { port } = await transport.listen()
  process.on('message', () => process.send({ cpu: process.cpuUsage(), received, chunks }))
  process.on('disconnect', () => process.exit())
  process.send({ port })
}

// ---- the sender

const tell = (text) => process.stderr.write(`${text}\n`)
const microseconds = ({ user, system }) => user + system

async function measure(receiver, transport, { size, batch, seconds }) {
  const payload = new Uint8Array(size)
  const ask = () => {
    const answer = new Promise((resolve) => {
      const take = (message) => {
        if (message.cpu === undefined) return
        receiver.off('message', take)
        resolve(message)
      }
      receiver.on('message', take)
    })
    receiver.send('tell')
    return answer
  }
  const before = await ask()
  const cpu = process.cpuUsage()
  const started = performance.now()
  let sent = before.received
  let arrived = before.received
  const hear = ({ received }) => {
    arrived = received
  }
  receiver.on('message', hear)
  await new Promise((resolve) => {
    const turn = () => {
      if (performance.now() - started > seconds * 1000) return resolve()
      // Several turns in a row, so that what is measured is not the event loop; one flush each.
      for (let turns = 0; turns < 32 && sent - arrived < UNDER_WAY; turns++) {
        for (let each = 0; each < batch; each++) transport.send(2, payload)
        transport.flush()
        sent += batch
      }
      setImmediate(turn)
    }
    turn()
  })
  const own = microseconds(process.cpuUsage(cpu))
  const elapsed = performance.now() - started
  receiver.off('message', hear)
  const after = await ask()
  const frames = after.received - before.received
  return {
    size,
    batch,
    framesPerSecond: Math.round((frames / elapsed) * 1000),
    sendMicros: own / frames,
    receiveMicros: (microseconds(after.cpu) - microseconds(before.cpu)) / frames,
    framesPerChunk: frames / (after.chunks - before.chunks),
  }
}

async function main() {
  const values = optionsOf('node bench/transport.mjs [--seconds S] [--json]', {
    seconds: { type: 'string', default: '2' },
    json: { type: 'boolean', default: false },
  })
  const receiver = fork(fileURLToPath(import.meta.url), ['receive'])
  const { port } = await new Promise((resolve) => receiver.once('message', resolve))
  let reached = () => {}
  const transport = makeTransport(1, { onReachable: () => reached() })
  await new Promise((resolve) => {
    reached = resolve
    transport.know(2, `127.0.0.1:${port}`)
  })
  const results = []
  for (const size of SIZES) {
    for (const batch of BATCHES) {
      await measure(receiver, transport, { size, batch, seconds: 0.5 }) // warm
      const result = await measure(receiver, transport, { size, batch, seconds: Number(values.seconds) })
      results.push(result)
      const { framesPerSecond, sendMicros, receiveMicros, framesPerChunk } = result
      const micros = `${sendMicros.toFixed(2)} µs to send, ${receiveMicros.toFixed(2)} µs to receive`
      tell(
        `${size} bytes, ${batch} a turn: ${framesPerSecond} frames/s, ${micros}, ${framesPerChunk.toFixed(0)} a chunk`,
      )
    }
  }
  const { droppedFull } = transport.counts
  if (droppedFull > 0) tell(`${droppedFull} were dropped: the figures are not those of what was sent`)
  if (values.json) console.log(JSON.stringify(results))
  await transport.close()
  receiver.disconnect()
}

await (process.argv[2] === 'receive' ? receive() : main())

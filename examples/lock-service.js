// A lock service with fencing tokens: three members, and two workers that want to write to the same file.
//
//     npm run build
//     node examples/lock-service.js      # takes the ports 7101 to 7103
//
// A lock alone protects nothing: whoever holds it may be slow, lose it, and write all the same. So each grant has a token
// that is higher than every one before, and whatever is protected refuses a token below one that it has seen.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineMachine, Member } from 'synod'
import { Client } from 'synod/client'

/** Who holds which lock, with which token, and until when. */
const locks = defineMachine({
  initial: () => ({ lastToken: 0, held: {} }),

  apply(state, command, { timeMicros }) {
    const held = state.held[command.name]
    const isFree = held === undefined || held.untilMicros <= timeMicros
    switch (command.type) {
      case 'acquire': {
        if (!isFree && held.owner !== command.owner) return [state, null]
        const token = state.lastToken + 1
        const untilMicros = timeMicros + command.leaseMillis * 1_000 // decree time: the same on every member
        const grant = { owner: command.owner, token, untilMicros }
        return [{ lastToken: token, held: { ...state.held, [command.name]: grant } }, token]
      }
      case 'release': {
        if (held?.token !== command.token) return [state, false]
        const { [command.name]: _, ...others } = state.held
        return [{ ...state, held: others }, true]
      }
    }
  },
})

/** What the lock is there for. */
const file = {
  highestToken: 0,
  write(text, token) {
    if (token < this.highestToken) return `refused "${text}": token ${token} is below ${this.highestToken}`
    this.highestToken = token
    return `has "${text}", with token ${token}`
  },
}

/** Asks until it is granted, and gives the token. Each time is a decree, and decree time goes on. */
async function acquire(service, owner, leaseMillis) {
  for (;;) {
    const token = await service.invoke({ type: 'acquire', name: 'file', owner, leaseMillis })
    if (token !== null) return token
  }
}

const firstPort = Number(process.argv[2] ?? 7101)
const cluster = Object.fromEntries(['a', 'b', 'c'].map((id, at) => [id, `127.0.0.1:${firstPort + at}`]))
const folder = mkdtempSync(join(tmpdir(), 'locks-'))
const members = await Promise.all(
  Object.keys(cluster).map((id) => Member.start({ id, data: join(folder, id), machine: locks, cluster })),
)

const service = await Client.connect({ endpoints: Object.values(cluster), machine: locks })
const slow = service.session()
const quick = service.session()

const stale = await acquire(slow, 'slow', 50)
console.log(`The slow worker holds the lock with token ${stale}, and falls asleep.`)

const fresh = await acquire(quick, 'quick', 10_000)
console.log(`Its lease is over: the quick worker holds the lock with token ${fresh}.`)
console.log(`The file ${file.write('quick', fresh)}.`)
console.log(`The slow worker wakes up. The file ${file.write('slow', stale)}.`)

await quick.invoke({ type: 'release', name: 'file', token: fresh })
await service.close()
await Promise.all(members.map((member) => member.close()))
rmSync(folder, { recursive: true })

/** One member, in a process of its own: started, told what to suffer, and killed by the torturer. */
import { Member } from 'synod'
import { Disk } from './disk.js'
import { counted, digestOf } from './machine.js'
import type { FromMember, Look, MemberStart, ToMember } from './protocol.js'
import { SETTINGS } from './settings.js'

/** What nobody listens at: where the torturer has not made a way, there is none. */
const NOWHERE = '127.0.0.1:1'
const LEADER_LOOK_MILLIS = 10

const start = JSON.parse(process.argv[2] ?? '') as MemberStart // the torturer wrote it
const disk = new Disk(start.disk, start.plant === 'forgetful')
let { routes, wallShiftMicros } = start

// Nobody is left that would end it.
process.on('disconnect', () => process.exit(1))
// Ctrl-C goes to all processes of a terminal; the torturer says when it is over.
process.on('SIGINT', () => {})

const member = await Member.start({
  id: start.name,
  data: start.folder,
  machine: counted,
  listen: start.listen,
  ...(start.cluster && { cluster: start.cluster }),
  ...(start.join && { join: start.join }),
  settings: SETTINGS,
  clock: {
    nowMicros: () => Math.floor(performance.now() * 1_000),
    wallMicros: () => Date.now() * 1_000 + wallShiftMicros,
  },
  logger: { debug: () => {}, info: log, warn: log, error: log },
  between: { files: (real) => disk.over(real), route: (endpoint) => routes[endpoint] ?? NOWHERE },
}).catch(end)

process.on('message', (message: ToMember) => {
  switch (message.type) {
    case 'routes':
      routes = message.routes
      return
    case 'disk':
      disk.mode = message.disk
      return
    case 'wall':
      wallShiftMicros = message.shiftMicros
      return
    case 'snapshot':
      member.snapshot()
      return
    case 'transfer':
      member.transfer(message.to)
      return
    case 'close':
      void member.close()
      return
    case 'look':
      void look().then((seen) => tell({ type: 'looked', reference: message.reference, look: seen }), log)
      return
  }
})

if (start.plant === 'stale') {
  member.core.desk.handlers.set('peek', (options) => {
    const { key } = options as { readonly key: string } // the planted client asks this way
    return member.query({ type: 'get', key }, { consistency: 'stale' })
  })
}
tell({ type: 'up', number: member.number, store: member.status().store })
watchLeader()
const error = await member.ended
if (error !== null) end(error)
else process.send?.({ type: 'ended', error: null } satisfies FromMember, () => process.exit(0))

function watchLeader(): void {
  let known: number | null = null
  setInterval(() => {
    if (member.leader === known) return
    known = member.leader
    tell({ type: 'leader', leader: known })
  }, LEADER_LOOK_MILLIS)
}

/** The state, and the slot that it is of: looked at until both are of the same moment. */
async function look(): Promise<Look> {
  for (;;) {
    const before = member.status()
    const digest = digestOf(await member.query((state) => state, { consistency: 'stale' }))
    const { ready, applied, decided, latest } = member.status()
    if (applied === before.applied) return { ready, applied, decided, digest, latest }
  }
}

function end(thrown: Error): never {
  log({ error: thrown.stack }, 'The end.')
  process.send?.({ type: 'ended', error: `${thrown.name}: ${thrown.message}` } satisfies FromMember, () =>
    process.exit(1),
  )
  throw thrown
}

function tell(message: FromMember): void {
  process.send?.(message, () => {}) // whether it arrives shows soon enough
}

function log(fields: object, message = ''): void {
  process.stderr.write(`${new Date().toISOString()} ${message} ${JSON.stringify(fields)}\n`)
}

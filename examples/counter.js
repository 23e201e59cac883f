// A counter that survives: how often was this program run?
//
//     npm run build
//     node examples/counter.js             # again and again; kill it whenever you like
//     node examples/counter.js ./elsewhere # counts in another folder

import { defineMachine, Member } from 'synod'

const counter = defineMachine({
  initial: () => 0,
  apply: (runs, more) => [runs + more, runs + more], // the next state, and the answer
})

const [, , data = './counter'] = process.argv
const member = await Member.start({ id: 'a', data, machine: counter })

// When this is answered, it is on the disk.
const runs = await member.invoke(1)
console.log(runs === 1 ? 'The first run.' : `Run ${runs}.`)

await member.close()

/** `synod/simulation`: a world made from one integer around the nodes of `synod/paxos`. */
export * from './application.js'
export * from './events.js'
export * from './scenario.js'
export * from './transcript.js'
export * from './world.js'

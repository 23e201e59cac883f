/** The runtime: real disks, sockets and clocks around the nodes of `synod/paxos`. */
export * from './transport/index.js'

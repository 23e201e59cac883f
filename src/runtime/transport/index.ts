/** The transport: messages between members and clients, over TCP or TLS. */
export { FIRST_CLIENT } from './book.js'
export { type Endpoint, formatEndpoint, isLoopback, parseEndpoint } from './endpoint.js'
export { type Identity, TOKEN_BYTES, type Versions } from './handshake.js'
export { commandBytesOf, completeLimits, DEFAULT_TRANSPORT_LIMITS, type TransportLimits } from './limits.js'
export { CannotListen, checkDoor, type ListenAddress } from './listener.js'
export type { Problem, ProblemReason, RefusalReason, TransportCounts } from './problems.js'
export type { TransportTls } from './tls.js'
export { type ConnectionStatus, Transport, type TransportOptions } from './transport.js'

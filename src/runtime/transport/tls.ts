/** TLS: who has which part of it, and what follows for who may connect. */
import { isIP, type Socket } from 'node:net'
import { type ConnectionOptions, connect, type TLSSocket, type TlsOptions } from 'node:tls'
import type { Endpoint } from './endpoint.js'

export interface TransportTls {
  /** The private key, in PEM. A side that listens needs one. */
  readonly key?: string
  /** Its certificate, in PEM, with those between it and the root. */
  readonly cert?: string
  /**
   * The roots that certificates are checked against, in PEM. Whoever dials takes the system's if it is left out.
   * Where it is given, a side that listens asks for a certificate, and takes a valid one in place of the token.
   */
  readonly ca?: string
}

/** What of it goes into the options of Node, which does not want to see the word undefined. */
function given({ key, cert, ca }: TransportTls): Pick<TlsOptions, 'key' | 'cert' | 'ca'> {
  return {
    ...(key === undefined ? {} : { key }),
    ...(cert === undefined ? {} : { cert }),
    ...(ca === undefined ? {} : { ca }),
  }
}

export function serverOptions(tls: TransportTls, handshakeMillis: number): TlsOptions {
  // Who has no certificate is let in as far as the hello: the token may be there, and a refusal can say why.
  const asking = { requestCert: tls.ca !== undefined, rejectUnauthorized: false }
  return { ...given(tls), ...asking, handshakeTimeout: handshakeMillis, minVersion: 'TLSv1.3', noDelay: true }
}

export function connectTls(tls: TransportTls, { host, port }: Endpoint): Socket {
  const options: ConnectionOptions = { ...given(tls), host, port, minVersion: 'TLSv1.3' }
  return connect(isIP(host) === 0 ? { ...options, servername: host } : options)
}

/** What is wrong with TLS, as one sentence: OpenSSL gives lines of its own sources as well. */
export function tlsSentence({ code, reason, message }: NodeJS.ErrnoException & { reason?: string }): string {
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER') return 'TLS failed: the other side does not speak it.'
  const detail = code?.startsWith('ERR_SSL_') === true ? (reason ?? code) : message
  return `TLS failed: ${detail.replace(/[\s:.]+$/, '')}.`
}

/** Whether the other side has shown a certificate that is valid here. */
export function hasCertificate(socket: Socket, tls: TransportTls | undefined): boolean {
  return tls?.ca !== undefined && (socket as Partial<TLSSocket>).authorized === true // a plain socket has no such property
}

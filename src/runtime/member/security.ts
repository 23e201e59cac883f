/** What members and clients show each other: looked at before anything is done with it, so that a slip is a sentence. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { createSecureContext } from 'node:tls'
import { TOKEN_BYTES, type TransportLimits, type TransportTls } from '../transport/index.js'
import { BadOptions } from './errors.js'

/** What members ask of whoever connects. */
export interface Security {
  readonly token?: string
  readonly tls?: TransportTls
  readonly limits?: Partial<TransportLimits>
}

/** Throws a `BadOptions`. */
export function checkSecurity({ token = '', tls = {} }: Security): void {
  const tokenBytes = Buffer.byteLength(token)
  if (tokenBytes > TOKEN_BYTES)
    throw new BadOptions(`A token has at most ${TOKEN_BYTES} bytes, and this one ${tokenBytes}.`)
  const key = readOptional('private key', tls.key, createPrivateKey)
  const cert = readOptional('certificate', tls.cert, readCertificate)
  readOptional('certificate of the authority', tls.ca, readCertificate)
  if (key !== null && cert !== null) checkPair(tls, key, cert)
}

function readCertificate(pem: string): X509Certificate {
  return new X509Certificate(pem)
}

function readOptional<Value>(
  what: string,
  pem: string | undefined,
  read: (pem: string) => Value,
): Value | null {
  if (pem === undefined) return null
  try {
    return read(pem)
  } catch (error) {
    throw new BadOptions(`The ${what} for TLS cannot be read: it must be in PEM, and not encrypted.`, {
      cause: error,
    })
  }
}

function checkPair(tls: TransportTls, key: KeyObject, cert: X509Certificate): void {
  if (!cert.checkPrivateKey(key))
    throw new BadOptions(
      'The private key for TLS is not that of the certificate: give the two that belong together.',
    )
  try {
    createSecureContext(tls)
  } catch (error) {
    const { message } = error as Error // of OpenSSL, which finds the key too short, say
    throw new BadOptions(`The private key and the certificate cannot be used for TLS: ${message}.`, {
      cause: error,
    })
  }
}

// Makes certificates for tests, with node:crypto alone: X.509 version 3 (RFC 5280), P-256, valid around now.

import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto'

export interface Certified {
  /** In PEM, as the certificate. */
  readonly key: string
  readonly cert: string
}

export interface Authority extends Certified {
  /** A certificate for this machine under its usual names, or for another one, for both ends of a connection. */
  issue(host?: string): Certified
}

const DAY_MILLIS = 24 * 60 * 60 * 1000

export function makeAuthority(name: string): Authority {
  const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const critical = bool(true)
  const isAuthority = extension('2.5.29.19', critical, sequence(bool(true)))
  const cert = certify(name, keys.publicKey, name, keys.privateKey, [isAuthority])
  return {
    key: pem(keys.privateKey),
    cert,
    issue: (host) => {
      const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
      const address = host === undefined ? [tagged(0x87, Buffer.of(127, 0, 0, 1))] : []
      const names = sequence(tagged(0x82, Buffer.from(host ?? 'localhost')), ...address)
      const alternatives = extension('2.5.29.17', names)
      return {
        key: pem(own.privateKey),
        cert: certify('member', own.publicKey, name, keys.privateKey, [alternatives]),
      }
    },
  }
}

function certify(
  subject: string,
  subjectKey: KeyObject,
  issuer: string,
  issuerKey: KeyObject,
  extensions: readonly Buffer[],
): string {
  const algorithm = sequence(identifier('1.2.840.10045.4.3.2')) // ECDSA with SHA-256
  const body = sequence(
    tagged(0xa0, integer(Buffer.of(2))), // version 3
    integer(Buffer.concat([Buffer.of(1), randomBytes(8)])),
    algorithm,
    distinguishedName(issuer),
    sequence(time(Date.now() - DAY_MILLIS), time(Date.now() + DAY_MILLIS)),
    distinguishedName(subject),
    subjectKey.export({ type: 'spki', format: 'der' }),
    tagged(0xa3, sequence(...extensions)),
  )
  const certificate = sequence(body, algorithm, bits(sign('sha256', body, issuerKey)))
  const lines = certificate.toString('base64').replace(/.{64}/g, '$&\n')
  return `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`
}

const pem = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString()

const distinguishedName = (commonName: string): Buffer =>
  sequence(tagged(0x31, sequence(identifier('2.5.4.3'), tagged(0x0c, Buffer.from(commonName)))))

/** An extension; what comes before the last part says that it is critical. */
function extension(name: string, ...parts: readonly Buffer[]): Buffer {
  return sequence(identifier(name), ...parts.slice(0, -1), tagged(0x04, parts.at(-1) ?? Buffer.of()))
}

// ---- DER

/** A type, a length, and what is in it. */
function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content
  const long = length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.of(tag, ...(length < 128 ? [length] : long)), content])
}

const sequence = (...parts: readonly Buffer[]): Buffer => tagged(0x30, Buffer.concat(parts))
const integer = (content: Buffer): Buffer => tagged(0x02, content)
const bool = (value: boolean): Buffer => tagged(0x01, Buffer.of(value ? 0xff : 0))
const bits = (content: Buffer): Buffer => tagged(0x03, Buffer.concat([Buffer.of(0), content]))

/** GeneralizedTime would be wrong before 2050, and UTCTime has two digits for the year. */
function time(millis: number): Buffer {
  const text = new Date(millis).toISOString().replace(/[-:T]|\.\d+/g, '')
  return tagged(0x17, Buffer.from(text.slice(2)))
}

function identifier(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number)
  const bytes = [first * 40 + second]
  for (const arc of rest) {
    const digits = [arc % 128]
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      digits.unshift((left % 128) + 128)
    bytes.push(...digits)
  }
  return tagged(0x06, Buffer.from(bytes))
}

/** Addresses: `host:port`, with an IPv6 address in brackets. */

export interface Endpoint {
  readonly host: string
  readonly port: number
}

/** As long as a host name may be, with brackets, colon and port. */
const LONGEST = 263
const PATTERN = /^(?:\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\]|([\w.-]+)):(\d{1,5})$/

/** Gives null for what is no endpoint. */
export function parseEndpoint(text: string): Endpoint | null {
  if (text.length > LONGEST) return null
  const [, ipv6, name, digits] = PATTERN.exec(text) ?? []
  const host = ipv6 ?? name
  const port = Number(digits)
  return host === undefined || port < 1 || port > 65_535 ? null : { host, port }
}

export function formatEndpoint({ host, port }: Endpoint): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}

/** Whether what goes there stays on this machine. */
export function isLoopback(host: string): boolean {
  const plain = host.replace(/^::ffff:/, '')
  return plain === 'localhost' || plain === '::1' || /^127\.\d+\.\d+\.\d+$/.test(plain)
}

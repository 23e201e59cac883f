/** Which version of Synod this is. */
import { readFileSync } from 'node:fs'

/** As package.json has it. */
export function synodVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8')
  return (JSON.parse(text) as { version: string }).version // our own file
}

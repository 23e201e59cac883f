/** The log of a served member: JSON lines on stderr, one at a time, so that none is lost when the process ends. */
import { type DestinationStream, destination, type Logger as Pino, pino, stdSerializers } from 'pino'
import type { LogLevel } from './options.js'

const STDERR = 2

export function logTo(
  level: LogLevel,
  name: string,
  stream: DestinationStream = destination({ fd: STDERR, sync: true }),
): Pino {
  return pino({ level, base: { name }, serializers: { error: stdSerializers.err } }, stream)
}

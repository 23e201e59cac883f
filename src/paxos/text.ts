/**
 * Text as UTF-8. Most texts here are short and plain ASCII, for which a loop is several times as fast as the platform's
 * encoder with its crossing into native code.
 */

const encoder = new TextEncoder()
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** The longest text that the loops handle. */
const SHORT = 64

export function encodeText(text: string): Uint8Array {
  if (text.length > SHORT) return encoder.encode(text)
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code > 127) return encoder.encode(text)
    bytes[at] = code
  }
  return bytes
}

/** The text that a stretch of bytes holds; all of them unless told otherwise. */
export function decodeText(bytes: Uint8Array, from = 0, to: number = bytes.length): string {
  if (to - from > SHORT) return decoder.decode(bytes.subarray(from, to))
  let text = ''
  for (let at = from; at < to; at++) {
    const byte = bytes[at] ?? 0
    if (byte > 127) return decoder.decode(bytes.subarray(from, to))
    text += String.fromCharCode(byte)
  }
  return text
}

/** The same for people, on one line: what would break it is shown as in JSON. */
export function readableText(bytes: Uint8Array): string {
  const text = decodeText(bytes)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what would break the line.
  return /[\u0000-\u001f\u007f\ufffd]/.test(text) ? JSON.stringify(text) : text
}

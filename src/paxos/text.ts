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
  return writeShortText(bytes, 0, text) ? bytes : encoder.encode(text)
}

/** For texts of each length, the codes of the one that is being decoded. */
const CODES = Array.from({ length: SHORT + 1 }, (_, length) => new Array<number>(length).fill(0))

/** The text that a stretch of bytes holds; all of them unless told otherwise. */
export function decodeText(bytes: Uint8Array, from = 0, to: number = bytes.length): string {
  const codes = CODES[to - from]
  if (codes === undefined) return decoder.decode(bytes.subarray(from, to))
  for (let at = 0; at < codes.length; at++) {
    const byte = bytes[from + at] ?? 0
    if (byte > 127) return decoder.decode(bytes.subarray(from, to))
    codes[at] = byte
  }
  return String.fromCharCode(...codes) // in one piece: what is put together has to be copied before it is looked up
}

/** Writes a text where there is room for it, if it is short and plain; gives whether it was. */
export function writeShortText(bytes: Uint8Array, at: number, text: string): boolean {
  const { length } = text
  if (length > SHORT) return false
  for (let each = 0; each < length; each++) {
    const code = text.charCodeAt(each)
    if (code > 127) return false
    bytes[at + each] = code
  }
  return true
}

/** The same for people, on one line: what would break it is shown as in JSON. */
export function readableText(bytes: Uint8Array): string {
  const text = decodeText(bytes)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what would break the line.
  return /[\u0000-\u001f\u007f\ufffd]/.test(text) ? JSON.stringify(text) : text
}

/**
 * The only two globals beyond ECMAScript itself that the protocol uses. Every world that Synod runs in has
 * them, they are deterministic, and declaring them here keeps Node's and the browser's other types out.
 */
declare class TextEncoder {
  encode(text: string): Uint8Array
}
declare class TextDecoder {
  constructor(encoding: 'utf-8', options: { readonly ignoreBOM: true })
  decode(bytes: Uint8Array): string
}

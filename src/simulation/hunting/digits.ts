/**
 * A number in mixed radix: digits, each below a radix of its own, that are read back in the order in which they were
 * written, by whoever knows the radices.
 */

export class DigitWriter {
  readonly #digits: { readonly digit: bigint; readonly radix: bigint }[] = []

  /** A whole number from 0 up to but without `radix`. */
  write(digit: number | bigint, radix: number | bigint): void {
    this.#digits.push({ digit: BigInt(digit), radix: BigInt(radix) })
  }

  /** All of them as one number, which is never 0: above the last digit stands a 1, so that none can get lost. */
  get number(): bigint {
    return this.#digits.reduceRight((number, { digit, radix }) => number * radix + digit, 1n)
  }
}

export class DigitReader {
  #rest: bigint

  constructor(number: bigint) {
    this.#rest = number
  }

  /** The next digit, for a radix below 2^53. */
  read(radix: number): number {
    return Number(this.readBig(BigInt(radix)))
  }

  readBig(radix: bigint): bigint {
    const digit = this.#rest % radix
    this.#rest /= radix
    return digit
  }

  /** Every digit that was written has been read, and no more. */
  get ended(): boolean {
    return this.#rest === 1n
  }
}

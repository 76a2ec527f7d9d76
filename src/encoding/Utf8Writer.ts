/**
 * Builds a long text as UTF-8.
 *
 * **Details**
 *
 * In a string, each piece would be an object until the text is encoded. The
 * writer encodes each piece at once, so there is nothing for the garbage
 * collector.
 */

/** A UTF-16 unit takes at most so many bytes of UTF-8. */
const mostPerUnit = 3

/** The writer is faster than the encoder for shorter texts, because the encoder needs a view. */
const longText = 120

/** A number below 2^31 has at most so many digits. */
const mostDigits = 10
const zero = 0x30

/** A full writer still has this room, because the text that makes it full is longer than its capacity. */
const spared = 16_384

/** Waiting lines are encoded when they have so many characters together. */
const longestLines = 4096

const encoder = new TextEncoder()

export class Utf8Writer {
  readonly #capacity: number
  #bytes: Uint8Array<ArrayBuffer>
  #length = 0
  /** Lines that are not encoded yet. */
  #lines = ""

  /** Makes a writer that is full when it has `capacity` bytes. It still takes more. */
  constructor(capacity: number) {
    this.#capacity = capacity
    this.#bytes = new Uint8Array(capacity + spared)
  }

  /** Bytes written since the start or the last `take`. */
  get length(): number {
    if (this.#lines !== "") this.#encodeLines()
    return this.#length
  }

  /** Writes a whole line. Lines that follow each other are encoded together. */
  line(text: string): void {
    this.#lines += text
    if (this.#lines.length >= longestLines) this.#encodeLines()
  }

  /** Writes a part of a line. A lone surrogate, which is not UTF-8, becomes U+FFFD. */
  text(text: string): void {
    if (this.#lines !== "") this.#encodeLines()
    const { length } = text
    this.#reserve(length * mostPerUnit)
    const bytes = this.#bytes
    const start = this.#length
    const byHand = length < longText ? length : 0
    let index = 0
    while (index < byHand) {
      const code = text.charCodeAt(index)
      if (code > 0x7f) break
      bytes[start + index] = code
      index++
    }
    this.#length = start + index
    if (index < length) {
      this.#length += encoder.encodeInto(index === 0 ? text : text.slice(index), bytes.subarray(start + index)).written
    }
  }

  /** Writes a whole number from 0 to below 2^31. */
  integer(value: number): void {
    if (this.#lines !== "") this.#encodeLines()
    this.#reserve(mostDigits)
    let digits = 1
    for (let power = 10; power <= value; power *= 10) digits++
    this.#length += digits
    let at = this.#length
    let rest = value
    do {
      const tens = (rest / 10) | 0
      this.#bytes[--at] = zero + rest - tens * 10
      rest = tens
    } while (rest > 0)
  }

  /** Writes the bytes from `start` to `end` once more. */
  again(start: number, end: number): void {
    if (this.#lines !== "") this.#encodeLines()
    this.#reserve(end - start)
    this.#bytes.copyWithin(this.#length, start, end)
    this.#length += end - start
  }

  /** Whether the writer has as many bytes as it was made for. Lines that are not encoded yet do not count. */
  get isFull(): boolean {
    return this.#length >= this.#capacity
  }

  /** Gives the bytes, and starts afresh. The next write overwrites them. */
  take(): Uint8Array<ArrayBuffer> {
    if (this.#lines !== "") this.#encodeLines()
    const taken = this.#bytes.subarray(0, this.#length)
    this.#length = 0
    return taken
  }

  #encodeLines(): void {
    const lines = this.#lines
    this.#lines = ""
    this.#reserve(lines.length * mostPerUnit)
    this.#length += encoder.encodeInto(lines, this.#bytes.subarray(this.#length)).written
  }

  #reserve(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}

/** Encodes texts as UTF-8, each one when it is asked for. */
export function* encodeTexts(texts: Iterable<string>): Generator<Uint8Array<ArrayBuffer>, void> {
  for (const text of texts) yield encoder.encode(text)
}

/**
 * Builds one line as UTF-8 in memory that it uses again for the next line.
 *
 * **Details**
 *
 * A string made of many parts is copied before it is encoded, and every part is an object for the garbage collector.
 * Here each part goes to its final place at once.
 */

/** A UTF-16 unit takes at most so many bytes of UTF-8. */
export const mostPerUnit = 3

/** A piece is copied in steps of so many bytes. So there must be room for a whole step at its end. */
const step = 8

const minus = 0x2d
const zero = 0x30

const encoder = new TextEncoder()
const decoder = new TextDecoder("utf-8", { ignoreBOM: true })

const roundUp = (bytes: number): number => Math.ceil(bytes / step) * step

/** A text that is written often: its bytes are kept. */
export class Piece {
  #bytes = new Uint8Array(step)
  view = new DataView(this.#bytes.buffer)
  length = 0
  /** Bytes less UTF-16 units. */
  surplus = 0

  constructor(text = "") {
    if (text !== "") this.set(text)
  }

  /** Replaces the text. */
  set(text: string): void {
    const most = text.length * mostPerUnit
    if (most > this.#bytes.length) {
      this.#bytes = new Uint8Array(roundUp(most))
      this.view = new DataView(this.#bytes.buffer)
    }
    const { written } = encoder.encodeInto(text, this.#bytes)
    this.length = written
    this.surplus = written - text.length
  }
}

/** Memory of at least `size` bytes, and the same bytes in two views. */
export interface Space {
  readonly bytes: Uint8Array
  readonly view: DataView
}

export const makeSpace = (size: number): Space => {
  const bytes = new Uint8Array(size)
  return { bytes, view: new DataView(bytes.buffer) }
}

/** Gives larger memory with the same first `length` bytes. */
export const enlarge = ({ bytes }: Space, length: number, needed: number): Space => {
  const larger = makeSpace(Math.max(length + needed, bytes.length * 2))
  larger.bytes.set(bytes.subarray(0, length))
  return larger
}

/** Copies a piece to `at`. Up to seven more bytes behind it are written. */
export const putPiece = (target: DataView, at: number, { length, view }: Piece): number => {
  // No eight bytes of UTF-8 are a NaN, whose bits a copy might change.
  for (let index = 0; index < length; index += step) {
    target.setFloat64(at + index, view.getFloat64(index, true), true)
  }
  return at + length
}

/** Writes a text of characters in `plain`, a table of ASCII; gives -1 if the text has another character. */
export const putPlain = (bytes: Uint8Array, at: number, text: string, plain: Uint8Array): number => {
  const { length } = text
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index)
    if (code > 0x7f || plain[code] === 0) return -1
    bytes[at + index] = code
  }
  return at + length
}

/** Writes a text. A lone surrogate, which is not UTF-8, becomes U+FFFD. */
export const putText = (bytes: Uint8Array, at: number, text: string): number =>
  at + encoder.encodeInto(text, bytes.subarray(at)).written

/** Writes a whole number from -2^31 to below 2^31. */
export const putInteger = (bytes: Uint8Array, at: number, value: number): number => {
  let rest = value
  if (value < 0) {
    bytes[at++] = minus
    rest = -value
  }
  let end = at + 1
  for (let power = 10; power <= rest; power *= 10) end++
  let index = end
  do {
    const tens = (rest / 10) | 0
    bytes[--index] = zero + rest - tens * 10
    rest = tens
  } while (rest > 0)
  return end
}

/** The text of bytes that a {@link LineBytes} has written. */
export const textOfBytes = (bytes: Uint8Array, length: number): string => decoder.decode(bytes.subarray(0, length))

/**
 * Writes the wire format of Protocol Buffers.
 *
 * A nested message is written in place: `open` reserves room for its length, and
 * `close` writes the length.
 *
 * @see https://protobuf.dev/programming-guides/encoding/
 */

const wireVarint = 0
const wireFixed64 = 1
const wireBytes = 2
const wireFixed32 = 5

/** A tag and a 64-bit varint have at most so many bytes. */
const mostForScalar = 24
/** A UTF-16 unit takes at most so many bytes of UTF-8. */
const mostPerUnit = 3
/** The encoding doubles the number. The double of a larger number is not exact. */
const exactlyDoubled = 2 ** 52

const twoTo32 = 2 ** 32

/** The encoder is faster for longer texts. */
const longText = 40

const encoder = new TextEncoder()

export class ProtobufWriter {
  #bytes: Uint8Array<ArrayBuffer>
  #view: DataView
  #length = 0
  /** By field, the last id and its bytes. Spans of one trace, and of one parent, follow each other. */
  readonly #ids: Array<{ digits: string; readonly bytes: Uint8Array }> = []
  /** Where the values of open pairs begin. */
  readonly #pairs: Array<number> = []

  /** Makes a writer with room for so many bytes. It grows if it needs more. */
  constructor(capacity = 1024) {
    this.#bytes = new Uint8Array(Math.max(capacity, 1))
    this.#view = new DataView(this.#bytes.buffer)
  }

  /** Bytes written since the start or the last `take`. */
  get length(): number {
    return this.#length
  }

  /** Forgets what was written. */
  clear(): void {
    this.#length = 0
    this.#pairs.length = 0
  }

  /** Gives a copy of the bytes. The writer starts afresh. */
  take(): Uint8Array<ArrayBuffer> {
    const taken = this.#bytes.slice(0, this.#length)
    this.#length = 0
    return taken
  }

  /** Writes a whole number without a tag. Negative numbers are in two's complement, as in `int64` and `enum`. */
  varint(value: number | bigint): void {
    this.#reserve(mostForScalar)
    this.#varint(value)
  }

  /** Writes a field of type `int32`, `int64`, `uint32`, `uint64`, `bool` or `enum`. */
  integer(field: number, value: number | bigint): void {
    this.#reserve(mostForScalar)
    this.#tag(field, wireVarint)
    this.#varint(value)
  }

  /** Writes a whole number without a tag, as `sint32` and `sint64`: numbers near zero are short. */
  zigzag(value: number): void {
    this.#reserve(mostForScalar)
    if (Math.abs(value) < exactlyDoubled) {
      this.#varint(value < 0 ? -2 * value - 1 : 2 * value)
      return
    }
    const whole = wholeOf(value)
    this.#varint(whole < 0n ? whole * -2n - 1n : whole * 2n)
  }

  /** Writes a field of type `sint32` or `sint64`. */
  signed(field: number, value: number): void {
    this.#reserve(mostForScalar)
    this.#tag(field, wireVarint)
    this.zigzag(value)
  }

  /** Writes a field of type `double`. */
  double(field: number, value: number): void {
    this.#reserve(mostForScalar)
    this.#tag(field, wireFixed64)
    this.#view.setFloat64(this.#length, value, true)
    this.#length += 8
  }

  /** Writes a field of type `fixed64` or `sfixed64`. */
  fixed64(field: number, value: bigint): void {
    this.#reserve(mostForScalar)
    this.#tag(field, wireFixed64)
    this.#view.setBigUint64(this.#length, BigInt.asUintN(64, value), true)
    this.#length += 8
  }

  /** Writes a field of type `fixed32`. */
  fixed32(field: number, value: number): void {
    this.#reserve(mostForScalar)
    this.#tag(field, wireFixed32)
    this.#view.setUint32(this.#length, value, true)
    this.#length += 4
  }

  /** Writes a field of type `repeated double`, packed. */
  doubles(field: number, values: ReadonlyArray<number>): void {
    this.#openFixed(field, values.length)
    for (const value of values) {
      this.#view.setFloat64(this.#length, value, true)
      this.#length += 8
    }
  }

  /** Writes a field of type `repeated fixed64`, packed. The values are whole numbers up to 2^53. */
  fixed64s(field: number, values: ReadonlyArray<number>): void {
    this.#openFixed(field, values.length)
    for (const value of values) {
      this.#view.setUint32(this.#length, value % twoTo32, true)
      this.#view.setUint32(this.#length + 4, value / twoTo32, true)
      this.#length += 8
    }
  }

  /** Writes a field of type `bytes` from pairs of hexadecimal digits in lower case. */
  hex(field: number, digits: string): void {
    const count = digits.length >>> 1
    this.#reserve(mostForScalar + count)
    this.#tag(field, wireBytes)
    this.#varint(count)
    const bytes = this.#bytes
    const start = this.#length
    this.#length = start + count
    const known = this.#ids[field]
    if (known?.digits === digits) {
      for (let index = 0; index < count; index++) bytes[start + index] = known.bytes[index] as number
      return
    }
    for (let index = 0; index < count; index++) {
      bytes[start + index] = digit(digits.charCodeAt(2 * index)) << 4 | digit(digits.charCodeAt(2 * index + 1))
    }
    if (known === undefined) this.#ids[field] = { digits, bytes: bytes.slice(start, start + count) }
    else if (known.bytes.length === count) {
      known.digits = digits
      for (let index = 0; index < count; index++) known.bytes[index] = bytes[start + index] as number
    }
  }

  /** Writes a field of type `string`. A lone surrogate, which is not UTF-8, becomes U+FFFD. */
  string(field: number, text: string): void {
    const { length } = text
    this.#reserve(mostForScalar + length * mostPerUnit)
    this.#tag(field, wireBytes)
    const start = this.#length
    const body = start + widthOf(length)
    const bytes = this.#bytes
    const byHand = length < longText ? length : 0
    let index = 0
    while (index < byHand) {
      const code = text.charCodeAt(index)
      if (code > 0x7f) break
      bytes[body + index] = code
      index++
    }
    this.#length = body + index
    if (index < length) {
      this.#length += encoder.encodeInto(index === 0 ? text : text.slice(index), bytes.subarray(body + index)).written
    }
    this.#setLength(start, body)
  }

  /** Writes a field of type `bytes`, or a message that is encoded already. */
  bytes(field: number, bytes: Uint8Array): void {
    this.#reserve(mostForScalar)
    this.#tag(field, wireBytes)
    this.#varint(bytes.length)
    this.raw(bytes)
  }

  /** Writes bytes as they are. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length)
    this.#bytes.set(bytes, this.#length)
    this.#length += bytes.length
  }

  /** Writes the bytes of another writer, which starts afresh. */
  move(from: ProtobufWriter): void {
    this.raw(from.#bytes.subarray(0, from.#length))
    from.#length = 0
  }

  /** Starts a message or packed numbers. Its content is everything up to `close`. */
  open(field: number): number {
    this.#reserve(mostForScalar)
    this.#tag(field, wireBytes)
    return this.#length++
  }

  /** Ends a message. Its argument is the result of `open`. */
  close(start: number): void {
    this.#reserve(mostForScalar)
    this.#setLength(start, start + 1)
  }

  /** Starts a message whose first field is encoded already, and its field 2, which is a message. */
  openPair(field: number, key: Uint8Array): number {
    this.#reserve(2 * mostForScalar + key.length)
    this.#tag(field, wireBytes)
    const start = this.#length++
    this.#bytes.set(key, this.#length)
    this.#length += key.length
    this.#bytes[this.#length++] = 2 << 3 | wireBytes
    this.#pairs.push(this.#length++)
    return start
  }

  /** Writes such a pair, with a text in field 1 of the value. */
  textPair(field: number, key: Uint8Array, text: string): void {
    const { length } = text
    const keyLength = key.length
    const whole = keyLength + length + 4
    // Field numbers and lengths of one byte.
    if (field < 16 && whole < 0x80) {
      this.#reserve(whole + mostForScalar)
      const bytes = this.#bytes
      let at = this.#length
      bytes[at++] = field << 3 | wireBytes
      bytes[at++] = whole
      for (let index = 0; index < keyLength; index++) bytes[at++] = key[index] as number
      bytes[at++] = 2 << 3 | wireBytes
      bytes[at++] = length + 2
      bytes[at++] = 1 << 3 | wireBytes
      bytes[at++] = length
      if (length > longText) {
        if (encoder.encodeInto(text, bytes.subarray(at, at + length)).read === length) {
          this.#length = at + length
          return
        }
      } else {
        let index = 0
        for (; index < length; index++) {
          const code = text.charCodeAt(index)
          if (code > 0x7f) break
          bytes[at++] = code
        }
        if (index === length) {
          this.#length = at
          return
        }
      }
    }
    const start = this.openPair(field, key)
    this.string(1, text)
    this.closePair(start)
  }

  /** Ends both. Its argument is the result of `openPair`. */
  closePair(start: number): void {
    this.close(this.#pairs.pop() as number)
    this.close(start)
  }

  /** Writes the number of bytes after `body` at `start`, and moves these bytes up to it. */
  #setLength(start: number, body: number): void {
    const length = this.#length - body
    const moved = start + widthOf(length)
    if (moved !== body) this.#bytes.copyWithin(moved, body, this.#length)
    this.#length = start
    this.#varint(length)
    this.#length = moved + length
  }

  /** Starts so many packed values of eight bytes. No values need no field. */
  #openFixed(field: number, count: number): void {
    if (count === 0) return
    this.#reserve(mostForScalar + 8 * count)
    this.#tag(field, wireBytes)
    this.#varint(8 * count)
  }

  #tag(field: number, wireType: number): void {
    this.#varint((field << 3 | wireType) >>> 0)
  }

  /** The caller has reserved the room. */
  #varint(value: number | bigint): void {
    if (typeof value === "bigint" || !(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) {
      this.#varintOfBigInt(BigInt.asUintN(64, wholeOf(value)))
      return
    }
    let rest = value
    while (rest > 0x7fff_ffff) {
      this.#bytes[this.#length++] = rest % 0x80 | 0x80
      rest = Math.floor(rest / 0x80)
    }
    while (rest > 0x7f) {
      this.#bytes[this.#length++] = rest & 0x7f | 0x80
      rest >>>= 7
    }
    this.#bytes[this.#length++] = rest
  }

  #varintOfBigInt(value: bigint): void {
    let rest = value
    while (rest > 0x7fn) {
      this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    this.#bytes[this.#length++] = Number(rest)
  }

  #reserve(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
    this.#view = new DataView(grown.buffer)
  }
}

/** NaN and infinities become 0. */
const wholeOf = (value: number | bigint): bigint =>
  typeof value === "bigint" ? value : Number.isFinite(value) ? BigInt(Math.trunc(value)) : 0n

/** How many bytes a length has as a varint. */
const widthOf = (length: number): number =>
  length < 0x80 ? 1 : length < 0x4000 ? 2 : length < 0x20_0000 ? 3 : length < 0x1000_0000 ? 4 : 5

/** Gives the value of a hexadecimal digit from its code. */
const digit = (code: number): number => code < 0x3a ? code - 0x30 : code - 0x57

/**
 * Writes messages in the JSON encoding of Protocol Buffers, with ids as hexadecimal digits as OTLP has them.
 *
 * **Details**
 *
 * It writes bytes. Names and keys repeat, so their bytes are remembered and copied.
 */
import type { MessageWriter } from "./MessageWriter.ts"
import { keyText, RememberedBytes } from "./RememberedBytes.ts"

/** Room to begin with. */
const capacity = 65_536

/** A UTF-16 unit takes at most so many bytes of UTF-8. */
const mostPerUnit = 3
/** Signs of JSON around a value, and a number. */
const mostForScalar = 40

/** The encoder is faster for longer texts. */
const longText = 48
/** A loop is faster for fewer bytes. */
const shortCopy = 24

/** A text that JSON writes as it is. */
const plain = /^[ !#-[\]-~]*$/

const quote = 0x22
const comma = 0x2c
const zero = 0x30
const backslash = 0x5c
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

const mostDigits = 1e9
const nanosPerSecond = 1_000_000_000n

const encoder = new TextEncoder()

export class JsonMessage implements MessageWriter {
  #bytes = new Uint8Array(capacity)
  #length = 0
  /** The sign before the next field or item. */
  #before = openBrace
  /** By field, the last name and its bytes: most fields have one name. */
  readonly #lastNames: Array<{ name: string; bytes: Uint8Array }> = []
  /** A name with what stands around it, `"name":`, and a place for the sign before it. */
  readonly #names = new RememberedBytes((name) => encoder.encode(`,"${name}":`))
  /** A key with what stands around it: `{"key":"…","value":`. */
  readonly #keys = new RememberedBytes((key) => encoder.encode(`{"key":${JSON.stringify(keyText(key))},"value":`))
  /** The same for a text: `{"key":"…","value":{"stringValue":`. */
  readonly #textKeys = new RememberedBytes((key) =>
    encoder.encode(`{"key":${JSON.stringify(keyText(key))},"value":{"stringValue":`)
  )
  /** By field, the last id and where it was written. Spans of one trace, and of one parent, follow each other. */
  #ids: Array<{ hex: string; start: number }> = []
  /** A whole second, in nanoseconds, and its digits. Times in one message are close to each other. */
  #second = 0n
  #secondDigits = new Uint8Array()

  text(field: number, name: string, value: string): void {
    this.#name(field, name)
    this.#text(value)
  }

  id(field: number, name: string, hex: string): void {
    this.#name(field, name)
    const { length } = hex
    this.#reserve(length * mostPerUnit + mostForScalar)
    const bytes = this.#bytes
    const start = this.#length
    this.#length = start + length + 2
    const written = this.#ids[field]
    if (written?.hex === hex) {
      bytes.copyWithin(start, written.start, written.start + length + 2)
      return
    }
    bytes[start] = quote
    for (let index = 0; index < length; index++) bytes[start + 1 + index] = hex.charCodeAt(index)
    bytes[start + length + 1] = quote
    if (written === undefined) this.#ids[field] = { hex, start }
    else {
      written.hex = hex
      written.start = start
    }
  }

  flag(field: number, name: string, value: boolean): void {
    this.#name(field, name)
    this.#ascii(value ? "true" : "false")
  }

  integer(field: number, name: string, value: number): void {
    this.#name(field, name)
    this.#whole(value)
  }

  signed(field: number, name: string, value: number): void {
    this.#name(field, name)
    this.#whole(value)
  }

  fixed32(field: number, name: string, value: number): void {
    this.#name(field, name)
    this.#whole(value)
  }

  int64(field: number, name: string, value: number | bigint): void {
    this.#name(field, name)
    this.#reserve(mostForScalar)
    this.#bytes[this.#length++] = quote
    this.#whole(value)
    this.#bytes[this.#length++] = quote
  }

  fixed64(field: number, name: string, value: bigint): void {
    this.#name(field, name)
    let nanos = Number(value - this.#second)
    if (this.#second === 0n || !(nanos >= 0 && nanos < mostDigits)) {
      // As in the binary encoding, 64 bits are left of a number that has more.
      const bits = BigInt.asUintN(64, value)
      if (bits < nanosPerSecond) return this.#ascii(`"${bits}"`)
      const seconds = bits / nanosPerSecond
      this.#second = seconds * nanosPerSecond
      this.#secondDigits = encoder.encode(`"${seconds}`)
      nanos = Number(bits - this.#second)
    }
    const digits = this.#secondDigits
    const { length } = digits
    this.#reserve(length + mostForScalar)
    const bytes = this.#bytes
    const start = this.#length
    for (let index = 0; index < length; index++) bytes[start + index] = digits[index] as number
    this.#length = start + length
    this.#digits(nanos, 9)
    bytes[this.#length++] = quote
  }

  double(field: number, name: string, value: number): void {
    this.#name(field, name)
    this.#ascii(doubleOf(value))
  }

  doubles(field: number, name: string, values: ReadonlyArray<number>): void {
    this.#name(field, name)
    this.#ascii(`[${values.map(doubleOf).join(",")}]`)
  }

  fixed64s(field: number, name: string, values: ReadonlyArray<number>): void {
    this.#name(field, name)
    this.#ascii(wholes(values))
  }

  uint64s(field: number, name: string, values: ReadonlyArray<number>): void {
    this.#name(field, name)
    this.#ascii(wholes(values))
  }

  open(field: number, name: string): number {
    this.#name(field, name)
    this.#before = openBrace
    return 0
  }

  openList(name: string): void {
    this.#name(0, name)
    this.#before = openBracket
  }

  openItem(_field: number): number {
    this.#sign(this.#before)
    this.#before = openBrace
    return 0
  }

  openPair(_field: number, key: string): number {
    this.#sign(this.#before)
    this.#copy(this.#keys.of(key))
    this.#before = openBrace
    return 0
  }

  textPair(_field: number, key: string, text: string): void {
    this.#sign(this.#before)
    this.#before = comma
    this.#copy(this.#textKeys.of(key))
    this.#text(text)
    this.#reserve(mostForScalar)
    this.#bytes[this.#length++] = closeBrace
    this.#bytes[this.#length++] = closeBrace
  }

  closePair(_opened: number): void {
    this.#end(openBrace, closeBrace)
    this.#sign(closeBrace)
  }

  close(_opened: number): void {
    this.#end(openBrace, closeBrace)
  }

  closeList(): void {
    this.#end(openBracket, closeBracket)
  }

  clear(): void {
    this.#length = 0
    this.#ids = []
    this.#before = openBrace
  }

  take(): Uint8Array<ArrayBuffer> {
    this.#end(openBrace, closeBrace)
    const taken = this.#bytes.slice(0, this.#length)
    this.clear()
    return taken
  }

  /** An empty message or list has not been begun yet. */
  #end(opening: number, closing: number): void {
    if (this.#before === opening) this.#sign(opening)
    this.#sign(closing)
    this.#before = comma
  }

  #sign(code: number): void {
    this.#reserve(mostForScalar)
    this.#bytes[this.#length++] = code
  }

  #name(field: number, name: string): void {
    const last = this.#lastNames[field]
    const from = last?.name === name ? last.bytes : this.#newName(field, name)
    const { length } = from
    this.#reserve(length + mostForScalar)
    const bytes = this.#bytes
    const start = this.#length
    bytes[start] = this.#before
    for (let index = 1; index < length; index++) bytes[start + index] = from[index] as number
    this.#length = start + length
    this.#before = comma
  }

  #newName(field: number, name: string): Uint8Array {
    const bytes = this.#names.of(name)
    const last = this.#lastNames[field]
    if (last === undefined) this.#lastNames[field] = { name, bytes }
    else {
      last.name = name
      last.bytes = bytes
    }
    return bytes
  }

  #copy(from: Uint8Array): void {
    const { length } = from
    this.#reserve(length + mostForScalar)
    if (length > shortCopy) this.#bytes.set(from, this.#length)
    else {
      const bytes = this.#bytes
      const start = this.#length
      for (let index = 0; index < length; index++) bytes[start + index] = from[index] as number
    }
    this.#length += length
  }

  #text(text: string): void {
    const { length } = text
    if (length > longText) {
      if (!plain.test(text)) return this.#encode(quoted(text))
      this.#sign(quote)
      this.#encode(text)
      return this.#sign(quote)
    }
    this.#reserve(length + mostForScalar)
    const bytes = this.#bytes
    const start = this.#length
    let at = start
    bytes[at++] = quote
    for (let index = 0; index < length; index++) {
      const code = text.charCodeAt(index)
      if (code < 0x20 || code > 0x7e || code === quote || code === backslash) return this.#encode(quoted(text))
      bytes[at++] = code
    }
    bytes[at++] = quote
    this.#length = at
  }

  #encode(text: string): void {
    this.#reserve(text.length * mostPerUnit + mostForScalar)
    this.#length += encoder.encodeInto(text, this.#bytes.subarray(this.#length)).written
  }

  /** Writes a short text of ASCII. */
  #ascii(text: string): void {
    const { length } = text
    this.#reserve(length + mostForScalar)
    const bytes = this.#bytes
    let at = this.#length
    for (let index = 0; index < length; index++) bytes[at++] = text.charCodeAt(index)
    this.#length = at
  }

  #whole(value: number | bigint): void {
    if (typeof value === "bigint" || !(value >= 0 && value < mostDigits && Number.isInteger(value))) {
      return this.#ascii(`${value}`)
    }
    let count = 1
    for (let power = 10; power <= value; power *= 10) count++
    this.#reserve(mostForScalar)
    this.#digits(value, count)
  }

  /** Writes a whole number below 10^9 with so many digits. */
  #digits(value: number, count: number): void {
    const bytes = this.#bytes
    const start = this.#length
    let rest = value | 0
    for (let at = start + count - 1; at >= start; at--) {
      const tens = (rest / 10) | 0
      bytes[at] = zero + rest - tens * 10
      rest = tens
    }
    this.#length = start + count
  }

  #reserve(count: number): void {
    const needed = this.#length + count
    if (needed <= this.#bytes.length) return
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
  }
}

/** A text with escapes. A lone surrogate becomes U+FFFD. */
const quoted = (text: string): string => JSON.stringify(text.toWellFormed())

/** What has no number in JSON is a text. */
const doubleOf = (value: number): string => Number.isFinite(value) ? `${value}` : `"${value}"`

/** 64-bit whole numbers are texts. */
const wholes = (values: ReadonlyArray<number>): string => values.length === 0 ? "[]" : `["${values.join("\",\"")}"]`

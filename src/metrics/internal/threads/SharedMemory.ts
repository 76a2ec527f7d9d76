/**
 * Memory that a worker thread writes and the main thread reads: numbers of
 * series, and a directory of the series.
 *
 * **Details**
 *
 * The memory has one writer. The directory is a list of entries, one JSON text a
 * line. The writer first writes the bytes of an entry and reserves its numbers,
 * then moves the end of the directory atomically. So a reader sees a whole series
 * or none, and sees it before its first measurement. Numbers are added to without
 * locks. A copy may miss the latest measurement.
 *
 * Memory is never freed, so the counts of a thread that dies remain.
 */
import { quoteValue } from "../../../redaction/internal/quoteValue.ts"
import type { Checked } from "../model/MetricDeclaration.ts"
import type { MetricPort } from "../model/MetricStoreShape.ts"
import type { Reading } from "../store/SeriesNumbers.ts"

/** An entry of the directory. */
export type Entry =
  | { readonly metric: Omit<Checked, "site"> }
  | {
    /** Number of the metric: metrics are numbered in the order of their entries. */
    readonly of: number
    /** Position of the numbers, as an index of the array. */
    readonly base: number
    readonly startMillis: number
    /** `null` for the overflow series. */
    readonly values: ReadonlyArray<string> | null
  }
  /** The series at this position has expired. */
  | { readonly of: number; readonly expired: number }

const firstBytes = 65_536
/** Memory for a few series. */
const leastBytes = 1024
const numberBytes = Float64Array.BYTES_PER_ELEMENT
/** Bytes before the entries, for the end of the directory. */
const headerBytes = 8
const newline = 10
/** One byte of so many belongs to the directory. */
const directoryShare = 4

/** Makes memory that grows with its series, up to `maximumBytes`. It throws a `RangeError` if that is too little. */
export const create = (maximumBytes: number): MetricPort => {
  if (!Number.isSafeInteger(maximumBytes) || maximumBytes < leastBytes) {
    throw new RangeError(
      `expected a whole number of at least ${leastBytes} at maximumBytes, got ${quoteValue(maximumBytes)}`
    )
  }
  const buffer = (maxByteLength: number) =>
    new SharedArrayBuffer(Math.min(firstBytes, maxByteLength), { maxByteLength })
  const directory = Math.ceil(maximumBytes / directoryShare)
  const numbers = Math.max(maximumBytes - directory, numberBytes)
  return { directory: buffer(directory), numbers: buffer(numbers - numbers % numberBytes) }
}

/** The writing side of the memory. */
export class SharedMemoryWriter {
  readonly #port: MetricPort
  readonly #header: Int32Array
  readonly #encoder = new TextEncoder()
  #usedNumbers = 0
  /** Bytes that are reserved for entries of overflow series. */
  #keptBytes = 0
  #metrics = 0

  constructor(port: MetricPort) {
    this.#port = port
    this.#header = new Int32Array(port.directory, 0, 1)
  }

  /** All numbers so far. */
  get numbers(): Float64Array {
    return new Float64Array(this.#port.numbers, 0, this.#port.numbers.byteLength / numberBytes)
  }

  /** Copies all numbers. The metrics of one reading share the copy. */
  copy(reading: Reading): Float64Array {
    const copy = reading.get(this) ?? this.numbers.slice(0, this.#usedNumbers)
    reading.set(this, copy)
    return copy
  }

  /**
   * Adds a metric and reserves room for its overflow series. Gives the number of
   * the metric and the position of that series; `undefined` if there is no room.
   */
  addMetric(declaration: Checked, stride: number): { readonly number: number; readonly overflow: number } | undefined {
    const { site: _, ...metric } = declaration
    const overflow = this.#reserve(stride)
    if (overflow === undefined || !this.#publish({ metric }, overflowEntryBytes)) return undefined
    this.#keptBytes += overflowEntryBytes
    return { number: this.#metrics++, overflow }
  }

  /** Adds a series and gives the position of its numbers; `undefined` if there is no room. */
  addSeries(of: number, stride: number, values: ReadonlyArray<string>, startMillis: number): number | undefined {
    const base = this.#reserve(stride)
    return base !== undefined && this.#publish({ of, base, startMillis, values }) ? base : undefined
  }

  /** Adds the overflow series of a metric. There is always room for its entry. */
  showOverflow(of: number, base: number, startMillis: number): void {
    this.#keptBytes -= overflowEntryBytes
    this.#publish({ of, base, startMillis, values: null })
  }

  /** Says that a series has expired. Without room for the entry, the series stays. */
  expire(of: number, base: number): void {
    this.#publish({ of, expired: base })
  }

  /** Says that an overflow series has expired, if there is room to add it again later. */
  expireOverflow(of: number, base: number): boolean {
    const isShown = this.#publish({ of, expired: base }, overflowEntryBytes)
    if (isShown) this.#keptBytes += overflowEntryBytes
    return isShown
  }

  #reserve(stride: number): number | undefined {
    const base = this.#usedNumbers
    const end = base + stride
    if (!growTo(this.#port.numbers, end * numberBytes)) return undefined
    this.#usedNumbers = end
    return base
  }

  #publish(entry: Entry, andKeep: number = 0): boolean {
    const bytes = this.#encoder.encode(`${JSON.stringify(entry)}\n`)
    const start = this.#header[0] as number
    const end = start + bytes.length
    const { directory } = this.#port
    if (headerBytes + end + this.#keptBytes + andKeep > directory.maxByteLength) return false
    if (!growTo(directory, headerBytes + end)) return false
    new Uint8Array(directory, headerBytes + start, bytes.length).set(bytes)
    Atomics.store(this.#header, 0, end)
    return true
  }
}

/** Longest entry of an overflow series. */
const overflowEntryBytes = 128

const growTo = (buffer: SharedArrayBuffer, bytes: number): boolean => {
  if (bytes <= buffer.byteLength) return true
  if (bytes > buffer.maxByteLength) return false
  buffer.grow(Math.min(Math.max(buffer.byteLength * 2, bytes + (-bytes & 7)), buffer.maxByteLength))
  return true
}

/** The reading side of the memory. */
export class SharedMemoryReader {
  readonly #port: MetricPort
  readonly #header: Int32Array
  readonly #decoder = new TextDecoder()
  #read = 0

  constructor(port: MetricPort) {
    this.#port = port
    this.#header = new Int32Array(port.directory, 0, 1)
  }

  /** Bytes of all entries so far. */
  get end(): number {
    return Atomics.load(this.#header, 0)
  }

  /** Bytes of the entries that {@link entries} has given. */
  get read(): number {
    return this.#read
  }

  /** Bytes of the memory so far. */
  get bytes(): number {
    return this.#port.directory.byteLength + this.#port.numbers.byteLength
  }

  /** Gives the next entries within so many bytes, and at least one if there is any. */
  entries(maximumBytes: number): ReadonlyArray<Entry> {
    const all = this.end - this.#read
    if (all === 0) return []
    const first = this.#bytes(Math.min(all, maximumBytes))
    const length = first.lastIndexOf(newline) + 1
    const bytes = length > 0 ? first.subarray(0, length) : this.#bytes(all)
    const end = length > 0 ? length : bytes.indexOf(newline) + 1
    this.#read += end
    const text = this.#decoder.decode(bytes.subarray(0, end - 1))
    return text.split("\n").map((line) => JSON.parse(line) as Entry)
  }

  /** Copied, because a decoder does not take shared memory. */
  #bytes(length: number): Uint8Array {
    return new Uint8Array(this.#port.directory, headerBytes + this.#read, length).slice()
  }

  /** The live numbers up to `end`. */
  numbers(end: number): Float64Array {
    return new Float64Array(this.#port.numbers, 0, end)
  }
}

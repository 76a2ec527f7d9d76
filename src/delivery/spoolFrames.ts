/**
 * The file format of the spool. Pure.
 *
 * **Details**
 *
 * A segment is a row of frames. A process that is killed can leave a frame half written, and a disk can return other
 * bytes than were written. A reader skips such bytes up to the next whole frame.
 *
 * | bytes | field |
 * | --- | --- |
 * | 4 | the mark `TSF1` |
 * | 1 | kind |
 * | 8 | number: a double |
 * | 4 | length of the content |
 * | 4 | CRC-32 of kind, number, length and content |
 * | … | content |
 *
 * - *head*: what the records of the segment share. The number is the time of the segment in epoch milliseconds.
 * - *record*: one record. The records of a segment are numbered from 0.
 * - *done*: the records from the number up to, not including, the number in the content need not be sent.
 */
import { crc32 } from "../encoding/crc32.ts"
import type { Envelope } from "./otlpParts.ts"

/** What the records of one segment share. */
export interface Head extends Envelope {
  /** Epoch milliseconds. */
  readonly time: number
}

/** What a segment holds. */
export interface Content {
  readonly head: Head | undefined
  /** Records that are not done, by number. */
  readonly records: ReadonlyMap<number, Uint8Array>
  /** Records that were written and cannot be read, at least. */
  readonly corrupt: number
}

const mark = [0x54, 0x53, 0x46, 0x31] as const
const kindHead = 0
const kindRecord = 1
const kindDone = 2
/** Kinds of frames that are no records. */
const kindsOfSegment: ReadonlyArray<number | undefined> = [kindHead, kindDone]
const headerSize = 21
const numberSize = 8

/** Bytes that a writer has room for at first. */
const initialSize = 4096

const protocols: ReadonlyArray<Envelope["protocol"]> = ["http/protobuf", "http/json"]

/** Bytes that a record takes in a segment. */
export const sizeOf = (record: Uint8Array): number => headerSize + record.length

/** Writes frames one behind the other, into memory that is used again. */
export class FrameWriter {
  #bytes = new Uint8Array(initialSize)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  get length(): number {
    return this.#length
  }

  head({ protocol, resource, scope, time }: Head): void {
    const start = this.#open(kindHead, time, 5 + resource.length + scope.length)
    this.#bytes[start] = protocols.indexOf(protocol)
    this.#view.setUint32(start + 1, resource.length)
    this.#bytes.set(resource, start + 5)
    this.#bytes.set(scope, start + 5 + resource.length)
    this.#close(start)
  }

  record(number: number, bytes: Uint8Array): void {
    const start = this.#open(kindRecord, number, bytes.length)
    this.#bytes.set(bytes, start)
    this.#close(start)
  }

  /** Marks records as done, with a frame for each range of numbers. */
  done(numbers: Iterable<number>): void {
    const sorted = [...numbers].sort((left, right) => left - right)
    for (let first = 0; first < sorted.length;) {
      let end = first + 1
      while (end < sorted.length && sorted[end] === (sorted[end - 1] as number) + 1) end++
      const start = this.#open(kindDone, sorted[first] as number, numberSize)
      this.#view.setFloat64(start, (sorted[end - 1] as number) + 1)
      this.#close(start)
      first = end
    }
  }

  /** Gives the frames. The bytes are valid until the next frame is written. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#length)
    this.#length = 0
    return taken
  }

  /** Starts a frame. Gives the start of its content. */
  #open(kind: number, number: number, length: number): number {
    this.#reserve(headerSize + length)
    const at = this.#length
    this.#bytes.set(mark, at)
    this.#bytes[at + 4] = kind
    this.#view.setFloat64(at + 5, number)
    this.#view.setUint32(at + 13, length)
    this.#length += headerSize + length
    return at + headerSize
  }

  /** Ends a frame. */
  #close(start: number): void {
    const at = start - headerSize
    this.#view.setUint32(at + 17, checksum(this.#bytes, at, this.#length - start))
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

/** The checksum covers everything but the mark and itself. */
const checksum = (bytes: Uint8Array, start: number, length: number): number =>
  crc32(bytes, start + headerSize, start + headerSize + length, crc32(bytes, start + 4, start + 17))

/** The mark of the format in a file, if another version of this package has written it. Any mark is `TSF` and a digit. */
export const otherFormat = (bytes: Uint8Array): string | undefined => {
  const text = String.fromCharCode(...bytes.subarray(0, mark.length))
  return /^TSF\d$/.test(text) && mark.some((byte, index) => byte !== bytes[index]) ? text : undefined
}

/** Reads everything of a segment that is whole. */
export const read = (bytes: Uint8Array): Content => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const records = new Map<number, Uint8Array>()
  const isDone = new Set<number>()
  let head: Head | undefined
  /** One more than the last number of a whole record. */
  let next = 0
  /** Bytes after the last whole record may have been a record. */
  let isTorn = false
  let isSkipping = false
  let at = 0
  while (at < bytes.length) {
    const size = wholeFrame(bytes, view, at)
    if (size === undefined) {
      if (!isSkipping) isTorn ||= !isMark(bytes, at) || !kindsOfSegment.includes(bytes[at + 4])
      isSkipping = true
      at++
      continue
    }
    isSkipping = false
    const number = view.getFloat64(at + 5)
    const content = bytes.subarray(at + headerSize, at + size)
    if (bytes[at + 4] === kindRecord) {
      records.set(number, content)
      next = Math.max(next, number + 1)
      isTorn = false
    } else if (bytes[at + 4] === kindDone && content.length === numberSize) {
      const end = Math.min(view.getFloat64(at + headerSize), number + mostRecords)
      for (let each = number; each < end; each++) isDone.add(each)
    } else if (bytes[at + 4] === kindHead) head = readHead(content, number) ?? head
    at += size
  }
  let corrupt = isTorn ? 1 : 0
  for (let number = 0; number < next; number++) if (!records.has(number) && !isDone.has(number)) corrupt++
  for (const number of isDone) records.delete(number)
  return { head, records, corrupt }
}

/** A segment has no more records. */
const mostRecords = 2 ** 24

/** The size of the frame at a position, if it is whole. */
const wholeFrame = (bytes: Uint8Array, view: DataView, at: number): number | undefined => {
  if (at + headerSize > bytes.length || !isMark(bytes, at)) return undefined
  const length = view.getUint32(at + 13)
  if (length > bytes.length - at - headerSize) return undefined
  return view.getUint32(at + 17) === checksum(bytes, at, length) ? headerSize + length : undefined
}

const isMark = (bytes: Uint8Array, at: number): boolean =>
  bytes[at] === mark[0] && bytes[at + 1] === mark[1] && bytes[at + 2] === mark[2] && bytes[at + 3] === mark[3]

const readHead = (content: Uint8Array, time: number): Head | undefined => {
  if (content.length < 5) return undefined
  const protocol = protocols[content[0] as number]
  const end = 5 + new DataView(content.buffer, content.byteOffset).getUint32(1)
  if (protocol === undefined || end > content.length) return undefined
  return { protocol, resource: content.subarray(5, end), scope: content.subarray(end), time }
}

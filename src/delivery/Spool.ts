/**
 * The records of one signal on disk.
 *
 * **Details**
 *
 * A record is on disk as a *copy*, while memory has it too, or it is *spooled*: only the disk has it. A copy becomes
 * spooled when memory has no place for its record any more. So a full queue mostly gives up what is written already.
 *
 * Records are appended to segments. A segment has the marks of its own records that are done. So each segment can be
 * read, sent and removed without the others. A segment is removed once all its records are done.
 *
 * If the disk fails, records stay in memory alone. The disk is tried again after a pause.
 */
import { guard, orElse } from "../internal/guard.ts"
import type { Protocol } from "./Otlp.ts"
import type { Envelope } from "./otlpParts.ts"
import type { SpoolFile, SpoolFolder } from "./SpoolFolder.ts"
import * as spoolFrames from "./spoolFrames.ts"
import { SpoolSegment } from "./SpoolSegment.ts"
import { Wakeup } from "./Wakeup.ts"

export interface Options<in A> {
  readonly folder: SpoolFolder
  readonly envelope: Envelope
  readonly encode: (record: A) => Uint8Array
  /** Largest size of all files, also those of earlier processes. */
  readonly maximumBytes: number
  /** Milliseconds after which a record is not sent any more. */
  readonly maximumAge: number
  /** Epoch milliseconds. */
  readonly now: () => number
  /** Milliseconds that pass, also while the clock is set. */
  readonly elapsed: () => number
  /** Called when the disk takes no more records, with the reason; and with `undefined` when it takes them again. */
  readonly report: (problem: string | undefined) => void
  /** Called when a file cannot be read, with the reason. */
  readonly reportUnreadable: (problem: string) => void
  /** Whether the receiver takes an encoding. Files of an earlier process can have another one. */
  readonly canSend: (protocol: Protocol) => boolean
  /** Called when a file stays on disk because of its encoding. */
  readonly reportUnsendable: (protocol: Protocol) => void
}

interface Place {
  /** The last round of `sync` in which memory had the record. */
  round: number
  readonly segment: SpoolSegment
  readonly number: number
}

/** What became of records, from the first one on. The records after them have no room. */
export interface Kept {
  readonly count: number
  /** Which of them can never be written, and why. */
  readonly lost: ReadonlyMap<number, "failed" | "too_large">
}

/** Records to send. */
export interface Load {
  readonly envelope: Envelope
  readonly records: ReadonlyArray<readonly [number: number, bytes: Uint8Array]>
  /** Records that the disk did not give back. */
  readonly corrupt: number
  /** Records that this process had not read before. */
  readonly replayed: number
  /** Whether the records are too old. */
  readonly isExpired: boolean
  /** Marks records as done. */
  readonly settle: (numbers: ReadonlyArray<number>) => void
}

const largestSegment = 1_048_576
/** A full spool has so many segments at least, so that room comes back piece by piece. */
const fewestSegments = 16
/** A segment of records of similar age expires as a whole. */
const agesOfSegment = 16
/** The rest is for copies: records that are in memory stay safe while spooled ones wait. */
const shareOfSpooled = 0.75
/** How full the spool is before sparse segments are given up, and how many of the records of these are copies. */
const shareBeforeCleaning = 0.5
const shareOfSparse = 0.25
/** Milliseconds between two tries of a disk that failed. */
const pause = 10_000

const messageOf = (error: unknown): string => error instanceof Error ? error.message : String(error)

/** Gives the first result that is not `undefined`. The results after it are not made. */
const firstOf = <A, B>(items: ReadonlyArray<A>, f: (item: A) => B | undefined): B | undefined => {
  for (const item of items) {
    const result = f(item)
    if (result !== undefined) return result
  }
  return undefined
}

export class Spool<A> {
  readonly #options: Options<A>
  readonly #segmentBytes: number
  readonly #segments: Array<SpoolSegment> = []
  /** Files of earlier processes that were not read yet. */
  readonly #adopted: Array<SpoolFile> = []
  readonly #copies = new Map<A, Place>()
  /** Records that memory has and that can never be written. */
  readonly #memoryAlone = new Set<A>()
  /** Size of a segment without records. */
  readonly #headBytes: number
  /** Frames that were not written yet; none between two calls. */
  readonly #frames = new spoolFrames.FrameWriter()
  #bytes = 0
  #round = 0
  #tryAt = -Infinity
  #isInTrouble = false
  /** Wakes when records become spooled. */
  readonly changed = new Wakeup()

  constructor(options: Options<A>) {
    this.#options = options
    this.#segmentBytes = Math.min(largestSegment, options.maximumBytes / fewestSegments)
    this.#frames.head({ ...options.envelope, time: 0 })
    this.#headBytes = this.#frames.take().length
  }

  /** Whether a full queue may move records here. */
  get hasRoom(): boolean {
    return this.#bytes < shareOfSpooled * this.#options.maximumBytes
  }

  /** Takes the records that memory has now: writes copies of new ones, and marks those as done that are gone. */
  sync(records: ReadonlyArray<A>): void {
    this.#round++
    const added: Array<A> = []
    let copied = 0
    for (const record of records) {
      const place = this.#copies.get(record)
      if (place !== undefined) {
        place.round = this.#round
        copied++
      } else if (!this.#memoryAlone.has(record)) added.push(record)
    }
    for (const record of this.#memoryAlone) if (!records.includes(record)) this.#memoryAlone.delete(record)
    // A run can have many records that wait for its end. If nothing is gone, they are not looked at again.
    if (copied < this.#copies.size) this.#forget()
    this.#copy(added)
    if (this.#bytes > shareBeforeCleaning * this.#options.maximumBytes) this.#clean()
  }

  /** Marks copies as done that memory no longer has. */
  #forget(): void {
    const gone = new Map<SpoolSegment, Array<number>>()
    for (const [record, { number, round, segment }] of this.#copies) {
      if (round === this.#round) continue
      this.#copies.delete(record)
      const numbers = gone.get(segment)
      if (numbers === undefined) gone.set(segment, [number])
      else numbers.push(number)
    }
    for (const [segment, numbers] of gone) this.#settle(segment, numbers)
  }

  /** Takes records that memory gives up. */
  keep(records: ReadonlyArray<A>): Kept {
    const isNew = records.map((record) => !this.#copies.has(record))
    const { count: added, lost } = this.#append(records.filter((_, index) => isNew[index]), (_, place) => {
      place.segment.spooled.add(place.number)
    })
    const lostOf = new Map<number, "failed" | "too_large">()
    let count = 0
    let new_ = 0
    for (; count < records.length; count++) {
      const record = records[count] as A
      if (isNew[count] === true) {
        if (new_ === added) break
        const why = lost.get(new_++)
        if (why !== undefined) lostOf.set(count, why)
        continue
      }
      const { number, segment } = this.#copies.get(record) as Place
      this.#copies.delete(record)
      segment.copies.delete(number)
      segment.spooled.add(number)
    }
    if (count > 0) this.changed.wake()
    return { count, lost: lostOf }
  }

  /** Takes over the files of processes that have ended. */
  adopt(): void {
    guard(() => {
      for (const file of this.#options.folder.adopt()) {
        this.#adopted.push(file)
        this.#bytes += file.size
      }
    }, (error) => this.#fails(messageOf(error)))
  }

  /** Gives the spooled records of one segment that can be read now, those of earlier processes first. */
  load(): Load | undefined {
    const spooled = this.#segments.filter((segment) => segment.spooled.size > 0 && this.#isDue(segment))
    return firstOf(spooled.filter(({ isForeign }) => isForeign), (segment) => this.#read(segment)) ??
      firstOf([...this.#adopted], (file) => this.#open(file)) ??
      firstOf(spooled.filter(({ isForeign }) => !isForeign), (segment) => this.#read(segment))
  }

  /** Tells other processes that this one lives. */
  renew(): void {
    guard(() => this.#options.folder.renew(), () => {})
  }

  /** Leaves the files to the next process. */
  release(): void {
    guard(() => this.#options.folder.release(), () => {})
  }

  #copy(records: ReadonlyArray<A>): void {
    const { lost } = this.#append(records, (record, place) => {
      place.segment.copies.add(place.number)
      this.#copies.set(record, place)
    })
    for (const index of lost.keys()) this.#memoryAlone.add(records[index] as A)
  }

  /** Makes room: moves the few copies of sparse segments to the newest one. A record can be undecided for hours. */
  #clean(): void {
    const newest = this.#segments.at(-1)
    const sparse = new Map(
      this.#segments
        .filter(({ copies, isForeign, next, spooled }) =>
          !isForeign && spooled.size === 0 && copies.size < shareOfSparse * next
        )
        .filter((segment) => segment !== newest)
        .map((segment) => [segment, new Array<number>()] as const)
    )
    if (sparse.size === 0) return
    const before = Array.from(this.#copies).filter(([, { segment }]) => sparse.has(segment))
    this.#copy(before.map(([record]) => record))
    for (const [record, { number, segment }] of before) {
      if (this.#copies.get(record)?.segment !== segment) sparse.get(segment)?.push(number)
    }
    for (const [segment, numbers] of sparse) if (numbers.length > 0) this.#settle(segment, numbers)
  }

  #bytesOf(file: SpoolFile): Uint8Array | undefined {
    return orElse(() => file.read(), (error) => {
      this.#options.reportUnreadable(messageOf(error))
      return undefined
    })
  }

  #read(segment: SpoolSegment): Load | undefined {
    const bytes = this.#bytesOf(segment.file)
    if (bytes === undefined) return undefined
    const records = Array.from(spoolFrames.read(bytes).records).filter(([number]) => segment.spooled.has(number))
    const readable = new Set(records.map(([number]) => number))
    const corrupt = Array.from(segment.spooled).filter((number) => !readable.has(number))
    if (corrupt.length > 0) this.#settle(segment, corrupt)
    return this.#load(segment, records, corrupt.length, 0)
  }

  /** Reads a file of an earlier process. A file of another version stays on disk, for that version. */
  #open(file: SpoolFile): Load | undefined {
    const bytes = this.#bytesOf(file)
    if (bytes === undefined) return undefined
    this.#adopted.splice(this.#adopted.indexOf(file), 1)
    const format = spoolFrames.otherFormat(bytes)
    if (format !== undefined) {
      this.#options.reportUnreadable(`another version of this package has written it, in the format ${format}`)
      return undefined
    }
    const content = spoolFrames.read(bytes)
    const segment = SpoolSegment.open(file, content, this.#options)
    const lost = content.corrupt + (segment === undefined ? content.records.size : 0)
    if (segment === undefined) {
      this.#discard(file, file.size)
      const { envelope } = this.#options
      return { envelope, records: [], corrupt: lost, replayed: lost, isExpired: false, settle: () => {} }
    }
    this.#segments.unshift(segment)
    const isDue = this.#isDue(segment)
    if (!isDue) this.#options.reportUnsendable(segment.head.protocol)
    return this.#load(segment, isDue ? [...content.records] : [], lost, segment.spooled.size + lost)
  }

  /** Whether something can be done about the segment: its records can be sent, or given up. */
  #isDue(segment: SpoolSegment): boolean {
    return this.#options.canSend(segment.head.protocol) || segment.isExpired(this.#options)
  }

  #load(segment: SpoolSegment, records: Load["records"], corrupt: number, replayed: number): Load {
    return {
      envelope: segment.head,
      records,
      corrupt,
      replayed,
      isExpired: segment.isExpired(this.#options),
      settle: (numbers) => this.#settle(segment, numbers)
    }
  }

  #settle(segment: SpoolSegment, numbers: ReadonlyArray<number>): void {
    segment.settle(numbers)
    if (segment.isDone) return this.#remove(segment)
    // If the disk does not take the mark, the records are sent twice after a crash.
    this.#frames.done(numbers)
    guard(() => this.#write(segment), () => {})
  }

  #remove(segment: SpoolSegment): void {
    const index = this.#segments.indexOf(segment)
    if (index === -1) return
    this.#segments.splice(index, 1)
    this.#discard(segment.file, segment.bytes)
  }

  #discard(file: SpoolFile, bytes: number): void {
    this.#bytes -= bytes
    guard(() => file.remove(), () => {})
  }

  /** Appends records, as many as there is room for, and gives the number of those that need no other place. */
  #append(records: ReadonlyArray<A>, onAdded: (record: A, place: Place) => void): Kept {
    const lost = new Map<number, "failed" | "too_large">()
    let count = 0
    if (records.length === 0 || this.#options.elapsed() < this.#tryAt) return { count, lost }
    guard(() => {
      while (count < records.length) {
        const segment = this.#current()
        const added: Array<A> = []
        const first = segment.next
        let end = count
        for (; end < records.length && segment.bytes + this.#frames.length < this.#segmentBytes; end++) {
          const record = records[end] as A
          const bytes = orElse(() => this.#options.encode(record), () => undefined)
          const isTooLarge = bytes !== undefined &&
            this.#headBytes + spoolFrames.sizeOf(bytes) > this.#options.maximumBytes
          if (bytes === undefined || isTooLarge) {
            lost.set(end, isTooLarge ? "too_large" : "failed")
            continue
          }
          const size = this.#frames.length + spoolFrames.sizeOf(bytes)
          if (this.#bytes + size > this.#options.maximumBytes) break
          this.#frames.record(first + added.length, bytes)
          added.push(record)
        }
        if (end === count) return this.#fails("delivery.spool.maximumBytes is reached")
        this.#write(segment)
        segment.next += added.length
        added.forEach((record, index) => onAdded(record, { round: this.#round, segment, number: first + index }))
        count = end
      }
      this.#works()
    }, (error) => {
      this.#tryAt = this.#options.elapsed() + pause
      this.#fails(messageOf(error))
    })
    return { count, lost }
  }

  /** The segment that takes records. */
  #current(): SpoolSegment {
    const { elapsed, envelope, folder, maximumAge, now } = this.#options
    const last = this.#segments.at(-1)
    if (
      last !== undefined && !last.isClosed && last.bytes < this.#segmentBytes &&
      last.age < maximumAge / agesOfSegment
    ) return last
    const head = { ...envelope, time: now() }
    const segment = SpoolSegment.make(folder.create(), head, elapsed)
    this.#segments.push(segment)
    this.#frames.head(head)
    this.#write(segment)
    return segment
  }

  /** Writes the frames. */
  #write(segment: SpoolSegment): void {
    const bytes = this.#frames.take()
    if (bytes.length === 0) return
    segment.bytes += bytes.length
    this.#bytes += bytes.length
    guard(() => segment.file.append(bytes), (error) => {
      // A part of the bytes may be in the file.
      segment.isClosed = true
      throw error
    })
  }

  #works(): void {
    if (!this.#isInTrouble) return
    this.#isInTrouble = false
    this.#options.report(undefined)
  }

  #fails(problem: string): void {
    const empty = this.#segments.filter(({ isClosed, isDone }) => isClosed && isDone)
    for (const segment of empty) this.#remove(segment)
    if (this.#isInTrouble) return
    this.#isInTrouble = true
    this.#options.report(problem)
  }
}

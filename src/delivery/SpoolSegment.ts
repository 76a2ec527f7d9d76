/**
 * One file of a spool, with the records in it that are not done.
 */
import type { SpoolFile } from "./SpoolFolder.ts"
import type * as spoolFrames from "./spoolFrames.ts"

export class SpoolSegment {
  readonly file: SpoolFile
  readonly head: spoolFrames.Head
  /** Whether an earlier process has written it. */
  readonly isForeign: boolean
  /** When it was begun, in milliseconds that pass also while the clock is set. */
  readonly #bornAt: number
  readonly #elapsed: () => number
  /** Whether it takes no more records. */
  isClosed: boolean
  bytes: number
  /** The number of the next record. */
  next = 0
  /** Records that memory has too. */
  readonly copies = new Set<number>()
  /** Records that only the disk has. */
  readonly spooled: Set<number>

  private constructor(
    file: SpoolFile,
    head: spoolFrames.Head,
    elapsed: () => number,
    age: number,
    foreign: Iterable<number> | undefined
  ) {
    this.file = file
    this.head = head
    this.#elapsed = elapsed
    this.#bornAt = elapsed() - age
    this.isForeign = foreign !== undefined
    this.isClosed = this.isForeign
    this.bytes = file.size
    this.spooled = new Set(foreign)
  }

  /** Begins a new file. */
  static make(file: SpoolFile, head: spoolFrames.Head, elapsed: () => number): SpoolSegment {
    return new SpoolSegment(file, head, elapsed, 0, undefined)
  }

  /** Opens a file of an earlier process. Gives `undefined` if no record can be sent. */
  static open(
    file: SpoolFile,
    { head, records }: spoolFrames.Content,
    { elapsed, now }: { readonly elapsed: () => number; readonly now: () => number }
  ): SpoolSegment | undefined {
    if (head === undefined || records.size === 0) return undefined
    // The clocks of two processes are all that tells its age. From here on a change of the clock does not.
    return new SpoolSegment(file, head, elapsed, now() - head.time, records.keys())
  }

  /** Whether all its records are done. */
  get isDone(): boolean {
    return this.copies.size + this.spooled.size === 0
  }

  /** Milliseconds since it was begun. */
  get age(): number {
    return this.#elapsed() - this.#bornAt
  }

  /** Whether its records are too old. */
  isExpired({ maximumAge }: { readonly maximumAge: number }): boolean {
    return this.age > maximumAge
  }

  settle(numbers: ReadonlyArray<number>): void {
    for (const number of numbers) {
      this.copies.delete(number)
      this.spooled.delete(number)
    }
  }
}

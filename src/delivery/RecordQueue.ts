/**
 * A ring of records that wait to be sent. Every operation but `dropUnsampled` takes constant time a record.
 */

/** Gives the id of a record's trace if the trace is not sampled. */
export type UnsampledTrace<in A> = (record: A) => string | undefined

export class RecordQueue<A> {
  readonly capacity: number
  readonly #unsampledTrace: UnsampledTrace<A>
  readonly #ring: Array<A | undefined> = []
  #head = 0
  #size = 0
  /** Records of unsampled traces. */
  #unsampled = 0

  constructor(capacity: number, unsampledTrace: UnsampledTrace<A>) {
    this.capacity = capacity
    this.#unsampledTrace = unsampledTrace
  }

  get size(): number {
    return this.#size
  }

  get isFull(): boolean {
    return this.#size === this.capacity
  }

  get hasUnsampled(): boolean {
    return this.#unsampled > 0
  }

  /** Adds a record at the end. The queue must not be full. */
  put(record: A): void {
    this.#ring[(this.#head + this.#size) % this.capacity] = record
    this.#size++
    if (this.#unsampledTrace(record) !== undefined) this.#unsampled++
  }

  /** Gives the oldest records, `count` at most. */
  peek(count: number): Array<A> {
    const records: Array<A> = []
    for (let position = 0; position < Math.min(count, this.#size); position++) {
      records.push(this.#ring[(this.#head + position) % this.capacity] as A)
    }
    return records
  }

  /** Removes the oldest records, `count` at most. */
  take(count: number): Array<A> {
    const taken: Array<A> = []
    for (let left = Math.min(count, this.#size); left > 0; left--) {
      const record = this.#ring[this.#head] as A
      this.#ring[this.#head] = undefined
      this.#head = (this.#head + 1) % this.capacity
      if (this.#unsampledTrace(record) !== undefined) this.#unsampled--
      taken.push(record)
    }
    this.#size -= taken.length
    return taken
  }

  /**
   * Removes all records of one unsampled trace, the one whose record is oldest.
   *
   * @param onRemoved called for each removed record with its position among the records that are left
   */
  dropUnsampled(onRemoved: (position: number) => void): void {
    const records = this.#ring
    let trace: string | undefined
    let kept = 0
    for (let position = 0; position < this.#size; position++) {
      const record = records[(this.#head + position) % this.capacity] as A
      const itsTrace = this.#unsampledTrace(record)
      trace ??= itsTrace
      if (itsTrace !== undefined && itsTrace === trace) {
        onRemoved(kept)
        this.#unsampled--
      } else records[(this.#head + kept++) % this.capacity] = record
    }
    for (let position = kept; position < this.#size; position++) {
      records[(this.#head + position) % this.capacity] = undefined
    }
    this.#size = kept
  }
}

/**
 * Flushes that wait for the records that were recorded before them, and for no others.
 */
import * as Effect from "effect/Effect"
import * as Latch from "effect/Latch"
import type { FlushNumbers } from "../internal/FlushRegistry.ts"

export class Flush {
  /** Records before the flush that are queued. */
  queued: number
  /** Records before the flush that are in flight. */
  inFlight = 0
  exported = 0
  dropped = 0
  /** Records before the flush that went to the spool. The flush does not wait for them. */
  spooled = 0
  readonly #ended = Latch.makeUnsafe(false)

  constructor(queued: number) {
    this.queued = queued
  }

  get numbers(): FlushNumbers {
    return { exported: this.exported, dropped: this.dropped, pending: this.queued + this.inFlight + this.spooled }
  }

  /** Waits until no record before the flush is left. */
  get ended(): Effect.Effect<void> {
    return Effect.suspend(() => {
      this.update()
      // The queue is in the middle of a change when the last record is settled.
      return Effect.andThen(this.#ended.await, Effect.yieldNow)
    })
  }

  update(): void {
    if (this.queued + this.inFlight === 0) this.#ended.openUnsafe()
  }
}

export class Flushes {
  readonly #waiting = new Set<Flush>()

  /** Begins a flush of so many queued records. */
  begin(queued: number): Flush {
    const flush = new Flush(queued)
    this.#waiting.add(flush)
    return flush
  }

  end(flush: Flush): void {
    this.#waiting.delete(flush)
  }

  /** Whether a flush waits for a queued record. */
  get areWaiting(): boolean {
    for (const flush of this.#waiting) if (flush.queued > 0) return true
    return false
  }

  /** Records that the next batch may have: a batch does not reach beyond the end of a flush. */
  limit(batchSize: number): number {
    let limit = batchSize
    for (const { queued } of this.#waiting) if (queued > 0) limit = Math.min(limit, queued)
    return limit
  }

  /** Gives the flushes that wait for a batch of the oldest queued records. */
  took(count: number): ReadonlyArray<Flush> {
    const waiting = [...this.#waiting].filter(({ queued }) => queued > 0)
    for (const flush of waiting) {
      flush.queued -= count
      flush.inFlight += count
    }
    return waiting
  }

  /** The queue gave up the record at a position. */
  gaveUpAt(position: number, fate: "dropped" | "spooled"): void {
    for (const flush of this.#waiting) {
      if (position >= flush.queued) continue
      flush.queued--
      flush[fate]++
      flush.update()
    }
  }
}

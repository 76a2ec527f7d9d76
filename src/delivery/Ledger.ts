/**
 * The accounts of one signal: each ended record is in exactly one state.
 *
 * **Details**
 *
 * `ended + replayed = exported + undecided + queued + inFlight + spooled + sampledOut + dropped` holds after every
 * call. Reading costs nothing: the numbers are plain fields.
 */

/** Why records are given up. */
export const dropReasons = [
  /** The queue was full. */
  "queue_full",
  /** The receiver answered that it will never take the request. */
  "rejected",
  /** The receiver took the request without this record. */
  "partially_rejected",
  /** The receiver redirects to another address. */
  "redirected",
  /** No attempt succeeded within `delivery.retry.maximumElapsed`. */
  "unreachable",
  /** One record alone is larger than a request may be. */
  "too_large",
  /** The record cannot be encoded. */
  "failed",
  /** The layer was closed before the record was sent. */
  "shutdown"
] as const

export type DropReason = (typeof dropReasons)[number]

/** Where a record can be after its end. */
export type State = "exported" | "undecided" | "queued" | "inFlight" | "spooled" | "sampledOut"

/** The numbers of a {@link Ledger} at one moment. */
export interface Balance extends Readonly<Record<State, number>> {
  readonly ended: number
  readonly replayed: number
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>
}

export class Ledger {
  /** Records that ended in this process. */
  ended = 0
  /** Records of an earlier process that the spool gave back. */
  replayed = 0
  /** Records that a receiver took. */
  exported = 0
  /** Records that wait for the decision about their run. */
  undecided = 0
  /** Records that wait to be sent. */
  queued = 0
  /** Records whose sending has begun and whose outcome is not known. */
  inFlight = 0
  /** Records that are on disk only. */
  spooled = 0
  /** Records that a sampler left out. */
  sampledOut = 0
  readonly dropped: Partial<Record<DropReason, number>> = {}

  /** Takes an ended record into a state. */
  end(to: State): void {
    this.ended++
    this[to]++
  }

  /** Takes an ended record that is given up at once. */
  endDropped(reason: DropReason): void {
    this.ended++
    this.#drop(reason, 1)
  }

  move(count: number, from: State, to: State): void {
    this[from] -= count
    this[to] += count
  }

  drop(count: number, from: State, reason: DropReason): void {
    this[from] -= count
    this.#drop(reason, count)
  }

  get balance(): Balance {
    const { ended, exported, inFlight, queued, replayed, sampledOut, spooled, undecided } = this
    const dropped = { ...this.dropped }
    return { ended, replayed, exported, undecided, queued, inFlight, spooled, sampledOut, dropped }
  }

  #drop(reason: DropReason, count: number): void {
    if (count > 0) this.dropped[reason] = (this.dropped[reason] ?? 0) + count
  }
}

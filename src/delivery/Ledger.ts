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
  /** One record alone is larger than a request may be, or than the spool when memory had no place for the record. */
  "too_large",
  /** The record cannot be encoded. */
  "failed",
  /** The layer was closed before the record was sent. */
  "shutdown",
  /** The record was in the spool for longer than `delivery.spool.maximumAge`. */
  "expired",
  /** The disk did not give the record back. */
  "corrupt"
] as const

export type DropReason = (typeof dropReasons)[number]

/** Where a record can be after its end. */
export type State = "exported" | "queued" | "inFlight" | "spooled"

/** Ended records that were not offered to be sent. */
export interface Held {
  /** Records that wait for the decision about their run. */
  readonly undecided: number
  /** Records of runs that were not kept. */
  readonly sampledOut: number
}

/** The numbers of a {@link Ledger} at one moment. */
export interface Balance extends Readonly<Record<State, number>>, Held {
  readonly ended: number
  readonly replayed: number
  readonly dropped: Readonly<Partial<Record<DropReason, number>>>
}

export class Ledger {
  /** Records that were offered to be sent. */
  #offered = 0
  readonly #held: () => Held
  /** Records of an earlier process that the spool gave back. */
  replayed = 0
  /** Records that a receiver took. */
  exported = 0
  /** Records that wait to be sent. */
  queued = 0
  /** Records whose sending has begun and whose outcome is not known. */
  inFlight = 0
  /** Records that are on disk only. */
  spooled = 0
  readonly dropped: Partial<Record<DropReason, number>> = {}

  /** `held` gives the numbers of the part that holds records back before they are offered. */
  constructor(held: () => Held = () => ({ undecided: 0, sampledOut: 0 })) {
    this.#held = held
  }

  /** Records that ended in this process. */
  get ended(): number {
    const { sampledOut, undecided } = this.#held()
    return this.#offered + undecided + sampledOut
  }

  get undecided(): number {
    return this.#held().undecided
  }

  get sampledOut(): number {
    return this.#held().sampledOut
  }

  /** Takes an ended record into a state. */
  end(to: State): void {
    this.#offered++
    this[to]++
  }

  /** Takes an ended record that is given up at once. */
  endDropped(reason: DropReason): void {
    this.#offered++
    this.#drop(reason, 1)
  }

  /** Takes records of an earlier process, which are on disk. */
  replay(count: number): void {
    this.replayed += count
    this.spooled += count
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

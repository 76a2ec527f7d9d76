/**
 * Reports to the program's own log when records cannot be delivered: one warning when an outage begins, one when loss
 * begins, one line with numbers when both are over.
 */
import * as Duration from "effect/Duration"
import { truncateMasked } from "../internal/truncateAtWord.ts"
import type { DropReason } from "./Ledger.ts"
import type { Protocol } from "./Otlp.ts"
import { type Receiver, shownUrl } from "./Receiver.ts"

export interface Options {
  readonly receiver: Receiver
  /** Masks secrets in texts of the receiver. */
  readonly redact: (text: string) => string
  /** Nanoseconds of a monotonic clock. */
  readonly now: () => bigint
  readonly warn: (sentence: string) => void
  readonly inform: (sentence: string) => void
}

/** Without an outage, a loss is over when nothing was lost for this time. */
const quiet = 10_000_000_000n

/** A receiver may have a remark on every request. The log has one of a kind in this time. */
const betweenRemarks = 600_000_000_000n

/** Longest text of a receiver in the log. */
const longestText = 1024

type Remark = "accepted" | "too large" | "unreadable" | "unsendable"

interface Trouble {
  readonly since: bigint
  isOutage: boolean
  failedAttempts: number
  lostAt: bigint | undefined
  readonly lost: Partial<Record<DropReason, number>>
}

export class OutageLog {
  readonly #options: Options
  readonly #signal: string
  readonly #url: string
  #trouble: Trouble | undefined
  readonly #remarkedAt = new Map<Remark, bigint>()

  constructor(options: Options) {
    this.#options = options
    this.#signal = options.receiver.signal
    this.#url = shownUrl(options.receiver)
  }

  /** An attempt has failed and will be made again. */
  attemptFailed(problem: string): void {
    const trouble = this.#begin()
    trouble.failedAttempts++
    if (trouble.isOutage) return
    trouble.isOutage = true
    this.#options.warn(`${this.#signal} cannot be delivered to ${this.#url}: ${this.#shown(problem)}; trying again`)
  }

  /** The receiver has refused a request for good. */
  refused(problem: string): void {
    const trouble = this.#begin()
    trouble.failedAttempts++
    if (trouble.isOutage) return
    trouble.isOutage = true
    this.#options.warn(`${this.#signal} were refused by ${this.#url}: ${this.#shown(problem)}`)
  }

  /** The receiver takes smaller requests only. */
  tooLarge(problem: string): void {
    this.#remark("too large", `were sent to ${this.#url} in too large a batch: ${problem}; splitting it`)
  }

  /** Records are given up. */
  lost(reason: DropReason, count: number): void {
    const trouble = this.#begin()
    const isFirst = trouble.lostAt === undefined
    trouble.lostAt = this.#options.now()
    trouble.lost[reason] = (trouble.lost[reason] ?? 0) + count
    const why = lossSentences[reason]
    if (isFirst && why !== undefined) this.#options.warn(`${this.#signal} for ${this.#url} are lost: ${why}`)
  }

  /** The receiver has taken a request. */
  accepted(remark: string): void {
    const now = this.#options.now()
    if (remark !== "") this.#remark("accepted", `were accepted by ${this.#url}, which ${remark}`)
    const trouble = this.#trouble
    if (trouble === undefined) return
    if (!trouble.isOutage && trouble.lostAt !== undefined && now - trouble.lostAt < quiet) return
    this.#trouble = undefined
    const lost = Object.entries(trouble.lost)
    const total = lost.reduce((sum, [, count]) => sum + count, 0)
    const losses = lost.map(([reason, count]) => `${reason} ${count}`).join(", ")
    const sentence = [
      `${this.#signal} are delivered to ${this.#url} again after ${elapsed(now - trouble.since)}`,
      ...(trouble.failedAttempts > 0 ? [`${trouble.failedAttempts} failed attempts`] : []),
      total > 0 ? `${total} lost (${losses})` : "none lost"
    ].join(", ")
    if (total > 0) this.#options.warn(sentence)
    else this.#options.inform(sentence)
  }

  /** The layer is closed before records were sent. */
  closed(count: number, isUnanswered: boolean): void {
    if (count === 0) return
    const what = count === 1
      ? `1 ${this.#signal.slice(0, -1)} for ${this.#url} was`
      : `${count} ${this.#signal} for ${this.#url} were`
    this.#options.warn(`${what} lost: the layer was closed${isUnanswered ? " before an answer came" : ""}`)
  }

  /** The spool takes no records, for the given reason; or takes them again, without one. */
  spool(problem: string | undefined): void {
    if (problem === undefined) this.#options.inform(`${this.#signal} for ${this.#url} are written to the spool again`)
    else {
      this.#options.warn(
        `${this.#signal} for ${this.#url} are in memory alone, because the spool cannot be used: ${
          this.#shown(problem)
        }`
      )
    }
  }

  /** A file of the spool gives back no records now. */
  unreadable(problem: string): void {
    this.#remark("unreadable", `in a file of the spool cannot be read: ${problem}`)
  }

  /** Records of the spool stay there, because of their encoding. */
  unsendable(protocol: Protocol): void {
    this.#remark(
      "unsendable",
      `in the spool are encoded for ${protocol}, which ${this.#url} does not take: they stay there until they expire`
    )
  }

  #begin(): Trouble {
    return this.#trouble ??= {
      since: this.#options.now(),
      isOutage: false,
      failedAttempts: 0,
      lostAt: undefined,
      lost: {}
    }
  }

  #remark(kind: Remark, text: string): void {
    const now = this.#options.now()
    const before = this.#remarkedAt.get(kind)
    if (before !== undefined && now - before < betweenRemarks) return
    this.#remarkedAt.set(kind, now)
    this.#options.warn(`${this.#signal} ${this.#shown(text)}`)
  }

  #shown(text: string): string {
    return truncateMasked(text, longestText, this.#options.redact)
  }
}

/** Refused requests have a warning of their own. */
const lossSentences: Readonly<Partial<Record<DropReason, string>>> = {
  queue_full: "the queue is full",
  unreachable: "no attempt succeeded within the time for a batch",
  too_large: "one of them is larger than a request or the spool may be",
  failed: "one of them cannot be encoded",
  expired: "they were in the spool for too long",
  corrupt: "the disk did not give them back"
}

const elapsed = (nanos: bigint): string => Duration.format(Duration.millis(Number(nanos / 1_000_000n)))

/**
 * Sends a batch of records, and splits it if it is too large for a request.
 */
import * as Effect from "effect/Effect"
import type { DropReason } from "./Ledger.ts"
import type { Protocol } from "./Otlp.ts"
import type { RequestSender } from "./RequestSender.ts"

export interface Options<A> {
  readonly sender: Pick<RequestSender, "send">
  /** Largest body of a request. */
  readonly maximumBytes: number
  /** How `encode` encodes, if it is not the protocol of the receiver. */
  readonly protocol?: Protocol | undefined
  /** Makes the body of a request. If it throws, the batch is split until the record is found that made it throw. */
  readonly encode: (records: ReadonlyArray<A>) => Uint8Array<ArrayBuffer>
}

/** What became of some records of a batch: one after the other they add up to the batch. */
export interface Settle {
  readonly exported: (count: number) => void
  readonly dropped: (count: number, reason: DropReason) => void
}

/** Sends the records and reports what became of them. Never fails. */
export const send = <A>(
  options: Options<A>,
  records: ReadonlyArray<A>,
  deadline: bigint,
  settle: Settle
): Effect.Effect<void> => {
  const whole = (part: ReadonlyArray<A>): Effect.Effect<void> =>
    Effect.try({ try: () => options.encode(part), catch: () => "failed" as const }).pipe(
      Effect.flatMap((body) => {
        if (body.length > options.maximumBytes) return Effect.fail("too_large" as const)
        return Effect.flatMap(options.sender.send(body, deadline, options.protocol), (outcome) => {
          if (outcome._tag === "TooLarge") return Effect.fail("too_large" as const)
          if (outcome._tag === "Lost") settle.dropped(part.length, outcome.reason)
          else {
            // No receiver can reject more than it got.
            const rejected = Math.min(outcome.rejected, part.length)
            settle.exported(part.length - rejected)
            settle.dropped(rejected, "partially_rejected")
          }
          return Effect.void
        })
      }),
      Effect.catch((reason) => inHalves(part, reason))
    )

  const inHalves = (part: ReadonlyArray<A>, reason: DropReason): Effect.Effect<void> => {
    if (part.length <= 1) return Effect.sync(() => settle.dropped(part.length, reason))
    const middle = part.length >>> 1
    return Effect.andThen(whole(part.slice(0, middle)), Effect.suspend(() => whole(part.slice(middle))))
  }

  return Effect.suspend(() => whole(records))
}

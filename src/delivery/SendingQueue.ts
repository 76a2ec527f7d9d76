/**
 * A bounded queue in front of a sender: offered items are sent in batches, one
 * batch in flight at a time, at the latest after the interval.
 *
 * **Details**
 *
 * Offering never waits: a full queue refuses the newest item and counts it. A
 * batch whose sending is interrupted is sent again. What is queued when the
 * scope closes is sent within the time limit; what is not sent by then is counted
 * as dropped.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"

/**
 * Why an item was not sent.
 *
 * @category models
 * @since 0.1.0
 */
export type DropReason = "queue_full" | "rejected" | "partially_rejected" | "unreachable" | "failed" | "shutdown"

/**
 * What became of a batch: all of it arrived, or none of it for a reason, or all
 * but a number of items that the receiver rejected for good.
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome = undefined | DropReason | { readonly rejected: number }

/**
 * The two ends of the queue that producers see.
 *
 * @category models
 * @since 0.1.0
 */
export interface SendingQueue<in A> {
  /** Takes an item, or refuses it because the queue is full. */
  readonly offer: (item: A) => boolean
  /** Sends everything that is queued now. */
  readonly flush: Effect.Effect<void>
}

/**
 * How a queue sends.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options<A> {
  /** Items that may wait. */
  readonly capacity: number
  /** Items in one batch. */
  readonly batchSize: number
  /** Longest time an item waits. */
  readonly interval: Duration.Duration
  /** Longest time the last flush may take. */
  readonly shutdownTimeout: Duration.Duration
  /** Sends a batch and answers what became of it. */
  readonly send: (batch: ReadonlyArray<A>) => Effect.Effect<Outcome>
  readonly onExported: (count: number) => void
  readonly onDropped: (reason: DropReason, count: number) => void
}

/**
 * Makes a queue that lives as long as its scope.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*<A>(
  options: Options<A>
): Effect.fn.Return<SendingQueue<A>, never, Scope.Scope> {
  const waiting: Array<A> = []
  const batchReady = yield* Queue.sliding<void>(1)
  const oneInFlight = yield* Semaphore.make(1)

  let closed = false

  const count = (total: number, outcome: Outcome): void => {
    if (typeof outcome === "string") return options.onDropped(outcome, total)
    // No receiver can reject more than it got.
    const rejected = Math.min(outcome?.rejected ?? 0, total)
    if (rejected < total) options.onExported(total - rejected)
    if (rejected > 0) options.onDropped("partially_rejected", rejected)
  }

  /** An item ends in one state: exported, dropped, or queued again where its sending was interrupted. */
  const settle = (batch: ReadonlyArray<A>, exit: Exit.Exit<Outcome>): void => {
    if (Exit.isSuccess(exit)) count(batch.length, exit.value)
    else if (!Cause.hasInterruptsOnly(exit.cause)) options.onDropped("failed", batch.length)
    else if (closed) options.onDropped("shutdown", batch.length)
    else waiting.unshift(...batch)
  }

  const sendNext = Effect.suspend(() => {
    const batch = waiting.splice(0, options.batchSize)
    return Effect.suspend(() => options.send(batch)).pipe(
      Effect.onExit((exit) => Effect.sync(() => settle(batch, exit))),
      Effect.catchDefect(() => Effect.undefined)
    )
  })
  const flush = oneInFlight.withPermits(1)(
    Effect.whileLoop({ while: () => waiting.length > 0, body: () => sendNext, step: () => {} })
  )

  yield* Effect.raceFirst(Queue.take(batchReady), Effect.sleep(options.interval)).pipe(
    Effect.andThen(flush),
    Effect.forever,
    Effect.forkScoped
  )
  yield* Effect.addFinalizer(() =>
    flush.pipe(
      Effect.timeoutOption(options.shutdownTimeout),
      Effect.ignoreCause,
      Effect.andThen(Effect.sync(() => {
        closed = true
        if (waiting.length > 0) options.onDropped("shutdown", waiting.splice(0).length)
      }))
    )
  )

  return {
    offer: (item) => {
      if (closed || waiting.length >= options.capacity) {
        options.onDropped(closed ? "shutdown" : "queue_full", 1)
        return false
      }
      waiting.push(item)
      if (waiting.length === Math.min(options.batchSize, options.capacity)) Queue.offerUnsafe(batchReady, undefined)
      return true
    },
    flush
  }
})

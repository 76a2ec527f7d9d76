/**
 * Writes calls of many runs together. While one batch is written, the next one collects. So a slow database gets larger
 * batches, and not more statements. A call ends when its batch is written.
 */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"

interface Call<A> {
  readonly change: A
  readonly written: Deferred.Deferred<void>
  /** The caller no longer waits. */
  isGivenUp: boolean
}

/** Keeps one transaction short. */
const mostCalls = 500

/**
 * Makes the writer, which lives as long as the scope. It belongs to no run, so no run is charged with its statements.
 *
 * @param options `write`: writes the changes in their order, all or none; `timeout`: limit of one batch
 */
export const make = <A>(options: {
  readonly write: (changes: ReadonlyArray<A>) => Effect.Effect<void, unknown>
  readonly timeout: Duration.Duration
}): Effect.Effect<(change: A) => Effect.Effect<void>, never, Scope.Scope> =>
  Effect.gen(function*() {
    const { timeout, write } = options
    const closed = Exit.die(new Error("the task store is closed"))
    const end = (batch: ReadonlyArray<Call<A>>, exit: Exit.Exit<void>) => {
      for (const { written } of batch) Deferred.doneUnsafe(written, exit)
    }
    const calls = yield* Effect.acquireRelease(
      Queue.unbounded<Call<A>>(),
      (calls) =>
        Effect.flatMap(Queue.clear(calls), (left) => {
          end(left, closed)
          return Queue.shutdown(calls)
        })
    )

    const writeAll = (batch: ReadonlyArray<Call<A>>): Effect.Effect<void> =>
      write(batch.map(({ change }) => change)).pipe(
        Effect.timeoutOrElse({ duration: timeout, orElse: () => Effect.die(lateness(timeout)) }),
        Effect.orDie
      )

    // A call that was taken is answered in any case.
    const writeNext = Effect.uninterruptibleMask((restore) =>
      Effect.gen(function*() {
        const batch = (yield* restore(Queue.takeBetween(calls, 1, mostCalls))).filter(({ isGivenUp }) => !isGivenUp)
        if (batch.length > 0) end(batch, yield* Effect.exit(restore(writeAll(batch))))
      })
    )

    yield* Effect.forkScoped(Effect.forever(writeNext), { startImmediately: true })

    return (change) =>
      Effect.gen(function*() {
        const call = { change, written: yield* Deferred.make<void>(), isGivenUp: false }
        if (!(yield* Queue.offer(calls, call))) return yield* closed
        yield* Deferred.await(call.written).pipe(
          Effect.onInterrupt(() => Effect.sync(() => void (call.isGivenUp = true)))
        )
      })
  })

const lateness = (timeout: Duration.Duration): Error =>
  new Error(`the database did not answer within ${Duration.format(timeout)}`)

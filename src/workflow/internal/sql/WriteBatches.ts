/**
 * Writes calls of many runs together. While one batch is written, the next one collects. So a slow database gets larger
 * batches, and not more statements. A call ends when its batch is written.
 */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"

interface Call<A> {
  /** `undefined` if the caller no longer waits: the call may stay in the queue for long, its records need not. */
  change: A | undefined
  readonly written: Deferred.Deferred<void>
}

/** Keeps one transaction short. */
const mostCalls = 500

/** The highest number of calls that wait. Further ones fail, as all do where the database does not answer. */
const mostWaiting = 50_000

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
    const full = Exit.die(new Error(`${mostWaiting} writes of the task store wait for the database already`))
    let isClosed = false
    let inWork: ReadonlyArray<Call<A>> = []
    const end = (batch: ReadonlyArray<Call<A>>, exit: Exit.Exit<void>) => {
      for (const { written } of batch) Deferred.doneUnsafe(written, exit)
    }
    const calls = yield* Queue.dropping<Call<A>>(mostWaiting)

    /** The batch that the database has neither taken nor refused. It stays if a statement hangs in spite of its interruption. */
    let sent: Fiber.Fiber<void, unknown> | undefined

    /** Waits for the end of a batch in the time limit, and does not wait for its interruption. */
    const awaitInTime = (fiber: Fiber.Fiber<void, unknown>): Effect.Effect<Exit.Exit<void, unknown>> =>
      Fiber.await(fiber).pipe(
        Effect.timeoutOrElse({ duration: timeout, orElse: () => Effect.die(lateness(timeout)) }),
        Effect.onError(() => Effect.sync(() => fiber.interruptUnsafe()))
      )

    /** While a batch hangs, no other one is sent: each would keep one more connection. */
    const writeAll = (changes: ReadonlyArray<A>): Effect.Effect<void> =>
      Effect.gen(function*() {
        if (sent !== undefined) yield* awaitInTime(sent)
        sent = yield* Effect.forkDetach(write(changes), { startImmediately: true })
        const exit = yield* awaitInTime(sent)
        sent = undefined
        yield* Effect.orDie(exit)
      })

    // A call that was taken is answered in any case.
    const writeNext = Effect.uninterruptibleMask((restore) =>
      Effect.gen(function*() {
        inWork = yield* restore(Queue.takeBetween(calls, 1, mostCalls))
        const changes = inWork.flatMap(({ change }) => change === undefined ? [] : [change])
        if (changes.length > 0) end(inWork, yield* Effect.exit(restore(writeAll(changes))))
        inWork = []
      })
    )

    yield* Effect.acquireRelease(
      Effect.forkDetach(Effect.forever(writeNext), { startImmediately: true }),
      (writer) =>
        Effect.gen(function*() {
          isClosed = true
          yield* Fiber.interrupt(writer)
          // A statement that cannot be interrupted may never end. Closing does not wait for it longer than a batch does.
          if (sent !== undefined) yield* Effect.timeoutOption(Effect.interruptible(Fiber.await(sent)), timeout)
          end(inWork, closed)
          end(yield* Queue.clear(calls), closed)
          yield* Queue.shutdown(calls)
        })
    )

    return (change) =>
      Effect.gen(function*() {
        const call: Call<A> = { change, written: yield* Deferred.make<void>() }
        if (!Queue.offerUnsafe(calls, call)) return yield* isClosed ? closed : full
        yield* Deferred.await(call.written).pipe(
          Effect.onInterrupt(() =>
            Effect.sync(() => {
              call.change = undefined
            })
          )
        )
      })
  })

const lateness = (timeout: Duration.Duration): Error =>
  new Error(`the database did not answer within ${Duration.format(timeout)}`)

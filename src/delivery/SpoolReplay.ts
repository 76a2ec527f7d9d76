/**
 * Sends what is on disk only: the records of processes that have ended, and those that memory gave up.
 *
 * **Details**
 *
 * Each batch is tried once; a batch that is not taken stays on disk. It waits for a permit as the batches of memory do,
 * and shares their back-off.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Semaphore from "effect/Semaphore"
import * as BatchSender from "./BatchSender.ts"
import type { DropReason, Ledger } from "./Ledger.ts"
import type * as Otlp from "./Otlp.ts"
import * as otlpParts from "./otlpParts.ts"
import type { RequestSender } from "./RequestSender.ts"
import type { Load, Spool } from "./Spool.ts"

export interface Options {
  readonly spool: Pick<Spool<never>, "adopt" | "changed" | "load">
  readonly ledger: Ledger
  readonly sender: RequestSender
  /** Has a permit for each request that may be open. */
  readonly gate: Semaphore.Semaphore
  readonly names: Otlp.RequestNames
  readonly batchSize: number
  /** Largest body of a request. */
  readonly maximumBytes: number
}

/** Time between two looks for processes that have ended. */
const betweenLooks = Duration.seconds(30)

type Record = Load["records"][number]

/** Sends for ever. */
export const run = (options: Options): Effect.Effect<never> =>
  Effect.gen(function*() {
    const { gate, ledger, sender, spool } = options
    const clock = yield* Clock.Clock

    const drop = (count: number, reason: DropReason): void => {
      if (count === 0) return
      ledger.drop(count, "spooled", reason)
      sender.outage.lost(reason, count)
    }

    /** Sends a batch. Gives whether the receiver can be reached. */
    const sendBatch = (load: Load, batch: ReadonlyArray<Record>): Effect.Effect<boolean> =>
      Effect.uninterruptibleMask((restore) =>
        Effect.suspend(() => {
          let settled = 0
          let isReachable = true
          ledger.move(batch.length, "spooled", "inFlight")
          const take = (count: number, isDone: boolean): void => {
            const numbers = batch.slice(settled, settled + count).map(([number]) => number)
            settled += count
            if (isDone) load.settle(numbers)
            else ledger.move(count, "inFlight", "spooled")
          }
          return restore(BatchSender.send(
            {
              sender,
              maximumBytes: options.maximumBytes,
              protocol: load.envelope.protocol,
              encode: (records: ReadonlyArray<Record>) =>
                otlpParts.assemble(options.names, load.envelope, records.map(([, bytes]) => bytes))
            },
            batch,
            clock.monotonicTimeNanosUnsafe(),
            {
              exported: (count) => {
                ledger.move(count, "inFlight", "exported")
                take(count, true)
              },
              dropped: (count, reason) => {
                if (reason === "unreachable") {
                  isReachable = false
                  return take(count, false)
                }
                ledger.drop(count, "inFlight", reason)
                // The receiver's own words are in the log.
                if (count > 0 && reason !== "partially_rejected") sender.outage.lost(reason, count)
                take(count, true)
              }
            }
          )).pipe(
            Effect.ensuring(Effect.sync(() => take(batch.length - settled, false))),
            Effect.as(true),
            Effect.map(() => isReachable)
          )
        })
      )

    const send = (load: Load): Effect.Effect<void> => {
      let from = 0
      let isReachable = true
      return Effect.whileLoop({
        while: () => isReachable && from < load.records.length,
        body: () =>
          gate.withPermits(1)(
            Effect.suspend(() => sendBatch(load, load.records.slice(from, from + options.batchSize)))
          ),
        step: (reached) => {
          isReachable = reached
          from += options.batchSize
        }
      })
    }

    let lookAt = clock.monotonicTimeNanosUnsafe()

    const next = Effect.suspend(() => {
      const now = clock.monotonicTimeNanosUnsafe()
      if (now >= lookAt) {
        lookAt = now + Duration.toNanosUnsafe(betweenLooks)
        spool.adopt()
      }
      const seen = spool.changed.version
      const load = spool.load()
      if (load === undefined) {
        return Effect.raceFirst(spool.changed.after(seen), Effect.sleep(betweenLooks)).pipe(
          // The change may come from the caller who records. That caller does not wait for a file.
          Effect.andThen(Effect.yieldNow)
        )
      }
      ledger.replay(load.replayed)
      drop(load.corrupt, "corrupt")
      if (!load.isExpired) return send(load)
      drop(load.records.length, "expired")
      load.settle(load.records.map(([number]) => number))
      return Effect.void
    })

    return yield* Effect.whileLoop({ while: () => true, body: () => next, step: () => {} }) as Effect.Effect<never>
  })

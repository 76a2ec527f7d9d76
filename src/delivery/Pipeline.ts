/**
 * The way of one signal's records out of the process: bounded queue, batches, few requests in flight, accounts.
 *
 * **Details**
 *
 * `offer` never waits and never throws. A batch leaves when it is full, when its oldest record has waited for
 * `interval`, or with a flush. Every record is in one state of the {@link Ledger} at any time. What is left when the
 * scope closes is sent within `shutdownTimeout`; the rest goes to the spool, or is counted as dropped.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { inBackground } from "../internal/BackgroundClock.ts"
import type { FlushNumbers } from "../internal/FlushRegistry.ts"
import * as BatchSender from "./BatchSender.ts"
import { type Flush, Flushes } from "./Flushes.ts"
import type { DropReason, Ledger } from "./Ledger.ts"
import { RecordQueue, type UnsampledTrace } from "./RecordQueue.ts"
import type { RequestSender } from "./RequestSender.ts"
import type { Kept } from "./Spool.ts"
import { Wakeup } from "./Wakeup.ts"

export interface Options<A> extends BatchSender.Options<A> {
  readonly sender: RequestSender
  readonly ledger: Ledger
  readonly settings: Settings
  readonly unsampledTrace: UnsampledTrace<A>
  /** Takes what has no place in memory. */
  readonly spool?: Overflow<A> | undefined
  /** Has a permit for each request that may be open. What else sends to the receiver shares it. */
  readonly gate?: Semaphore.Semaphore | undefined
}

/** Where records go that have no place in memory. */
export interface Overflow<A> {
  /** Whether a full queue may move records here. */
  readonly hasRoom: boolean
  /** Takes records, from the first one on. */
  readonly keep: (records: ReadonlyArray<A>) => Kept
}

/** How a pipeline works; see the `delivery` options. */
export interface Settings {
  readonly queueSize: number
  readonly drop: "newest" | "oldest"
  readonly batchSize: number
  readonly interval: Duration.Duration
  readonly inFlight: number
  readonly maximumElapsed: Duration.Duration
  readonly shutdownTimeout: Duration.Duration
}

export interface Pipeline<A> {
  /** Takes an ended record. */
  readonly offer: (record: A) => void
  /** Sends what was recorded before, within `shutdownTimeout`. */
  readonly flush: Effect.Effect<FlushNumbers>
  /** Gives the records in memory. */
  readonly pending: () => ReadonlyArray<A>
  /** Sends what is in memory with a sender that needs no event loop. Batches in flight are sent again. */
  readonly sendAtExit: (sender: BatchSender.Options<A>["sender"]) => void
}

interface Batch<A> {
  readonly records: ReadonlyArray<A>
  /** Records whose outcome is not known. */
  open: number
  /** The flushes that wait for the batch. */
  readonly flushes: Set<Flush>
}

/** Makes a pipeline that lives as long as its scope. */
export const make = Effect.fnUntraced(function*<A>(
  options: Options<A>
): Effect.fn.Return<Pipeline<A>, never, Scope.Scope> {
  const { ledger, sender, settings, spool } = options
  const gate = options.gate ?? Semaphore.makeUnsafe(settings.inFlight)
  const clock = yield* Clock.Clock
  const queue = new RecordQueue<A>(settings.queueSize, options.unsampledTrace)
  const flushes = new Flushes()
  const batches = new Set<Batch<A>>()
  const changed = new Wakeup()
  const batchSize = Math.min(settings.batchSize, settings.queueSize)
  const interval = Duration.toNanosUnsafe(settings.interval)
  const maximumElapsed = Duration.toNanosUnsafe(settings.maximumElapsed)
  const now = () => clock.monotonicTimeNanosUnsafe()
  /** When the oldest record of the queue came, or some time before. */
  let waitingSince = 0n
  /** When the queue last got as many records as a batch has. */
  let fullSince = 0n
  let isClosed = false

  const dropQueued = (position: number): void => {
    ledger.drop(1, "queued", "queue_full")
    flushes.gaveUpAt(position, "dropped")
    sender.outage.lost("queue_full", 1)
  }

  /** Moves the oldest records to the spool. Gives the number of those that have left the queue. */
  const spill = (count: number): number => {
    if (spool === undefined) return 0
    const kept = spool.keep(queue.peek(count))
    queue.take(kept.count)
    for (let index = 0; index < kept.count; index++) {
      const why = kept.lost.get(index)
      if (why === undefined) ledger.move(1, "queued", "spooled")
      else {
        ledger.drop(1, "queued", why)
        sender.outage.lost(why, 1)
      }
      flushes.gaveUpAt(0, why === undefined ? "spooled" : "dropped")
    }
    return kept.count
  }

  /** Whether there is room for a record after something else was given up. */
  const makeRoom = (record: A): boolean => {
    const trace = options.unsampledTrace(record)
    if (queue.hasUnsampled) {
      // The records of one trace share their fate: a trace with a gap misleads.
      queue.dropUnsampled(dropQueued)
      return trace === undefined || queue.size < queue.capacity
    }
    if (trace !== undefined || settings.drop === "newest") return false
    queue.take(1)
    dropQueued(0)
    return true
  }

  const offer = (record: A): void => {
    if (isClosed && spool === undefined) return ledger.endDropped("shutdown")
    if (queue.isFull && spool?.hasRoom === true) spill(batchSize)
    if (queue.isFull && !makeRoom(record)) {
      ledger.endDropped("queue_full")
      return sender.outage.lost("queue_full", 1)
    }
    queue.put(record)
    ledger.end("queued")
    if (isClosed) return leaveQueue()
    if (queue.size === 1) waitingSince = now()
    if (queue.size === batchSize) fullSince = now()
    if (queue.size === 1 || queue.size === batchSize) changed.wake()
  }

  /** Leaves the queue empty. */
  const leaveQueue = (): void => {
    spill(queue.size)
    ledger.drop(queue.take(queue.size).length, "queued", "shutdown")
  }

  /** Nanoseconds until a batch is due; `undefined` if there is nothing to send. */
  const dueIn = (): bigint | undefined => {
    if (queue.size === 0) return undefined
    return queue.size >= batchSize || flushes.areWaiting ? 0n : waitingSince + interval - now()
  }

  const takeBatch = (): Batch<A> => {
    const records = queue.take(flushes.limit(batchSize))
    // What is left came after the batch was full.
    waitingSince = records.length === batchSize ? fullSince : now()
    ledger.move(records.length, "queued", "inFlight")
    const batch = { records, open: records.length, flushes: new Set(flushes.took(records.length)) }
    if (batch.open > 0) batches.add(batch)
    return batch
  }

  const settle = (batch: Batch<A>, count: number, fate: "exported" | "dropped" | "spooled"): void => {
    batch.open -= count
    if (batch.open === 0) batches.delete(batch)
    for (const flush of batch.flushes) {
      flush.inFlight -= count
      flush[fate] += count
      flush.update()
    }
  }

  const drop = (batch: Batch<A>, count: number, reason: DropReason): void => {
    if (count === 0) return
    ledger.drop(count, "inFlight", reason)
    // The receiver's own words are in the log.
    if (reason !== "partially_rejected") sender.outage.lost(reason, count)
    settle(batch, count, "dropped")
  }

  /** Moves the next records of a batch to the spool. Gives the number of those that have no room there. */
  const toSpool = (batch: Batch<A>, count: number): number => {
    if (spool === undefined) return count
    const from = batch.records.length - batch.open
    const kept = spool.keep(batch.records.slice(from, from + count))
    ledger.move(kept.count - kept.lost.size, "inFlight", "spooled")
    settle(batch, kept.count - kept.lost.size, "spooled")
    for (const why of kept.lost.values()) drop(batch, 1, why)
    return count - kept.count
  }

  const openOf = ({ open, records }: Batch<A>): ReadonlyArray<A> => records.slice(records.length - open)

  const deliver = (batch: Batch<A>, settings: BatchSender.Options<A> = options): Effect.Effect<void> =>
    BatchSender.send(settings, openOf(batch), now() + maximumElapsed, {
      exported: (count) => {
        ledger.move(count, "inFlight", "exported")
        settle(batch, count, "exported")
      },
      dropped: (count, reason) => drop(batch, reason === "unreachable" ? toSpool(batch, count) : count, reason)
    })

  const due: Effect.Effect<void> = Effect.suspend(() => {
    const seen = changed.version
    const left = dueIn()
    if (left !== undefined && left <= 0n) return Effect.void
    // The change comes from the caller who records. That caller does not wait for the encoding of a batch.
    const change = Effect.andThen(changed.after(seen), Effect.yieldNow)
    return Effect.andThen(
      left === undefined ? change : Effect.raceFirst(change, Effect.sleep(Duration.nanos(left))),
      due
    )
  })

  // A batch that was taken ends in a state, also if its sending is interrupted.
  const sendBatch = Effect.uninterruptibleMask((restore) =>
    Effect.suspend(() => {
      const batch = takeBatch()
      // Another worker was faster.
      if (batch.open === 0) return Effect.void
      // The span that fills a batch wakes this worker, and must not wait until the batch is encoded.
      return restore(Effect.andThen(Effect.yieldNow, deliver(batch))).pipe(
        Effect.onExit((exit) =>
          Effect.sync(() => {
            if (isInterrupted(exit)) drop(batch, toSpool(batch, batch.open), "shutdown")
            else drop(batch, batch.open, "failed")
          })
        ),
        Effect.catchDefect(() => Effect.void)
      )
    })
  )
  const sendNext = Effect.andThen(due, gate.withPermits(1)(sendBatch))
  const worker = Effect.whileLoop({ while: () => true, body: () => sendNext, step: () => {} })
  // The workers end before.
  yield* Effect.addFinalizer(() => Effect.sync(() => sender.closed(ledger.dropped.shutdown ?? 0)))
  for (let number = 0; number < settings.inFlight; number++) yield* Effect.forkScoped(inBackground(worker))

  /** Waits for all records of this moment. */
  const flushNow = <B>(end: (flush: Flush) => Effect.Effect<B>): Effect.Effect<B> =>
    Effect.suspend(() => {
      const flush = flushes.begin(queue.size)
      for (const batch of batches) {
        batch.flushes.add(flush)
        flush.inFlight += batch.open
      }
      sender.hurry()
      changed.wake()
      return Effect.ensuring(end(flush), Effect.sync(() => flushes.end(flush)))
    })

  const flush = flushNow((flush) =>
    Effect.map(Effect.timeoutOption(flush.ended, settings.shutdownTimeout), () => flush.numbers)
  )

  yield* Effect.addFinalizer(() =>
    // What ends while the queue is being emptied is sent too.
    Effect.whileLoop({
      while: () => ledger.queued + ledger.inFlight > 0,
      body: () => flushNow((flush) => flush.ended),
      step: () => {}
    }).pipe(
      Effect.timeoutOption(settings.shutdownTimeout),
      Effect.ignoreCause,
      Effect.andThen(Effect.sync(() => {
        isClosed = true
        leaveQueue()
      }))
    )
  )

  const pending = () => [...Array.from(batches).flatMap(openOf), ...queue.peek(queue.size)]

  const sendAtExit: Pipeline<A>["sendAtExit"] = (sender) => {
    const deliverNow = (batch: Batch<A>) => void Effect.runSyncExit(deliver(batch, { ...options, sender }))
    batches.forEach(deliverNow)
    while (queue.size > 0) deliverNow(takeBatch())
  }

  return { offer, flush, pending, sendAtExit }
})

const isInterrupted = (exit: Exit.Exit<unknown>): boolean => Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)

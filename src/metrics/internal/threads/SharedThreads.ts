/**
 * The worker threads of a process, whose metrics are added to the metrics of the
 * main thread.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as TimeSlice from "../../../internal/TimeSlice.ts"
import * as MetricMerge from "../../MetricMerge.ts"
import type { MetricSnapshot } from "../../MetricSnapshot.ts"
import type { MetricPort } from "../model/MetricStoreShape.ts"
import type { MetricStorage } from "../store/MetricStorage.ts"
import type { Reading } from "../store/SeriesNumbers.ts"
import * as SharedSlab from "./SharedSlab.ts"
import { type AddParts, SharedThread } from "./SharedThread.ts"
import { type Options, ThreadMetrics } from "./ThreadMetrics.ts"

export class SharedThreads {
  readonly #threads = new Set<SharedThread>()
  readonly #metrics: ThreadMetrics

  constructor(options: Options) {
    this.#metrics = new ThreadMetrics(options)
  }

  /** Memory for a thread, read until the scope closes; then its counts are kept and the memory is not. */
  share(maximumBytes: number): Effect.Effect<MetricPort, never, Scope.Scope> {
    const open = Effect.sync(() => {
      const port = SharedSlab.create(maximumBytes)
      const thread = new SharedThread(port, this.#metrics.find)
      this.#threads.add(thread)
      return { port, thread }
    })
    const close = ({ thread }: { readonly thread: SharedThread }) =>
      Effect.andThen(
        Effect.suspend(() => TimeSlice.run(thread.end())),
        Effect.sync(() => this.#threads.delete(thread))
      )
    return Effect.map(Effect.acquireRelease(open, close), ({ port }) => port)
  }

  /** The metrics of all threads together. */
  get storages(): Iterable<MetricStorage> {
    return this.#metrics.storages
  }

  /** Memory of the threads there are, estimated. */
  get bytes(): number {
    let bytes = 0
    for (const thread of this.#threads) bytes += thread.bytes
    return bytes
  }

  /** Links a new metric of the main thread with the metric of the threads: they share a limit and expire together. */
  link(own: MetricStorage): void {
    this.#metrics.link(own)
  }

  /** Takes the series that threads have by now. */
  *take(): TimeSlice.Work<void> {
    for (const thread of this.#threads) yield* thread.take()
  }

  /** Gets ready for {@link read}. */
  *prepare(reading: Reading): TimeSlice.Work<void> {
    yield* this.take()
    for (const thread of this.#threads) yield* thread.prepare(reading)
    yield* this.#metrics.prepare(reading)
  }

  /** Reads all threads now. The work adds their metrics to the metrics of the main thread. */
  read(reading: Reading, nowMillis: number): (own: MetricSnapshot) => TimeSlice.Work<MetricSnapshot> {
    // Threads come first: a new series of a thread gets its place in the storages then.
    const parts = Array.from(this.#threads, (thread) => thread.read(reading, nowMillis))
    const metrics = this.#metrics.read(reading)
    return (own) => this.#add(own, metrics, parts)
  }

  *#add(
    own: MetricSnapshot,
    metrics: ReturnType<ThreadMetrics["read"]>,
    parts: ReadonlyArray<AddParts>
  ): TimeSlice.Work<MetricSnapshot> {
    const others = yield* metrics(parts)
    if (others.length === 0) return own
    const { conflicts, snapshot } = yield* MetricMerge.steps([own, { ...own, metrics: others }])
    for (const { difference, name } of conflicts) this.#metrics.conflict(name, difference)
    return snapshot
  }
}

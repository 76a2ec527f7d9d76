/**
 * The worker threads of a process: what they record is added to what the main
 * thread records.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Cooperation from "../../internal/Cooperation.ts"
import * as MetricMerge from "../MetricMerge.ts"
import type { FamilySnapshot, MetricSnapshot } from "../MetricSnapshot.ts"
import * as SharedSlab from "./SharedSlab.ts"
import { SharedThread } from "./SharedThread.ts"

export class SharedThreads {
  readonly #threads = new Set<SharedThread>()
  /** What threads have left that are gone; levels are gone with them. */
  #left: ReadonlyArray<FamilySnapshot> = []
  readonly #warn: (sentence: string) => void
  readonly #warned = new Set<string>()

  constructor(warn: (sentence: string) => void) {
    this.#warn = warn
  }

  /** Memory for a thread, read until the scope closes; then its counts are kept and the memory is not. */
  share(maximumBytes: number): Effect.Effect<SharedSlab.MetricPort, never, Scope.Scope> {
    const open = Effect.sync(() => {
      const port = SharedSlab.create(maximumBytes)
      const thread = new SharedThread(port)
      this.#threads.add(thread)
      return { port, thread }
    })
    const close = ({ thread }: { readonly thread: SharedThread }) =>
      Effect.sync(() => {
        this.#threads.delete(thread)
        const counts = Cooperation.runNow(thread.read()).filter(({ type }) =>
          type !== "gauge" && type !== "upDownCounter"
        )
        const { conflicts, snapshot } = MetricMerge.merge(
          [this.#left, counts].map((families) => ({ timeMillis: 0, families }))
        )
        this.#report(conflicts)
        this.#left = snapshot.families
      })
    return Effect.map(Effect.acquireRelease(open, close), ({ port }) => port)
  }

  /** Reads all threads now; the work adds what they have to the families of the main thread. */
  read(): (own: MetricSnapshot) => Cooperation.Work<MetricSnapshot> {
    const readings = Array.from(this.#threads, (thread) => thread.read())
    const left = this.#left
    return (own) => this.#add(own, left, readings)
  }

  *#add(
    own: MetricSnapshot,
    left: ReadonlyArray<FamilySnapshot>,
    readings: ReadonlyArray<Cooperation.Work<ReadonlyArray<FamilySnapshot>>>
  ): Cooperation.Work<MetricSnapshot> {
    if (left.length === 0 && readings.length === 0) return own
    const others = [left]
    for (const reading of readings) others.push(yield* reading)
    const { conflicts, snapshot } = yield* MetricMerge.steps([own, ...others.map((families) => ({ ...own, families }))])
    this.#report(conflicts)
    return snapshot
  }

  #report(conflicts: ReadonlyArray<MetricMerge.MergeConflict>): void {
    for (const { difference, name } of conflicts) {
      if (this.#warned.has(name)) continue
      this.#warned.add(name)
      this.#warn(`metric ${name} of a worker thread is left out: its ${difference} differs from that of another thread`)
    }
  }
}

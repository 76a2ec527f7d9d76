/**
 * Tells how much memory garbage collections have freed.
 *
 * An observer counts collections, but sees each one a turn of the event loop
 * late, and without its sizes. V8's profiler of collections has the sizes at
 * once, but gives them only when it stops, which takes 0.1 ms. So the profiler is
 * stopped only when it is asked, and after so many collections that its memory
 * stays small.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { PerformanceObserver } from "node:perf_hooks"
import { GCProfiler, type GCProfilerResult } from "node:v8"

export interface Collections {
  /** Number of collections that the observer has seen. */
  readonly seen: () => number
  /** Memory in bytes that collections after the given number have freed, also those that were not seen yet. */
  readonly freedSince: (number: number) => number
}

/** The sizes of so many collections are kept. An operation with more of them has freed at least so much. */
const mostSizes = 1000

/** After so many collections, the profiler is stopped and started again. */
const mostPending = 100

/** Observes the thread until the scope closes. */
export const observe: Effect.Effect<Collections, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => {
      let seen = 0
      let profiler = new GCProfiler()
      profiler.start()
      /** The sizes that collections have freed; the first one is that of the collection number `first`. */
      let freed: Array<number> = []
      let first = 0
      const drain = () => {
        const result = profiler.stop()
        profiler = new GCProfiler()
        profiler.start()
        freed.push(...sizesOf(result))
        const tooMany = freed.length - mostSizes
        if (tooMany <= 0) return
        freed = freed.slice(tooMany)
        first += tooMany
      }
      const observer = new PerformanceObserver((list) => {
        seen += list.getEntries().length
        if (seen - first - freed.length >= mostPending) drain()
      })
      observer.observe({ entryTypes: ["gc"] })
      const freedSince = (number: number) => {
        drain()
        return freed.slice(Math.max(0, number - first)).reduce((sum, bytes) => sum + bytes, 0)
      }
      const end = () => {
        observer.disconnect()
        profiler.stop()
      }
      return { collections: { seen: () => seen, freedSince }, end }
    }),
    ({ end }) => Effect.sync(end)
  ),
  ({ collections }) => collections
)

const sizesOf = (result: GCProfilerResult | undefined): ReadonlyArray<number> =>
  result === undefined ?
    [] :
    result.statistics.map(({ afterGC, beforeGC }) =>
      Math.max(0, usedIn(beforeGC.heapStatistics) - usedIn(afterGC.heapStatistics))
    )

const usedIn = (heap: { readonly usedHeapSize: number; readonly externalMemory: number }): number =>
  heap.usedHeapSize + heap.externalMemory

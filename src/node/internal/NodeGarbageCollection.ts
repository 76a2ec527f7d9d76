/**
 * Pauses of the garbage collector.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { constants, type PerformanceEntry, PerformanceObserver } from "node:perf_hooks"

export type GcType = "minor" | "major" | "incremental" | "weakcb"

const types: ReadonlyMap<number, GcType> = new Map([
  [constants.NODE_PERFORMANCE_GC_MINOR, "minor"],
  [constants.NODE_PERFORMANCE_GC_MAJOR, "major"],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, "incremental"],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, "weakcb"]
])

const millisPerSecond = 1000

/** Calls `onPause` after each collection until the scope closes. */
export const observe = (
  onPause: (type: GcType, seconds: number) => void
): Effect.Effect<void, never, Scope.Scope> =>
  Effect.asVoid(Effect.acquireRelease(
    Effect.sync(() => {
      const observer = new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          const type = types.get(kindOf(entry))
          if (type !== undefined) onPause(type, entry.duration / millisPerSecond)
        }
      })
      observer.observe({ entryTypes: ["gc"] })
      return observer
    }),
    (observer) => Effect.sync(() => observer.disconnect())
  ))

const kindOf = (entry: PerformanceEntry): number => {
  const detail: unknown = "detail" in entry ? entry.detail : undefined
  return typeof detail === "object" && detail !== null && "kind" in detail && typeof detail.kind === "number"
    ? detail.kind
    : -1
}

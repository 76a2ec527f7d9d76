/**
 * Metrics of the Node process: event loop, garbage collector, heap, processor,
 * memory, handles.
 *
 * **Details**
 *
 * Pauses of the garbage collector are recorded. All other values are read when
 * the metrics are read. Between two readings, the only cost is a timer that fires
 * ten times a second. The timer does not keep the process alive. Delay and
 * utilisation are those of the last whole window of at least ten seconds. All
 * readers get the same window.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/runtime/nodejs-metrics/
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { constants, performance, type PerformanceEntry, PerformanceObserver } from "node:perf_hooks"
import { getHeapSpaceStatistics, getHeapStatistics, type HeapSpaceInfo } from "node:v8"
import { runtimeCatalog } from "../metrics/MetricCatalog.ts"
import { MetricStore, type ObservedDeclaration } from "../metrics/MetricStore.ts"
import * as NodeEventLoop from "./internal/NodeEventLoop.ts"

/**
 * Measures the process, if the store of the context measures a process. If it is
 * the store of a worker thread, the layer measures the event loop and the heap of
 * the thread. `Telemetry.layer` includes this layer unless `metrics.runtime` is
 * off.
 *
 * **Example** (Metrics of the process alone)
 *
 * ```ts
 * import * as Layer from "effect/Layer"
 * import { MetricStore } from "tasker-telemetry"
 * import * as NodeRuntimeMetrics from "tasker-telemetry/node/NodeRuntimeMetrics"
 *
 * const layer = Layer.provideMerge(NodeRuntimeMetrics.layer, MetricStore.layer)
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, MetricStore> = Layer.effectDiscard(
  Effect.gen(function*() {
    const store = yield* MetricStore
    if (store.measures === "none") return
    const clock = yield* Clock.Clock
    const window = yield* NodeEventLoop.observe(() => clock.monotonicTimeNanosUnsafe())
    const pauses = store.histogram(runtimeCatalog.gcDuration)
    yield* observePauses((type, seconds) => pauses.observe({ v8js_gc_type: type }, seconds))
    store.info(runtimeCatalog.version, { version: process.version })
    // A worker thread has its own event loop and heap. The main thread measures the process.
    const observed = [...eventLoop(window), ...heap, ...(store.measures === "process" ? ofProcess : [])]
    for (const metric of observed) yield* store.observe(metric)
  })
)

type Observed = ObservedDeclaration<string>

const one = (value: number) => [{ attributes: {}, value }]

const eventLoop = (window: () => NodeEventLoop.Window): ReadonlyArray<Observed> => {
  const delay = (key: NodeEventLoop.DelayKey) => () => {
    const value = window().delay?.[key]
    return value === undefined ? [] : one(value)
  }
  return [
    { ...runtimeCatalog.delayMin, read: delay("min") },
    { ...runtimeCatalog.delayMax, read: delay("max") },
    { ...runtimeCatalog.delayMean, read: delay("mean") },
    { ...runtimeCatalog.delayStddev, read: delay("stddev") },
    { ...runtimeCatalog.delayP50, read: delay("p50") },
    { ...runtimeCatalog.delayP90, read: delay("p90") },
    { ...runtimeCatalog.delayP99, read: delay("p99") },
    { ...runtimeCatalog.utilization, read: () => one(window().utilization) },
    {
      ...runtimeCatalog.loopTime,
      read: () => {
        const { active, idle } = performance.eventLoopUtilization()
        return [
          { attributes: { nodejs_eventloop_state: "active" }, value: active / 1e3 },
          { attributes: { nodejs_eventloop_state: "idle" }, value: idle / 1e3 }
        ]
      }
    }
  ]
}

const bySpace = (bytesOf: (space: HeapSpaceInfo) => number) => () =>
  getHeapSpaceStatistics().map((space) => ({
    attributes: { v8js_heap_space_name: space.space_name },
    value: bytesOf(space)
  }))

const heap: ReadonlyArray<Observed> = [
  { ...runtimeCatalog.heapUsed, read: bySpace((space) => space.space_used_size) },
  { ...runtimeCatalog.heapSpaceSize, read: bySpace((space) => space.space_size) },
  { ...runtimeCatalog.heapSpaceAvailable, read: bySpace((space) => space.space_available_size) },
  { ...runtimeCatalog.heapSpacePhysical, read: bySpace((space) => space.physical_space_size) },
  { ...runtimeCatalog.heapLimit, read: () => one(getHeapStatistics().heap_size_limit) }
]

const ofProcess: ReadonlyArray<Observed> = [
  {
    ...runtimeCatalog.cpuTime,
    read: () => {
      const { system, user } = process.cpuUsage()
      return [
        { attributes: { cpu_mode: "user" }, value: user / 1e6 },
        { attributes: { cpu_mode: "system" }, value: system / 1e6 }
      ]
    }
  },
  { ...runtimeCatalog.memory, read: () => one(process.memoryUsage.rss()) },
  { ...runtimeCatalog.uptime, read: () => one(process.uptime()) },
  { ...runtimeCatalog.startTime, read: () => one(performance.timeOrigin / 1e3) },
  {
    ...runtimeCatalog.activeResources,
    read: () => {
      const counts = new Map<string, number>()
      for (const type of process.getActiveResourcesInfo()) counts.set(type, (counts.get(type) ?? 0) + 1)
      return Array.from(counts, ([type, value]) => ({ attributes: { type }, value }))
    }
  }
]

type GcType = "minor" | "major" | "incremental" | "weakcb"

const types: ReadonlyMap<number, GcType> = new Map([
  [constants.NODE_PERFORMANCE_GC_MINOR, "minor"],
  [constants.NODE_PERFORMANCE_GC_MAJOR, "major"],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, "incremental"],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, "weakcb"]
])

const millisPerSecond = 1000

/** Calls `onPause` after each collection until the scope closes. */
const observePauses = (
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

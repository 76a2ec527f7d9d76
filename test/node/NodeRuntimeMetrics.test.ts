import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Metric, Scope } from "effect"
import { TestClock } from "effect/testing"
import { totalmem } from "node:os"
import { performance } from "node:perf_hooks"
import { getHeapStatistics, setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { LogDestination, MetricCluster, MetricStore, Telemetry } from "tasker-telemetry"
import { runtimeCatalog } from "../../src/metrics/MetricCatalog.ts"
import type { HistogramValue } from "../../src/metrics/MetricSnapshot.ts"
import * as NodeRuntimeMetrics from "../../src/node/NodeRuntimeMetrics.ts"
import * as eventLoop from "../support/eventLoop.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

const store = TestTelemetry.layer(TestTelemetry.metrics)
const layer = Layer.provideMerge(NodeRuntimeMetrics.layer, store)

const names: ReadonlyArray<string> = Object.values(runtimeCatalog).map(({ name }) => name)

/** The metrics of the process: values by attribute values. */
const readings = Effect.map(
  Effect.flatMap(MetricStore.MetricStore, ({ snapshot }) => snapshot),
  ({ metrics }) =>
    new Map(
      metrics.filter(({ name }) => names.includes(name)).map(({ name, series }) => [
        name,
        new Map(series.map(({ attributes, value }) => [Object.values(attributes).join(","), value]))
      ])
    )
)

const collectGarbage = Effect.sync(() => {
  setFlagsFromString("--expose-gc")
  const collect: unknown = runInNewContext("gc")
  if (typeof collect === "function") collect()
})

const number = (value: unknown): number => typeof value === "number" ? value : NaN

const total = (values: ReadonlyMap<string, unknown> | undefined): number =>
  [...(values ?? new Map<string, unknown>()).values()].reduce<number>((sum, value) => sum + number(value), 0)

/** As the store of a worker thread, whose numbers the main thread adds to its own. */
const inThread = Layer.effect(
  MetricStore.MetricStore,
  Effect.map(MetricStore.MetricStore, (own) => ({ ...own, measures: "thread" as const }))
)

const { activeResources, cpuTime, heapLimit, loopTime, memory, startTime, uptime } = runtimeCatalog
const ofProcess = [activeResources, cpuTime, memory, startTime, uptime].map(({ name }) => name)
const ofThread = [heapLimit, loopTime].map(({ name }) => name)

/** Stores that a program can give to `Telemetry.layer`, and what each measures. */
const stores: ReadonlyArray<
  readonly [name: string, store: Telemetry.Parts["metricStore"], measured: ReadonlyArray<string>]
> = [
  ["no store", undefined, [...ofProcess, ...ofThread]],
  ["MetricStore.layer", MetricStore.layer, [...ofProcess, ...ofThread]],
  [
    "MetricCluster.layerPrimary",
    Layer.provide(MetricCluster.layerPrimary(), MetricStore.layer),
    [...ofProcess, ...ofThread]
  ],
  [
    "MetricCluster.layerWorker",
    Layer.provide(MetricCluster.layerWorker(), MetricStore.layer),
    [...ofProcess, ...ofThread]
  ],
  [
    "a store that wraps MetricStore.layer",
    Layer.provide(
      Layer.effect(MetricStore.MetricStore, Effect.map(MetricStore.MetricStore, (own) => ({ ...own }))),
      MetricStore.layer
    ),
    [...ofProcess, ...ofThread]
  ],
  [
    "MetricStore.layerShared",
    Layer.unwrap(Effect.map(
      Effect.flatMap(MetricStore.MetricStore, ({ share }) => share()),
      (port) => MetricStore.layerShared(port)
    )).pipe(Layer.provide(MetricStore.layer)),
    ofThread
  ],
  ["MetricStore.layerNoop", MetricStore.layerNoop, []]
]

describe("NodeRuntimeMetrics", () => {
  it.effect.each(stores)(
    "measures in %s what the store measures",
    ([, metricStore, measured]) =>
      Effect.gen(function*() {
        const read = yield* readings
        assert.deepStrictEqual([...ofProcess, ...ofThread].filter((name) => read.has(name)), measured)
      }).pipe(
        Effect.provide(Telemetry.layer({}, { metricStore, logDestination: LogDestination.layerNoop })),
        Effect.provideService(Metric.MetricRegistry, new Map())
      )
  )

  it.effect("leaves the process to the main thread where it measures a worker thread", () =>
    Effect.gen(function*() {
      const read = yield* readings
      assert.containsAllKeys(read, ofThread)
      assert.doesNotHaveAnyKeys(read, ofProcess)
    }).pipe(Effect.provide(NodeRuntimeMetrics.layer.pipe(Layer.provideMerge(inThread), Layer.provide(store)))))

  it.effect("reads the process", () =>
    Effect.gen(function*() {
      yield* collectGarbage
      yield* eventLoop.turnUntil(
        Effect.map(readings, (all) => all.has(runtimeCatalog.delayMax.name) && all.has(runtimeCatalog.gcDuration.name))
      )
      const before = yield* readings
      assert.deepStrictEqual([...before.keys()].toSorted(), names.toSorted())

      const read = (name: string, attribute = "") => before.get(name)?.get(attribute)
      for (
        const [name, lowest, highest] of [
          [runtimeCatalog.delayMin.name, 0, 5],
          [runtimeCatalog.delayP50.name, 0, 5],
          [runtimeCatalog.delayP90.name, 0, 5],
          [runtimeCatalog.delayP99.name, 0, 5],
          [runtimeCatalog.delayMax.name, 0, 5],
          [runtimeCatalog.delayMean.name, 0, 5],
          [runtimeCatalog.delayStddev.name, 0, 5],
          // The test has kept the loop busy.
          [runtimeCatalog.utilization.name, 0.1, 1],
          [runtimeCatalog.memory.name, 10e6, totalmem()],
          [runtimeCatalog.uptime.name, process.uptime() - 5, process.uptime()],
          [runtimeCatalog.startTime.name, performance.timeOrigin / 1000, performance.timeOrigin / 1000],
          [runtimeCatalog.heapLimit.name, getHeapStatistics().heap_size_limit, getHeapStatistics().heap_size_limit]
        ] as const
      ) {
        assert.isAtLeast(number(read(name)), lowest, name)
        assert.isAtMost(number(read(name)), highest, name)
      }
      assert.strictEqual(read(runtimeCatalog.version.name, process.version), 1)
      assert.isAtLeast(number(read(runtimeCatalog.loopTime.name, "active")), 0.001)
      assert.isAtMost(total(before.get(runtimeCatalog.loopTime.name)), process.uptime())

      const { heapUsed } = process.memoryUsage()
      assert.isAtLeast(total(before.get(runtimeCatalog.heapUsed.name)), heapUsed / 2)
      assert.isAtMost(total(before.get(runtimeCatalog.heapUsed.name)), heapUsed * 2)
      assert.includeMembers([...before.get(runtimeCatalog.heapUsed.name)!.keys()], ["new_space", "old_space"])
      assert.isAtLeast(
        total(before.get(runtimeCatalog.heapSpaceSize.name)),
        total(before.get(runtimeCatalog.heapUsed.name))
      )

      const { count, sum } = read(runtimeCatalog.gcDuration.name, "major") as HistogramValue
      assert.isAtLeast(count, 1)
      assert.isTrue(sum > 0 && sum < 5)

      // The garbage collection and the turns of the loop have taken time of the processor.
      assert.isAtLeast(number(read(runtimeCatalog.cpuTime.name, "user")), 0.01)
      yield* collectGarbage
      const after = yield* readings
      assert.isAbove(total(after.get(runtimeCatalog.cpuTime.name)), total(before.get(runtimeCatalog.cpuTime.name)))
    }).pipe(Effect.provide(layer)))

  it.effect("keeps nothing alive, and ends with its scope", () =>
    Effect.gen(function*() {
      const services = yield* Layer.build(store)
      yield* Effect.gen(function*() {
        const before = process.getActiveResourcesInfo().toSorted()
        const scope = yield* Scope.make()
        yield* Layer.buildWithScope(NodeRuntimeMetrics.layer, scope)
        assert.deepStrictEqual(process.getActiveResourcesInfo().toSorted(), before)
        assert.isAbove((yield* readings).size, 10)
        yield* Scope.close(scope, Exit.void)
        yield* collectGarbage
        yield* eventLoop.turns(10)
        const totals = new Set<string>(
          Object.values(runtimeCatalog).filter(({ type }) => type === "counter").map(({ name }) => name)
        )
        assert.deepStrictEqual(
          [...(yield* readings).keys()].filter((name) => !totals.has(name)),
          [runtimeCatalog.version.name]
        )
        const last = yield* readings
        yield* TestClock.adjust("1 minute")
        assert.deepStrictEqual(yield* readings, last)
      }).pipe(Effect.provide(services))
    }))
})

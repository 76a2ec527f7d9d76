/**
 * The metrics of the telemetry about itself, as a program that has everything switched on has them.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import { MetricCatalog, MetricStore, Telemetry } from "tasker-telemetry"
import * as exportMetrics from "../../src/export/internal/exportMetrics.ts"
import { SelfStatistics } from "../../src/internal/SelfStatistics.ts"
import * as ExportTimer from "../../src/metrics/internal/ExportTimer.ts"
import { lostEnds } from "../../src/workflow/internal/sql/OwedEnds.ts"

export interface SelfMetric {
  readonly type: string
  readonly name: string
  readonly help: string
  readonly unit?: string | undefined
  readonly attributes: ReadonlyArray<string>
}

const declared: ReadonlySet<string> = new Set(
  [...Object.values(MetricCatalog.catalog), ...Object.values(MetricCatalog.runtimeCatalog)].map(({ name }) => name)
)

/** Counters that are declared whether they have counted or not, and all other metrics that a store shows of itself. */
export const selfMetrics: Effect.Effect<ReadonlyArray<SelfMetric>, unknown, FileSystem.FileSystem> = Effect.gen(
  function*() {
    const files = yield* FileSystem.FileSystem
    const services = yield* Layer.build(Telemetry.layer({
      logging: { destination: "file", file: { path: yield* files.makeTempFileScoped() } },
      delivery: { endpoint: "http://127.0.0.1:9", shutdownTimeout: "1 millis" }
    }))
    const statistics = Option.getOrThrow(Context.getOption(services, SelfStatistics)).read()
    const { metrics } = yield* Context.get(services, MetricStore.MetricStore).snapshot
    const counters = statistics.map((counter): SelfMetric => counter)
    const counted = new Set(counters.map(({ name }) => name))
    // A histogram is shown once it has measured something.
    const timers = [ExportTimer.declaration, exportMetrics.durations].map((timer): SelfMetric => ({
      ...timer,
      type: "histogram",
      unit: "seconds"
    }))
    // The program has no target, and no database.
    const ofTargets: ReadonlyArray<SelfMetric> = [exportMetrics.failing, exportMetrics.lastSuccess, lostEnds]
    return [
      ...counters,
      ...timers,
      ...ofTargets,
      ...metrics.filter(({ name }) => !declared.has(name) && !counted.has(name))
    ].toSorted(
      (left, right) => left.name < right.name ? -1 : 1
    )
  }
).pipe(Effect.scoped, Effect.provideService(Metric.MetricRegistry, new Map()))

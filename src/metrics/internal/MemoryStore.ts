/**
 * The store that keeps every series in the memory of this process.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as TelemetryConfig from "../../config/TelemetryConfig.ts"
import { inBackground } from "../../internal/BackgroundClock.ts"
import type { SelfStatistics } from "../../internal/SelfStatistics.ts"
import * as TimeSlice from "../../internal/TimeSlice.ts"
import { truncateMasked } from "../../internal/truncateAtWord.ts"
import * as Redaction from "../../redaction/Redaction.ts"
import type { MetricSnapshot } from "../MetricSnapshot.ts"
import * as MetricDeclaration from "./model/MetricDeclaration.ts"
import type { MetricStoreShape } from "./model/MetricStoreShape.ts"
import { DeclaredMetrics, read } from "./store/DeclaredMetrics.ts"
import * as EffectMetrics from "./store/EffectMetrics.ts"
import * as EffectRegistry from "./store/EffectRegistry.ts"
import { MetricStorage, type Options, strideOf } from "./store/MetricStorage.ts"
import { ObservedMetrics } from "./store/ObservedMetrics.ts"
import { SelfCounters } from "./store/SelfCounters.ts"
import { ExemplarFilter } from "./store/SeriesExemplars.ts"
import { type Backend, GrowingNumbers } from "./store/SeriesNumbers.ts"
import * as storeDeclarations from "./store/storeDeclarations.ts"
import * as StoreStatistics from "./store/StoreStatistics.ts"
import { WorkerThreads } from "./threads/WorkerThreads.ts"

/** How often to look for idle series during the retention time. */
const looksPerRetention = 24

/** How often a worker thread reads its observed metrics, because the main thread cannot ask for them. */
const observedEvery = "5 seconds"

/** The default for the largest memory of a worker thread. */
const defaultShareBytes = 64 * 1024 * 1024

const ownMemory: Backend = {
  numbers: (declaration) => new GrowingNumbers(strideOf(declaration)),
  expires: true,
  isShared: false
}

/** Longest attribute value, in characters. */
const longestValue = 1024

export const make: (
  backend?: Backend
) => Effect.Effect<MetricStoreShape, never, SelfStatistics | Scope.Scope> = Effect.fnUntraced(function*(
  backend = ownMemory
) {
  const { metrics: config } = yield* TelemetryConfig.Current
  const redaction = yield* Redaction.Current
  const clock = yield* Clock.Clock
  const registry = yield* EffectRegistry.make
  const self = yield* StoreStatistics.make
  const nowMillis = () => clock.currentTimeMillisUnsafe()
  const redact = (key: string, value: string) => {
    const search = redaction.isSql([key]) ? redaction.sql : redaction.text
    const shown = redaction.masks([key], value) ? redaction.mask : truncateMasked(value, longestValue + 1, search)
    return shown.length > longestValue ? `${shown.slice(0, longestValue - 1)}…`.toWellFormed() : shown
  }
  const exemplars = config.exemplars === "always_off"
    ? undefined
    : new ExemplarFilter(config.exemplars === "trace_based")

  const makeStorage = (
    given: MetricDeclaration.Checked,
    shown: Pick<Options, "exemplars" | "nowMillis" | "registry">
  ): MetricStorage | undefined => {
    const declaration = { ...given, help: redaction.text(given.help) }
    const numbers = backend.numbers(declaration)
    if (numbers === undefined) {
      self.warn(`metric ${declaration.name} is not recorded: there is no room left for it`)
      return undefined
    }
    return new MetricStorage({
      declaration,
      cardinalityLimit: declaration.cardinalityLimit ?? config.cardinalityLimit,
      numbers,
      redact,
      misuse: self.misuse(declaration.name, config.onMisuse),
      onOverflow: (count, widestKey) => self.overflow(declaration.name, count, widestKey),
      ...shown
    })
  }
  const metrics = new DeclaredMetrics({
    views: config.views,
    isExponential: config.histogramAggregation === "base2_exponential_bucket_histogram",
    onProblem: self.warn,
    isReserved: (name) => selfCounters.has(name),
    makeStorage: (declaration) => {
      const storage = makeStorage(declaration, { exemplars, nowMillis, registry })
      if (storage !== undefined) threads.link(storage)
      return storage
    }
  })
  const threads = new WorkerThreads({
    cardinalityLimit: config.cardinalityLimit,
    nowMillis,
    own: (name) => metrics.storage(name),
    onOverflow: self.overflow,
    onConflict: (metric, difference) =>
      self.warn(
        `metric ${metric} of a worker thread is left out: its ${difference} differs between threads`
      )
  })
  const observed = new ObservedMetrics(self.observeFailed)
  const startMillis = nowMillis()
  const selfCounters = new SelfCounters({
    views: config.views,
    counters: self.counters,
    makeStorage: (declaration) =>
      makeStorage(declaration, { exemplars: undefined, nowMillis: () => startMillis, registry: undefined }),
    isTaken: (name) => metrics.has(name),
    onConflict: self.warn
  })
  const readEffectMetrics = EffectMetrics.reader({
    context: yield* Effect.context<never>(),
    registry: yield* Metric.MetricRegistry,
    countOurs: registry.count,
    startMillis,
    views: config.views,
    redact,
    redactName: redaction.name,
    onConflict: self.warn
  })

  const observe: MetricStoreShape["observe"] = (declaration) =>
    Effect.acquireRelease(
      Effect.sync(() => {
        const { storage } = metrics.declare(
          MetricDeclaration.check(declaration.type, declaration, storeDeclarations.siteOf(observe), true)
        )
        return storage === undefined ? () => {} : observed.add(storage, declaration.read)
      }),
      (end) => Effect.sync(end)
    )

  const allStorages = () => [...metrics.storages, ...threads.storages]
  function* expireIdle(): TimeSlice.Work<void> {
    const now = nowMillis()
    for (const storage of allStorages()) {
      // The telemetry's counters about itself do not expire. So their parts from threads do not expire, either.
      if (selfCounters.has(storage.declaration.name)) continue
      yield* storage.expireIdle(now, now - Duration.toMillis(config.retention))
    }
  }
  if (backend.expires) {
    yield* Effect.suspend(() => TimeSlice.run(expireIdle())).pipe(
      Effect.schedule(Schedule.spaced(Duration.divideUnsafe(config.retention, looksPerRetention))),
      inBackground,
      Effect.forkScoped
    )
  }
  if (backend.isShared) {
    const show = Effect.sync(() => selfCounters.refresh())
    yield* Effect.addFinalizer(() => show)
    yield* Effect.andThen(observed.refresh, show).pipe(
      Effect.schedule(Schedule.spaced(observedEvery)),
      inBackground,
      Effect.forkScoped
    )
  } else {
    // The main thread reports the memory of worker threads, too.
    yield* observe({ ...StoreStatistics.bytes, read: () => StoreStatistics.readBytes(allStorages(), threads.bytes) })
    yield* observe({
      ...StoreStatistics.series,
      read: () => StoreStatistics.readSeries(metrics.storages, threads.storages)
    })
  }

  /** All values are read in one piece of work, which cannot be paused. */
  function* snapshot(): TimeSlice.Work<MetricSnapshot> {
    const reading = yield* metrics.prepare()
    yield* threads.prepare(reading)
    const timeMillis = nowMillis()
    selfCounters.refresh()
    const own = read([...metrics.storages, ...selfCounters.storages], reading)
    const addThreads = threads.read(reading, timeMillis)
    const foreign = readEffectMetrics((name) => metrics.has(name) || selfCounters.isShown(name))
    exemplars?.nextInterval()
    const all = (yield* own).concat(yield* foreign)
    return yield* addThreads({ timeMillis, metrics: all.sort((left, right) => left.name < right.name ? -1 : 1) })
  }

  return {
    ...storeDeclarations.make((declaration) => metrics.declare(declaration).instrument),
    observe,
    measures: backend.isShared ? "thread" : "process",
    share: ({ maximumBytes = defaultShareBytes } = {}) => threads.share(maximumBytes),
    // The observed metrics of this store report the series of threads, so threads come first.
    snapshot: Effect.suspend(() => TimeSlice.run(threads.take())).pipe(
      Effect.andThen(observed.refresh),
      Effect.andThen(Effect.suspend(() => TimeSlice.run(snapshot())))
    )
  } satisfies MetricStoreShape
})

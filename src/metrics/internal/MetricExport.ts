/**
 * Sends metrics to an OTLP receiver.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as HttpClient from "effect/http/HttpClient"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as TelemetryConfig from "../../config/TelemetryConfig.ts"
import * as OtlpSender from "../../delivery/OtlpSender.ts"
import type { DropReason } from "../../delivery/SendingQueue.ts"
import { FlushRegistry } from "../../internal/FlushRegistry.ts"
import { SelfStatistics } from "../../internal/SelfStatistics.ts"
import { redactService } from "../../redaction/internal/redactNames.ts"
import * as Redaction from "../../redaction/Redaction.ts"
import * as MetricReader from "../MetricReader.ts"
import type { MetricSnapshot } from "../MetricSnapshot.ts"
import { MetricStore } from "../MetricStore.ts"
import * as OtlpMetricFormat from "../OtlpMetricFormat.ts"

/**
 * Exports metrics if an endpoint is configured and `metrics.exporter` is `otlp`;
 * does nothing otherwise.
 *
 * **Details**
 *
 * An export runs every `metrics.exportInterval`, with every flush, and once more
 * when the scope closes, within `delivery.shutdownTimeout`. Exports run one after
 * the other. None takes longer than `metrics.exportTimeout`. A request has at
 * most 2000 series. Other fibers get their turn between two requests.
 *
 * A request that is not delivered is counted by the reason. If a request is
 * refused, the others are still sent. If a request does not get through, the
 * export ends. With `delta`, the next export has the parts that this export could
 * not deliver. But if a receiver accepts a request and rejects some of its
 * points, these points are counted and not sent again.
 *
 * @param snapshot gives the metrics to export
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(
  snapshot: Effect.Effect<MetricSnapshot>
): Effect.fn.Return<void, never, SelfStatistics | FlushRegistry | HttpClient.HttpClient | Scope.Scope> {
  const config = yield* TelemetryConfig.Current
  const target = OtlpSender.target(config, "metrics")
  if (target === undefined || config.metrics.exporter === "none") return
  const statistics = yield* SelfStatistics
  const exported = statistics.counter(
    "tasker_metric_points_exported_total",
    "Data points of metrics that a receiver accepted.",
    []
  )
  const failed = statistics.counter(
    "tasker_metric_exports_failed_total",
    "Requests with metrics that were not delivered, or not in full.",
    ["reason"]
  )
  const rejectedPoints = statistics.counter(
    "tasker_metric_points_rejected_total",
    "Data points of metrics that a receiver rejected of a request that it accepted.",
    []
  )
  const { temporality } = config.metrics
  const reader = yield* MetricReader.make({ snapshot, temporality })
  const service = redactService(config.service, yield* Redaction.Current)
  const send = yield* OtlpSender.make(target)

  const deliver = Effect.fnUntraced(function*(part: MetricSnapshot): Effect.fn.Return<void, DropReason> {
    yield* Effect.yieldNow
    const body = OtlpMetricFormat.encode(part, service, temporality)
    yield* Effect.yieldNow
    const outcome = yield* send(body)
    if (typeof outcome === "string") return yield* Effect.fail(outcome)
    const points = part.metrics.reduce((points, { series }) => points + series.length, 0)
    // A receiver cannot reject more points than it got.
    const rejected = Math.min(outcome?.rejected ?? 0, points)
    if (rejected < points) exported([], points - rejected)
    if (rejected > 0) {
      failed(["partially_rejected"])
      rejectedPoints([], rejected)
    }
  })

  const oneAtATime = Semaphore.makeUnsafe(1)
  const run = Effect.suspend(() => {
    // If all attempts for one part fail, attempts for other parts would only take time.
    let isReachable = true
    return reader.collect((part) =>
      isReachable
        ? Effect.tapError(deliver(part), (reason) =>
          Effect.sync(() => {
            isReachable = reason !== "unreachable"
            failed([reason])
          }))
        : Effect.fail("unreachable" as const)
    )
  }).pipe(
    Effect.timeoutOption(config.metrics.exportTimeout),
    Effect.map((ended) => Option.isNone(ended) ? failed(["timed_out"]) : undefined),
    // The failure has been counted already.
    Effect.catch(() => Effect.void),
    Effect.tapDefect(() => Effect.sync(() => failed(["failed"]))),
    Effect.ignoreCause({ log: "Warn", message: "metrics were not exported" }),
    // Outside of the time limit, because waiting for the previous export is not part of this one.
    oneAtATime.withPermits(1)
  )

  const periodic = yield* run.pipe(Effect.schedule(Schedule.windowed(config.metrics.exportInterval)), Effect.forkScoped)
  // An export that hangs may have half of the time. The other half is for a new export.
  const half = Duration.divideUnsafe(config.delivery.shutdownTimeout, 2)
  yield* Effect.addFinalizer(() =>
    Effect.timeoutOption(run, half).pipe(
      Effect.filterOrElse(
        Option.isSome,
        () => Effect.andThen(Fiber.interrupt(periodic), Effect.timeoutOption(run, half))
      )
    )
  )
  yield* (yield* FlushRegistry).register(run)
})

/**
 * Exports the metric store, see {@link make}. The main thread exports the metrics
 * of its worker threads, so a worker thread exports nothing.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, MetricStore | SelfStatistics | FlushRegistry | HttpClient.HttpClient> =
  Layer.effectDiscard(
    Effect.flatMap(MetricStore, (store) => store.measures === "process" ? make(store.snapshot) : Effect.void)
  )

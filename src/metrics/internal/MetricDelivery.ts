/**
 * Sends metrics to an OTLP receiver.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import * as TelemetryConfig from "../../config/TelemetryConfig.ts"
import type { DropReason } from "../../delivery/Ledger.ts"
import * as Receiver from "../../delivery/Receiver.ts"
import * as RequestSender from "../../delivery/RequestSender.ts"
import * as resource from "../../delivery/resource.ts"
import type { Transport } from "../../delivery/Transport.ts"
import { inBackground } from "../../internal/BackgroundClock.ts"
import { ExporterStates } from "../../internal/ExporterStates.ts"
import { FlushRegistry, type FlushReport } from "../../internal/FlushRegistry.ts"
import { SelfStatistics } from "../../internal/SelfStatistics.ts"
import * as MetricReader from "../MetricReader.ts"
import type { MetricSnapshot } from "../MetricSnapshot.ts"
import { MetricStore } from "../MetricStore.ts"
import * as OtlpMetricFormat from "../OtlpMetricFormat.ts"
import { withSdkNames } from "./sdkMetrics.ts"

/**
 * Exports metrics if an endpoint is configured and `metrics.exporter` is `otlp`;
 * does nothing otherwise.
 *
 * **Details**
 *
 * An export runs every `metrics.exportInterval`, with every flush, and once more
 * when the scope closes. Exports run one after the other. None takes longer than
 * `metrics.exportTimeout`, but the last may take `delivery.shutdownTimeout`. A request has at
 * most 2000 series. Other fibers get their turn between two requests. If a request is
 * too large for the receiver, this export and later ones have fewer series in a
 * request.
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
): Effect.fn.Return<
  void,
  TelemetryConfig.TelemetryConfigError,
  SelfStatistics | FlushRegistry | Transport | Scope.Scope
> {
  const config = yield* TelemetryConfig.Current
  const receiver = Receiver.of(config, "metrics")
  if (receiver === undefined || config.metrics.exporter === "none") return
  const statistics = yield* SelfStatistics
  const failed = statistics.counter(
    "tasker_metric_exports_failed_total",
    "Requests with metrics that were not delivered, or not in full.",
    ["reason"]
  )
  const { protocol } = receiver
  const { temporality } = config.metrics
  let maximumSeries = mostSeries
  const reader = yield* MetricReader.make({ snapshot, temporality, maximumSeries: () => maximumSeries })
  let rejectedPoints = 0
  const points = () => {
    const { collected, delivered, pending, replaced } = reader.accounts()
    return { collected, exported: delivered - rejectedPoints, rejected: rejectedPoints, replaced, pending }
  }
  observePoints(statistics, points)
  const service = yield* resource.current
  const sender = yield* RequestSender.make(receiver, config.delivery.retry)
  const deliver = Effect.fnUntraced(function*(
    part: MetricSnapshot,
    deadline: bigint
  ): Effect.fn.Return<void, DropReason> {
    yield* Effect.yieldNow
    const named = { ...part, metrics: withSdkNames(part.metrics) }
    const body = OtlpMetricFormat.encode(named, service, { protocol, temporality })
    yield* Effect.yieldNow
    const outcome = body.length > config.delivery.maximumRequestBytes
      ? { _tag: "TooLarge" } as const
      : yield* sender.send(body, deadline)
    if (outcome._tag === "TooLarge") return yield* Effect.fail("too_large" as const)
    if (outcome._tag === "Lost") return yield* Effect.fail(outcome.reason)
    // A receiver cannot reject more points than it got.
    const rejected = Math.min(outcome.rejected, part.metrics.reduce((sum, { series }) => sum + series.length, 0))
    if (rejected > 0) failed(["partially_rejected"])
    rejectedPoints += rejected
  })

  const oneAtATime = Semaphore.makeUnsafe(1)
  const collect = (deadline: bigint): Effect.Effect<void, DropReason> => {
    // If all attempts for one part fail, attempts for other parts would only take time.
    let isReachable = true
    let isTooLarge = false
    const collected = reader.collect((part) =>
      isReachable
        ? Effect.tapError(deliver(part, deadline), (reason) =>
          Effect.sync(() => {
            isReachable = reason !== "unreachable"
            isTooLarge ||= reason === "too_large" && maximumSeries > 1
            if (!isTooLarge) failed([reason])
          }))
        : Effect.fail("unreachable" as const)
    )
    return Effect.catch(collected, (reason) => {
      if (!isTooLarge) return Effect.fail(reason)
      maximumSeries = Math.ceil(maximumSeries / 2)
      return collect(deadline)
    })
  }
  /** Succeeds with whether another export, a little later, could deliver what this one could not. */
  const exportWithin = (limit: Duration.Duration, limitName: string): Effect.Effect<boolean> =>
    Effect.flatMap(Clock.monotonicTimeNanos, (now) => {
      sender.hurry()
      return collect(now + Duration.toNanosUnsafe(limit))
    }).pipe(
      Effect.timeoutOption(limit),
      Effect.map((ended) => {
        if (Option.isSome(ended)) return false
        failed(["timed_out"])
        sender.gaveUp(`no answer came within ${limitName} (${Duration.format(limit)})`)
        return true
      }),
      // The failure has been counted already.
      Effect.catch((reason) => Effect.succeed(reason === "unreachable")),
      Effect.tapDefect(() => Effect.sync(() => failed(["failed"]))),
      Effect.catchCause((cause) =>
        Effect.as(
          Effect.ignoreCause(Effect.failCause(cause), { log: "Warn", message: "metrics were not exported" }),
          false
        )
      )
    )

  // Waiting for the previous export is not part of the time limit of this one.
  const run = oneAtATime.withPermits(1)(exportWithin(config.metrics.exportTimeout, "metrics.exportTimeout"))

  const periodic = yield* run.pipe(
    Effect.schedule(Schedule.windowed(config.metrics.exportInterval)),
    inBackground,
    Effect.forkScoped
  )
  // `metrics.exportTimeout` may be shorter than the pause after a failed attempt, and no export comes after the last.
  const half = Duration.divideUnsafe(config.delivery.shutdownTimeout, 2)
  const last = Effect.timeoutOption(
    oneAtATime.withPermits(1)(exportWithin(half, "half of delivery.shutdownTimeout")),
    half
  )
  // If an export hangs, it is interrupted after half of the time. The other half is for a new export.
  yield* Effect.addFinalizer(() =>
    Effect.flatMap(
      last,
      (ended) => Option.getOrElse(ended, () => true) ? Effect.andThen(Fiber.interrupt(periodic), last) : Effect.void
    )
  )
  const flush = Effect.suspend(() => {
    const before = points()
    return Effect.map(Effect.timeoutOption(run, config.delivery.shutdownTimeout), (): FlushReport => {
      const { exported, pending, rejected } = points()
      return { metrics: { exported: exported - before.exported, dropped: rejected - before.rejected, pending } }
    })
  })
  yield* (yield* FlushRegistry).register(flush)
  yield* (yield* ExporterStates).register("metrics", () => ({ ...sender.state(), points: points() }))
})

interface Points {
  readonly collected: number
  readonly exported: number
  readonly rejected: number
  readonly replaced: number
  readonly pending: number
}

/** `collected = exported + rejected + replaced + pending` holds after each export. */
const observePoints = (statistics: SelfStatistics["Service"], points: () => Points): void => {
  const observe = (name: string, type: "counter" | "upDownCounter", help: string, of: keyof Points) =>
    statistics.observe({ type, name: `tasker_metric_points_${name}`, help, values: () => ({ "": points()[of] }) })
  observe("collected_total", "counter", "Data points of metrics that were read to be exported.", "collected")
  observe("exported_total", "counter", "Data points of metrics that a receiver accepted.", "exported")
  observe(
    "rejected_total",
    "counter",
    "Data points of metrics that a receiver rejected of a request that it accepted.",
    "rejected"
  )
  observe(
    "replaced_total",
    "counter",
    "Data points of metrics that were not delivered, and whose series the next export reads anew.",
    "replaced"
  )
  observe("pending", "upDownCounter", "Data points of deltas that are not delivered yet.", "pending")
}

/**
 * Exports the metric store, see {@link make}. The main thread exports the metrics
 * of its worker threads, so a worker thread exports nothing.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<
  never,
  TelemetryConfig.TelemetryConfigError,
  MetricStore | SelfStatistics | FlushRegistry | Transport
> = Layer.effectDiscard(
  Effect.flatMap(MetricStore, (store) => store.measures === "process" ? make(store.snapshot) : Effect.void)
)

/** Series in one request, until a receiver finds a request too large. */
const mostSeries = 2000

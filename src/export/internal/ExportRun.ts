/**
 * One export from its request to its end, with events, callbacks and counts.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type { EventBus } from "../../events/EventBus.ts"
import { describeCause } from "../../internal/describeError.ts"
import { uuid } from "../../internal/identifiers.ts"
import * as TimeSlice from "../../internal/TimeSlice.ts"
import * as SeriesList from "../../metrics/internal/model/SeriesList.ts"
import type { MetricSnapshot } from "../../metrics/MetricSnapshot.ts"
import * as Redaction from "../../redaction/Redaction.ts"
import type { ExporterRegistry } from "../ExporterRegistry.ts"
import * as ExportError from "../ExportError.ts"
import type { ExportLock, Lease } from "../ExportLock.ts"
import { type ExportTarget, TargetError } from "../ExportTarget.ts"
import type { Instance } from "../InstanceSync.ts"
import type { CacheSync, ExportCompletion, ExportRequest, MetricExporter } from "../MetricExporter.ts"
import * as exporterCalls from "./exporterCalls.ts"
import * as exportFailure from "./exportFailure.ts"
import type { ExportMetrics } from "./exportMetrics.ts"
import * as serviceGroup from "./serviceGroup.ts"
import type { TargetState } from "./TargetState.ts"
import { withinTime } from "./withinTime.ts"

/**
 * Metrics that were exported.
 *
 * @category models
 * @since 0.1.0
 */
export interface Exported {
  readonly _tag: "Exported"
  readonly exportId: string
  /** `none` if the target takes the metrics themselves. */
  readonly format: string
  /** `none` if the export was asked for by its format. */
  readonly target: string
  /** The name of the exporter that wrote the metrics; `none` if the target takes the metrics themselves. */
  readonly exporter: string
  readonly contentType: string
  /** What the exporter wrote; empty if a target was given it. */
  readonly body: Uint8Array<ArrayBuffer>
  /** Bytes that the exporter wrote. */
  readonly bytes: number
  readonly metricsCount: number
  readonly seriesCount: number
  readonly durationSeconds: number
}

/**
 * An export that was left to another instance, or that telemetry is off for.
 *
 * @category models
 * @since 0.1.0
 */
export interface Skipped {
  readonly _tag: "Skipped"
  readonly exportId: string
  readonly target: string
  readonly reason: "lease_held" | "disabled"
}

export interface Options {
  readonly registry: ExporterRegistry["Service"]
  readonly bus: EventBus["Service"]
  readonly metrics: ExportMetrics
  /** The metrics of this instance. */
  readonly own: Effect.Effect<MetricSnapshot>
  /** The metrics of all instances; `undefined` if this instance is the only one. */
  readonly all: Pick<Instance, "snapshot" | "separate"> | undefined
  /** Gives leases for one export, and for all exports of an instance. */
  readonly lock: Readonly<Record<"each" | "lasting", ExportLock["Service"]>> | undefined
  /** Longest time of one exporter to write, and of a target to take, an export. */
  readonly timeout: Duration.Duration
}

type Callbacks = Parameters<typeof exporterCalls.notify>[1]

/** The name of a format, a target or an exporter that an export does not have. */
const none = "none"

const nothing = new Uint8Array(0)

/** What was made of a snapshot. */
interface Made extends exporterCalls.Written {
  readonly exporter: string
  readonly snapshot: MetricSnapshot
}

export const make = Effect.fnUntraced(function*({ all, bus, lock, metrics, own, registry, timeout }: Options) {
  const redaction = yield* Redaction.Current
  const service = yield* serviceGroup.current
  let isLockBroken = false

  const sourceOf = ({ instances, isShared }: ExportTarget): Effect.Effect<MetricSnapshot> =>
    all === undefined || !isShared ? own : instances === "separate" ? all.separate : all.snapshot

  /** Calls one callback of each exporter. What goes wrong in one is logged and counted. */
  const notify = <Name extends Callbacks>(
    exporters: ReadonlyArray<MetricExporter>,
    name: Name,
    about: exporterCalls.About[Name]
  ) =>
    Effect.forEach(exporters, (exporter) =>
      Effect.catchCause(exporterCalls.notify(exporter, name, about), (cause) => {
        metrics.exporterFailed(exporter.name, name)
        return Effect.logWarning(
          `${name} of exporter "${exporter.name}" failed: ${redaction.text(describeCause(cause).message)}`
        )
      }), { discard: true })

  /** The first exporter that succeeds wins. */
  const written = Effect.fnUntraced(function*(
    exporters: ReadonlyArray<MetricExporter>,
    snapshot: MetricSnapshot,
    request: ExportRequest,
    room: Uint8Array<ArrayBuffer>
  ): Effect.fn.Return<Made, ExportError.ExportError> {
    const failures: Array<{ readonly exporter: string; readonly errorType: string; readonly message: string }> = []
    for (const exporter of exporters) {
      const exit = yield* Effect.exit(exporterCalls.write(exporter, snapshot, request, timeout, room))
      if (Exit.isSuccess(exit)) return { ...exit.value, exporter: exporter.name, snapshot }
      const { message, type } = describeCause(exit.cause)
      const shown = redaction.text(message)
      metrics.exporterFailed(exporter.name, "export")
      failures.push({ exporter: exporter.name, errorType: type, message: shown })
      yield* Effect.logWarning(`exporter "${exporter.name}" could not write ${request.format}: ${shown}`)
    }
    return yield* new ExportError.ExportError({
      reason: new ExportError.ExportersFailed({ format: request.format, failures })
    })
  })

  /** Runs an export between its events. */
  const announced = Effect.fnUntraced(function*(
    request: ExportRequest,
    exporters: ReadonlyArray<MetricExporter>,
    run: Effect.Effect<Made, ExportError.ExportError>
  ) {
    const names = { exportId: request.exportId, format: request.format, target: request.target ?? none }
    const begin = yield* Clock.monotonicTimeNanos
    yield* bus.publish("tasker.telemetry.export_requested", names)
    yield* notify(exporters, "onExportRequest", request)
    const exit = yield* Effect.exit(run)
    const durationSeconds = Number((yield* Clock.monotonicTimeNanos) - begin) / 1e9
    if (Exit.isFailure(exit)) {
      const { errorMessage, errorType } = exportFailure.describe(exit.cause)
      const failure = { errorType, errorMessage, durationSeconds }
      metrics.ended(names.target, "failed", 0, durationSeconds)
      yield* bus.publish("tasker.telemetry.export_failed", { ...names, ...failure })
      yield* notify(exporters, "onExportComplete", { ...request, success: false, ...failure })
      return yield* Effect.failCause(exit.cause)
    }
    const { body, contentType, exporter, snapshot } = exit.value
    const counts = {
      exporter,
      metricsCount: snapshot.metrics.length,
      seriesCount: snapshot.metrics.reduce((sum, metric) => sum + SeriesList.of(metric).length, 0),
      durationSeconds
    }
    metrics.ended(names.target, "exported", body.length, durationSeconds)
    yield* bus.publish("tasker.telemetry.export_completed", { ...names, ...counts, bytes: body.length })
    const completion: ExportCompletion = { ...request, success: true, ...counts, bytes: body.length }
    yield* notify(exporters, "onExportComplete", completion)
    const outcome: Exported = {
      _tag: "Exported",
      ...names,
      ...counts,
      contentType,
      body: request.target === undefined ? body : nothing,
      bytes: body.length
    }
    return { outcome, snapshot }
  })

  const exportersOf = Effect.fnUntraced(function*(format: string) {
    const exporters = yield* registry.find(format)
    if (exporters.length > 0) return exporters
    return yield* new ExportError.ExportError({
      reason: new ExportError.UnsupportedFormat({ format, supported: yield* registry.formats })
    })
  })

  const inFormat = Effect.fnUntraced(function*(given: string): Effect.fn.Return<Exported, ExportError.ExportError> {
    const exporters = yield* exportersOf(given)
    const request = { exportId: yield* uuid, format: given.toLowerCase(), target: undefined }
    const run = Effect.flatMap(all?.snapshot ?? own, (snapshot) => written(exporters, snapshot, request, nothing))
    return (yield* announced(request, exporters, run)).outcome
  })

  /** Hands an export to its target. The lease is checked last, so that little time is left in which it can end. */
  const handOver = Effect.fnUntraced(function*(
    target: ExportTarget,
    exportId: string,
    { body, contentType, snapshot }: Made,
    lease: Lease | undefined
  ): Effect.fn.Return<void, unknown> {
    const deadlineNanos = (yield* Clock.monotonicTimeNanos) + Duration.toNanosUnsafe(timeout)
    if (lease !== undefined && !(yield* lease.check)) {
      return yield* new TargetError({ message: "the lease of this instance has ended", isSuperseded: true })
    }
    const given = { exportId, contentType, body, snapshot, lease, deadlineNanos }
    yield* Effect.suspend(() => target.send(given))
  })

  const toTargetWith = Effect.fnUntraced(function*(
    state: TargetState,
    exportId: string,
    lease: Lease | undefined
  ): Effect.fn.Return<Exported, ExportError.ExportError> {
    const { target } = state
    const { format, name } = target
    const exporters = format === undefined ? [] : yield* exportersOf(format)
    const request = { exportId, format: format ?? none, target: name }
    const run = Effect.gen(function*() {
      const snapshot = yield* sourceOf(target)
      const made: Made = format === undefined
        ? { exporter: none, contentType: "", body: nothing, snapshot }
        : yield* written(exporters, snapshot, request, state.takeRoom())
      yield* Effect.catchCause(
        withinTime(handOver(target, exportId, made, lease), timeout),
        (cause) => Effect.fail(exportFailure.ofTarget(name, cause, redaction))
      )
      // Only a target that has ended its work with the body lets the next one overwrite it.
      if (made.room !== undefined) state.giveRoom(made.room)
      return made
    })
    const { outcome, snapshot } = yield* announced(request, exporters, run)
    if (state.strategy.hasThresholds) {
      yield* TimeSlice.run(state.thresholds.exported(sourceOf(target) === own ? snapshot : yield* own))
    }
    return outcome
  })

  /** Remembers how an export ended, and logs what is news. */
  const remember = Effect.fnUntraced(function*(state: TargetState, exit: Exit.Exit<unknown, ExportError.ExportError>) {
    const { name } = state.target
    const now = yield* Clock.currentTimeMillis
    if (Exit.isSuccess(exit)) {
      const failures = state.succeeded(now)
      if (failures === 0) return
      return yield* Effect.logInfo(`metrics are exported to target "${name}" again, after ${failures} failed exports`)
    }
    const { errorMessage, isReported, isSuperseded } = exportFailure.describe(exit.cause)
    if (isSuperseded) return state.skipped()
    const isFirst = state.failed(now, errorMessage)
    if (isFirst && !isReported) {
      yield* Effect.logWarning(`exports to target "${name}" fail: ${errorMessage}`)
    }
  })

  const toTarget = Effect.fnUntraced(
    function*(state: TargetState): Effect.fn.Return<Exported | Skipped, ExportError.ExportError> {
      const { target } = state
      const exportId = yield* uuid
      const run = (lease: Lease | undefined) =>
        Effect.exit(toTargetWith(state, exportId, lease)).pipe(
          Effect.tap((exit) => remember(state, exit)),
          Effect.flatten
        )
      if (lock === undefined || !target.isShared) return yield* run(undefined)
      const leases = state.strategy.isRegular ? lock.lasting : lock.each
      const held = yield* leases.withLease(`tasker-metrics-export:${service}:${target.name}`)(run).pipe(
        Effect.tap(() => Effect.sync(() => void (isLockBroken = false))),
        Effect.catchTag("ExportLockError", ({ message }) => {
          const isFirst = !isLockBroken
          isLockBroken = true
          return Effect.andThen(
            isFirst
              ? Effect.logWarning(`metrics are exported without a lock, because it cannot be used: ${message}`)
              : Effect.void,
            Effect.map(run(undefined), Option.some)
          )
        })
      )
      if (Option.isSome(held)) return held.value
      state.skipped()
      metrics.skipped(target.name)
      return { _tag: "Skipped", exportId, target: target.name, reason: "lease_held" }
    },
    (effect, state) => state.oneAtATime.withPermits(1)(effect)
  )

  const cacheSynced = Effect.fnUntraced(function*(sync: CacheSync) {
    yield* bus.publish("tasker.telemetry.cache_synced", sync)
    yield* notify((yield* registry.list).map(({ exporter }) => exporter), "onCacheSync", sync)
  })

  return { inFormat, toTarget, cacheSynced }
})

/**
 * Exports metrics: on demand by format or to a target, and to each target when
 * its strategy says so.
 *
 * **Details**
 *
 * A target never delays another one. Exports to one target run one after the
 * other. Each export has an id, which its events, its callbacks and its result
 * share. If the exports of a target begin to fail, the log has one warning, and
 * one line when they succeed again.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Scope from "effect/Scope"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import { EventBus } from "../events/EventBus.ts"
import { inBackground } from "../internal/BackgroundClock.ts"
import { FlushRegistry } from "../internal/FlushRegistry.ts"
import { SelfStatistics } from "../internal/SelfStatistics.ts"
import { withDefault } from "../internal/withDefault.ts"
import { MetricStore } from "../metrics/MetricStore.ts"
import { ExporterRegistry, type Statistics } from "./ExporterRegistry.ts"
import * as ExportError from "./ExportError.ts"
import { ExportLock, type StoreChoice } from "./ExportLock.ts"
import * as ExportSource from "./ExportSource.ts"
import type { ExportTarget } from "./ExportTarget.ts"
import * as InstanceSync from "./InstanceSync.ts"
import { compile } from "./internal/compiledStrategy.ts"
import { isName } from "./internal/exporterProblem.ts"
import * as exportMetrics from "./internal/exportMetrics.ts"
import * as ExportRun from "./internal/ExportRun.ts"
import * as exportTiming from "./internal/exportTiming.ts"
import * as lastingLeases from "./internal/lastingLeases.ts"
import { TargetState, type TargetStatus } from "./internal/TargetState.ts"
import * as triggers from "./internal/triggers.ts"
import type { CacheSync } from "./MetricExporter.ts"

export type { Exported, Skipped } from "./internal/ExportRun.ts"
export type { Timing } from "./internal/exportTiming.ts"
export type { TargetStatus } from "./internal/TargetState.ts"

/**
 * What is to be exported: the metrics in a format, or to a target.
 *
 * @category models
 * @since 0.1.0
 */
export type Request = { readonly format: string } | { readonly target: string }

/**
 * How an export ended, if nothing failed.
 *
 * @category models
 * @since 0.1.0
 */
export type Outcome = ExportRun.Exported | ExportRun.Skipped

/**
 * What the coordinator does, and how it went.
 *
 * @category models
 * @since 0.1.0
 */
export interface Status {
  readonly targets: ReadonlyArray<TargetStatus>
  readonly exporters: Statistics
  /** The last synchronisation with the other instances; `undefined` before the first one. */
  readonly lastSync: CacheSync | undefined
  /** The other instances; `undefined` without an `InstanceSync`. */
  readonly instances: InstanceSync.Status | undefined
  /** Where the leases of shared targets are; `undefined` without an `ExportLock`. */
  readonly lock: StoreChoice | undefined
}

/**
 * The coordinator.
 *
 * **Example** (Exporting as JSON)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { ExportCoordinator } from "tasker-telemetry"
 *
 * const json = Effect.gen(function*() {
 *   const coordinator = yield* ExportCoordinator.ExportCoordinator
 *   const outcome = yield* coordinator.exportNow({ format: "json" })
 *   return outcome._tag === "Exported" ? new TextDecoder().decode(outcome.body) : ""
 * })
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class ExportCoordinator extends Context.Service<ExportCoordinator, {
  /**
   * Exports now. The exporters of the format are tried one after the other, and the first one that succeeds wins. If
   * another instance exports to the target, the outcome is `Skipped`.
   */
  readonly exportNow: (request: Request) => Effect.Effect<Outcome, ExportError.ExportError>
  /**
   * Exports once after a time, in the background. The outcome is in the events and in `status`. The end of the layer
   * cancels it.
   */
  readonly schedule: (request: Request, after: Duration.Input) => Effect.Effect<void>
  /**
   * Adds a target and follows its strategy until the scope closes. Fails if its name is taken or its strategy wrong. In a
   * worker thread, no strategy is followed: the main thread has the metrics of its worker threads.
   */
  readonly add: (target: ExportTarget) => Effect.Effect<void, ExportError.ExportError, Scope.Scope>
  /**
   * Shares the metrics with the other instances now. Gives how that went; `undefined` if the program shares no metrics.
   */
  readonly sync: Effect.Effect<CacheSync | undefined>
  /** Tells events and exporters about a synchronisation with the other instances. */
  readonly cacheSynced: (sync: CacheSync) => Effect.Effect<void>
  readonly status: Effect.Effect<Status>
}>()("tasker-telemetry/export/ExportCoordinator") {
}

/**
 * A coordinator without targets.
 *
 * **Details**
 *
 * With an `ExportLock`, one instance at a time exports to a shared target. If the target has an interval or a cron
 * expression, that instance keeps the lease until it ends, so the metrics are exported once for all instances. If it is
 * killed, another instance takes over after the `ttl` of the lease. If the lock cannot be used, the instance exports
 * without it, with one warning. With an `InstanceSync`, shared targets and exports by format get the metrics of all
 * instances. Other targets get those of this instance. Thresholds look at the metrics of this instance.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<ExportCoordinator, never, ExporterRegistry | MetricStore | EventBus> = Layer.effect(
  ExportCoordinator,
  Effect.gen(function*() {
    const { delivery, export: { safetyMargin, timeout }, metrics: { retention } } = yield* TelemetryConfig.Current
    const registry = yield* ExporterRegistry
    const store = yield* MetricStore
    const given = yield* ExportSource.Current
    // The main thread has the metrics of its worker threads. If they took part, too, each count would count twice.
    const isProcess = store.measures === "process"
    const instances = given === undefined && isProcess
      ? Option.getOrUndefined(yield* Effect.serviceOption(InstanceSync.InstanceSync))
      : undefined
    const instance = yield* instances?.join(store.snapshot, (sync) => cacheSynced(sync)) ?? Effect.undefined
    const own = given ?? store.snapshot
    const limits: exportTiming.Limits = {
      windowMillis: Duration.toMillis(instance?.window ?? retention),
      marginMillis: Duration.toMillis(safetyMargin),
      timeoutMillis: Duration.toMillis(timeout)
    }
    const each = Option.getOrUndefined(yield* Effect.serviceOption(ExportLock))
    // A cluster leaves the lease where it is, and waits for the end of the work that has it.
    const lock = each === undefined
      ? undefined
      : { each, lasting: each.store?.strategy === "cluster" ? each : yield* lastingLeases.make(each) }
    const scope = yield* Effect.scope
    const flushes = Option.getOrUndefined(yield* Effect.serviceOption(FlushRegistry))
    const targets = new Map<string, TargetState>()
    let lastSync: CacheSync | undefined
    const metrics = yield* exportMetrics.make(store, targets)
    const exports = yield* ExportRun.make({
      registry,
      own,
      all: instance,
      lock,
      timeout,
      metrics,
      bus: yield* EventBus
    })

    const cacheSynced = (sync: CacheSync): Effect.Effect<void> =>
      Effect.suspend(() => {
        lastSync = sync
        return exports.cacheSynced(sync)
      })

    const exportNow = (request: Request): Effect.Effect<Outcome, ExportError.ExportError> => {
      if ("format" in request) return exports.inFormat(request.format)
      const state = targets.get(request.target)
      return state === undefined
        ? new ExportError.ExportError({
          reason: new ExportError.UnknownTarget({ target: request.target, known: [...targets.keys()].toSorted() })
        })
        : exports.toTarget(state)
    }

    const add = Effect.fnUntraced(function*(target: ExportTarget) {
      const problem = !isName(target.name)
        ? `target: expected a text of 1 to 64 letters, digits, _, - and . at name, got ${JSON.stringify(target.name)}`
        : targets.has(target.name)
        ? `a target is already called "${target.name}": give each target a name of its own`
        : undefined
      const strategy = problem === undefined
        ? Result.flatMap(compile(target.strategy), (compiled) => {
          const late = compiled.beforeExpiry ? exportTiming.problemOf(limits) : undefined
          return late === undefined ? Result.succeed(compiled) : Result.fail(late)
        })
        : Result.fail(problem)
      if (Result.isFailure(strategy)) {
        return yield* new ExportError.ExportError({
          reason: new ExportError.InvalidTarget({
            problem: problem ?? `target "${target.name}": ${strategy.failure}`
          })
        })
      }
      const state = new TargetState(target, strategy.success)
      yield* Effect.acquireRelease(
        Effect.sync(() => targets.set(target.name, state)),
        () =>
          Effect.suspend(() => {
            targets.delete(target.name)
            return target.close ?? Effect.void
          }).pipe(
            Effect.timeoutOption(delivery.shutdownTimeout),
            Effect.ignoreCause({ log: "Warn", message: `target "${target.name}" could not be closed` })
          )
      )
      if (!isProcess) return
      const exportOnce = Effect.map(
        Effect.exit(exports.toTarget(state)),
        (exit) => Exit.isSuccess(exit) ? "ended" : "failed"
      )
      const hold = instance?.hold ?? (() => Effect.void)
      yield* inBackground(triggers.start(state, own, { limits, hold, exportOnce }))
      if (!strategy.success.onShutdown) return
      const exportLast = Effect.asVoid(Effect.timeoutOption(exportOnce, delivery.shutdownTimeout))
      yield* Effect.addFinalizer(() => exportLast)
      yield* flushes?.register(exportLast) ?? Effect.void
    })

    return {
      exportNow,
      schedule: (request, after) =>
        exportNow(request).pipe(
          Effect.ignoreCause,
          Effect.delay(after),
          inBackground,
          Effect.forkIn(scope),
          Effect.asVoid
        ),
      add,
      // A synchronisation tells its end to `cacheSynced`.
      sync: instance?.window === undefined
        ? Effect.undefined
        : Effect.map(instance.snapshot, () => lastSync),
      cacheSynced,
      status: Effect.zipWith(
        registry.statistics,
        instance?.status ?? Effect.undefined,
        (exporters, instances): Status => ({
          targets: Array.from(targets.values(), (state) => state.status()),
          exporters,
          lastSync,
          instances,
          lock: each?.store
        })
      )
    }
  })
).pipe(withDefault(SelfStatistics, SelfStatistics.layer))

/**
 * Adds targets that a program makes itself. It dies if one cannot be added.
 *
 * **Example** (Telemetry with a target)
 *
 * ```ts
 * import { ExportCoordinator, type ExportTarget, Telemetry } from "tasker-telemetry"
 *
 * declare const queue: ExportTarget.ExportTarget
 *
 * const TelemetryLayer = Telemetry.layer({}, { subscribers: ExportCoordinator.layerTargets([queue]) })
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerTargets = (targets: ReadonlyArray<ExportTarget>): Layer.Layer<never, never, ExportCoordinator> =>
  Layer.effectDiscard(
    Effect.flatMap(ExportCoordinator, ({ add }) => Effect.orDie(Effect.forEach(targets, (target) => add(target))))
  )

/**
 * Exports nothing: every outcome is `Skipped`.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerNoop: Layer.Layer<ExportCoordinator> = Layer.succeed(ExportCoordinator, {
  exportNow: (request) =>
    Effect.succeed({
      _tag: "Skipped",
      exportId: "",
      reason: "disabled",
      target: "target" in request ? request.target : "none"
    }),
  schedule: () => Effect.void,
  add: () => Effect.void,
  sync: Effect.undefined,
  cacheSynced: () => Effect.void,
  status: Effect.succeed({
    targets: [],
    exporters: { createdMillis: 0, exporters: 0, builtIn: 0, formats: 0, exportersByFormat: {} },
    lastSync: undefined,
    instances: undefined,
    lock: undefined
  })
})

/**
 * Adds up the metrics of several instances of a program, so that one of them can
 * export the metrics of all.
 *
 * **Details**
 *
 * Each instance overwrites its own slot in a store with all that it has measured.
 * Nothing is added up in the store, so a repeated or late write counts nothing twice.
 * Each export writes the slot of its instance, then reads all slots at one
 * instant. Counters, histograms and exponential histograms are added up exactly.
 *
 * If an instance is killed, the store keeps its slot until `window` is over. Then
 * another instance adds the counts of the slot to those of ended instances, in one
 * step with the removal of the slot. So counters never fall. The levels of the
 * instance, such as gauges, end then. If an instance ends in order, its
 * levels end at once. A process that was only paused goes on with a new slot,
 * which has what it has measured since.
 *
 * **Gotchas**
 *
 * What an instance has measured after its last write is lost if it is killed.
 *
 * If the store cannot be used, exports have the present metrics of this instance and
 * the last known metrics of the others. The log has one warning, and one line when
 * the store can be used again. If the store loses its data, the counts of ended
 * instances are lost.
 *
 * The store remembers for a week whose counts it has added up. If an instance is
 * paused for longer, it counts twice.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redis from "effect/persistence/Redis"
import type * as Scope from "effect/Scope"
import type * as SqlClient from "effect/sql/SqlClient"
import { durationOf } from "../config/internal/durationInput.ts"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import { inBackground } from "../internal/BackgroundClock.ts"
import { uuid } from "../internal/identifiers.ts"
import type { DurationSuchAs } from "../internal/typeMessages.ts"
import type { GaugeMerge } from "../metrics/MetricMerge.ts"
import type { MetricSnapshot } from "../metrics/MetricSnapshot.ts"
import * as InstanceIdentity from "./internal/InstanceIdentity.ts"
import { memorySlots } from "./internal/stores/memorySlots.ts"
import { redisSlots } from "./internal/stores/redisSlots.ts"
import type { SlotStore } from "./internal/stores/SlotStore.ts"
import { sqlSlots } from "./internal/stores/sqlSlots.ts"
import * as SyncedInstance from "./internal/SyncedInstance.ts"
import { withinTime } from "./internal/withinTime.ts"
import type { CacheSync } from "./MetricExporter.ts"

/**
 * Options of the layers.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Time between two writes of the slot; 30 seconds by default. An export writes it too. */
  readonly syncInterval?: DurationSuchAs<"30 seconds"> | undefined
  /** How long an instance that no longer writes counts as living; 5 minutes by default. */
  readonly window?: DurationSuchAs<"5 minutes"> | undefined
  /** Longest time of one answer of the store; 5 seconds by default. */
  readonly timeout?: DurationSuchAs<"5 seconds"> | undefined
  /**
   * How gauges of several instances are merged, by name, in which `*` stands for any characters; see `MetricMerge`. The
   * value of the newest reading is the `last` one.
   */
  readonly gauges?: Readonly<Record<string, GaugeMerge>> | undefined
}

/**
 * Options of {@link layerRedis}.
 *
 * @category models
 * @since 0.1.0
 */
export interface RedisOptions extends Options {
  /** The beginning of the keys; `tasker-telemetry` by default. Programs of one prefix are added up. */
  readonly prefix?: string | undefined
}

/**
 * Options of {@link layerSql}.
 *
 * @category models
 * @since 0.1.0
 */
export interface SqlOptions extends Options {
  /**
   * The table, which is created if it does not exist; `tasker_metric_instances` by default. Programs of one table are added
   * up.
   */
  readonly table?: string | undefined
}

/**
 * An instance whose slot is in the store.
 *
 * @category models
 * @since 0.1.0
 */
export interface KnownInstance {
  /** Host, process id, start in milliseconds since the epoch and a random part, with `-` between them. */
  readonly id: string
  /** How often the instance has written this slot. */
  readonly sequence: number
  /** When it last wrote, in milliseconds of the time of the store. */
  readonly writtenMillis: number
}

/**
 * How the synchronisation goes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Status {
  /** Where the instances meet: `local`, `redis` or `sql`. */
  readonly strategy: string
  /** `degraded` if the store could not be used the last time; `unused` before the first time. */
  readonly state: "unused" | "synced" | "degraded"
  /** Why it is degraded. */
  readonly problem: string | undefined
  /** The instances that were found the last time. */
  readonly instances: ReadonlyArray<KnownInstance>
}

/**
 * An instance that shares its metrics.
 *
 * @category models
 * @since 0.1.0
 */
export interface Instance {
  /** Writes the slot, and gives the metrics of all instances. */
  readonly snapshot: Effect.Effect<MetricSnapshot>
  readonly status: Effect.Effect<Status>
}

/**
 * Where instances meet.
 *
 * **When to use**
 *
 * Provide a layer to `Telemetry.layer`, and `ExportCoordinator` exports the metrics of all instances to shared targets. Use
 * it with an `ExportLock`, so that one instance at a time does so.
 *
 * **Example** (Exports once for all instances)
 *
 * ```ts
 * import * as NodeRedis from "@effect/platform-node/NodeRedis"
 * import * as Layer from "effect/Layer"
 * import { ExportLock, InstanceSync, Telemetry } from "tasker-telemetry"
 *
 * const TelemetryLayer = Telemetry.layerConfig().pipe(
 *   Layer.provide([InstanceSync.layerRedis(), ExportLock.layerRedis()]),
 *   Layer.provide(NodeRedis.layer({ url: "redis://localhost:6379" }))
 * )
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class InstanceSync extends Context.Service<InstanceSync, {
  /**
   * Takes part with the metrics of a store until the scope closes. `onSync` hears of each synchronisation.
   */
  readonly join: (
    own: Effect.Effect<MetricSnapshot>,
    onSync?: (sync: CacheSync) => Effect.Effect<void>
  ) => Effect.Effect<Instance, never, Scope.Scope>
}>()("tasker-telemetry/export/InstanceSync") {
}

const layerOf = <R>(
  strategy: string,
  store: Effect.Effect<SlotStore, never, R>,
  options: Options
): Layer.Layer<InstanceSync, never, R> =>
  Layer.effect(
    InstanceSync,
    Effect.map(store, (store) => {
      const interval = durationOf(options.syncInterval ?? "30 seconds", "syncInterval", "30 seconds")
      const window = durationOf(options.window ?? "5 minutes", "window", "5 minutes")
      const timeout = durationOf(options.timeout ?? "5 seconds", "timeout", "5 seconds")
      return {
        join: Effect.fnUntraced(function*(own, onSync = () => Effect.void) {
          const { metrics } = yield* TelemetryConfig.Current
          const { host, pid } = yield* InstanceIdentity.Current
          const startMillis = yield* Clock.currentTimeMillis
          const instance = yield* SyncedInstance.make(store, own, {
            id: `${host}-${pid}-${startMillis}-${(yield* uuid).slice(-12)}`,
            windowMillis: Duration.toMillis(window),
            timeout,
            gauges: options.gauges,
            limits: {
              cardinalityLimit: metrics.cardinalityLimit,
              retentionMillis: Duration.toMillis(metrics.retention)
            }
          })
          let status: Status = { strategy, state: "unused", problem: undefined, instances: [] }

          const sync = Effect.gen(function*() {
            const begin = yield* Clock.monotonicTimeNanos
            const { failure, instances, snapshot } = yield* instance.view
            const before = status.state
            status = {
              strategy,
              state: failure === undefined ? "synced" : "degraded",
              problem: failure?.message,
              instances: failure === undefined
                ? instances.map(({ id, sequence, writtenMillis }) => ({ id, sequence, writtenMillis }))
                : status.instances
            }
            if (failure !== undefined && before !== "degraded") {
              yield* Effect.logWarning(
                `metrics of other instances are not up to date, because their store cannot be used: ${failure.message}`
              )
            }
            if (failure === undefined && before === "degraded") {
              yield* Effect.logInfo("metrics of other instances are up to date again")
            }
            yield* onSync({
              strategy,
              success: failure === undefined,
              metricsCount: snapshot.metrics.length,
              seriesCount: snapshot.metrics.reduce((sum, { series }) => sum + series.length, 0),
              durationSeconds: Number((yield* Clock.monotonicTimeNanos) - begin) / 1e9
            })
            return snapshot
          })

          yield* Effect.addFinalizer(() => Effect.ignoreCause(withinTime(instance.write(true), timeout)))
          yield* Effect.forkScoped(inBackground(Effect.forever(Effect.delay(Effect.ignoreCause(sync), interval))))
          return { snapshot: sync, status: Effect.sync(() => status) }
        })
      }
    })
  )

/**
 * Keeps slots in the memory of this process.
 *
 * **When to use**
 *
 * Use in tests, and for several stores of one process.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory = (options: Options = {}): Layer.Layer<InstanceSync> => layerOf("local", memorySlots, options)

/**
 * Keeps slots in Redis, with the time of its server. Redis 5 or later is needed.
 *
 * **Details**
 *
 * Two hashes have all slots. Both end a week after the last write of any instance.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerRedis = (options: RedisOptions = {}): Layer.Layer<InstanceSync, never, Redis.Redis> =>
  layerOf("redis", redisSlots(options.prefix ?? "tasker-telemetry"), options)

/**
 * Keeps slots in a table of PostgreSQL, with the time of its server. The statements open no spans.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerSql = (options: SqlOptions = {}): Layer.Layer<InstanceSync, never, SqlClient.SqlClient> =>
  layerOf("sql", sqlSlots(options.table ?? "tasker_metric_instances"), options)

/**
 * Shares nothing: each instance has its own metrics.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerNoop: Layer.Layer<InstanceSync> = Layer.succeed(InstanceSync, {
  join: (own) =>
    Effect.succeed({
      snapshot: own,
      status: Effect.succeed({ strategy: "local", state: "unused", problem: undefined, instances: [] })
    })
})

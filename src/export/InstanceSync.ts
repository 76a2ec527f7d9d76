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
 * Programs without a `service.name` of their own count as instances of one service.
 *
 * The store remembers for a week whose counts it has added up. If an instance is
 * paused for longer, it counts twice.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redis from "effect/persistence/Redis"
import type * as Scope from "effect/Scope"
import * as SqlClient from "effect/sql/SqlClient"
import type { MetricSnapshot } from "../metrics/MetricSnapshot.ts"
import { type Instance, joinInstances, type Options } from "./internal/joinInstances.ts"
import { detect } from "./internal/stores/detectStore.ts"
import { memoryGroups } from "./internal/stores/memorySlots.ts"
import { redisSlots } from "./internal/stores/redisSlots.ts"
import type { SlotStore } from "./internal/stores/SlotStore.ts"
import { sqlSlots } from "./internal/stores/sqlSlots.ts"
import type { StoreChoice, WantedStore } from "./internal/stores/StoreChoice.ts"
import type { CacheSync } from "./MetricExporter.ts"

export type { Instance, KnownInstance, Options, Status } from "./internal/joinInstances.ts"

/**
 * Options of {@link layerRedis}.
 *
 * @category models
 * @since 0.1.0
 */
export interface RedisOptions extends Options {
  /** The beginning of the keys; `tasker-telemetry` by default. */
  readonly prefix?: string | undefined
}

/**
 * Options of {@link layerSql}.
 *
 * @category models
 * @since 0.1.0
 */
export interface SqlOptions extends Options {
  /** The table, which is created if it does not exist; `tasker_metric_instances` by default. */
  readonly table?: string | undefined
}

/**
 * Options of {@link layer}.
 *
 * @category models
 * @since 0.1.0
 */
export interface DetectedOptions extends RedisOptions, SqlOptions {
  /** `auto` by default: what the program provides decides. */
  readonly store?: WantedStore | undefined
}

const defaultPrefix = "tasker-telemetry"
const defaultTable = "tasker_metric_instances"

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
  strategy: StoreChoice["strategy"],
  store: Effect.Effect<(group: string) => SlotStore, never, R>,
  options: Options
): Layer.Layer<InstanceSync, never, R> => {
  const choice = { strategy, reason: "the program provides a layer of this store" }
  return Layer.effect(
    InstanceSync,
    Effect.map(store, (storeOf) => ({ join: joinInstances(storeOf, choice, options) }))
  )
}

/**
 * Keeps slots in a store that the program provides: in Redis, else in PostgreSQL, else nowhere.
 *
 * **Details**
 *
 * With `auto`, a program that provides `effect/persistence/Redis` shares its metrics through Redis, if Redis lets it run
 * scripts. Else a program with an `effect/sql/SqlClient` of PostgreSQL shares its metrics through a table. Any other program
 * shares nothing. A store that does not answer is taken all the same, because other instances may reach it. The status says
 * what was chosen and why.
 *
 * If another store than `auto` is wanted and the program does not provide it, the layer dies with a `RangeError`.
 *
 * **Example** (Redis in production, nothing on a developer's machine)
 *
 * ```ts
 * import * as NodeRedis from "@effect/platform-node/NodeRedis"
 * import * as Layer from "effect/Layer"
 * import { ExportLock, InstanceSync, Telemetry } from "tasker-telemetry"
 *
 * const url = process.env["REDIS_URL"]
 * const Shared = Layer.mergeAll(InstanceSync.layer(), ExportLock.layer())
 * const TelemetryLayer = Telemetry.layerConfig().pipe(
 *   Layer.provide(url === undefined ? Shared : Layer.provide(Shared, NodeRedis.layer({ url })))
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: DetectedOptions = {}): Layer.Layer<InstanceSync> =>
  Layer.effect(
    InstanceSync,
    Effect.gen(function*() {
      const found = yield* detect(options.store ?? "auto")
      switch (found.strategy) {
        case "redis": {
          const slots = Effect.provideService(redisSlots(options.prefix ?? defaultPrefix), Redis.Redis, found.redis)
          return { join: joinInstances(yield* slots, found.choice, options) }
        }
        case "sql": {
          const slots = Effect.provideService(sqlSlots(options.table ?? defaultTable), SqlClient.SqlClient, found.sql)
          return { join: joinInstances(yield* slots, found.choice, options) }
        }
        case "local":
          return { join: (own) => Effect.succeed(alone(own, found.choice)) }
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
export const layerMemory = (options: Options = {}): Layer.Layer<InstanceSync> => layerOf("local", memoryGroups, options)

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
  layerOf("redis", redisSlots(options.prefix ?? defaultPrefix), options)

/**
 * Keeps slots in a table of PostgreSQL, with the time of its server. The statements open no spans.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerSql = (options: SqlOptions = {}): Layer.Layer<InstanceSync, never, SqlClient.SqlClient> =>
  layerOf("sql", sqlSlots(options.table ?? defaultTable), options)

/**
 * Shares nothing: each instance has its own metrics.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerNoop: Layer.Layer<InstanceSync> = Layer.succeed(InstanceSync, {
  join: (own) => Effect.succeed(alone(own, { strategy: "local", reason: "the program shares no metrics" }))
})

const alone = (own: Effect.Effect<MetricSnapshot>, choice: StoreChoice): Instance => ({
  snapshot: own,
  separate: own,
  window: undefined,
  hold: () => Effect.void,
  status: Effect.succeed({ ...choice, state: "unused", problem: undefined, instances: [] })
})

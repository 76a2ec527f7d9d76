/**
 * Lets one of several instances work at a time.
 *
 * **Details**
 *
 * The owner of a lease has a token of its own. A store extends or
 * releases a lease only for its token, so an owner whose lease has ended cannot
 * end the lease of the next owner. If a process dies, its lease ends after the
 * `ttl`.
 *
 * Each lease has a fencing number. For one name, a later lease has a higher number.
 * The numbers go on growing if a store loses its data, or if a program changes to
 * another store, because a number is at least the store's time in milliseconds.
 *
 * **Gotchas**
 *
 * A process that is paused between {@link Lease} `check` and its next statement
 * does not notice the end of its lease. A receiver that must not accept its work
 * has to compare fencing numbers, as file targets do.
 *
 * @since 0.1.0
 */
import type * as Sharding from "effect/cluster/Sharding"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import * as Redis from "effect/persistence/Redis"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import type { DurationSuchAs } from "../internal/typeMessages.ts"
import * as clusterLeases from "./internal/clusterLeases.ts"
import * as leases from "./internal/leases.ts"
import { detect } from "./internal/stores/detectStore.ts"
import { memoryLeases } from "./internal/stores/memoryLeases.ts"
import { redisLeases } from "./internal/stores/redisLeases.ts"
import { sqlLeases } from "./internal/stores/sqlLeases.ts"
import type { StoreChoice, WantedStore } from "./internal/stores/StoreChoice.ts"

export type { StoreChoice, WantedStore } from "./internal/stores/StoreChoice.ts"

/**
 * The right to work, for a time.
 *
 * @category models
 * @since 0.1.0
 */
export interface Lease {
  /** A number that is higher for each later lease of the same name. A store that keeps it can refuse an earlier owner. */
  readonly fencing: number
  /**
   * Whether this instance still has the lease, which is extended by the question. If the store does not answer, the time
   * of this process decides.
   */
  readonly check: Effect.Effect<boolean>
}

/**
 * Options of a lease.
 *
 * @category models
 * @since 0.1.0
 */
export interface LeaseOptions {
  /** Time after which the lease ends if its owner does not extend it. The layer has a default. */
  readonly ttl?: Duration.Input | undefined
}

/**
 * Options of the layers.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /**
   * Time after which a lease ends if its owner does not extend it; 30 seconds by default. The owner extends it three times
   * as often.
   */
  readonly ttl?: DurationSuchAs<"30 seconds"> | undefined
  /** Longest time of one answer of the store; 2 seconds by default, and at most a third of the `ttl`. */
  readonly timeout?: DurationSuchAs<"2 seconds"> | undefined
}

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
  /** The table, which is created if it does not exist; `tasker_export_leases` by default. */
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
const defaultTable = "tasker_export_leases"

/**
 * The store of the leases cannot be used. A lease that another instance has is no error.
 *
 * @category errors
 * @since 0.1.0
 */
export class ExportLockError extends Schema.TaggedError<ExportLockError>()("ExportLockError", {
  /** `unreachable`: there is no connection; `timeout`: no answer came in time; `refused`: the store answered an error. */
  reason: Schema.Literals(["unreachable", "timeout", "refused"]),
  message: Schema.String
}) {}

/**
 * The lock.
 *
 * **Example** (One report a night for all instances)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as ExportLock from "tasker-telemetry/export/ExportLock"
 *
 * declare const sendReport: (fencing: number) => Effect.Effect<void>
 *
 * const report = Effect.gen(function*() {
 *   const lock = yield* ExportLock.ExportLock
 *   yield* lock.withLease("nightly-report")(({ fencing }) => sendReport(fencing))
 * })
 * ```
 *
 * @category services
 * @since 0.1.0
 */
export class ExportLock extends Context.Service<ExportLock, {
  /**
   * Runs an effect while this instance has the lease of a name. The lease is extended meanwhile, and released at the end.
   * Gives `None` at once, without running the effect, if another instance has the lease. The effect goes on if the lease
   * ends early: `check` tells it. All programs that share the store share the names, so begin a name with the name of the
   * service.
   */
  readonly withLease: (
    name: string,
    options?: LeaseOptions
  ) => <A, E, R>(
    effect: (lease: Lease) => Effect.Effect<A, E, R>
  ) => Effect.Effect<Option.Option<A>, E | ExportLockError, R>
  /** Where the leases are, and why there. */
  readonly store?: StoreChoice | undefined
}>()("tasker-telemetry/export/ExportLock") {
}

const makeLock = (
  store: leases.LeaseStore,
  options: Options,
  choice: StoreChoice
): Effect.Effect<ExportLock["Service"]> =>
  Effect.map(leases.make(store, options, (failure) => new ExportLockError(failure)), ({ withLease }) => ({
    withLease,
    store: choice
  }))

const layerOf = <R>(
  strategy: StoreChoice["strategy"],
  store: Effect.Effect<leases.LeaseStore, never, R>,
  options: Options
): Layer.Layer<ExportLock, never, R> =>
  Layer.effect(
    ExportLock,
    Effect.flatMap(store, (store) =>
      makeLock(store, options, { strategy, reason: "the program provides a layer of this store" }))
  )

/**
 * Keeps leases in a store that the program provides: in Redis, else in PostgreSQL, else in memory. See `InstanceSync.layer`,
 * which chooses alike.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: DetectedOptions = {}): Layer.Layer<ExportLock> =>
  Layer.effect(
    ExportLock,
    Effect.gen(function*() {
      const found = yield* detect(options.store ?? "auto")
      switch (found.strategy) {
        case "redis": {
          const store = Effect.provideService(redisLeases(options.prefix ?? defaultPrefix), Redis.Redis, found.redis)
          return yield* makeLock(yield* store, options, found.choice)
        }
        case "sql": {
          const store = Effect.provideService(sqlLeases(options.table ?? defaultTable), SqlClient.SqlClient, found.sql)
          return yield* makeLock(yield* store, options, found.choice)
        }
        case "local":
          return yield* makeLock(yield* memoryLeases, options, found.choice)
      }
    })
  )

/**
 * Keeps leases in the memory of this process.
 *
 * **When to use**
 *
 * Use in tests, and in a program of one process, whose fibers then work one at a time.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerMemory = (options: Options = {}): Layer.Layer<ExportLock> => layerOf("local", memoryLeases, options)

/**
 * Keeps leases in Redis, with the time of the Redis server.
 *
 * **Details**
 *
 * A lease is one key that expires. A second key keeps the highest fencing number of
 * the name, and stays. Both have the same hash tag, so a Redis cluster keeps them
 * together. Redis 5 or later is needed.
 *
 * **Example** (Redis through Node)
 *
 * ```ts
 * import * as NodeRedis from "@effect/platform-node/NodeRedis"
 * import * as Layer from "effect/Layer"
 * import { ExportLock } from "tasker-telemetry"
 *
 * const Lock = ExportLock.layerRedis({ ttl: "1 minute" }).pipe(
 *   Layer.provide(NodeRedis.layer({ url: "redis://localhost:6379" }))
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerRedis = (options: RedisOptions = {}): Layer.Layer<ExportLock, never, Redis.Redis> =>
  layerOf("redis", redisLeases(options.prefix ?? defaultPrefix), options)

/**
 * Keeps leases in a table of PostgreSQL, with the time of its server.
 *
 * **Details**
 *
 * The layer looks for the table when it is first used, and creates it if it does not exist. One row for each name stays. The
 * statements open no spans.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerSql = (options: SqlOptions = {}): Layer.Layer<ExportLock, never, SqlClient.SqlClient> =>
  layerOf("sql", sqlLeases(options.table ?? defaultTable), options)

/**
 * Lets the runners of a cluster of `effect/cluster` work: for each name, the runner with a `Singleton` of the name has the
 * lease.
 *
 * **When to use**
 *
 * Use in a program that has a cluster already. It needs no store of its own, and the cluster moves the lease if a runner
 * ends.
 *
 * **Details**
 *
 * The lease has no `ttl`. It ends when the cluster moves the singleton, which waits for the end of the work that runs. The
 * fencing numbers are times of the runner in milliseconds. So a runner whose clock is behind by some seconds exports to a
 * file only after so many seconds.
 *
 * **Example** (A program on a cluster)
 *
 * ```ts
 * import type * as Sharding from "effect/cluster/Sharding"
 * import * as Layer from "effect/Layer"
 * import { ExportLock, InstanceSync, Telemetry } from "tasker-telemetry"
 *
 * declare const Cluster: Layer.Layer<Sharding.Sharding>
 *
 * const TelemetryLayer = Telemetry.layerConfig().pipe(
 *   Layer.provide([ExportLock.layerCluster, InstanceSync.layer()]),
 *   Layer.provide(Cluster)
 * )
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layerCluster: Layer.Layer<ExportLock, never, Sharding.Sharding> = Layer.effect(
  ExportLock,
  Effect.gen(function*() {
    // The module is large, and most programs have no cluster.
    const module = yield* Effect.promise(() => import("effect/cluster/Sharding"))
    const withLease = yield* clusterLeases.make(yield* module.Sharding, (failure) => new ExportLockError(failure))
    return {
      withLease,
      store: { strategy: "cluster", reason: "the program provides the layer of its cluster" } as const
    }
  })
)

/**
 * Gives a lease at once to each instance that asks: every instance works.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerNoop: Layer.Layer<ExportLock> = Layer.effect(
  ExportLock,
  Effect.map(leases.unlimited, (withLease) => ({
    withLease,
    store: { strategy: "local", reason: "every instance works" } as const
  }))
)

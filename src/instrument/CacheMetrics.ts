/**
 * Counts what caches of `effect/persistence` do: one layer around the layer of `Persistence`, and no change to the
 * program.
 *
 * **Details**
 *
 * The metric is `tasker_cache_operations_total`. Its attribute `cache` is the `storeId`. An operation on several keys
 * counts once for each key. An operation that is interrupted is not counted.
 *
 * `PersistedCache` has two tiers. It looks into its memory, then into its store. {@link layer} counts the operations on
 * stores, with `tier="store"`. {@link observe} counts the `get` of one cache in its memory, with `tier="memory"`.
 *
 * @since 0.1.0
 */
import * as Cache from "effect/Cache"
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type * as Persistable from "effect/persistence/Persistable"
import type { PersistedCache } from "effect/persistence/PersistedCache"
import * as Persistence from "effect/persistence/Persistence"
import { resourceCatalog } from "../metrics/MetricCatalog.ts"
import { MetricStore } from "../metrics/MetricStore.ts"

/**
 * Counts the operations on the stores of a `Persistence`.
 *
 * **When to use**
 *
 * Use around the layer that gives `Persistence` to `PersistedCache`, or to a program that uses stores itself.
 *
 * **Example** (Caches in memory)
 *
 * ```ts
 * import * as Layer from "effect/Layer"
 * import { Persistence } from "effect/persistence"
 * import { CacheMetrics, TelemetryLive } from "tasker-telemetry"
 *
 * const Caches = CacheMetrics.layer(Persistence.layerMemory)
 * const Program = Layer.provideMerge(Caches, TelemetryLive)
 * ```
 *
 * @param persistence the layer of `Persistence`; its other services stay as they are
 * @category layers
 * @since 0.1.0
 */
export const layer = <Services, E, R>(
  persistence: Layer.Layer<Services | Persistence.Persistence, E, R>
): Layer.Layer<Services | Persistence.Persistence, E, R | MetricStore> =>
  Layer.flatMap(persistence, (services) =>
    Layer.effectContext(
      Effect.map(MetricStore, (store) => {
        const operations = declare(store)
        const plain = Context.get(services, Persistence.Persistence)
        return Context.add(services, Persistence.Persistence, {
          make: (options) =>
            Effect.map(plain.make(options), (made) => {
              const count = counter(operations, options.storeId, "store")
              count.expectGets()
              return observedStore(made, count)
            })
        })
      })
    ))

/**
 * Counts the `get` of one `PersistedCache` in its memory. A `get` that finds no value there goes on to the store.
 *
 * **Details**
 *
 * A `get` that waits for the lookup of an earlier `get` is a hit, because it starts no lookup.
 *
 * **Example** (Both tiers of a cache)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import { Persistable, PersistedCache } from "effect/persistence"
 * import * as Schema from "effect/Schema"
 * import { CacheMetrics } from "tasker-telemetry"
 *
 * class Price extends Persistable.Class<{ payload: { sku: string } }>()("Price", {
 *   primaryKey: ({ sku }) => sku,
 *   success: Schema.Finite
 * }) {}
 *
 * const prices = PersistedCache.make((_: Price) => Effect.succeed(9.5), {
 *   storeId: "prices",
 *   timeToLive: () => "1 hour"
 * }).pipe(Effect.flatMap((cache) => CacheMetrics.observe(cache, "prices")))
 * ```
 *
 * @param cache the cache; it stays as it is
 * @param name the value of the attribute `cache`; use the `storeId`
 * @returns a cache with the same functions
 * @category constructors
 * @since 0.1.0
 */
export const observe = <K extends Persistable.Any, R>(
  cache: PersistedCache<K, R>,
  name: string
): Effect.Effect<PersistedCache<K, R>, never, MetricStore> =>
  Effect.map(MetricStore, (store) => {
    const count = counter(declare(store), name, "memory")
    count.expectGets()
    const get: PersistedCache<K, R>["get"] = (key) =>
      Effect.flatMap(Cache.has(cache.inMemory, key), (isThere) => {
        count.add("get", isThere ? "hit" : "miss")
        return cache.get(key)
      })
    return { ...cache, get }
  })

// --- Counting ---

type Operation = "get" | "set" | "remove" | "clear"
type Result = "hit" | "miss" | "done" | "failed"

interface Count {
  readonly add: (operation: Operation, result: Result) => void
  /** Makes the series of hits and misses exist from now on, with the value 0. */
  readonly expectGets: () => void
  /** Counts an operation by its exit. If the operation fails, it fails for every one of its `keys`. */
  readonly ended: <A, E, R>(
    operation: Operation,
    effect: Effect.Effect<A, E, R>,
    results: (value: A) => ReadonlyArray<Result>,
    keys?: number
  ) => Effect.Effect<A, E, R>
}

const declare = (store: MetricStore["Service"]) => store.counter(resourceCatalog.cacheOperations)

type Operations = ReturnType<typeof declare>

const counter = (operations: Operations, cache: string, tier: "memory" | "store"): Count => {
  const add: Count["add"] = (operation, result) => operations.inc({ cache, tier, operation, result })
  return {
    add,
    expectGets: () => {
      for (const result of ["hit", "miss"]) operations.bind({ cache, tier, operation: "get", result })
    },
    ended: (operation, effect, results, keys = 1) =>
      Effect.onExitPrimitive(effect, (exit) => {
        if (Exit.isSuccess(exit)) { for (const result of results(exit.value)) add(operation, result) }
        else if (!Cause.hasInterruptsOnly(exit.cause)) {
          for (let key = 0; key < keys; key++) add(operation, "failed")
        }
        return undefined
      })
  }
}

const done = (): ReadonlyArray<Result> => ["done"]

const found = (exit: unknown): Result => exit === undefined ? "miss" : "hit"

const observedStore = (store: Persistence.PersistenceStore, count: Count): Persistence.PersistenceStore => ({
  get: (key) => count.ended("get", store.get(key), (exit) => [found(exit)]),
  getMany: (keys) => {
    const given = [...keys]
    return count.ended("get", store.getMany(given), (exits) => exits.map(found), given.length)
  },
  set: (key, value) => count.ended("set", store.set(key, value), done),
  setMany: (entries) => {
    const given = [...entries]
    return count.ended("set", store.setMany(given), () => given.flatMap(done), given.length)
  },
  remove: (key) => count.ended("remove", store.remove(key), done),
  clear: count.ended("clear", store.clear, done)
})

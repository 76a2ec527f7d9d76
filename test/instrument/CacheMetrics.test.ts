import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Schema } from "effect"
import { Persistable, PersistedCache, Persistence } from "effect/persistence"
import * as CacheMetrics from "../../src/instrument/CacheMetrics.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"
import { valuesOf } from "./values.ts"

class Price extends Persistable.Class<{ payload: { item: string } }>()("Price", {
  primaryKey: ({ item }) => item,
  success: Schema.Finite
}) {}

const tea = new Price({ item: "tea" })
const rice = new Price({ item: "rice" })

const counts = valuesOf("tasker_cache_operations_total")

const telemetry = TestTelemetry.layer(TestTelemetry.metrics)

const layer = (persistence: Layer.Layer<Persistence.Persistence> = Persistence.layerMemory) =>
  Layer.provideMerge(CacheMetrics.layer(persistence), telemetry)

const store = Effect.flatMap(Persistence.Persistence, ({ make }) => make({ storeId: "prices" }))

describe("the operations on a store", () => {
  it.effect("are counted by what they do and find, and give what they give without the count", () =>
    Effect.gen(function*() {
      const prices = yield* store
      assert.isUndefined(yield* prices.get(tea))
      yield* prices.set(tea, Exit.succeed(3))
      assert.deepStrictEqual(yield* prices.get(tea), Exit.succeed(3))
      yield* prices.remove(tea)
      yield* prices.clear
      assert.deepStrictEqual(yield* counts, {
        "prices,store,get,hit": 1,
        "prices,store,get,miss": 1,
        "prices,store,set,done": 1,
        "prices,store,remove,done": 1,
        "prices,store,clear,done": 1
      })
    }).pipe(Effect.provide(layer())))

  it.effect("count once for each of several keys", () =>
    Effect.gen(function*() {
      const prices = yield* store
      yield* prices.setMany(new Map([[tea, Exit.succeed(3)]]))
      assert.deepStrictEqual(yield* prices.getMany([tea, rice, tea]), [Exit.succeed(3), undefined, Exit.succeed(3)])
      assert.deepStrictEqual(yield* counts, {
        "prices,store,get,hit": 2,
        "prices,store,get,miss": 1,
        "prices,store,set,done": 1
      })
    }).pipe(Effect.provide(layer())))

  it.effect("are there with 0 before the first one", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* counts, {})
      yield* store
      assert.deepStrictEqual(yield* counts, { "prices,store,get,hit": 0, "prices,store,get,miss": 0 })
    }).pipe(Effect.provide(layer())))

  it.effect("that fail are counted as such, and those that are interrupted are not counted", () =>
    Effect.gen(function*() {
      const prices = yield* store
      assert.isTrue(Exit.isFailure(yield* Effect.exit(prices.get(tea))))
      assert.isTrue(Exit.isFailure(yield* Effect.exit(prices.getMany([tea, rice]))))
      const pairs = new Map([[tea, Exit.succeed(3)], [rice, Exit.succeed(4)]])
      assert.isTrue(Exit.isFailure(yield* Effect.exit(prices.setMany(pairs))))
      const set = yield* Effect.forkChild(prices.set(tea, Exit.succeed(3)), { startImmediately: true })
      yield* Fiber.interrupt(set)
      assert.deepStrictEqual(yield* counts, {
        "prices,store,get,hit": 0,
        "prices,store,get,miss": 0,
        "prices,store,get,failed": 3,
        "prices,store,set,failed": 2
      })
    }).pipe(Effect.provide(layer(
      Persistence.layer.pipe(Layer.provide(Layer.succeed(Persistence.BackingPersistence, {
        make: () => {
          const broken = Effect.fail(new Persistence.PersistenceError({ message: "broken" }))
          return Effect.succeed({
            get: () => broken,
            getMany: () => broken,
            set: () => Effect.never,
            setMany: () => broken,
            remove: () => broken,
            clear: broken
          })
        }
      })))
    ))))
})

describe("a PersistedCache", () => {
  it.effect("counts the looks into its memory, and those into its store", () =>
    Effect.gen(function*() {
      const made = yield* PersistedCache.make((_: Price) => Effect.succeed(3), {
        storeId: "prices",
        timeToLive: () => "1 hour"
      })
      const prices = yield* CacheMetrics.observe(made, "prices")
      assert.strictEqual(yield* prices.get(tea), 3)
      assert.strictEqual(yield* prices.get(tea), 3)
      assert.strictEqual(yield* prices.get(tea), 3)
      yield* prices.invalidate(tea)
      assert.deepStrictEqual(yield* counts, {
        "prices,memory,get,hit": 2,
        "prices,memory,get,miss": 1,
        "prices,store,get,hit": 0,
        "prices,store,get,miss": 1,
        "prices,store,set,done": 1,
        "prices,store,remove,done": 1
      })
    }).pipe(Effect.provide(layer())))
})

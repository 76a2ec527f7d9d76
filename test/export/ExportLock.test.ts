import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Clock, Deferred, Effect, Exit, Fiber, Layer, Option, Scope } from "effect"
import { Redis } from "effect/persistence"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import * as ExportLock from "../../src/export/ExportLock.ts"
import * as postgresServer from "../support/postgresServer.ts"
import * as redisServer from "../support/redisServer.ts"
import { timerless } from "../support/timerless.ts"
import { real, simulated, suite } from "./ExportLockTest.ts"

const { isInstalled, unlessInstalled } = redisServer

/** A server for the tests of a group. */
const shared = <Server>(start: Effect.Effect<Server, never, Scope.Scope>): () => Server => {
  const scope = Scope.makeUnsafe()
  let server: Server
  beforeAll(() => Effect.runPromise(Effect.map(Scope.provide(start, scope), (started) => void (server = started))))
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  return () => server
}

const lease = (name: string) =>
  ExportLock.ExportLock.use((lock) => lock.withLease(name)(({ fencing }) => Effect.succeed(fencing)))

suite("memory", simulated, ExportLock.layerMemory)

describe.skipIf(!isInstalled)(`a real Redis${unlessInstalled}`, () => {
  const server = shared(redisServer.start)
  const client = Layer.suspend(() => redisServer.client(server()))

  suite("Redis", real, (options) => ExportLock.layerRedis(options).pipe(Layer.provide(client)))

  it.live("goes on with higher numbers when Redis has lost its data", () =>
    Effect.gen(function*() {
      const before = Option.getOrThrow(yield* lease("lost"))
      yield* Redis.Redis.use((redis) => redis.send("FLUSHALL"))
      assert.isAbove(Option.getOrThrow(yield* lease("lost")), before)
    }).pipe(Effect.provide(ExportLock.layerRedis().pipe(Layer.provideMerge(client)))))

  it.live("has only keys that begin with its prefix", () =>
    Effect.gen(function*() {
      yield* Redis.Redis.use((redis) => redis.send("FLUSHALL"))
      const held = yield* ExportLock.ExportLock.use((lock) =>
        lock.withLease("kept")(() => Redis.Redis.use((redis) => redis.send<Array<string>>("KEYS", "*")))
      )
      assert.deepStrictEqual(Option.getOrThrow(held).toSorted(), ["own:fencing:{kept}", "own:lease:{kept}"])
    }).pipe(Effect.provide(ExportLock.layerRedis({ prefix: "own" }).pipe(Layer.provideMerge(client)))))

  it.live("says that the store refuses a question", () =>
    Effect.gen(function*() {
      yield* Redis.Redis.use((redis) => redis.send("LPUSH", "tasker-telemetry:fencing:{list}", "1"))
      const error = yield* Effect.flip(lease("list"))
      assert.deepStrictEqual([error._tag, error.reason], ["ExportLockError", "refused"])
      assert.include(error.message, "WRONGTYPE")
    }).pipe(Effect.provide(ExportLock.layerRedis().pipe(Layer.provideMerge(client)))))

  it.live("waits for a hanging store only for its time", () =>
    Effect.gen(function*() {
      const own = yield* redisServer.start
      yield* Effect.gen(function*() {
        assert.isTrue(Option.isSome(yield* lease("hanging")))
        yield* own.signal("SIGSTOP")
        const error = yield* Effect.flip(lease("hanging"))
        assert.deepStrictEqual([error.reason, error.message], ["timeout", "the store did not answer within 400ms"])
        yield* own.signal("SIGCONT")
      }).pipe(
        Effect.provide(ExportLock.layerRedis({ timeout: 400 }).pipe(Layer.provide(redisServer.client(own))))
      )
    }))

  it.live("an owner without its store has the lease until its time is over", () =>
    Effect.gen(function*() {
      const own = yield* redisServer.start
      const layer = ExportLock.layerRedis({ ttl: 1500, timeout: 100 }).pipe(Layer.provide(redisServer.client(own)))
      const checks = yield* ExportLock.ExportLock.use((lock) =>
        lock.withLease("alone")(({ check }) =>
          Effect.gen(function*() {
            yield* own.signal("SIGSTOP")
            const first = yield* check
            yield* Effect.repeat(Effect.delay(check, 20), { until: (valid) => !valid })
            yield* own.signal("SIGCONT")
            return [first, yield* check]
          })
        )
      ).pipe(Effect.provide(layer))
      assert.deepStrictEqual(checks, Option.some([true, false]))
    }))
})

describe("a real PostgreSQL", () => {
  const server = shared(postgresServer.start)
  const client = Layer.suspend(() => postgresServer.client(server()))

  suite("SQL", real, (options) => ExportLock.layerSql(options).pipe(Layer.provide(client)))

  it.live("creates its table once, also where many begin at the same time", () =>
    Effect.gen(function*() {
      const layer = ExportLock.layerSql({ table: "many" }).pipe(Layer.provide(client))
      const results = yield* Effect.forEach(
        Array.from({ length: 8 }, (_, index) => lease(`lease ${index}`)),
        (one) => Effect.provide(one, layer, { local: true }),
        { concurrency: "unbounded" }
      )
      assert.isTrue(results.every(Option.isSome))
      const sql = yield* SqlClient.SqlClient
      assert.deepStrictEqual(yield* sql`SELECT count(*)::int AS count FROM many`, [{ count: 8 }])
    }).pipe(Effect.provide(client)))

  it.live("tells a store that cannot be reached from one that refuses", () =>
    Effect.gen(function*() {
      const refused = yield* Effect.flip(
        Effect.provide(lease("any"), ExportLock.layerSql({ table: "pg_class" }).pipe(Layer.provide(client)))
      )
      assert.deepStrictEqual([refused._tag, refused.reason], ["ExportLockError", "refused"])
      const nowhere = postgresServer.client({ ...server(), port: 9 })
      const unreachable = yield* Effect.flip(
        Effect.provide(lease("any"), ExportLock.layerSql().pipe(Layer.provide(nowhere)))
      )
      assert.deepStrictEqual([unreachable._tag, unreachable.reason], ["ExportLockError", "unreachable"])
    }))
})

describe("the time of a lease", () => {
  it.effect("is over at its owner even if the store says nothing", () =>
    Effect.gen(function*() {
      const [begun, ended] = yield* Effect.all([Deferred.make<ExportLock.Lease>(), Deferred.make<void>()])
      const clock = yield* Clock.Clock
      const owner = yield* Effect.forkChild(
        ExportLock.ExportLock.use((lock) =>
          lock.withLease("one")((lease) => Effect.andThen(Deferred.succeed(begun, lease), Deferred.await(ended)))
        ).pipe(Effect.provideService(Clock.Clock, timerless(clock)))
      )
      const { check } = yield* Deferred.await(begun)
      yield* TestClock.adjust("29 seconds")
      assert.isTrue(yield* check)
      yield* TestClock.adjust("30 seconds")
      assert.isFalse(yield* check)
      yield* Deferred.succeed(ended, undefined)
      yield* Fiber.join(owner)
    }).pipe(Effect.provide(ExportLock.layerMemory())))

  it.effect("can be given for each lease", () =>
    Effect.gen(function*() {
      const lock = yield* ExportLock.ExportLock
      yield* Effect.forkChild(lock.withLease("short", { ttl: "3 seconds" })(() => Effect.never))
      yield* TestClock.adjust("1 minute")
      assert.isTrue(Option.isNone(yield* lease("short")))
    }).pipe(Effect.provide(ExportLock.layerMemory())))

  it.effect.each([0, -1, "Infinity", "soon"])("is refused if it is none: %s", (ttl) =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(
        Effect.provide(lease("one"), ExportLock.layerMemory({ ttl: ttl as "30 seconds" }), { local: true })
      )
      assert.isTrue(Exit.isFailure(exit))
      assert.include(String(Exit.isFailure(exit) ? exit.cause : ""), "at ttl of the lease")
    }))
})

describe("a lock that is none", () => {
  it.effect("lets everyone work, with growing numbers", () =>
    Effect.gen(function*() {
      const lock = yield* ExportLock.ExportLock
      const both = yield* lock.withLease("one")((first) =>
        lock.withLease("one")((second) => Effect.succeed(second.fencing > first.fencing))
      )
      assert.deepStrictEqual(both, Option.some(Option.some(true)))
    }).pipe(Effect.provide(ExportLock.layerNoop)))
})

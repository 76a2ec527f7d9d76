import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer } from "effect"
import { Redis } from "effect/persistence"
import { ExportCoordinator } from "../../../../src/export/ExportCoordinator.ts"
import * as ExportLock from "../../../../src/export/ExportLock.ts"
import * as InstanceSync from "../../../../src/export/InstanceSync.ts"
import { detect } from "../../../../src/export/internal/stores/detectStore.ts"
import * as exports from "../../../support/exports.ts"
import * as memoryDatabase from "../../../support/memoryDatabase.ts"
import * as postgresServer from "../../../support/postgresServer.ts"
import * as redisServer from "../../../support/redisServer.ts"

const { isInstalled, unlessInstalled } = redisServer

/** What the status of a coordinator says after a synchronisation. */
const status = ExportCoordinator.use((coordinator) =>
  Effect.andThen(
    coordinator.sync,
    Effect.map(coordinator.status, ({ instances, lock }) => ({
      instances: [instances?.strategy, instances?.state, instances?.reason],
      lock: [lock?.strategy, lock?.reason]
    }))
  )
)

const coordinator = exports.layer().pipe(
  Layer.provide([InstanceSync.layer(), ExportLock.layer()])
)

describe("the store that is chosen", () => {
  it.effect("is none if the program provides none, and the status says so", () =>
    Effect.gen(function*() {
      const reason = "the program provides neither Redis nor PostgreSQL"
      assert.deepStrictEqual(yield* status, {
        instances: ["local", "unused", reason],
        lock: ["local", reason]
      })
    }).pipe(Effect.provide(coordinator)))

  it.live.skipIf(!isInstalled)(`is a real Redis that runs scripts${unlessInstalled}`, () =>
    Effect.gen(function*() {
      const redis = redisServer.client(yield* redisServer.start)
      const reason = "the program provides Redis"
      assert.deepStrictEqual(yield* Effect.provide(status, Layer.provide(coordinator, redis)), {
        instances: ["redis", "synced", reason],
        lock: ["redis", reason]
      })
    }))

  it.live.skipIf(!isInstalled)(
    `is not a real Redis that forbids scripts${unlessInstalled}`,
    () =>
      Effect.gen(function*() {
        const redis = redisServer.client(yield* redisServer.start)
        const { choice } = yield* Effect.andThen(
          Redis.Redis.use((redis) => redis.send("ACL", "SETUSER", "default", "-@scripting")),
          detect("auto")
        ).pipe(Effect.provide(redis))
        assert.strictEqual(choice.strategy, "local")
        assert.match(choice.reason, /^Redis cannot be used: .*NOPERM/)
      })
  )

  it.live("is a real PostgreSQL", () =>
    Effect.gen(function*() {
      const client = postgresServer.client(yield* postgresServer.start)
      const reason = "the program provides PostgreSQL"
      assert.deepStrictEqual(yield* Effect.provide(status, Layer.provide(coordinator, client)), {
        instances: ["sql", "synced", reason],
        lock: ["sql", reason]
      })
    }))

  it.effect("is a Redis that does not answer, because it may answer later", () =>
    Effect.gen(function*() {
      const { choice } = yield* detect("auto")
      assert.deepStrictEqual(choice, {
        strategy: "redis",
        reason: "the program provides Redis, which may answer later: gone"
      })
    }).pipe(Effect.provide(Layer.effect(
      Redis.Redis,
      Redis.make({
        send: () => Effect.fail(new Redis.RedisError({ cause: new Error("gone") })),
        subscribe: () => Effect.never,
        connect: Effect.never
      })
    ))))

  it.effect.each([
    "LOADING Redis is loading the dataset in memory",
    "MASTERDOWN Link with MASTER is down",
    "BUSY busy"
  ])(
    "is a Redis that is not ready, because it will be: %s",
    (message) =>
      Effect.gen(function*() {
        assert.strictEqual((yield* detect("auto")).choice.strategy, "redis")
      }).pipe(Effect.provide(Layer.effect(
        Redis.Redis,
        Redis.make({
          send: () => Effect.fail(new Redis.RedisError({ cause: new Error(message) })),
          subscribe: () => Effect.never,
          connect: Effect.never
        })
      )))
  )

  it.effect("is not a database of another kind", () =>
    Effect.gen(function*() {
      const { choice } = yield* detect("auto")
      assert.deepStrictEqual(choice, {
        strategy: "local",
        reason: "PostgreSQL cannot be used: the database is not PostgreSQL"
      })
    }).pipe(Effect.provide(memoryDatabase.layer({ dialect: "sqlite" }))))

  it.effect("is named by a layer that dies if the program does not provide what it wants", () =>
    Effect.gen(function*() {
      const exit = yield* Effect.exit(Effect.scoped(Layer.build(ExportLock.layer({ store: "redis" }))))
      assert.include(String(Exit.isFailure(exit) ? exit.cause : ""), "the program provides no Redis")
    }))
})

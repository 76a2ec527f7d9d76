import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { type Context, Duration, Effect, Exit, Layer, Scope } from "effect"
import { Redis } from "effect/persistence"
import type { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { ExportCoordinator } from "../../src/export/ExportCoordinator.ts"
import * as ExportTarget from "../../src/export/ExportTarget.ts"
import * as InstanceSync from "../../src/export/InstanceSync.ts"
import { memorySlots } from "../../src/export/internal/stores/memorySlots.ts"
import { redisSlots } from "../../src/export/internal/stores/redisSlots.ts"
import type { SlotStore } from "../../src/export/internal/stores/SlotStore.ts"
import { sqlSlots } from "../../src/export/internal/stores/sqlSlots.ts"
import * as SyncedInstance from "../../src/export/internal/SyncedInstance.ts"
import { valueOf } from "../../src/metrics/MetricSnapshot.ts"
import * as exports from "../support/exports.ts"
import { counter, snapshot } from "../support/metricModel.ts"
import * as postgresServer from "../support/postgresServer.ts"
import * as redisServer from "../support/redisServer.ts"
import { real, simulated, storeSuite, suite } from "./InstanceSyncTest.ts"

const { isInstalled, unlessInstalled } = redisServer

let tables = 0
/** A name that no other test has. */
const fresh = () => `Instances_${++tables}`

const groupOf = <R>(store: Effect.Effect<(group: string) => SlotStore, never, R>) =>
  Effect.map(store, (storeOf) => storeOf("shop/checkout"))

/** A client of a server for the tests of a group. */
const shared = <Service>(client: Effect.Effect<Layer.Layer<Service>, never, Scope.Scope>): Layer.Layer<Service> => {
  const scope = Scope.makeUnsafe()
  let context: Context.Context<Service>
  beforeAll(() =>
    Effect.flatMap(client, (layer) => Layer.buildWithScope(layer, scope)).pipe(
      Effect.map((built) => void (context = built)),
      Scope.provide(scope),
      Effect.runPromise
    )
  )
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  return Layer.suspend(() => Layer.succeedContext(context))
}

suite("memory", simulated, InstanceSync.layerMemory)
storeSuite("memory", simulated, memorySlots)

describe.skipIf(!isInstalled)(`a real Redis${unlessInstalled}`, () => {
  const client = shared<Redis.Redis>(Effect.map(redisServer.start, redisServer.client))
  suite("Redis", real, (options) => Layer.provide(InstanceSync.layerRedis({ prefix: fresh(), ...options }), client))
  storeSuite("Redis", real, Effect.suspend(() => Effect.provide(groupOf(redisSlots(fresh())), client)))
})

describe("a real PostgreSQL", () => {
  const client = shared<SqlClient.SqlClient>(Effect.map(postgresServer.start, postgresServer.client))
  suite("SQL", real, (options) => Layer.provide(InstanceSync.layerSql({ table: fresh(), ...options }), client))
  storeSuite("SQL", real, Effect.suspend(() => Effect.provide(groupOf(sqlSlots(fresh())), client)))
})

describe("an instance whose store cannot be used", () => {
  it.effect("shows its own present metrics and the last known ones of the others, and recovers", () =>
    Effect.gen(function*() {
      const slots = yield* memorySlots
      let isDown = false
      const store = {
        ...slots,
        write: (slot: Parameters<typeof slots.write>[0]) => isDown ? Effect.fail("down") : slots.write(slot)
      }
      const values = [5, 7]
      const [one, other] = yield* Effect.forEach(
        [0, 1],
        (index) =>
          SyncedInstance.make(store, Effect.sync(() => snapshot(1, counter("c_total", { value: values[index]! }))), {
            id: `instance ${index}`,
            windowMillis: 1000,
            timeout: Duration.seconds(1),
            gauges: undefined,
            limits: { cardinalityLimit: 100, retentionMillis: 1e9 }
          })
      )
      yield* other!.view("aggregated")
      const view = Effect.map(
        one!.view("aggregated"),
        ({ failure, snapshot }) => [valueOf(snapshot, "c_total", {}), failure?.reason]
      )
      assert.deepStrictEqual(yield* view, [12, undefined])
      isDown = true
      values[0] = 6
      assert.deepStrictEqual(yield* view, [13, "unreachable"])
      isDown = false
      assert.deepStrictEqual(yield* view, [13, undefined])
    }))
})

describe("a coordinator with other instances", () => {
  it.effect("exports the metrics of all to shared targets and by format, and its own to the others", () =>
    Effect.gen(function*() {
      const sync = yield* InstanceSync.InstanceSync
      const other = yield* sync.join(Effect.succeed(snapshot(1, counter("other_total", { value: 5 }))))
      yield* other.snapshot
      const { add, exportNow, status } = yield* ExportCoordinator
      const seen = new Map<string, boolean>()
      const target = (name: string, isShared: boolean) =>
        ExportTarget.make({
          name,
          isShared,
          send: ({ snapshot }) => Effect.sync(() => void seen.set(name, valueOf(snapshot, "other_total", {}) === 5))
        })
      yield* Effect.forEach([target("all", true), target("own", false)], add)
      yield* Effect.forEach(["all", "own"], (target) => exportNow({ target }))
      assert.deepStrictEqual([...seen], [["all", true], ["own", false]])
      const { instances, lastSync } = yield* status
      assert.deepInclude(instances, { strategy: "local", state: "synced" })
      assert.deepInclude(lastSync, { strategy: "local", success: true })
      assert.include((yield* exports.events).map(({ name }) => name), "cache_synced")
    }).pipe(Effect.provide(exports.layer().pipe(Layer.provideMerge(InstanceSync.layerMemory())))))

  it.effect("gives a target series of each instance by itself, if the target asks for them", () =>
    Effect.gen(function*() {
      const sync = yield* InstanceSync.InstanceSync
      const other = yield* sync.join(
        Effect.succeed(snapshot(1, counter("jobs_total", { value: 5, attributes: { kind: "mail", instance: "own" } })))
      )
      yield* other.snapshot
      const { add, exportNow, status } = yield* ExportCoordinator
      const target = ExportTarget.memory({ format: "prometheus" })
      yield* add({ ...target, isShared: true, instances: "separate" })
      yield* exportNow({ target: "memory" })
      const { instances } = yield* status
      const body = exports.text((yield* target.exports)[0]!.body)
      const ids = instances!.instances.map(({ id }) => id)
      assert.lengthOf(ids, 2)
      assert.isTrue(
        ids.some((id) => body.includes(`jobs_total{kind="mail",exported_instance="own",instance="${id}"} 5`))
      )
    }).pipe(Effect.provide(exports.layer().pipe(Layer.provideMerge(InstanceSync.layerMemory())))))

  it.effect("writes its metrics at each interval", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("31 seconds")
      const { instances } = yield* (yield* ExportCoordinator).status
      assert.deepStrictEqual(instances?.instances.map(({ sequence }) => sequence), [1])
      yield* TestClock.adjust("30 seconds")
      const later = yield* (yield* ExportCoordinator).status
      assert.deepStrictEqual(later.instances?.instances.map(({ sequence }) => sequence), [2])
    }).pipe(Effect.provide(exports.layer().pipe(Layer.provideMerge(InstanceSync.layerMemory())))))

  it.effect("warns once while its store cannot be used, says when it can be used again, and exports all the while", () => {
    let isDown = false
    const redis = Layer.effect(
      Redis.Redis,
      Redis.make({
        send: (command) =>
          isDown
            ? Effect.fail(new Redis.RedisError({ cause: new Error("ECONNREFUSED") }))
            : Effect.succeed((command === "SCRIPT" ? "sha" : ["0", [], []]) as never),
        subscribe: () => Effect.never,
        connect: Effect.never
      })
    )
    return Effect.gen(function*() {
      const { exportNow, status, sync } = yield* ExportCoordinator
      const states: Array<string | undefined> = []
      for (const down of [false, true, true, false]) {
        isDown = down
        assert.strictEqual((yield* sync)?.success, !down)
        const outcome = yield* exportNow({ format: "json" })
        assert.strictEqual(outcome._tag, "Exported")
        states.push((yield* status).instances?.state)
      }
      assert.deepStrictEqual(states, ["synced", "degraded", "degraded", "synced"])
      assert.deepStrictEqual(yield* exports.logged, [
        "Warn metrics of other instances are not up to date, because their store cannot be used: ECONNREFUSED",
        "Info metrics of other instances are up to date again"
      ])
    }).pipe(Effect.provide(
      exports.layer().pipe(
        Layer.provideMerge(InstanceSync.layerRedis()),
        Layer.provide(redis)
      )
    ))
  })

  describe("in a worker thread", () => {
    it.effect("takes no part, because the main thread has its metrics", () =>
      Effect.gen(function*() {
        const { status } = yield* ExportCoordinator
        assert.isUndefined((yield* status).instances)
      }).pipe(Effect.provide(exports.layerOfThread.pipe(
        Layer.provideMerge(Layer.succeed(InstanceSync.InstanceSync, { join: () => Effect.die("joined") }))
      ))))

    it.effect("exports to targets on demand alone", () =>
      Effect.gen(function*() {
        const target = ExportTarget.memory({ strategy: { interval: "1 second" } })
        const scope = yield* Scope.make()
        yield* Scope.provide(scope)(ExportCoordinator.use(({ add }) => add(target)))
        yield* TestClock.adjust("1 minute")
        yield* ExportCoordinator.use(({ exportNow }) => exportNow({ target: "memory" }))
        yield* Scope.close(scope, Exit.void)
        assert.lengthOf(yield* target.exports, 1)
      }).pipe(Effect.provide(exports.layerOfThread)))
  })
})

import { afterAll, assert, describe, it } from "@effect/vitest"
import { Cron, Deferred, Effect, Exit, Fiber, Layer, Option, Scope } from "effect"
import {
  ClusterCron,
  MessageStorage,
  RunnerAddress,
  RunnerHealth,
  Runners,
  RunnerStorage,
  type ShardId,
  Sharding,
  ShardingConfig,
  TestRunner
} from "effect/cluster"
import { TestClock } from "effect/testing"
import { ExportCoordinator } from "../../src/export/ExportCoordinator.ts"
import * as ExportLock from "../../src/export/ExportLock.ts"
import * as ExportTarget from "../../src/export/ExportTarget.ts"
import * as clusterMetrics from "../support/clusterMetrics.ts"
import * as exports from "../support/exports.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

const nameOf = ({ group, id }: ShardId.ShardId): string => `${group} ${id}`

/** Effect's storage in memory gives each shard to each runner that asks. This one gives it to one runner. */
const runnerStorage = Layer.effect(
  RunnerStorage.RunnerStorage,
  Effect.map(RunnerStorage.makeMemory, (memory) => {
    const owners = new Map<string, string>()
    const take = (address: RunnerAddress.RunnerAddress, shards: Iterable<ShardId.ShardId>) =>
      Effect.sync(() =>
        Array.from(shards).filter((shard) => {
          const owner = owners.get(nameOf(shard)) ?? String(address)
          owners.set(nameOf(shard), owner)
          return owner === String(address)
        })
      )
    const leave = (address: RunnerAddress.RunnerAddress, which: (shard: string) => boolean) =>
      Effect.sync(() => {
        for (const [shard, owner] of owners) if (owner === String(address) && which(shard)) owners.delete(shard)
      })
    return {
      ...memory,
      acquire: take,
      refresh: take,
      release: (address, shard) => leave(address, (one) => one === nameOf(shard)),
      releaseAll: (address) => leave(address, () => true)
    }
  })
)

/** The storage that the runners of a cluster share. */
const storage = Layer.mergeAll(
  runnerStorage,
  MessageStorage.layerMemory.pipe(Layer.provide(ShardingConfig.layer())),
  TestTelemetry.registry
)

/** A runner of the cluster. */
const runner = (port: number) =>
  Layer.fresh(Sharding.layer).pipe(
    Layer.provide([Runners.layerNoop, RunnerHealth.layerNoop]),
    Layer.provide(ShardingConfig.layer({
      runnerAddress: Option.some(RunnerAddress.make("localhost", port)),
      shardsPerGroup: 20
    }))
  )

afterAll(clusterMetrics.forget)

const lockOf = Effect.fnUntraced(function*(port: number) {
  const scope = yield* Scope.fork(yield* Effect.scope)
  const context = yield* Layer.buildWithScope(
    Layer.fresh(ExportLock.layerCluster).pipe(Layer.provide(runner(port))),
    scope
  )
  const lock = yield* Effect.provide(ExportLock.ExportLock, context)
  return { lock, close: Scope.close(scope, Exit.void) }
})

/** Runners find out about each other, and move shards, within some minutes. */
const settle = TestClock.adjust("5 minutes")

describe("a lock of a cluster", () => {
  it.effect("gives a lease to the runner with the singleton of its name, and moves with it", () =>
    Effect.gen(function*() {
      const [one, two] = [yield* lockOf(1), yield* lockOf(2)]
      yield* settle
      const owners = Effect.forEach(
        [one, two],
        ({ lock }) => Effect.map(lock.withLease("report")(({ fencing }) => Effect.succeed(fencing)), Option.getOrNull)
      )
      yield* owners
      yield* settle
      const before = yield* owners
      assert.lengthOf(before.filter((fencing) => fencing !== null), 1)
      const owner = before[0] === null ? two : one
      yield* owner.close
      yield* settle
      const [after] = (yield* Effect.forEach(
        [owner === one ? two : one],
        ({ lock }) => lock.withLease("report")(({ check, fencing }) => Effect.map(check, (valid) => [valid, fencing]))
      )).map(Option.getOrNull)
      assert.isTrue(after?.[0])
      assert.isAbove(Number(after?.[1]), Math.max(...before.map(Number)))
    }).pipe(Effect.provide(storage)))

  it.effect("does one piece of work of a name at a time, and ends it before its singleton moves", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(
        Layer.fresh(ExportLock.layerCluster.pipe(Layer.provideMerge(TestRunner.layer))),
        scope
      )
      yield* settle
      const lock = yield* Effect.provide(ExportLock.ExportLock, context)
      const [begun, gate] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const work = yield* Effect.forkChild(
        lock.withLease("one")(() => Effect.andThen(Deferred.succeed(begun, undefined), Deferred.await(gate)))
      )
      yield* Deferred.await(begun)
      assert.isTrue(Option.isNone(yield* lock.withLease("one")(() => Effect.void)))
      assert.isTrue(Option.isSome(yield* lock.withLease("two")(() => Effect.void)))
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* TestClock.adjust("1 second")
      assert.isUndefined(closing.pollUnsafe())
      yield* Deferred.succeed(gate, undefined)
      assert.isTrue(Option.isSome(yield* Fiber.join(work)))
      yield* Fiber.join(closing)
    }).pipe(Effect.provide(TestTelemetry.registry)))

  it.effect("says that a name is taken by another lock of the runner, and can be asked again", () =>
    Effect.gen(function*() {
      const build = Effect.fnUntraced(function*() {
        const scope = yield* Scope.fork(yield* Effect.scope)
        const context = yield* Layer.buildWithScope(Layer.fresh(ExportLock.layerCluster), scope)
        return { lock: yield* Effect.provide(ExportLock.ExportLock, context), close: Scope.close(scope, Exit.void) }
      })
      const [first, second] = [yield* build(), yield* build()]
      yield* settle
      assert.isTrue(Option.isSome(yield* first.lock.withLease("one")(() => Effect.void)))
      const error = yield* Effect.flip(second.lock.withLease("one")(() => Effect.void))
      assert.deepStrictEqual([error._tag, error.reason], ["ExportLockError", "refused"])
      assert.include(error.message, "already registered")
      yield* first.close
      yield* settle
      assert.isTrue(Option.isSome(yield* second.lock.withLease("one")(() => Effect.void)))
    }).pipe(Effect.provide(Layer.provide(TestRunner.layer, TestTelemetry.registry))))

  it.effect("lets a target be exported once for the cluster", () => {
    const sent: Array<string> = []
    const instance = Effect.fnUntraced(function*(port: number) {
      const scope = yield* Scope.fork(yield* Effect.scope)
      const context = yield* Layer.buildWithScope(
        Layer.fresh(exports.layer()).pipe(
          Layer.provide(Layer.fresh(ExportLock.layerCluster)),
          Layer.provide(runner(port))
        ),
        scope
      )
      const target = ExportTarget.make({
        name: "all",
        strategy: { interval: "1 minute", onShutdown: false },
        send: () => Effect.sync(() => void sent.push(`runner ${port}`))
      })
      yield* ExportCoordinator.use(({ add }) => add(target)).pipe(Effect.provide(context), Scope.provide(scope))
      return { port, close: Scope.close(scope, Exit.void) }
    })
    return Effect.gen(function*() {
      const instances = [yield* instance(1), yield* instance(2)]
      yield* TestClock.adjust("10 minutes")
      const first = sent.length
      assert.isAtLeast(first, 9)
      assert.isAtMost(first, 10)
      assert.lengthOf([...new Set(sent.slice(-5))], 1)
      const owner = instances.find(({ port }) => sent.at(-1) === `runner ${port}`)!
      yield* owner.close
      yield* TestClock.adjust("5 minutes")
      assert.isAtLeast(sent.length - first, 3)
      assert.isFalse(sent.slice(first).includes(`runner ${owner.port}`))
    }).pipe(Effect.provide(storage))
  })
})

describe("a cron job of a cluster", () => {
  it.effect("exports to a target by its schedule", () => {
    const target = ExportTarget.memory()
    const job = ClusterCron.make({
      name: "metrics",
      cron: Cron.parseUnsafe("*/5 * * * *", "UTC"),
      execute: Effect.asVoid(ExportCoordinator.use(({ exportNow }) => exportNow({ target: "memory" })))
    })
    return Effect.gen(function*() {
      yield* ExportCoordinator.use(({ add }) => add(target))
      yield* TestClock.adjust("16 minutes")
      assert.lengthOf(yield* target.exports, 3)
    }).pipe(
      Effect.provide(
        job.pipe(
          Layer.provideMerge(Layer.merge(exports.layer(), Layer.provide(TestRunner.layer, TestTelemetry.registry)))
        )
      )
    )
  })
})

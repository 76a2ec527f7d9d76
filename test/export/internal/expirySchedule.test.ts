import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Layer, Option, Result } from "effect"
import { TestClock } from "effect/testing"
import { ExportCoordinator } from "../../../src/export/ExportCoordinator.ts"
import * as ExportLock from "../../../src/export/ExportLock.ts"
import * as ExportTarget from "../../../src/export/ExportTarget.ts"
import * as InstanceSync from "../../../src/export/InstanceSync.ts"
import { compile } from "../../../src/export/internal/compiledStrategy.ts"
import * as expirySchedule from "../../../src/export/internal/expirySchedule.ts"
import { TargetState } from "../../../src/export/internal/TargetState.ts"
import * as exports from "../../support/exports.ts"
import * as recorder from "../../support/recorder.ts"
import { timerless } from "../../support/timerless.ts"

/** Metrics last five minutes, the margin is a minute, an export may take half a minute. */
const limits = { windowMillis: 300_000, marginMillis: 60_000, timeoutMillis: 30_000 }

/** Follows the schedule. `lateSeconds` is how much later than asked each timer fires. */
const start = Effect.fnUntraced(function*(
  outcomeOf: (attempt: number) => "ended" | "failed" = () => "ended",
  lateSeconds = 0
) {
  const clock = yield* Clock.Clock
  const seconds = () => clock.currentTimeMillisUnsafe() / 1000
  const exported: Array<number> = []
  const held: Array<readonly [at: number, seconds: number]> = []
  const state = new TargetState(ExportTarget.memory(), Result.getOrThrow(compile({ beforeExpiry: true })))
  yield* Effect.forkScoped(
    expirySchedule.follow(state, {
      limits,
      hold: (time) => Effect.sync(() => void held.push([seconds(), Duration.toSeconds(time)])),
      exportOnce: Effect.sync(() => {
        const outcome = outcomeOf(exported.push(seconds()))
        if (outcome === "ended") state.succeeded(clock.currentTimeMillisUnsafe())
        return outcome
      })
    }).pipe(
      Effect.provideService(
        Clock.Clock,
        timerless(clock, (time) => clock.sleep(Duration.sum(time, Duration.seconds(lateSeconds))))
      )
    )
  )
  return { exported, held, state }
})

const reasonOf = (state: TargetState) => state.status().timing?.reason

describe("the schedule of a target that is exported before its metrics expire", () => {
  it.effect("exports as late as it may be, again and again", () =>
    Effect.gen(function*() {
      const { exported, held, state } = yield* start()
      yield* TestClock.adjust("209 seconds")
      assert.deepStrictEqual(exported, [])
      assert.deepInclude(state.status().timing, { exportMillis: 210_000, reason: "optimal_timing", extensionMillis: 0 })
      yield* TestClock.adjust("500 seconds")
      assert.deepStrictEqual([exported, held], [[210, 420, 630], []])
    }))

  it.effect("keeps the metrics for longer and exports at once if it was paused beyond the margin", () =>
    Effect.gen(function*() {
      const { exported, held, state } = yield* start(undefined, 100)
      yield* TestClock.adjust("311 seconds")
      // The latest start was at 210 seconds. An export may take until 340 seconds, and the margin is a minute.
      assert.deepStrictEqual([exported, held], [[310], [[310, 150]]])
      assert.strictEqual(reasonOf(state), "optimal_timing")
    }))

  it.effect("tries again with back-off, keeps the metrics meanwhile, and then waits for its time again", () =>
    Effect.gen(function*() {
      const { exported, held, state } = yield* start(() => "failed")
      yield* TestClock.adjust("211 seconds")
      assert.strictEqual(reasonOf(state), "retry_with_ttl_extension")
      yield* TestClock.adjust("300 seconds")
      assert.deepStrictEqual(exported, [210, 240, 300, 420])
      assert.deepStrictEqual(held, [[210, 120], [240, 150], [300, 210]])
      assert.deepInclude(state.status().timing, { exportMillis: 630_000, reason: "optimal_timing" })
    }))

  it.effect("goes back to its time after the first success", () =>
    Effect.gen(function*() {
      const { exported } = yield* start((attempt) => attempt === 1 ? "failed" : "ended")
      yield* TestClock.adjust("460 seconds")
      assert.deepStrictEqual(exported, [210, 240, 450])
    }))

  it.effect("counts from an export that another trigger has started", () =>
    Effect.gen(function*() {
      const { exported, state } = yield* start()
      yield* TestClock.adjust("100 seconds")
      state.succeeded(100_000)
      yield* TestClock.adjust("209 seconds")
      assert.deepStrictEqual(exported, [])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(exported, [310])
    }))
})

describe("a target with beforeExpiry", () => {
  const late = (send: ExportTarget.ExportTarget["send"]) =>
    ExportTarget.make({ name: "late", strategy: { beforeExpiry: true, onShutdown: false }, send })

  it.effect("is exported before the window of its instances ends, and its status says when and why", () =>
    Effect.gen(function*() {
      const target = ExportTarget.memory({ strategy: { beforeExpiry: true, onShutdown: false } })
      const { add, status } = yield* ExportCoordinator
      yield* add(target)
      yield* recorder.advance("89 seconds")
      assert.lengthOf(yield* target.exports, 0)
      assert.deepInclude((yield* status).targets[0]!.timing, { exportMillis: 90_000, reason: "optimal_timing" })
      yield* recorder.advance("1 second")
      assert.lengthOf(yield* target.exports, 1)
    }).pipe(Effect.provide(
      exports.layer().pipe(Layer.provideMerge(InstanceSync.layerMemory({ window: "3 minutes" })))
    )))

  it.effect("is refused if the metrics never last long enough", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(ExportCoordinator.use(({ add }) => add(late(() => Effect.void))))
      assert.include(error.message, "target \"late\": beforeExpiry needs metrics that last longer than")
    }).pipe(Effect.provide(
      exports.layer().pipe(Layer.provideMerge(InstanceSync.layerMemory({ window: "1 minute" })))
    )))

  it.effect("follows the retention of metrics where nothing is shared", () =>
    Effect.gen(function*() {
      const target = ExportTarget.memory({ strategy: { beforeExpiry: true, onShutdown: false } })
      yield* ExportCoordinator.use(({ add }) => add(target))
      yield* recorder.advance("509 seconds")
      assert.lengthOf(yield* target.exports, 0)
      yield* recorder.advance("1 second")
      assert.lengthOf(yield* target.exports, 1)
    }).pipe(Effect.provide(exports.layer({ metrics: { retention: "10 minutes" } }))))

  it.effect("whose lease another instance has is no failure, and asks again at its next time", () => {
    let asked = 0
    return Effect.gen(function*() {
      const { add, status } = yield* ExportCoordinator
      yield* add(late(() => Effect.die("sent")))
      yield* recorder.advance("421 seconds")
      assert.strictEqual(asked, 2)
      assert.deepInclude((yield* status).targets[0], { state: "unused", skipped: 2, failures: 0 })
    }).pipe(Effect.provide(
      exports.layer().pipe(Layer.provideMerge(Layer.mergeAll(
        InstanceSync.layerMemory(),
        Layer.succeed(ExportLock.ExportLock, {
          withLease: () => () =>
            Effect.sync(() => {
              asked++
              return Option.none()
            })
        })
      )))
    ))
  })
})

import { assert, describe, it } from "@effect/vitest"
import { Data, Deferred, Effect, Fiber, Layer } from "effect"
import { HttpRouter, HttpServerRequest } from "effect/http"
import { TestClock } from "effect/testing"
import type * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import type * as HealthReport from "../../src/http/HealthReport.ts"
import * as HealthRoute from "../../src/http/HealthRoute.ts"
import { ExporterStates } from "../../src/internal/ExporterStates.ts"
import * as TaskStore from "../../src/workflow/TaskStore.ts"
import * as spans from "../support/spans.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"
import * as server from "./server.ts"

class Down extends Data.TaggedError("Down") {
  override readonly message = "db-7 is down"
}

const layer = (
  checks: HealthReport.Checks = {},
  store: Layer.Layer<TaskStore.TaskStore> = TaskStore.layerMemory,
  options: TelemetryConfig.Options = {},
  more: Layer.Layer<never> = Layer.empty
) =>
  server.serve(HealthRoute.layer.pipe(
    Layer.provide([Layer.succeed(HealthRoute.ReadinessChecks, checks), store, more])
  )).pipe(Layer.provideMerge(TestTelemetry.whole({ service: { name: "shop" }, ...options })))

/** Moves the clock on until the answer is there. */
const moving = <A, E>(fiber: Fiber.Fiber<A, E>) =>
  Effect.repeat(
    Effect.andThen(TestClock.adjust("1 second"), TestClock.withLive(Effect.sleep("1 millis"))),
    { until: () => fiber.pollUnsafe() !== undefined, times: 5000 }
  ).pipe(Effect.andThen(Fiber.join(fiber)))

describe("GET /health/live", () => {
  it.effect("says that the process answers", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_700_000_000)
      const answer = yield* server.get("/health/live")
      assert.strictEqual(answer.status, 200)
      assert.deepStrictEqual(answer.body, { alive: true, timestamp: "1970-01-20T16:13:20.000Z", service: "shop" })
    }).pipe(Effect.provide(layer())))
})

describe("GET /health/ready", () => {
  it.effect("runs the checks and names what each said", () =>
    Effect.gen(function*() {
      const answer = yield* server.get("/health/ready")
      assert.strictEqual(answer.status, 200)
      assert.deepStrictEqual(answer.body, {
        ready: true,
        status: "healthy",
        checks: {
          task_store: { status: "healthy", responseTimeMs: 0 },
          database: { status: "healthy", responseTimeMs: 0 }
        },
        timestamp: "1970-01-01T00:00:00.000Z"
      })
    }).pipe(Effect.provide(layer({ database: Effect.void }))))

  it.effect("contains every kind of failure, and shows no more of it than it may", () =>
    Effect.gen(function*() {
      const answer = yield* server.get("/health/ready")
      assert.strictEqual(answer.status, 503)
      assert.isFalse(answer.body.ready)
      assert.deepStrictEqual(answer.body.failedChecks, ["said", "long", "secret", "error", "defect", "interrupted"])
      const errors = Object.fromEntries(
        Object.entries<any>(answer.body.checks).map(([name, { error }]) => [name, error])
      )
      assert.deepStrictEqual(errors, {
        task_store: undefined,
        said: "migrations are pending",
        long: "x".repeat(200),
        secret: "//[FILTERED]@db refused password=[FILTERED] for ada",
        error: "SqlError",
        defect: "TypeError",
        interrupted: "interrupted",
        fine: undefined
      })
      assert.notInclude(answer.text, "hunter2")
      assert.notInclude(answer.text, "at ")
    }).pipe(Effect.provide(layer({
      said: Effect.fail("migrations are pending"),
      long: Effect.fail("x".repeat(10_000)),
      secret: Effect.fail("//ada:hunter2@db refused password=hunter2 for ada"),
      error: Effect.fail({ _tag: "SqlError", message: "user ada, hunter2, was refused by db-7.internal" }),
      defect: Effect.die(new TypeError("hunter2")),
      interrupted: Effect.interrupt,
      fine: Effect.void
    }))))

  it.effect("is not ready if the task store does not answer", () =>
    Effect.gen(function*() {
      const answer = yield* server.get("/health/ready")
      assert.strictEqual(answer.status, 503)
      assert.deepStrictEqual(answer.body.failedChecks, ["task_store"])
    }).pipe(Effect.provide(layer({}, Layer.mock(TaskStore.TaskStore)({ counts: Effect.die(new Error("down")) })))))

  it.effect("waits five seconds for all checks together, also for one that cannot be interrupted", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(server.get("/health/ready"))
      const answer = yield* moving(fiber)
      assert.strictEqual(answer.status, 503)
      assert.deepStrictEqual(answer.body.failedChecks, ["hangs", "stuck"])
      assert.strictEqual(answer.body.checks.hangs.error, "timed out after 5s")
      assert.strictEqual(answer.body.checks.stuck.error, "timed out after 5s")
      assert.strictEqual(answer.body.checks.slow.status, "healthy")
      assert.strictEqual(answer.body.checks.slow.responseTimeMs, 3000)
    }).pipe(Effect.provide(layer({
      hangs: Effect.never,
      stuck: Effect.uninterruptible(Effect.sleep("1 hour")),
      slow: Effect.sleep("3 seconds")
    }))))

  it.effect("runs a check once for all who ask at the same time", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      let runs = 0
      let received = 0
      const check = Effect.andThen(Effect.sync(() => void runs++), Deferred.await(gate))
      const counting = HttpRouter.middleware(
        (app) =>
          Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ url }) => {
            if (url === "/health/ready") received++
            return app
          }),
        { global: true }
      )
      const routes = HealthRoute.layer.pipe(
        Layer.provide([Layer.succeed(HealthRoute.ReadinessChecks, { gated: check }), TaskStore.layerMemory])
      )
      yield* Effect.gen(function*() {
        const probes = yield* Effect.forkChild(
          Effect.all(Array.from({ length: 20 }, () => server.get("/health/ready")), { concurrency: "unbounded" })
        )
        yield* Effect.repeat(server.get("/health/live"), { until: () => received === 20, times: 5000 })
        yield* Deferred.succeed(gate, undefined)
        const answers = yield* Fiber.join(probes)
        assert.isTrue(answers.every(({ status }) => status === 200))
        assert.strictEqual(runs, 1)
        assert.strictEqual((yield* server.get("/health/ready")).status, 200)
        assert.strictEqual(runs, 2)
      }).pipe(Effect.provide(
        server.serve(Layer.merge(routes, counting)).pipe(Layer.provideMerge(TestTelemetry.whole()))
      ))
    }))

  it.effect("logs the beginning and the end of an outage, with what the answer does not say", () => {
    let up = false
    return Effect.gen(function*() {
      yield* Effect.repeat(server.get("/health/ready"), { times: 4 })
      up = true
      yield* Effect.repeat(server.get("/health/ready"), { times: 4 })
      const [fails, ...more] = yield* server.logged("a readiness check fails")
      assert.deepStrictEqual(more, [])
      assert.include(JSON.stringify(fails), "db-7 is down")
      assert.lengthOf(yield* server.logged("a readiness check succeeds again"), 1)
    }).pipe(
      Effect.provide(layer({ db: Effect.suspend(() => up ? Effect.void : Effect.fail(new Down())) }))
    )
  })
})

describe("a check that is not critical", () => {
  const checks: HealthReport.Checks = {
    database: { check: Effect.void },
    recommendations: { check: Effect.fail("no answer"), isCritical: false }
  }

  it.effect("leaves the process ready, and degraded", () =>
    Effect.gen(function*() {
      const ready = yield* server.get("/health/ready")
      assert.deepStrictEqual(
        [ready.status, ready.body.ready, ready.body.status, ready.body.degradedChecks, ready.body.failedChecks],
        [200, true, "degraded", ["recommendations"], undefined]
      )
      assert.deepStrictEqual(ready.body.checks.recommendations, {
        status: "degraded",
        responseTimeMs: 0,
        error: "no answer"
      })
      const status = yield* server.get("/health/status")
      assert.deepStrictEqual([status.status, status.body.healthy, status.body.status], [200, true, "degraded"])
      assert.deepStrictEqual(Object.keys(status.body.checks), ["database", "recommendations"])
    }).pipe(Effect.provide(layer(checks))))

  it.effect("does not hide a critical one", () =>
    Effect.gen(function*() {
      const ready = yield* server.get("/health/ready")
      assert.deepStrictEqual(
        [ready.status, ready.body.status, ready.body.failedChecks, ready.body.degradedChecks],
        [503, "down", ["database"], ["recommendations"]]
      )
      const status = yield* server.get("/health/status")
      assert.deepStrictEqual([status.status, status.body.healthy, status.body.status], [503, false, "unhealthy"])
    }).pipe(Effect.provide(layer({ ...checks, database: Effect.fail("gone") }))))

  it.effect("has its own longest time", () =>
    Effect.gen(function*() {
      const fiber = yield* Effect.forkChild(server.get("/health/ready"))
      const { body } = yield* moving(fiber)
      assert.deepStrictEqual([body.checks.slow.error, body.checks.slow.status], ["timed out after 2s", "degraded"])
      assert.deepStrictEqual([body.checks.slower.error, body.checks.slower.status], [undefined, "healthy"])
    }).pipe(Effect.provide(layer({
      slow: { check: Effect.never, timeout: "2 seconds", isCritical: false },
      slower: { check: Effect.sleep("6 seconds"), timeout: "7 seconds" }
    }))))
})

describe("GET /health/status", () => {
  const counting = (counts: Readonly<Record<string, number>>) =>
    layer({}, Layer.mock(TaskStore.TaskStore)({ counts: Effect.succeed(counts) }))

  it.effect("counts the tasks by their states", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("90 seconds")
      const answer = yield* server.get("/health/status")
      assert.strictEqual(answer.status, 200)
      assert.deepStrictEqual(answer.body, {
        healthy: true,
        status: "healthy",
        service: "shop",
        tasks: { total: 7, pending: 0, in_progress: 2, complete: 4, error: 1, cancelled: 0, resolved_manually: 0 },
        uptimeSeconds: 90,
        timestamp: "1970-01-01T00:01:30.000Z"
      })
    }).pipe(Effect.provide(counting({ in_progress: 2, complete: 4, error: 1 }))))

  it.effect("shows the accounts of exporters, and readiness how they do; a receiver that is down changes no status", () =>
    Effect.gen(function*() {
      yield* TestClock.adjust("90 seconds")
      const status = yield* server.get("/health/status")
      const ready = yield* server.get("/health/ready")
      assert.deepStrictEqual([status.status, ready.status], [200, 200])
      const spans = { lastSuccess: null, consecutiveFailures: 3, queue: { size: 1, capacity: 2048 } }
      const metrics = { lastSuccess: "1970-01-01T00:00:07.000Z", consecutiveFailures: 0 }
      assert.deepStrictEqual([status.body.status, ready.body.status, ready.body.ready], ["degraded", "degraded", true])
      assert.deepStrictEqual(status.body["exporters"], {
        spans: { ...spans, ended: 3, dropped: { queue_full: 2 } },
        metrics: { ...metrics, collected: 5 }
      })
      assert.deepStrictEqual(ready.body["exporters"], { spans, metrics })
    }).pipe(Effect.provide(layer(
      {},
      TaskStore.layerMemory,
      {},
      Layer.succeed(ExporterStates, {
        register: () => Effect.void,
        read: () => ({
          spans: {
            lastSuccess: undefined,
            consecutiveFailures: 3,
            records: { ended: 3, dropped: { queue_full: 2 } },
            queue: { size: 1, capacity: 2048 }
          },
          metrics: { lastSuccess: 7000, consecutiveFailures: 0, points: { collected: 5 } }
        })
      })
    ))))

  it.effect.each(
    [
      [{ error: 9 }, 200],
      [{ error: 10 }, 503],
      [{ error: 10, complete: 10 }, 200],
      [{ error: 11, complete: 10 }, 503],
      [{ error: 11, complete: 10, in_progress: 100, pending: 100 }, 503]
    ] as const
  )("takes %j for %i", ([counts, status]) =>
    Effect.gen(function*() {
      const answer = yield* server.get("/health/status")
      assert.strictEqual(answer.status, status)
      assert.strictEqual(answer.body.status, status === 200 ? "healthy" : "unhealthy")
    }).pipe(Effect.provide(counting(counts))))

  const stores: ReadonlyArray<readonly [name: string, counts: () => unknown]> = [
    ["fails", () => Effect.fail("hunter2")],
    ["dies", () => Effect.die(new Error("hunter2"))],
    ["throws", () => {
      throw new Error("hunter2")
    }],
    ["gives no Effect", () => undefined],
    ["gives a promise", () => Promise.resolve({})],
    ["never answers", () => Effect.never],
    ["cannot be interrupted", () => Effect.uninterruptible(Effect.never)]
  ]
  it.live.each(stores)("says so if the store %s", ([, counts]) =>
    Effect.gen(function*() {
      const answer = yield* server.get("/health/status")
      assert.strictEqual(answer.status, 503)
      assert.deepStrictEqual([answer.body.healthy, answer.body.status], [false, "error"])
      assert.notInclude(answer.text, "hunter2")
      assert.lengthOf(yield* server.logged("the task store could not be read"), 1)
    }).pipe(Effect.provide(layer(
      {},
      Layer.sync(TaskStore.TaskStore, () =>
        ({
          get counts() {
            return counts()
          }
        }) as never),
      { execution: { storeTimeout: "20 millis" } }
    ))))
})

describe("probes", () => {
  it.effect("leave no spans and no lines", () =>
    Effect.gen(function*() {
      for (const path of ["live", "ready", "status", "ready?verbose=1", "READY/"]) {
        assert.strictEqual((yield* server.get(`/tasker/health/${path}`)).status, 200, path)
      }
      for (const path of ["/tasker/metrics", "/tasker//metrics?x"]) {
        assert.strictEqual((yield* server.get(path)).status, 200, path)
      }
      assert.deepStrictEqual(yield* spans.recorded, [])
      assert.deepStrictEqual(yield* server.logged(""), [])
      yield* server.get("/tasker/tasks")
      assert.deepStrictEqual((yield* spans.recorded).map(({ name }) => name), ["GET"])
      assert.lengthOf(yield* server.logged("Sent HTTP response"), 1)
    }).pipe(Effect.provide(
      server.layer([]).pipe(
        Layer.provide(Layer.succeed(HealthRoute.ReadinessChecks, { traced: Effect.withSpan(Effect.void, "ping") }))
      )
    )))
})

import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Redacted } from "effect"
import { TestClock } from "effect/testing"
import * as Authorizer from "../../src/http/Authorizer.ts"
import * as MetricsRoute from "../../src/http/MetricsRoute.ts"
import * as TelemetryRoutes from "../../src/http/TelemetryRoutes.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"
import * as server from "./server.ts"

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

const serve = (authorize: Authorizer.Authorize) =>
  server.serve(TelemetryRoutes.layer({ authorize })).pipe(Layer.provideMerge(TestTelemetry.whole()))

/** Knows one reader. */
const authorize: Authorizer.Authorize = ({ scope, token }) =>
  Effect.succeed(
    token === undefined || Redacted.value(token) !== "reader"
      ? "unauthenticated"
      : scope.endsWith(":read")
      ? "allowed"
      : "forbidden"
  )

describe("an authorizer", () => {
  it.effect("decides about all routes but the probes, by scope and token", () =>
    Effect.gen(function*() {
      for (const path of ["/", "/metrics", "/metrics/status", "/health/status", "/tasks", "/logging"]) {
        assert.strictEqual((yield* server.get(`/tasker${path}`, bearer("reader"))).status, 200, path)
        for (const headers of [{}, bearer("other")]) {
          const refused = yield* server.get(`/tasker${path}`, headers)
          assert.deepStrictEqual([refused.status, refused.headers["www-authenticate"]], [401, "Bearer"], path)
        }
      }
      const refused = yield* server.post("/tasker/tasks", {}, bearer("reader"))
      assert.deepStrictEqual([refused.status, refused.body.scope], [403, "tasks:write"])
      for (const path of ["/health/live", "/health/ready"]) {
        assert.strictEqual((yield* server.get(`/tasker${path}`)).status, 200, path)
      }
    }).pipe(Effect.provide(serve(authorize))))

  it.effect("sees the request", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* server.get("/tasker/tasks", { cookie: "session=1" })).status, 200)
      assert.strictEqual((yield* server.get("/tasker/tasks", { cookie: "session=2" })).status, 401)
    }).pipe(Effect.provide(serve(({ request }) =>
      Effect.succeed(request.cookies["session"] === "1" ? "allowed" : "unauthenticated")
    ))))

  it.effect.each<[label: string, authorize: Authorizer.Authorize]>([
    ["fails", () => Effect.fail("hunter2")],
    ["dies", () => Effect.die(new Error("hunter2"))],
    ["throws", () => {
      throw new Error("hunter2")
    }]
  ])("that %s lets nobody in, and tells the log once", ([, authorize]) =>
    Effect.gen(function*() {
      for (const path of ["/metrics", "/metrics", "/tasks"]) {
        const refused = yield* server.get(`/tasker${path}`, bearer("reader"))
        assert.deepStrictEqual([refused.status, refused.body.error], [503, "authorization_failed"])
        assert.notInclude(refused.text, "hunter2")
      }
      assert.lengthOf(yield* server.logged("the authorizer of the HTTP routes fails"), 1)
    }).pipe(Effect.provide(serve(authorize))))

  it.effect("that does not answer within five seconds lets nobody in", () =>
    Effect.gen(function*() {
      const asked = yield* Deferred.make<void>()
      yield* Effect.gen(function*() {
        const fiber = yield* Effect.forkChild(server.get("/tasker/metrics"))
        yield* Deferred.await(asked)
        yield* TestClock.adjust("5 seconds")
        assert.strictEqual((yield* Fiber.join(fiber)).status, 503)
      }).pipe(
        Effect.provide(serve(() => Effect.andThen(Deferred.succeed(asked, undefined), Effect.never)))
      )
    }))

  it.effect("is of single routes, too", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* server.get("/metrics", bearer("reader"))).status, 200)
      assert.strictEqual((yield* server.get("/metrics")).status, 401)
    }).pipe(Effect.provide(
      server.serve(MetricsRoute.layer.pipe(Layer.provide(Layer.succeed(Authorizer.Authorizer, authorize)))).pipe(
        Layer.provideMerge(TestTelemetry.whole())
      )
    )))
})

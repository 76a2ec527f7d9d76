/**
 * What all routes have in common: methods, tokens, the list of routes, and answers in words.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import * as HealthRoute from "../../../src/http/HealthRoute.ts"
import * as LoggingRoute from "../../../src/http/LoggingRoute.ts"
import * as MetricsRoute from "../../../src/http/MetricsRoute.ts"
import * as TaskRoute from "../../../src/http/TaskRoute.ts"
import * as TelemetryRoutes from "../../../src/http/TelemetryRoutes.ts"
import * as TestTelemetry from "../../support/TestTelemetry.ts"
import * as server from "../server.ts"
import { order, ProcessOrder } from "../tasks.ts"

const tasks = [ProcessOrder] as const
const token = "read-me"
const authorization = `Bearer ${token}`

const routes = [
  ["/", "GET, HEAD"],
  ["/openapi.json", "GET, HEAD"],
  ["/docs", "GET, HEAD"],
  ["/metrics", "GET, HEAD"],
  ["/metrics/export", "POST"],
  ["/metrics/status", "GET, HEAD"],
  ["/health/live", "GET, HEAD"],
  ["/health/ready", "GET, HEAD"],
  ["/health/status", "GET, HEAD"],
  ["/analytics/performance", "GET, HEAD"],
  ["/analytics/bottlenecks", "GET, HEAD"],
  ["/analytics/runs/some-id", "GET, HEAD"],
  ["/logging", "GET, HEAD, PUT"],
  ["/tasks", "GET, HEAD, POST"],
  ["/tasks/some-id", "GET, HEAD, PATCH, DELETE"],
  ["/tasks/some-id/steps/some-step", "GET, HEAD, PATCH, PUT"]
] as const

const methods = ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "QUERY", "TRACE", "PROPFIND"]

describe("a method that a path does not have", () => {
  it.effect.each(routes)("is answered 405 at %s, with %s in Allow", ([path, allow]) =>
    Effect.gen(function*() {
      for (const method of methods.filter((method) => !allow.split(", ").includes(method))) {
        const refused = yield* server.send(method, `/tasker${path}`)
        assert.deepStrictEqual([refused.status, refused.headers.allow], [405, allow], method)
        assert.deepStrictEqual(refused.body, { error: "method_not_allowed", message: `this path takes ${allow}` })
        assert.isString(refused.headers["x-correlation-id"])
      }
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect("is answered 405 however the path is written", () =>
    Effect.gen(function*() {
      for (const path of ["/TASKER/Metrics", "//tasker//metrics/", "/tasker/metrics?a=/x", "/tasker/metrics;b"]) {
        assert.strictEqual((yield* server.send("POST", path)).status, 405, path)
      }
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect("is answered 405 where single layers stand in an app, and left to the app elsewhere", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* server.send("POST", "/metrics")).status, 405)
      assert.strictEqual((yield* server.send("PUT", "/health/ready")).status, 405)
      assert.strictEqual((yield* server.send("DELETE", "/logging")).headers.allow, "GET, HEAD, PUT")
      assert.strictEqual((yield* server.send("PUT", "/tasks/a")).headers.allow, "GET, HEAD, PATCH, DELETE")
      for (const path of ["/own", "/other/metrics", "/tasks/a/b", "/"]) {
        const answer = yield* server.send("POST", path)
        assert.deepStrictEqual([answer.status, answer.text], [404, ""], path)
      }
      assert.strictEqual((yield* server.get("/own")).text, "own")
    }).pipe(Effect.provide(
      server.serve(Layer.mergeAll(
        MetricsRoute.layer,
        HealthRoute.layer,
        LoggingRoute.layer,
        TaskRoute.layer({ tasks }),
        HttpRouter.add("GET", "/own", HttpServerResponse.text("own"))
      )).pipe(Layer.provideMerge(TestTelemetry.whole()))
    )))

  it.effect("is the program's where the program has a route for it", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* server.send("POST", "/tasker/metrics")).text, "pushed")
      assert.strictEqual((yield* server.send("OPTIONS", "/tasker/tasks")).text, "any")
      assert.strictEqual((yield* server.get("/tasker/more")).text, "more")
      assert.strictEqual((yield* server.send("PUT", "/tasker/metrics")).status, 405)
    }).pipe(Effect.provide(
      server.serve(Layer.mergeAll(
        HttpRouter.add("POST", "/tasker/metrics", HttpServerResponse.text("pushed")),
        HttpRouter.add("OPTIONS", "/*", HttpServerResponse.text("any")),
        HttpRouter.add("GET", "/tasker/more", HttpServerResponse.text("more")),
        TelemetryRoutes.layer({ tasks })
      )).pipe(Layer.provideMerge(TestTelemetry.whole()))
    )))
})

describe("a path that no route has", () => {
  it.effect("is answered 404 with the place of the list", () =>
    Effect.gen(function*() {
      const paths = ["/tasker/nothing", "/tasker/metrics/x", "/tasker/health", "/tasker/tasks/a/b", "/Tasker/x?y"]
      for (const path of [...paths, `/tasker/tasks/${"x".repeat(5000)}`]) {
        for (const method of ["GET", "POST"]) {
          const answer = yield* server.send(method, path)
          if (answer.status === 405) continue
          assert.strictEqual(answer.status, 404, path)
          assert.deepStrictEqual(answer.body, {
            error: "not_found",
            message: "no route has this path; GET /tasker/ lists the routes"
          })
        }
      }
      const others = yield* Effect.forEach(["/", "/taskers", "/other/tasker/x"], (path) => server.get(path))
      assert.deepStrictEqual(others.map(({ status, text }) => `${status}${text}`), ["404", "404", "404"])
    }).pipe(Effect.provide(server.layer(tasks))))
})

/** What a browser sends. */
const browser = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"

describe("the list of routes", () => {
  it.effect("is JSON for a program", () =>
    Effect.gen(function*() {
      for (const path of ["/tasker/", "/tasker", "/tasker?x"]) {
        for (const accept of ["", "*/*", "application/json", "text/html;q=0.5, application/json", "text/plain"]) {
          const answer = yield* server.get(path, { accept })
          assert.deepStrictEqual([answer.status, answer.headers["content-type"]], [200, "application/json"])
          assert.strictEqual(answer.headers.vary, "Accept")
          assert.strictEqual(answer.body.service, "tasker")
          assert.deepStrictEqual(answer.body.routes.map(({ method, path }: any) => `${method} ${path}`), [
            "GET /tasker/",
            "GET /tasker/analytics/bottlenecks",
            "GET /tasker/analytics/performance",
            "GET /tasker/analytics/runs/:id",
            "GET /tasker/docs",
            "GET /tasker/events",
            "GET /tasker/health/live",
            "GET /tasker/health/ready",
            "GET /tasker/health/status",
            "GET /tasker/logging",
            "PUT /tasker/logging",
            "GET /tasker/metrics",
            "POST /tasker/metrics/export",
            "GET /tasker/metrics/status",
            "POST /tasker/metrics/sync",
            "GET /tasker/openapi.json",
            "GET /tasker/task-definitions",
            "GET /tasker/task-definitions/:name",
            "GET /tasker/tasks",
            "POST /tasker/tasks",
            "GET /tasker/tasks/:id",
            "PATCH /tasker/tasks/:id",
            "DELETE /tasker/tasks/:id",
            "GET /tasker/tasks/:id/steps",
            "GET /tasker/tasks/:id/steps/:step",
            "PATCH /tasker/tasks/:id/steps/:step",
            "PUT /tasker/tasks/:id/steps/:step"
          ])
          assert.isTrue(answer.body.routes.every(({ about }: any) => about !== ""))
        }
      }
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect("is HTML for a browser, with links to what it can open and nothing that runs", () =>
    Effect.gen(function*() {
      for (const accept of [browser, "text/html", "application/json;q=0.1, text/html"]) {
        const answer = yield* server.get("/tasker/", { accept })
        assert.strictEqual(answer.headers["content-type"], "text/html; charset=utf-8")
        assert.include(answer.text, "<h1>a &lt;b&gt; &amp; &quot;c&quot;</h1>")
        assert.include(answer.text, "<a href=\"/tasker/health/ready\">")
        assert.notInclude(answer.text, "href=\"/tasker/tasks/:id")
        assert.include(answer.headers["content-security-policy"] ?? "", "default-src 'none'")
      }
    }).pipe(Effect.provide(server.layer(tasks, { service: { name: "a <b> & \"c\"" } }))))

  it.effect("stands under the prefix, and at the root of the app there is none", () =>
    Effect.gen(function*() {
      const at = (prefix: `/${string}`) =>
        server.serve(Layer.merge(
          TelemetryRoutes.layer({ tasks, prefix }),
          HttpRouter.add("GET", prefix === "/" ? "/" : "/own", HttpServerResponse.text("own"))
        )).pipe(Layer.provideMerge(TestTelemetry.whole()))
      yield* Effect.gen(function*() {
        const answer = yield* server.get("/ops/tasker/")
        assert.include(answer.body.routes.map(({ path }: any) => path), "/ops/tasker/metrics")
        assert.strictEqual((yield* server.send("POST", "/ops/tasker/metrics")).status, 405)
        assert.strictEqual((yield* server.send("POST", "/metrics")).text, "")
      }).pipe(Effect.provide(at("/ops/tasker/")))
      yield* Effect.gen(function*() {
        assert.strictEqual((yield* server.get("/")).text, "own")
        assert.strictEqual((yield* server.get("/nothing")).text, "")
        assert.strictEqual((yield* server.send("POST", "/metrics")).status, 405)
      }).pipe(Effect.provide(at("/")))
    }))

  it.effect("answers HEAD", () =>
    Effect.gen(function*() {
      for (const [path] of routes.filter(([, allow]) => allow.includes("HEAD"))) {
        const answer = yield* server.send("HEAD", `/tasker${path}`)
        assert.strictEqual(answer.status, path.includes("/some-id") ? 404 : 200, path)
        assert.strictEqual(answer.text, "")
      }
    }).pipe(Effect.provide(server.layer(tasks))))
})

describe("http.authRequired", () => {
  const reading = [
    "/",
    "/openapi.json",
    "/docs",
    "/metrics",
    "/metrics/status",
    "/health/status",
    "/tasks",
    "/tasks/some-id",
    "/logging",
    "/analytics/performance",
    "/analytics/bottlenecks",
    "/analytics/runs/some-id"
  ]

  it.effect("lets only those with the token read, and probes of an orchestrator", () =>
    Effect.gen(function*() {
      for (const path of reading) {
        for (const wrong of ["", "Bearer", "Bearer wrong", `Basic ${token}`]) {
          const refused = yield* server.get(`/tasker${path}`, { authorization: wrong })
          assert.deepStrictEqual([refused.status, refused.headers["www-authenticate"]], [401, "Bearer"], path)
          assert.strictEqual(refused.body.error, "unauthorized")
        }
        assert.notStrictEqual((yield* server.get(`/tasker${path}`, { authorization })).status, 401, path)
      }
      for (const path of ["/health/live", "/health/ready"]) {
        assert.strictEqual((yield* server.get(`/tasker${path}`)).status, 200, path)
      }
      const body = { name: "process_order", context: order }
      assert.strictEqual((yield* server.post("/tasker/tasks", body)).status, 401)
      assert.strictEqual((yield* server.post("/tasker/tasks", body, { authorization })).status, 201)
    }).pipe(Effect.provide(server.layer(tasks, { http: { token, authRequired: true } }))))

  it.effect("is off by default: with a token everybody may read", () =>
    Effect.gen(function*() {
      for (const path of ["/", "/metrics", "/health/status", "/tasks"]) {
        assert.strictEqual((yield* server.get(`/tasker${path}`)).status, 200, path)
      }
    }).pipe(Effect.provide(server.layer(tasks, { http: { token } }))))
})

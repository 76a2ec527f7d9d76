/**
 * Tokens with scopes, and what one client may write.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import * as graphql from "../graphql.ts"
import * as server from "../server.ts"
import { order, ProcessOrder } from "../tasks.ts"

const tasks = [ProcessOrder] as const
const valid = { name: "process_order", context: order }
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

const tokens = [
  { token: "scrape-me", scopes: ["metrics:read"] },
  { token: "run-me", scopes: ["tasks:read", "tasks:write"] },
  { token: "look-at-me", scopes: ["tasks:read"] },
  { token: "look-at-me", scopes: ["analytics:read"] }
] as const

describe("tokens with scopes", () => {
  it.effect("open the routes of their scopes, and are answered 403 by all others", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* server.get("/tasker/metrics", bearer("scrape-me"))).status, 200)
      assert.strictEqual((yield* server.get("/tasker/tasks", bearer("run-me"))).status, 200)
      assert.strictEqual((yield* server.post("/tasker/tasks", valid, bearer("run-me"))).status, 201)
      for (
        const [path, scope] of [["/tasks", "tasks:read"], ["/logging", "logging:read"], ["/", "api:read"]] as const
      ) {
        const refused = yield* server.get(`/tasker${path}`, bearer("scrape-me"))
        assert.strictEqual(refused.status, 403, path)
        assert.strictEqual(refused.headers["www-authenticate"], `Bearer error="insufficient_scope", scope="${scope}"`)
        assert.deepStrictEqual(refused.body, {
          error: "insufficient_scope",
          message: `send a token that has the scope "${scope}"`,
          scope
        })
      }
      assert.strictEqual((yield* server.post("/tasker/tasks", valid, bearer("look-at-me"))).status, 403)
    }).pipe(Effect.provide(server.layer(tasks, { http: { tokens, authRequired: true } }))))

  it.effect("have the scopes of all entries with the same token", () =>
    Effect.gen(function*() {
      for (const path of ["/tasks", "/analytics/performance"]) {
        assert.strictEqual((yield* server.get(`/tasker${path}`, bearer("look-at-me"))).status, 200, path)
      }
    }).pipe(Effect.provide(server.layer(tasks, { http: { tokens, authRequired: true } }))))

  it.effect("are answered 401 if they are wrong, and close the writing routes to this machine", () =>
    Effect.gen(function*() {
      for (const headers of [{}, bearer("scrape"), bearer("scrape-mescrape-me"), bearer("")]) {
        assert.strictEqual((yield* server.post("/tasker/tasks", valid, headers)).status, 401)
      }
    }).pipe(Effect.provide(server.layer(tasks, { http: { tokens } }))))

  it.effect("stand beside the token of all routes", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* server.post("/tasker/tasks", valid, bearer("all"))).status, 201)
      assert.strictEqual((yield* server.get("/tasker/metrics", bearer("scrape-me"))).status, 200)
      assert.strictEqual((yield* server.get("/tasker/logging", bearer("all"))).status, 200)
    }).pipe(Effect.provide(server.layer(tasks, { http: { token: "all", tokens, authRequired: true } }))))

  it.effect("are asked for by metrics.authRequired at the routes that it names", () =>
    Effect.gen(function*() {
      const statuses = yield* Effect.forEach(
        ["/metrics", "/tasks", "/analytics/performance", "/metrics/status", "/health/status", "/"],
        (path) => Effect.map(server.get(`/tasker${path}`), ({ status }) => status)
      )
      assert.deepStrictEqual(statuses, [401, 401, 401, 200, 200, 200])
    }).pipe(Effect.provide(server.layer(tasks, { http: { tokens }, metrics: { authRequired: true } }))))
})

describe("http.writesPerMinute", () => {
  const write = (token: string) => server.post("/tasker/tasks", { name: "unknown", context: {} }, bearer(token))

  it.effect("answers 429 with the seconds to wait, for each token apart", () =>
    Effect.gen(function*() {
      const before = yield* Effect.replicateEffect(write("run-me"), 3)
      assert.deepStrictEqual(before.map(({ status }) => status), [404, 404, 404])
      const refused = yield* write("run-me")
      assert.deepStrictEqual([refused.status, refused.headers["retry-after"]], [429, "20"])
      assert.deepStrictEqual([refused.body.error, refused.body.limit], ["too_many_writes", 3])
      assert.strictEqual((yield* write("all")).status, 404)
      assert.strictEqual((yield* server.get("/tasker/tasks", bearer("run-me"))).status, 200)
      yield* TestClock.adjust("20 seconds")
      assert.deepStrictEqual([(yield* write("run-me")).status, (yield* write("run-me")).status], [404, 429])
    }).pipe(Effect.provide(server.layer(tasks, { http: { token: "all", tokens, writesPerMinute: 3 } }))))

  it.effect("counts the writes of a token on all routes together", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* write("all")).status, 404)
      const others = [
        yield* server.post("/tasker/metrics/sync", {}, bearer("all")),
        yield* server.send("PUT", "/tasker/logging", { body: { level: "info" }, headers: bearer("all") }),
        yield* server.send("DELETE", "/tasker/tasks/nothing", { headers: bearer("all") })
      ]
      assert.deepStrictEqual(others.map(({ status }) => status), [429, 429, 429])
    }).pipe(Effect.provide(server.layer(tasks, { http: { token: "all", tokens, writesPerMinute: 1 } }))))

  it.effect("counts mutations of GraphQL with the writes of the other routes", () =>
    Effect.gen(function*() {
      const cancel = "mutation { cancelTask(input: { taskId: \"nothing\" }) { task { id } } }"
      assert.strictEqual((yield* graphql.askWith("all", cancel)).status, 200)
      assert.strictEqual((yield* write("all")).status, 429)
      assert.strictEqual((yield* graphql.askWith("all", cancel)).status, 429)
    }).pipe(Effect.provide(graphql.layer(tasks, { http: { token: "all", writesPerMinute: 1 } }))))

  it.effect("counts no request that is refused", () =>
    Effect.gen(function*() {
      for (const token of ["wrong", "look-at-me", "wrong"]) yield* write(token)
      assert.strictEqual((yield* write("run-me")).status, 404)
    }).pipe(Effect.provide(server.layer(tasks, { http: { tokens, writesPerMinute: 1 } }))))

  it.effect("is no limit at 0", () =>
    Effect.gen(function*() {
      for (let index = 0; index < 10; index++) assert.strictEqual((yield* write("run-me")).status, 404)
    }).pipe(Effect.provide(server.layer(tasks, { http: { tokens, writesPerMinute: 0 } }))))
})

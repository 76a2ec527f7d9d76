import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option } from "effect"
import { HttpMiddleware, HttpRouter } from "effect/http"
import { IpNetwork } from "effect/net"
import * as TaskRoute from "../../../src/http/TaskRoute.ts"
import * as TelemetryRoutes from "../../../src/http/TelemetryRoutes.ts"
import * as TestTelemetry from "../../support/TestTelemetry.ts"
import * as server from "../server.ts"
import { Hang, order, ProcessOrder } from "../tasks.ts"

const token = "s3cret-t0ken"
const tasks = [ProcessOrder, Hang] as const
const valid = { name: "process_order", context: order }

/** What a refused request must not have done. */
const nothingStarted = Effect.gen(function*() {
  const { body } = yield* server.get("/tasker/tasks")
  assert.deepStrictEqual(body.tasks, [])
})

describe("with a token", () => {
  const refused: ReadonlyArray<readonly [label: string, header: string | undefined]> = [
    ["no header", undefined],
    ["an empty header", ""],
    ["the scheme alone", "Bearer"],
    ["an empty token", "Bearer "],
    ["a shorter token", `Bearer ${token.slice(0, -1)}`],
    ["a longer token", `Bearer ${token}x`],
    ["the token twice", `Bearer ${token}${token}`],
    ["a wrong token of the same length", `Bearer ${"x".repeat(token.length)}`],
    ["another case", `Bearer ${token.toUpperCase()}`],
    ["another scheme", `Basic ${token}`],
    ["the token without a scheme", token],
    ["no space", `Bearer${token}`],
    ["characters whose low bytes are the token's", `Bearer ${token.slice(0, -1)}\u00EE`]
  ]

  it.effect.each(refused)("answers 401 to %s", ([, header]) =>
    Effect.gen(function*() {
      const headers: Record<string, string> = header === undefined ? {} : { authorization: header }
      const answers = [
        yield* server.post("/tasker/tasks", valid, headers),
        yield* server.post("/tasker/tasks", "{", headers),
        yield* server.send("DELETE", "/tasker/tasks/nothing", { headers })
      ]
      for (const answer of answers) {
        assert.strictEqual(answer.status, 401)
        assert.strictEqual(answer.headers["www-authenticate"], "Bearer")
        assert.deepStrictEqual(Object.keys(answer.body), ["error", "message"])
        assert.strictEqual(answer.body.error, "unauthorized")
        assert.notInclude(JSON.stringify([answer.headers, answer.text]), token)
      }
      yield* nothingStarted
    }).pipe(Effect.provide(server.layer(tasks, { http: { token } }))))

  it.effect.each(["Bearer", "bearer", "BEARER"])("takes the token after %s", (scheme) =>
    Effect.gen(function*() {
      const created = yield* server.post("/tasker/tasks", valid, { authorization: `${scheme} ${token}` })
      assert.strictEqual(created.status, 201)
    }).pipe(Effect.provide(server.layer(tasks, { http: { token } }))))

  it.effect("takes a token of any bytes as UTF-8", () =>
    Effect.gen(function*() {
      const bytes = Buffer.from("schlüssel-鍵").toString("latin1")
      const created = yield* server.post("/tasker/tasks", valid, { authorization: `Bearer ${bytes}` })
      assert.strictEqual(created.status, 201)
    }).pipe(Effect.provide(server.layer(tasks, { http: { token: "schlüssel-鍵" } }))))

  it.effect("asks nothing else: any host, any origin, through a proxy", () =>
    Effect.gen(function*() {
      const headers = {
        authorization: `Bearer ${token}`,
        host: "tasks.example.com",
        origin: "https://tasks.example.com",
        "x-forwarded-for": "203.0.113.7"
      }
      assert.strictEqual((yield* server.post("/tasker/tasks", valid, headers)).status, 201)
      const { body } = yield* server.post("/tasker/tasks", { name: "hang", context: {} }, headers)
      assert.strictEqual((yield* server.send("DELETE", `/tasker/tasks/${body.taskId}`, { headers })).status, 200)
    }).pipe(Effect.provide(server.layer(tasks, { http: { token } }))))

  it.effect("keeps the token out of spans and log lines", () =>
    Effect.gen(function*() {
      yield* server.post("/tasker/tasks", valid, { authorization: `Bearer ${token}` })
      yield* server.post("/tasker/tasks", valid, { authorization: `Bearer ${token}x` })
      const lines = yield* server.logged("")
      assert.isAbove(lines.length, 0)
      assert.notInclude(JSON.stringify(lines), token)
    }).pipe(Effect.provide(server.layer(tasks, { http: { token }, logging: { level: "Trace" } }))))

  it.effect.skipIf(server.outerAddress === undefined)(
    "is needed and enough from another machine",
    () =>
      Effect.gen(function*() {
        assert.strictEqual((yield* server.post("/tasker/tasks", valid)).status, 401)
        const created = yield* server.post("/tasker/tasks", valid, { authorization: `Bearer ${token}` })
        assert.strictEqual(created.status, 201)
      }).pipe(Effect.provide(server.layer(tasks, { http: { token } }, server.outerAddress)))
  )
})

describe("without a token", () => {
  it.effect.each(["localhost", "LOCALHOST:8080", "127.0.0.1", "127.8.9.1:80", "[::1]", "[::1]:9464"])(
    "answers a program on this machine that asks for %s",
    (host) =>
      Effect.gen(function*() {
        assert.strictEqual((yield* server.post("/tasker/tasks", valid, { host })).status, 201)
      }).pipe(Effect.provide(server.layer(tasks)))
  )

  const suspicious: ReadonlyArray<Readonly<Record<string, string>>> = [
    { host: "evil.example.com" },
    { host: "localhost.evil.example.com" },
    { host: "127.0.0.1.evil.example.com" },
    { host: "127.1" },
    { host: "evil@localhost" },
    { host: "192.0.2.2" },
    { host: "[::2]" },
    { host: "::1" },
    { origin: "https://evil.example.com" },
    { origin: "null" },
    { origin: "http://localhost.evil.example.com" },
    { origin: "http://evil.example.com#localhost" },
    { origin: "file://" },
    { "x-forwarded-for": "127.0.0.1" },
    { "x-forwarded-host": "localhost" },
    { "x-real-ip": "127.0.0.1" },
    { forwarded: "for=127.0.0.1" },
    { via: "1.1 proxy" },
    ...[
      "x-forwarded",
      "x-forwarded-port",
      "x-forwarded-server",
      "x-client-ip",
      "x-cluster-client-ip",
      "true-client-ip",
      "cf-connecting-ip",
      "fastly-client-ip"
    ].map((name) => ({ [name]: "127.0.0.1" }))
  ]

  it.effect.each(suspicious)("answers 403 to %j", (headers) =>
    Effect.gen(function*() {
      const created = yield* server.post("/tasker/tasks", valid, headers)
      assert.strictEqual(created.status, 403)
      assert.strictEqual(created.body.error, "forbidden")
      const deleted = yield* server.send("DELETE", "/tasker/tasks/nothing", { headers })
      assert.strictEqual(deleted.status, 403)
      yield* nothingStarted
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect("answers a page of this machine", () =>
    Effect.gen(function*() {
      for (const origin of ["http://localhost:3000", "http://127.0.0.1", "https://[::1]:8443"]) {
        assert.strictEqual((yield* server.post("/tasker/tasks", valid, { origin })).status, 201, origin)
      }
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect("answers 403 to a request without Host, and takes the host of an absolute target", () =>
    Effect.gen(function*() {
      const missing = yield* server.raw(["DELETE /tasker/tasks/nothing HTTP/1.0"])
      assert.match(missing, /^HTTP\/1.1 403 /)
      const absolute = yield* server.raw([
        "DELETE http://evil.example.com/tasker/tasks/nothing HTTP/1.1",
        "Host: localhost",
        "Connection: close"
      ])
      assert.match(absolute, /^HTTP\/1.1 403 /)
      const local = yield* server.raw([
        "DELETE /tasker/tasks/nothing HTTP/1.1",
        "Host: localhost",
        "Connection: close"
      ])
      assert.match(local, /^HTTP\/1.1 404 /)
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect("takes loopback in IPv6 and mapped into it", () =>
    Effect.gen(function*() {
      const { port } = yield* server.Target
      for (const host of ["127.0.0.1", "::1"]) {
        const created = yield* Effect.provideService(
          server.post("/tasker/tasks", valid, { host: "localhost" }),
          server.Target,
          { host, port }
        )
        assert.strictEqual(created.status, 201, host)
      }
    }).pipe(Effect.provide(server.layer(tasks, {}, "::"))))

  it.effect.skipIf(server.outerAddress === undefined)(
    "answers 403 to another machine, whatever it claims",
    () =>
      Effect.gen(function*() {
        const claims: ReadonlyArray<Readonly<Record<string, string>>> = [
          {},
          { host: "localhost" },
          { host: "localhost", "x-forwarded-for": "127.0.0.1", "x-forwarded-host": "localhost" }
        ]
        for (const headers of claims) {
          assert.strictEqual((yield* server.post("/tasker/tasks", valid, headers)).status, 403)
        }
        yield* nothingStarted
      }).pipe(Effect.provide(server.layer(tasks, {}, server.outerAddress)))
  )

  it.effect.skipIf(server.outerAddress === undefined)(
    "does not take a remote proxy's word, even if the app trusts it",
    () =>
      Effect.gen(function*() {
        const headers = { host: "localhost", "x-forwarded-for": "127.0.0.1" }
        assert.strictEqual((yield* server.post("/tasker/tasks", valid, headers)).status, 403)
      }).pipe(Effect.provide(
        server.serve(
          Layer.mergeAll(
            TelemetryRoutes.layer({ tasks }),
            HttpRouter.middleware(
              (app) =>
                HttpMiddleware.xForwardedHeaders({ trustedProxies: [IpNetwork.fromStringUnsafe("0.0.0.0/0")] })(app),
              { global: true }
            )
          ),
          server.outerAddress
        ).pipe(Layer.provideMerge(TestTelemetry.whole()))
      ))
  )

  it.effect("answers 403 to a peer without an address", () =>
    Effect.gen(function*() {
      const web = yield* Effect.acquireRelease(
        Effect.sync(() =>
          HttpRouter.toWebHandler(
            TaskRoute.layer({ tasks }).pipe(Layer.provideMerge(TestTelemetry.whole())),
            { disableLogger: true }
          )
        ),
        ({ dispose }) => Effect.promise(dispose)
      )
      const request = new Request("http://localhost/tasks", {
        method: "POST",
        headers: { "content-type": "application/json", host: "localhost" },
        body: JSON.stringify(valid)
      })
      const answer = yield* Effect.promise(() => web.handler(request))
      assert.strictEqual(answer.status, 403)
      assert.isTrue(Option.isNone(Option.fromNullishOr(answer.headers.get("www-authenticate"))))
    }))

  it.effect("lets everybody read", () =>
    Effect.gen(function*() {
      const headers = { host: "evil.example.com", "x-forwarded-for": "203.0.113.7" }
      for (const path of ["/tasker/tasks", "/tasker/metrics", "/tasker/health/live"]) {
        assert.strictEqual((yield* server.get(path, headers)).status, 200, path)
      }
    }).pipe(Effect.provide(server.layer(tasks))))
})

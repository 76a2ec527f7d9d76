import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Stream } from "effect"
import { HttpClient, HttpClientError, HttpClientResponse, HttpRouter, HttpServerResponse } from "effect/http"
import * as ConnectionMetrics from "../../src/instrument/ConnectionMetrics.ts"
import * as server from "../http/server.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"
import { valuesOf } from "./values.ts"

const active = valuesOf("tasker_active_connections")

const telemetry = TestTelemetry.layer(TestTelemetry.metrics)

/** Reads the metric until it is as expected, because a server closes a request after the client has its answer. */
const eventually = (expected: Readonly<Record<string, number>>) =>
  Effect.map(
    Effect.repeat(Effect.andThen(Effect.promise(() => new Promise(setImmediate)), active), {
      until: (found) => JSON.stringify(found) === JSON.stringify(expected),
      times: 5000
    }),
    (found) => assert.deepStrictEqual(found, expected)
  )

describe("the requests of a server", () => {
  it.effect("are open until their answers are sent, also one that streams", () =>
    Effect.gen(function*() {
      const [entered, answer] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const [begun, end] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const body = Stream.concat(
        Stream.fromEffect(Effect.as(Deferred.succeed(begun, undefined), new Uint8Array([65]))),
        Stream.fromEffect(Effect.as(Deferred.await(end), new Uint8Array([66])))
      )
      const routes = Layer.mergeAll(
        HttpRouter.add(
          "GET",
          "/waits",
          Effect.gen(function*() {
            yield* Deferred.succeed(entered, undefined)
            yield* Deferred.await(answer)
            return HttpServerResponse.text("done")
          })
        ),
        HttpRouter.add("GET", "/streams", Effect.succeed(HttpServerResponse.stream(body))),
        HttpRouter.add("GET", "/dies", Effect.die("broken")),
        ConnectionMetrics.layerServer({ name: "shop" })
      )
      yield* Effect.gen(function*() {
        assert.deepStrictEqual(yield* active, { "http_server,shop": 0 })
        const waiting = yield* Effect.forkChild(server.get("/waits"))
        yield* Deferred.await(entered)
        assert.deepStrictEqual(yield* active, { "http_server,shop": 1 })
        const streaming = yield* Effect.forkChild(server.get("/streams"))
        yield* Deferred.await(begun)
        assert.deepStrictEqual(yield* active, { "http_server,shop": 2 })
        yield* Deferred.succeed(answer, undefined)
        assert.strictEqual((yield* Fiber.join(waiting)).text, "done")
        yield* eventually({ "http_server,shop": 1 })
        yield* Deferred.succeed(end, undefined)
        assert.strictEqual((yield* Fiber.join(streaming)).text, "AB")
        yield* eventually({ "http_server,shop": 0 })
        assert.strictEqual((yield* server.get("/dies")).status, 500)
        yield* eventually({ "http_server,shop": 0 })
      }).pipe(Effect.provide(server.serve(routes)))
    }).pipe(Effect.provide(telemetry)))

  it.effect("are counted if no route has their path, too", () =>
    Effect.gen(function*() {
      const [answered, send] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const routes = Layer.mergeAll(
        HttpRouter.middleware(
          (app) =>
            Effect.onExit(app, () => Effect.andThen(Deferred.succeed(answered, undefined), Deferred.await(send))),
          {
            global: true
          }
        ),
        ConnectionMetrics.layerServer()
      )
      yield* Effect.gen(function*() {
        const missing = yield* Effect.forkChild(server.get("/nothing"))
        yield* Deferred.await(answered)
        assert.deepStrictEqual(yield* active, { "http_server,": 1 })
        yield* Deferred.succeed(send, undefined)
        assert.strictEqual((yield* Fiber.join(missing)).status, 404)
        yield* eventually({ "http_server,": 0 })
      }).pipe(Effect.provide(server.serve(routes)))
    }).pipe(Effect.provide(telemetry)))
})

describe("the requests of a client", () => {
  it.effect("are open until their answers begin, they fail or are interrupted", () =>
    Effect.gen(function*() {
      const answer = yield* Deferred.make<void>()
      const plain = HttpClient.make((request, url) =>
        url.pathname === "/fails"
          ? Effect.fail(
            new HttpClientError.HttpClientError({ reason: new HttpClientError.TransportError({ request }) })
          )
          : Effect.as(Deferred.await(answer), HttpClientResponse.fromWeb(request, new Response("done")))
      )
      yield* Effect.gen(function*() {
        const client = yield* HttpClient.HttpClient
        assert.deepStrictEqual(yield* active, { "http_client,payments": 0 })
        const first = yield* Effect.forkChild(client.get("http://pay/"), { startImmediately: true })
        const second = yield* Effect.forkChild(client.get("http://pay/"), { startImmediately: true })
        assert.deepStrictEqual(yield* active, { "http_client,payments": 2 })
        yield* Fiber.interrupt(second)
        assert.deepStrictEqual(yield* active, { "http_client,payments": 1 })
        yield* Deferred.succeed(answer, undefined)
        assert.strictEqual((yield* Fiber.join(first)).status, 200)
        assert.isTrue(Exit.isFailure(yield* Effect.exit(client.get("http://pay/fails"))))
        assert.deepStrictEqual(yield* active, { "http_client,payments": 0 })
      }).pipe(
        Effect.provide(
          ConnectionMetrics.layerClient(Layer.succeed(HttpClient.HttpClient, plain), { name: "payments" })
        )
      )
    }).pipe(Effect.provide(telemetry)))
})

import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse } from "effect/http"
import * as server from "../http/server.ts"
import { order, ProcessOrder } from "../http/tasks.ts"
import { callWith } from "../support/cliProgram.ts"

const tail = (...args: ReadonlyArray<string>) =>
  Effect.flatMap(
    server.Target,
    ({ host, port }) => callWith({}, "tail", "--url", `http://${host}:${port}/tasker`, ...args)
  )

const message = (sequence: number, instance = "i") =>
  `id: ${instance}:${sequence}\nevent: shop.sold\ndata: {"time":0,"payload":{"item":"${sequence}"}}\n\n`

/** A service that gives one answer after the other, and remembers what clients have seen. */
const answering = (bodies: ReadonlyArray<string>, seen: Array<string | undefined>) =>
  server.serve(HttpRouter.add(
    "GET",
    "/tasker/events",
    Effect.map(HttpServerRequest.HttpServerRequest, ({ headers }) => {
      const body = bodies[seen.push(headers["last-event-id"]) - 1]
      return body === undefined
        ? HttpServerResponse.text("gone", { status: 503 })
        : HttpServerResponse.text(`retry: 3000\n\n${body}`, { contentType: "text/event-stream" })
    })
  ))

describe("tail", () => {
  it.live("shows what a service publishes, one line for each event", () =>
    Effect.gen(function*() {
      const watching = yield* Effect.forkChild(tail("--event", "task.completed,step.completed", "--count", "3"))
      // The service has no memory: run until the stream has what it waits for.
      yield* Effect.repeat(
        Effect.andThen(
          server.post("/tasker/tasks", { name: "process_order", context: order }),
          Effect.sleep("50 millis")
        ),
        { until: () => watching.pollUnsafe() !== undefined, times: 200 }
      )
      const { code, out } = yield* Fiber.join(watching)
      assert.strictEqual(code, 0)
      const [opened, ...shown] = out.split("\n")
      assert.match(opened ?? "", /^-- events of tasker from now on/)
      assert.strictEqual(shown.length, 3)
      assert.isTrue(shown.every((line) => /INFO {3}(?:task|step)\.completed +process_order/.test(line)), out)
    }).pipe(Effect.provide(server.layer([ProcessOrder]))))

  it.live("connects again, says what it has last seen, and how many events it did not see", () =>
    Effect.gen(function*() {
      const seen: Array<string | undefined> = []
      const { code, error, out } = yield* Effect.provide(
        tail("--count", "3", "--json"),
        answering([message(1) + message(2), message(6)], seen)
      )
      assert.strictEqual(code, 0)
      assert.deepStrictEqual(seen, [undefined, "i:2"])
      assert.strictEqual(out.split("\n").length, 3)
      assert.include(error, "-- the service has ended the stream; connecting again")
      assert.include(error, "-- 3 events were published meanwhile, of all names, and are not shown")
    }))

  it.live("says that another process answers", () =>
    Effect.gen(function*() {
      const { error } = yield* Effect.provide(tail("--count", "2"), answering([message(9), message(1, "j")], []))
      assert.include(error, "-- another process answers; what it published before is not shown")
    }))

  it.live("ends with 3 without a service, and with --no-reconnect when the service ends", () =>
    Effect.gen(function*() {
      const { host, port } = yield* Effect.provide(server.Target, Layer.fresh(answering([], [])), { local: true })
      assert.strictEqual((yield* callWith({}, "tail", "--url", `http://${host}:${port}`)).code, 3)
      const ended = yield* Effect.provide(tail("--no-reconnect"), answering([message(1)], []))
      assert.deepStrictEqual([ended.code, ended.error.split("\n").at(-1)], [3, "the service has ended the stream"])
    }))

  it.live("ends with 2 for a name that no event has, and with 4 without the token", () =>
    Effect.gen(function*() {
      const wrong = yield* tail("--event", "task.complete", "--token", "let-me-in")
      assert.strictEqual(wrong.code, 2)
      assert.include(wrong.error, "no event matches \"task.complete\"")
      const refused = yield* tail()
      assert.strictEqual(refused.code, 4)
      assert.include(refused.error, "TASKER_HTTP_TOKEN")
    }).pipe(Effect.provide(server.layer([], { http: { token: "let-me-in", authRequired: true } }))))
})

import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Schema, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as EventBus from "../../src/events/EventBus.ts"
import * as EventCatalog from "../../src/events/EventCatalog.ts"
import { SpanMemory } from "../../src/tracing/internal/SpanMemory.ts"
import { messagesOf, open } from "../support/eventStream.ts"
import * as server from "./server.ts"
import { Fail, order, ProcessOrder } from "./tasks.ts"

const layer = server.layer([ProcessOrder, Fail])

const Sold = EventCatalog.define("shop.sold", {
  description: "Something was sold.",
  fires: "once per sale",
  payload: Schema.Struct({ item: Schema.String, apiKey: Schema.String })
})

const sell = (item: string) => EventBus.publish(Sold, { item, apiKey: "canary-key" })

const namesOf = (text: string) => messagesOf(text).map(({ name }) => name)

/** Starts a task, and gives its id. */
const start = (name: string, context: unknown) =>
  Effect.map(server.post("/tasker/tasks", { name, context }), ({ body }) => body.taskId as string)

describe("GET /events", () => {
  it.effect("sends what is published from the first message on, in order and with increasing ids", () =>
    Effect.gen(function*() {
      yield* sell("before")
      const { headers, status, until } = yield* open("/tasker/events")
      assert.deepStrictEqual(
        [status, headers["content-type"], headers["cache-control"]],
        [200, "text/event-stream; charset=utf-8", "no-store"]
      )
      yield* until((text) => text.includes("tasker.stream.opened"))
      const taskId = yield* start("process_order", order)
      const text = yield* until((text) => text.includes("event: task.completed"))
      assert.isTrue(text.startsWith("retry: 3000\n\n"))
      const [opened, ...events] = messagesOf(text)
      assert.deepInclude(opened?.data, { service: "tasker", events: [], repeats: false, capacity: 1024 })
      assert.include(events.map(({ name }) => name), "step.completed")
      assert.notInclude(events.map(({ name }) => name), "shop.sold")
      const sequences = events.map(({ data }) => data.sequence as number)
      assert.deepStrictEqual(sequences, sequences.toSorted((left, right) => left - right))
      for (const { data, id } of events) assert.strictEqual(id, `${opened?.data.instance}:${data.sequence}`)
      const completed = events.find(({ name }) => name === "task.completed")
      assert.deepInclude(completed?.data.payload, { taskId, toState: "complete" })
      assert.match(completed?.data.traceId, /^[0-9a-f]{32}$/)
    }).pipe(Effect.scoped, Effect.provide(layer)))

  it.effect("has no secret and no stack", () =>
    Effect.gen(function*() {
      const { until } = yield* open("/tasker/events")
      yield* until((text) => text.includes("opened"))
      yield* sell("Authorization: Bearer canary-bearer")
      yield* start("fail", {})
      const text = yield* until((text) => text.includes("event: task.failed"))
      assert.notInclude(text, "canary")
      assert.notInclude(text, "hunter2")
      const failed = messagesOf(text).find(({ name }) => name === "step.failed")
      assert.strictEqual(failed?.data.payload.errorType, "Refused")
      assert.notProperty(failed?.data.payload, "error")
      assert.deepInclude(messagesOf(text).find(({ name }) => name === "shop.sold")?.data.payload, {
        apiKey: "[FILTERED]"
      })
    }).pipe(Effect.scoped, Effect.provide(layer)))

  it.effect("masks paths of payloads, and shows the rest of a payload with a getter that throws", () =>
    Effect.gen(function*() {
      const { until } = yield* open("/tasker/events")
      yield* until((text) => text.includes("opened"))
      const payload = {
        item: "a-77",
        apiKey: "k",
        get broken() {
          throw new Error("broken")
        }
      }
      yield* EventBus.publish(Sold, payload)
      yield* sell("b-12")
      const text = yield* until((text) => text.split("event: shop.sold").length > 2)
      assert.notInclude(text, "a-77")
      assert.notInclude(text, "b-12")
      const sold = messagesOf(text).filter(({ name }) => name === "shop.sold").map(({ data }) => data.payload.item)
      assert.deepStrictEqual(sold, ["[FILTERED]", "[FILTERED]"])
    }).pipe(Effect.scoped, Effect.provide(server.layer([], { redaction: { paths: ["item"] } }))))

  it.effect("asks for the token where the metrics need it", () =>
    Effect.gen(function*() {
      const { status } = yield* server.get("/tasker/events")
      assert.strictEqual(status, 401)
    }).pipe(
      Effect.scoped,
      Effect.provide(server.layer([], { metrics: { authRequired: true }, http: { token: "token-of-the-test" } }))
    ))

  it.effect("shows the client of one run that it lives while other runs publish", () =>
    Effect.gen(function*() {
      const { until } = yield* open("/tasker/events?task=none")
      yield* until((text) => text.includes("opened"))
      for (let second = 0; second < 16; second++) {
        yield* start("process_order", order)
        yield* TestClock.adjust("1 second")
      }
      yield* until((text) => text.includes(": heartbeat"))
    }).pipe(Effect.scoped, Effect.provide(layer)))

  it.effect("chooses by name, pattern, domain and run", () =>
    Effect.gen(function*() {
      const chosen = yield* open("/tasker/events?event=task.completed,shop.sold&domain=database")
      yield* chosen.until((text) => text.includes("opened"))
      const first = yield* start("process_order", order)
      yield* chosen.until((text) => text.includes("event: task.completed"))
      const ofRun = yield* open(`/tasker/events?event=task.*&task=${first}`)
      yield* ofRun.until((text) => text.includes("opened"))
      const second = yield* start("process_order", order)
      yield* chosen.until((text) => text.includes(second))
      yield* sell("a")
      const text = yield* chosen.until((text) => text.includes("event: shop.sold"))
      assert.deepStrictEqual(namesOf(text), ["tasker.stream.opened", "task.completed", "task.completed", "shop.sold"])
      assert.deepStrictEqual(namesOf(ofRun.text()), ["tasker.stream.opened"])
      assert.deepInclude(messagesOf(ofRun.text())[0]?.data, { events: ["task.*"], task: first })
    }).pipe(Effect.scoped, Effect.provide(layer)))

  it.effect.each(["?event=task.complete", "?domain=batch", "?events=task.completed", "?event=", "?task="])(
    "answers 400 to %s",
    (query) =>
      Effect.gen(function*() {
        const { body, status } = yield* server.get(`/tasker/events${query}`)
        assert.deepStrictEqual([status, body.error], [400, "invalid_request"])
        assert.strictEqual(body.issues.length, 1)
      }).pipe(Effect.provide(layer))
  )

  it.effect("tells a slow client how many events it did not get, and others lose none", () =>
    Effect.gen(function*() {
      const slow = yield* open("/tasker/events?event=shop.sold")
      const other = yield* open("/tasker/events?event=task.completed")
      yield* slow.until((text) => text.includes("opened"))
      yield* other.until((text) => text.includes("opened"))
      // The stream has no turn while one fiber publishes.
      const bus = yield* EventBus.EventBus
      yield* Effect.withFiber((fiber) => {
        for (let index = 0; index < 1500; index++) bus.publishUnsafe(fiber, Sold, { item: `${index}`, apiKey: "" })
        return Effect.void
      })
      const text = yield* slow.until((text) => text.includes("event: tasker.stream.dropped"))
      const sent = namesOf(text).filter((name) => name === "shop.sold").length
      const dropped = messagesOf(text).find(({ name }) => name === "tasker.stream.dropped")?.data
      assert.deepInclude(dropped, { dropped: 1500 - sent, total: 1500 - sent })
      assert.isAtLeast(sent, 1024)
      assert.include(
        yield* server.get("/tasker/metrics").pipe(Effect.map(({ text }) => text)),
        `tasker_subscriber_dropped_total{subscriber="events route",reason="full"} ${1500 - sent}`
      )
      yield* start("process_order", order)
      assert.deepStrictEqual(namesOf(yield* other.until((text) => text.includes("event: task.completed"))), [
        "tasker.stream.opened",
        "task.completed"
      ])
      yield* sell("last")
      yield* slow.until((text) => text.includes("\"last\""))
    }).pipe(Effect.scoped, Effect.provide(layer)))

  it.effect("sends a comment where nothing else comes for 15 seconds", () =>
    Effect.gen(function*() {
      const { until } = yield* open("/tasker/events?event=shop.sold")
      yield* until((text) => text.includes("opened"))
      yield* Effect.repeat(
        Effect.andThen(TestClock.adjust("15 seconds"), Effect.yieldNow),
        { times: 3 }
      )
      yield* until((text) => text.includes(": heartbeat\n\n"))
      yield* sell("later")
      yield* until((text) => text.includes("later"))
    }).pipe(Effect.scoped, Effect.provide(layer)))

  it.effect("says to a client that comes back that nothing is repeated", () =>
    Effect.gen(function*() {
      yield* sell("missed")
      const { until } = yield* open("/tasker/events", { "last-event-id": "an-instance:1" })
      const text = yield* until((text) => text.includes("opened"))
      assert.deepInclude(messagesOf(text)[0]?.data, { repeats: false, lastEventId: "an-instance:1" })
      yield* sell("now")
      assert.notInclude(yield* until((text) => text.includes("now")), "missed")
    }).pipe(Effect.scoped, Effect.provide(layer)))

  it.effect("serves 32 clients, and another one when one has left", () =>
    Effect.gen(function*() {
      const clients = yield* Effect.replicateEffect(open("/tasker/events?event=shop.sold"), 32)
      for (const { until } of clients) yield* until((text) => text.includes("opened"))
      const { body, headers, status } = yield* server.get("/tasker/events")
      assert.deepStrictEqual([status, body.error, headers["retry-after"]], [503, "too_many_clients", "5"])
      yield* clients[0]!.leave
      const next = yield* open("/tasker/events").pipe(
        Effect.repeat({ until: ({ status }) => status === 200, times: 1000 })
      )
      yield* next.until((text) => text.includes("opened"))
    }).pipe(Effect.scoped, Effect.provide(layer)))

  it.effect("needs the token as the other reading routes do, and opens no span", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* server.get("/tasker/events")).status, 401)
      const { status, until } = yield* open("/tasker/events", { authorization: "Bearer let-me-in" })
      assert.strictEqual(status, 200)
      yield* until((text) => text.includes("opened"))
      const { spans } = yield* SpanMemory
      assert.deepStrictEqual((yield* spans).filter(({ name }) => name.includes("http")), [])
    }).pipe(Effect.scoped, Effect.provide(server.layer([], { http: { token: "let-me-in", authRequired: true } }))))

  it.effect("answers 404 where nothing is published", () =>
    Effect.gen(function*() {
      const { body, status } = yield* server.get("/tasker/events")
      assert.deepStrictEqual([status, body.error], [404, "events_disabled"])
    }).pipe(Effect.provide(server.layer([], { enabled: false }))))

  it.effect("ends the answers when the program ends", () =>
    Effect.gen(function*() {
      const scope = yield* Scope.make()
      const context = yield* Layer.build(Layer.fresh(layer)).pipe(Scope.provide(scope))
      const client = yield* Effect.provide(open("/tasker/events"), context)
      yield* client.until((text) => text.includes("opened"))
      yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* Effect.repeat(Effect.andThen(TestClock.adjust("1 second"), Effect.yieldNow), {
        until: () => client.isEnded(),
        times: 5000
      })
      assert.isTrue(client.isEnded())
    }).pipe(Effect.scoped))
})

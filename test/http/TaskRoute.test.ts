import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Layer, Option } from "effect"
import { HttpServerRequest } from "effect/http"
import { TestConsole } from "effect/testing"
import * as TaskRoute from "../../src/http/TaskRoute.ts"
import * as Step from "../../src/workflow/Step.ts"
import * as Task from "../../src/workflow/Task.ts"
import { TaskStore } from "../../src/workflow/TaskStore.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"
import * as server from "./server.ts"
import { Fail, Hang, Look, order, ProcessOrder, Refuse, Seen } from "./tasks.ts"

const tasks = [ProcessOrder, Hang, Fail] as const

const start = (name: string, context: unknown = {}, headers: Readonly<Record<string, string>> = {}) =>
  server.post("/tasker/tasks", { name, context }, headers)

/** A valid body but for one byte of a text. */
const invalidBytes = Buffer.from(
  JSON.stringify({ name: "process_order", context: { ...order, orderId: "\u00ff" } }),
  "latin1"
)

describe("POST /tasks", () => {
  it.effect("starts a task and says where it is", () =>
    Effect.gen(function*() {
      const created = yield* start("process_order", order, { "x-correlation-id": "req-1" })
      assert.strictEqual(created.status, 201)
      assert.deepStrictEqual(Object.keys(created.body).toSorted(), ["correlationId", "status", "taskId"])
      assert.strictEqual(created.body.correlationId, "req-1")
      assert.strictEqual(created.headers.location, `/tasker/tasks/${created.body.taskId}`)
      assert.strictEqual(created.headers["cache-control"], "no-store")
      const { body } = yield* server.awaitStatus(created.body.taskId, "complete")
      assert.strictEqual(body.name, "process_order")
      assert.strictEqual(body.correlationId, "req-1")
      assert.deepStrictEqual(
        body.steps.map(({ attempts, dependsOn, name, status }: any) => ({
          attempts,
          dependsOn,
          name,
          status
        })),
        [
          { attempts: 1, dependsOn: [], name: "load", status: "complete" },
          { attempts: 1, dependsOn: ["load"], name: "charge", status: "complete" }
        ]
      )
      assert.strictEqual(body.createdAt, "1970-01-01T00:00:00.000Z")
      assert.strictEqual(body.steps[0].startedAt, "1970-01-01T00:00:00.000Z")
      assert.strictEqual(body.steps[0].workSeconds, 0)
      assert.notProperty(body, "results")
      assert.notProperty(body, "error")
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect("gives a run a scope that outlives the request, and nothing of the request", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const late = Step.make("late", {
        run: () =>
          Effect.gen(function*() {
            yield* Deferred.await(gate)
            const scope = yield* Effect.scope
            const request = yield* Effect.serviceOption(HttpServerRequest.HttpServerRequest)
            if (scope.state._tag === "Closed" || Option.isSome(request)) return yield* Effect.fail("of the request")
          })
      })
      const Late = Task.make("late", { input: Hang.input, steps: [late] })
      yield* Effect.gen(function*() {
        const created = yield* server.post("/tasks", { name: "late", context: {} })
        assert.strictEqual(created.headers.location, `/tasks/${created.body.taskId}`)
        yield* Deferred.succeed(gate, undefined)
        const ended = yield* Effect.repeat(server.get(`/tasks/${created.body.taskId}`), {
          until: ({ body }) => body.endedAt !== undefined,
          times: 1000
        })
        assert.strictEqual(ended.body.status, "complete")
      }).pipe(Effect.provide(
        server.serve(TaskRoute.layer({ tasks: [Late] })).pipe(Layer.provideMerge(TestTelemetry.whole()))
      ))
    }))

  it.effect("gives a run the services that its layer has", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* start("look", {}, { "x-correlation-id": "req-2" })).status, 201)
      assert.strictEqual(yield* Seen.use(({ id }) => Deferred.await(id)), "req-2")
    }).pipe(Effect.provide(server.layer([Look]).pipe(Layer.provideMerge(Seen.layer)))))

  it.effect.each(
    [
      ["an empty body", "", [{ path: "", message: "the body is not valid JSON" }]],
      ["malformed JSON", "{\"name\":", [{ path: "", message: "the body is not valid JSON" }]],
      ["bytes that are no UTF-8", invalidBytes, [
        { path: "", message: "the body is not valid JSON" }
      ]],
      ["null", "null", [{ path: "", message: "Expected object" }]],
      ["a list", "[1]", [{ path: "", message: "Expected object" }]],
      ["missing fields", "{}", [{ path: "name", message: "Missing key" }, { path: "context", message: "Missing key" }]],
      ["a missing context", { name: "process_order" }, [{ path: "context", message: "Missing key" }]],
      ["a name that is no text", { name: 5, context: {} }, [{ path: "name", message: "Expected string" }]],
      ["a context that is no object", { name: "process_order", context: 7 }, [
        { path: "context", message: "Expected object" }
      ]],
      ["a context of the wrong types", {
        name: "process_order",
        context: { lines: [{ sku: "a", quantity: 1 }, { sku: "b", quantity: "hunter2" }] }
      }, [
        { path: "context.orderId", message: "Missing key" },
        { path: "context.lines.1.quantity", message: "Expected an integer" }
      ]]
    ] as const
  )("answers 400 with the paths to %s", ([, body, issues]) =>
    Effect.gen(function*() {
      const refused = yield* server.post("/tasker/tasks", body)
      assert.strictEqual(refused.status, 400)
      const found: ReadonlyArray<{ readonly path: string; readonly message: string }> = refused.body.issues
      assert.strictEqual(refused.body.error, "invalid_request")
      assert.deepStrictEqual(
        found.map(({ path }) => path),
        issues.map(({ path }) => path)
      )
      assert.isTrue(found.every(({ message }) => message !== "" && !message.includes("hunter2")))
      assert.deepStrictEqual((yield* server.get("/tasker/tasks")).body.tasks, [])
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect("answers 404 to a task it does not serve, with those it does", () =>
    Effect.gen(function*() {
      for (const name of ["nothing", "__proto__", "constructor", ""]) {
        const refused = yield* start(name)
        assert.strictEqual(refused.status, 404)
        assert.deepStrictEqual(refused.body, {
          error: "unknown_task",
          message: "start one of the known tasks",
          known: ["fail", "hang", "process_order"]
        })
      }
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect("answers 415 to anything but JSON", () =>
    Effect.gen(function*() {
      const body = JSON.stringify({ name: "process_order", context: order })
      for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""]) {
        const headers = type === "" ? {} : { "content-type": type }
        const refused = yield* server.send("POST", "/tasker/tasks", { body, headers })
        assert.strictEqual(refused.status, 415, type)
      }
      for (const type of ["application/json; charset=utf-8", "Application/JSON"]) {
        const headers = { "content-type": type }
        assert.strictEqual((yield* server.send("POST", "/tasker/tasks", { body, headers })).status, 201, type)
      }
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect("answers 413 beyond 1 MiB, announced or not, and takes what is just below", () =>
    Effect.gen(function*() {
      const bodyOf = (size: number) => {
        const body = { name: "process_order", context: { ...order, orderId: "" } }
        return JSON.stringify({
          ...body,
          context: { ...order, orderId: "x".repeat(size - JSON.stringify(body).length) }
        })
      }
      const limit = 1024 * 1024
      assert.strictEqual((yield* server.post("/tasker/tasks", bodyOf(limit))).status, 201)
      const announced = yield* server.post("/tasker/tasks", bodyOf(limit + 1))
      assert.strictEqual(announced.status, 413)
      assert.deepStrictEqual(announced.body, {
        error: "body_too_large",
        message: "send at most 1048576 bytes",
        maximumBytes: limit
      })
      const chunked = yield* server.post("/tasker/tasks", bodyOf(limit + 1), { "transfer-encoding": "chunked" })
      assert.strictEqual(chunked.status, 413)
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect("survives a body nested deeper than any stack", () =>
    Effect.gen(function*() {
      const nested = `${"[".repeat(400_000)}${"]".repeat(400_000)}`
      const refused = yield* server.post("/tasker/tasks", `{"name":"process_order","context":${nested}}`)
      assert.strictEqual(refused.status, 400)
      assert.strictEqual((yield* start("process_order", order)).status, 201)
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect("keeps a run that fails to itself", () =>
    Effect.gen(function*() {
      const unhandled: Array<unknown> = []
      const note = (error: unknown) => void unhandled.push(error)
      yield* Effect.acquireRelease(
        Effect.sync(() => process.on("unhandledRejection", note).on("uncaughtException", note)),
        () => Effect.sync(() => process.off("unhandledRejection", note).off("uncaughtException", note))
      )
      const { body } = yield* start("fail")
      const ended = yield* server.awaitStatus(body.taskId, "error")
      assert.strictEqual(ended.body.errorType, "Refused")
      assert.strictEqual(ended.body.steps[0].errorType, "Refused")
      assert.notInclude(ended.text, "hunter2")
      assert.notInclude((yield* server.get("/tasker/tasks")).text, "hunter2")
      assert.deepStrictEqual(unhandled, [])
      assert.deepStrictEqual(yield* TestConsole.logLines, [])
      assert.deepStrictEqual(yield* TestConsole.errorLines, [])
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect("says why a step failed, to the root, without stacks and secrets", () =>
    Effect.gen(function*() {
      const { body } = yield* start("refuse")
      const ended = yield* server.awaitStatus(body.taskId, "error")
      const error = {
        type: "TypeError",
        message: "fetch failed",
        causes: [{
          type: "Error",
          message: "connect ECONNREFUSED ::1:1",
          fields: { code: "ECONNREFUSED", apiKey: "[FILTERED]" }
        }]
      }
      assert.deepStrictEqual(ended.body.error, error)
      assert.deepStrictEqual(ended.body.steps[0].error, error)
      assert.deepStrictEqual((yield* server.get("/tasker/tasks")).body.tasks[0].error, error)
    }).pipe(Effect.provide(server.layer([Refuse]))))

  it.effect("starts 200 tasks at once", () =>
    Effect.gen(function*() {
      const created = yield* Effect.forEach(
        Array.from({ length: 200 }, (_, index) => `req-${index}`),
        (id) => start("process_order", order, { "x-correlation-id": id }),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(new Set(created.map(({ status }) => status)), new Set([201]))
      assert.strictEqual(new Set(created.map(({ body }) => body.taskId)).size, 200)
      created.forEach(({ body, headers }, index) => {
        assert.strictEqual(body.correlationId, `req-${index}`)
        assert.strictEqual(headers["x-correlation-id"], `req-${index}`)
      })
      yield* Effect.forEach(created, ({ body }) => server.awaitStatus(body.taskId, "complete"), { concurrency: 20 })
      const { body } = yield* server.get("/tasker/health/status")
      assert.deepStrictEqual([body.tasks.total, body.tasks.complete], [200, 200])
    }).pipe(Effect.provide(server.layer(tasks))))
})

describe("GET /tasks", () => {
  it.effect("lists the newest first, in pages", () =>
    Effect.gen(function*() {
      for (let index = 0; index < 25; index++) {
        yield* start("process_order", order, { "x-correlation-id": `req-${index}` })
      }
      const ids = (page: server.Answer) => page.body.tasks.map(({ correlationId }: any) => correlationId)
      const first = yield* server.get("/tasker/tasks")
      assert.strictEqual(first.status, 200)
      assert.deepStrictEqual(ids(first), Array.from({ length: 20 }, (_, index) => `req-${24 - index}`))
      assert.deepStrictEqual([first.body.limit, first.body.offset], [20, 0])
      assert.notProperty(first.body.tasks[0], "steps")
      assert.deepStrictEqual(ids(yield* server.get("/tasker/tasks?limit=2&offset=23")), ["req-1", "req-0"])
      assert.deepStrictEqual(ids(yield* server.get("/tasker/tasks?limit=100&offset=100")), [])
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect.each(
    [
      ["limit=0", ["limit"]],
      ["limit=101", ["limit"]],
      ["limit=", ["limit"]],
      ["limit=ten", ["limit"]],
      ["limit=1.5", ["limit"]],
      ["limit=1e1", ["limit"]],
      ["limit=-1", ["limit"]],
      ["limit=1&limit=2", ["limit"]],
      ["offset=-1", ["offset"]],
      ["offset=99999999999999999999", ["offset"]],
      ["limit=no&offset=no", ["limit", "offset"]]
    ] as const
  )("answers 400 to %s", ([query, paths]) =>
    Effect.gen(function*() {
      const refused = yield* server.get(`/tasker/tasks?${query}`)
      assert.strictEqual(refused.status, 400)
      assert.deepStrictEqual(refused.body.issues.map(({ path }: any) => path), paths)
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect("answers 404 to an id that is not known", () =>
    Effect.gen(function*() {
      for (const id of ["nothing", "%2e%2e", "__proto__"]) {
        const answer = yield* server.get(`/tasker/tasks/${id}`)
        assert.strictEqual(answer.status, 404, id)
        assert.deepStrictEqual(answer.body, {
          error: "task_not_found",
          message: "no run has this id; GET /tasks lists the runs that are kept"
        })
      }
      assert.strictEqual((yield* server.get(`/tasker/tasks/${"x".repeat(5000)}`)).status, 404)
      assert.isAtMost((yield* server.get("/tasker/tasks/%zz")).status, 499)
    }).pipe(Effect.provide(server.layer(tasks))))
})

describe("DELETE /tasks/:id", () => {
  it.effect("cancels a run and answers with its last record", () =>
    Effect.gen(function*() {
      const { body: { taskId } } = yield* start("hang")
      yield* server.awaitStatus(taskId, "in_progress")
      const cancelled = yield* server.send("DELETE", `/tasker/tasks/${taskId}`)
      assert.strictEqual(cancelled.status, 200)
      assert.strictEqual(cancelled.body.status, "cancelled")
      assert.deepStrictEqual(cancelled.body.steps.map(({ status }: any) => status), ["cancelled"])
      assert.isString(cancelled.body.endedAt)
      const again = yield* server.send("DELETE", `/tasker/tasks/${taskId}`)
      assert.strictEqual(again.status, 409)
      assert.deepStrictEqual(again.body, {
        error: "already_ended",
        message: "the run has ended; nothing is left to cancel",
        status: "cancelled"
      })
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect("answers 409 to a run that has ended and 404 to one that is not known", () =>
    Effect.gen(function*() {
      const { body: { taskId } } = yield* start("process_order", order)
      yield* server.awaitStatus(taskId, "complete")
      const ended = yield* server.send("DELETE", `/tasker/tasks/${taskId}`)
      assert.strictEqual(ended.status, 409)
      assert.deepStrictEqual(ended.body, {
        error: "already_ended",
        message: "the run has ended; nothing is left to cancel",
        status: "complete"
      })
      assert.strictEqual((yield* server.send("DELETE", "/tasker/tasks/nothing")).status, 404)
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect("lets two requests cancel the same run", () =>
    Effect.gen(function*() {
      const { body: { taskId } } = yield* start("hang")
      const answers = yield* Effect.all([
        server.send("DELETE", `/tasker/tasks/${taskId}`),
        server.send("DELETE", `/tasker/tasks/${taskId}`)
      ], { concurrency: "unbounded" })
      assert.isTrue(answers.some(({ status }) => status === 200))
      assert.isTrue(answers.every(({ status }) => status === 200 || status === 409))
      assert.strictEqual((yield* server.get(`/tasker/tasks/${taskId}`)).body.status, "cancelled")
    }).pipe(Effect.provide(server.layer(tasks))))
})

describe("TaskRoute.layer", () => {
  it("refuses two tasks of one name", () => {
    const Other = Task.make("hang", { input: Hang.input, steps: Hang.steps, namespace: "other" })
    assert.throws(() => TaskRoute.layer({ tasks: [Hang, Other] }), RangeError, "two tasks have the name \"hang\"")
  })

  it.effect("answers a defect with 500 and says nothing about it but in the log", () =>
    Effect.gen(function*() {
      const broken = yield* server.get("/tasks", { "x-correlation-id": "req-9" })
      assert.strictEqual(broken.status, 500)
      assert.deepStrictEqual(broken.body, {
        error: "internal_error",
        message: "the log of the service says what failed"
      })
      assert.strictEqual(broken.headers["x-correlation-id"], undefined)
      const [line] = yield* server.logged("a request could not be handled")
      assert.include(JSON.stringify(line), "connection to 10.0.0.7 lost")
    }).pipe(Effect.provide(
      server.serve(
        TaskRoute.layer().pipe(
          Layer.provide(
            // What the store gives is no list of records: reading it throws.
            Layer.mock(TaskStore)({
              search: () =>
                Effect.succeed({
                  tasks: [
                    {
                      get id(): string {
                        throw new Error("connection to 10.0.0.7 lost")
                      }
                    } as never
                  ],
                  cursor: undefined
                })
            })
          )
        )
      ).pipe(Layer.provideMerge(TestTelemetry.whole()))
    )))

  const stores: ReadonlyArray<readonly [name: string, search: () => unknown]> = [
    ["fails", () => Effect.fail("hunter2")],
    ["dies", () => Effect.die(new Error("hunter2"))],
    ["is interrupted", () => Effect.interrupt],
    ["throws", () => {
      throw new Error("hunter2")
    }],
    ["gives no Effect", () => undefined],
    ["gives a promise", () => Promise.resolve([])],
    ["never answers", () => Effect.never],
    ["cannot be interrupted", () => Effect.uninterruptible(Effect.never)]
  ]
  it.live.each(stores)("answers 503 where the store %s", ([, search]) =>
    Effect.gen(function*() {
      const answer = yield* server.get("/tasks")
      assert.deepStrictEqual([answer.status, answer.body], [503, {
        error: "task_store_failed",
        message: "the task store failed or did not answer in time; the log of the service says why"
      }])
      assert.lengthOf(yield* server.logged("the task store could not be read"), 1)
    }).pipe(Effect.provide(
      server.serve(
        TaskRoute.layer().pipe(Layer.provide(Layer.mock(TaskStore)({ search: search as never })))
      ).pipe(Layer.provideMerge(TestTelemetry.whole({ execution: { storeTimeout: "20 millis" } })))
    )))

  it("requires what the steps of its tasks require", () => {
    type Required = Layer.Services<ReturnType<typeof TaskRoute.layer<readonly [typeof Look]>>>
    const required: Seen extends Required ? true : false = true
    assert.isTrue(required)
  })
})

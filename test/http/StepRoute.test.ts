/**
 * Steps over HTTP: looked at, and resolved by hand.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as TaskReport from "../../src/http/TaskReport.ts"
import * as Step from "../../src/workflow/Step.ts"
import * as Task from "../../src/workflow/Task.ts"
import * as server from "./server.ts"
import { Fail, Hang, order, ProcessOrder } from "./tasks.ts"

const approve = Step.make("approve", { run: (): Effect.Effect<string, string> => Effect.fail("no answer") })
const publish = Step.make("publish", {
  dependsOn: [approve],
  run: ({ results }) => results.approve === "by Ada" ? Effect.void : Effect.fail(results.approve)
})
const Release = Task.make("release", { input: Schema.Struct({}), steps: [approve, publish] })

const tasks = [ProcessOrder, Hang, Fail, Release] as const

const start = Effect.fnUntraced(function*(name: string, context: unknown = {}) {
  const { body } = yield* server.post("/tasker/tasks", { name, context })
  return body.taskId as string
})

const resolve = (taskId: string, step: string, body: unknown, method = "PATCH") =>
  server.send(method, `/tasker/tasks/${taskId}/steps/${step}`, {
    body,
    headers: { "content-type": "application/json" }
  })

const decode = <A>(schema: Schema.Codec<A, unknown>, body: unknown) =>
  Effect.orDie(Schema.decodeUnknownEffect(schema, { onExcessProperty: "error", errors: "all" })(body))

describe("GET /tasks/:id/steps", () => {
  it.effect("shows the steps of a run, and one of them", () =>
    Effect.gen(function*() {
      const taskId = yield* start("process_order", order)
      const whole = yield* server.awaitStatus(taskId, "complete")
      const all = yield* server.get(`/tasker/tasks/${taskId}/steps`)
      assert.strictEqual(all.status, 200)
      yield* decode(TaskReport.Steps, all.body)
      assert.deepStrictEqual(all.body, { taskId, status: "complete", steps: whole.body.steps })
      const one = yield* server.get(`/tasker/tasks/${taskId}/steps/charge`)
      assert.deepStrictEqual([one.status, one.body], [200, whole.body.steps[1]])
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect("answers 404 for a run and for a step that there is not", () =>
    Effect.gen(function*() {
      const taskId = yield* start("process_order", order)
      assert.strictEqual((yield* server.get("/tasker/tasks/nobody/steps")).body.error, "task_not_found")
      const missing = yield* server.get(`/tasker/tasks/${taskId}/steps/nothing`)
      assert.deepStrictEqual([missing.status, missing.body.error, missing.body.known], [404, "step_not_found", [
        "charge",
        "load"
      ]])
    }).pipe(Effect.provide(server.layer(tasks))))
})

describe("PATCH and PUT /tasks/:id/steps/:step", () => {
  it.effect("resolve a step by hand, whose dependants go on with the result", () =>
    Effect.gen(function*() {
      for (const method of ["PATCH", "PUT"]) {
        const taskId = yield* start("release")
        const resolved = yield* resolve(taskId, "approve", { status: "resolved_manually", result: "by Ada" }, method)
        assert.strictEqual(resolved.status, 200, resolved.text)
        yield* decode(TaskReport.TaskWithSteps, resolved.body)
        assert.strictEqual(resolved.body.steps[0].status, "resolved_manually")
        yield* server.awaitStatus(taskId, "complete")
      }
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect("resolve a run that ended in error", () =>
    Effect.gen(function*() {
      const taskId = yield* start("fail")
      yield* server.awaitStatus(taskId, "error")
      const resolved = yield* resolve(taskId, "fail", { status: "resolved_manually" })
      assert.deepStrictEqual([resolved.status, resolved.body.status], [200, "resolved_manually"])
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect("answer 409 for a step that runs or is settled, and 404 for one that there is not", () =>
    Effect.gen(function*() {
      const running = yield* start("hang")
      const refused = yield* resolve(running, "hang", { status: "resolved_manually" })
      assert.deepStrictEqual([refused.status, refused.body.error, refused.body.status], [
        409,
        "step_not_resolvable",
        "in_progress"
      ])
      const missing = yield* resolve(running, "nothing", { status: "resolved_manually" })
      assert.deepStrictEqual([missing.status, missing.body.error], [404, "step_not_found"])
      assert.strictEqual((yield* resolve("nobody", "hang", { status: "resolved_manually" })).status, 404)
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect("take no other status, and nothing that they do not know", () =>
    Effect.gen(function*() {
      const taskId = yield* start("hang")
      for (const body of [{ status: "complete" }, {}, { status: "resolved_manually", retryLimit: 5 }, "x"]) {
        const refused = yield* resolve(taskId, "hang", body)
        assert.deepStrictEqual([refused.status, refused.body.error], [400, "invalid_request"], JSON.stringify(body))
      }
    }).pipe(Effect.provide(server.layer(tasks))))

  it.effect("need the token", () =>
    Effect.gen(function*() {
      const refused = yield* resolve("nobody", "hang", { status: "resolved_manually" })
      assert.strictEqual(refused.status, 401)
    }).pipe(Effect.provide(server.layer(tasks, { http: { token: "let-me-in" } }))))
})

import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Tracer } from "effect"
import * as TelemetryRoutes from "../../../src/http/TelemetryRoutes.ts"
import * as spans from "../../support/spans.ts"
import * as TestTelemetry from "../../support/TestTelemetry.ts"
import * as server from "../server.ts"
import { order, ProcessOrder } from "../tasks.ts"

describe("a route", () => {
  it.effect("runs in the context of its request, also if the program starts in a span and under log annotations", () => {
    const start = Tracer.externalSpan({ traceId: "a".repeat(32), spanId: "b".repeat(16) })
    const routes = TelemetryRoutes.layer({ tasks: [ProcessOrder] }).pipe(
      Layer.provide(Layer.succeed(Tracer.ParentSpan, start))
    )
    return Effect.gen(function*() {
      const created = yield* server.post("/tasker/tasks", { name: "process_order", context: order }, {
        "x-correlation-id": "of-the-request"
      })
      assert.deepStrictEqual([created.status, created.body.correlationId], [201, "of-the-request"])
      yield* server.awaitStatus(created.body.taskId, "complete")
      const traceId = created.headers.traceparent?.toString().split("-")[1]
      const runs = (yield* spans.recorded).filter(({ name }) => name === "tasker.task.execution")
      assert.deepStrictEqual(runs.map((run) => run.traceId), [traceId])
    }).pipe(Effect.provide(server.serve(routes).pipe(Layer.provideMerge(TestTelemetry.whole()))))
  })
})

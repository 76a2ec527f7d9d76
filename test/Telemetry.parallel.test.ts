import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Schema } from "effect"
import { Step, Task, TaskRunner } from "tasker-telemetry"
import { TelemetryTest } from "tasker-telemetry/testing"
import * as recorder from "./support/recorder.ts"

const Delay = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3 }))
const Shape = Schema.Struct({
  start: Delay,
  load: Delay,
  left: Delay,
  right: Delay,
  failures: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 }))
})

/** A task of three steps whose work says whose it is in a log line and in a span of its own. */
const taskNamed = (name: string, shape: typeof Shape.Type) => {
  const work = (step: string, seconds: number) =>
    Effect.logInfo(`${name}/${step}`).pipe(
      Effect.andThen(Effect.sleep(seconds * 1000)),
      Effect.withSpan(`${name}/${step}`)
    )
  const load = Step.make("load", { run: () => work("load", shape.load) })
  const left = Step.make("left", {
    dependsOn: [load],
    retry: { maximumAttempts: 3, delays: ["1 second"], jitter: 0 },
    run: ({ attempt }) =>
      Effect.andThen(work("left", shape.left), attempt <= shape.failures ? Effect.fail("again") : Effect.void)
  })
  const right = Step.make("right", { dependsOn: [load], run: () => work("right", shape.right) })
  return Task.make(name, { input: Schema.Struct({}), steps: [load, left, right] })
}

describe("Telemetry of tasks in parallel", () => {
  it.effect.prop(
    "never mixes their spans, lines and metrics, however their steps interleave",
    [Schema.NonEmptyArray(Shape).check(Schema.isMaxLength(4))],
    ([shapes]) =>
      Effect.gen(function*() {
        const telemetry = yield* TelemetryTest
        const fibers = yield* Effect.forEach(shapes, (shape, index) =>
          TaskRunner.run(taskNamed(`task_${index}`, shape), {}, { correlationId: `req-${index}` }).pipe(
            Effect.delay(shape.start * 1000),
            Effect.forkChild
          ))
        // Second by second, so that a fiber that has many turns to take before it sleeps is not passed over.
        for (let second = 0; second < 40; second++) {
          yield* recorder.advance("1 second")
        }
        yield* Fiber.joinAll(fibers)
        const spans = yield* telemetry.spans
        const byId = new Map(spans.map((span) => [span.spanId, span]))
        const logs = yield* telemetry.logs
        for (const [index, shape] of shapes.entries()) {
          const name = `task_${index}`
          const root = spans.find((span) =>
            span.parentSpanId === undefined && span.attributes.get("tasker.task.name") === name
          )!
          const traced = spans.filter((span) =>
            span.traceId === root.traceId
          )
          const own = traced.filter((span) => span.name.includes("/"))
          assert.deepStrictEqual(
            own.map((span) => span.name).toSorted(),
            ["load", "right", ...Array.from({ length: shape.failures + 1 }, () => "left")].map((step) =>
              `${name}/${step}`
            ).toSorted()
          )
          for (const span of own) {
            const parent = byId.get(span.parentSpanId!)!
            assert.deepStrictEqual(
              [
                parent.traceId,
                `${parent.attributes.get("tasker.task.name")}/${parent.attributes.get("tasker.step.name")}`
              ],
              [root.traceId, span.name]
            )
          }
          for (const line of logs.filter((line) => line["task_name"] === name)) {
            assert.deepStrictEqual([line["correlation_id"], line["task_id"]], [
              `req-${index}`,
              root.attributes.get("tasker.task.id")
            ])
            if (line["trace_id"] !== undefined) assert.strictEqual(line["trace_id"], root.traceId)
          }
          for (const line of logs.filter(({ message }) => String(message).startsWith(`${name}/`))) {
            assert.strictEqual(`${String(line["task_name"])}/${String(line["step_name"])}`, line["message"])
            assert.strictEqual(byId.get(String(line["span_id"]))?.name, line["message"])
          }
          const metric = (status: string) =>
            telemetry.metric("tasker_steps_total", { task: name, step: "left", status })
          assert.deepStrictEqual([yield* metric("complete"), yield* metric("error")], [
            1,
            shape.failures === 0 ? undefined : shape.failures
          ])
        }
        assert.strictEqual(new Set(spans.map(({ traceId }) => traceId)).size, shapes.length)
      }).pipe(Effect.provide(TelemetryTest.layer())),
    { arbitrary: { runs: 25 } }
  )
})

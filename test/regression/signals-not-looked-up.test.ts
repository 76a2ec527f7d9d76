/**
 * D34: the validators made spans of their own by hand and asked Prometheus about Prometheus. So they passed while no span
 * and no metric of Tasker arrived. Here a real Jaeger and a real Prometheus are asked for what a run has recorded.
 */
import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { createServer } from "node:http"
import { MetricsRoute, MetricStore, Step, Task, TaskRunner, Telemetry, TelemetryRoutes } from "tasker-telemetry"
import { eventually, isInstalled, PrometheusServer } from "../support/prometheusServer.ts"
import { jaeger, startJaeger } from "../support/receivers.ts"

const first = Step.make("first", { run: () => Effect.void })
const left = Step.make("left", { dependsOn: [first], run: () => Effect.void })
const right = Step.make("right", { dependsOn: [first], run: () => Effect.void })
const last = Step.make("last", { dependsOn: [left, right], run: () => Effect.void })
const Diamond = Task.make("diamond", { input: Schema.Void, steps: [first, left, right, last] })

describe.skipIf(jaeger === undefined)("Jaeger", () => {
  it.live("has the spans of a run, each under its parent", () =>
    Effect.gen(function*() {
      const { endpoint, spans } = yield* startJaeger
      const traceId = yield* Effect.gen(function*() {
        const request = yield* Effect.currentSpan
        yield* TaskRunner.run(Diamond, undefined)
        return request.traceId
      }).pipe(
        Effect.withSpan("request"),
        Effect.provide(Telemetry.layer({ logging: { enabled: false }, delivery: { endpoint } }))
      )
      // The request, the run, its loop, three batches and four steps. A look for steps has a span if it is slow.
      const all = yield* spans(traceId, 10)
      const found = all.filter(({ name }) => name !== "tasker.dependency.resolution")
      const nameOf = (id: string | undefined) => found.find(({ spanId }) => spanId === id)?.name
      assert.deepStrictEqual(
        found.map(({ name, parentSpanId }) => `${name} < ${nameOf(parentSpanId)}`).toSorted((a, b) => a < b ? -1 : 1),
        [
          "request < undefined",
          ...Array.from({ length: 3 }, () => "tasker.batch.execution < tasker.workflow.orchestration"),
          ...Array.from({ length: 4 }, () => "tasker.step.execution < tasker.batch.execution"),
          "tasker.task.execution < request",
          "tasker.workflow.orchestration < tasker.task.execution"
        ]
      )
    }))
})

describe.skipIf(!isInstalled)("Prometheus", () => {
  const Served = HttpRouter.serve(MetricsRoute.layer, { disableListenLog: true }).pipe(
    Layer.provide(TelemetryRoutes.layerUntraced()),
    Layer.provideMerge(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })),
    Layer.provideMerge(Telemetry.layer({ logging: { enabled: false } }))
  )

  it.live("has every metric of a run, with the value that the program has", () =>
    Effect.gen(function*() {
      yield* TaskRunner.run(Diamond, undefined)
      const { address } = yield* HttpServer.HttpServer
      const host = `127.0.0.1:${"port" in address ? address.port : 0}`
      yield* Effect.gen(function*() {
        const { query } = yield* PrometheusServer
        const { metrics } = yield* (yield* MetricStore.MetricStore).snapshot
        const counters = metrics
          .filter(({ name, type }) => type === "counter" && /^tasker_(?:tasks?|steps?|viable|discoveries)_/.test(name))
        assert.isAbove(counters.length, 6)
        yield* eventually(query("tasker_tasks_total"), ({ length }) => length > 0)
        for (const { name, series } of counters) {
          for (const { attributes, value } of series) {
            const labels = Object.entries(attributes).map(([key, text]) => `${key}="${text}"`).join(", ")
            const found = yield* query(`${name}{${labels}}`)
            assert.deepStrictEqual(found.map(({ value }) => value?.[1]), [value as number], `${name}{${labels}}`)
          }
        }
      }).pipe(Effect.provide(PrometheusServer.layer([{ job: "tasker-metrics", host, path: "/metrics" }])))
    }).pipe(Effect.provide(Served)))
})

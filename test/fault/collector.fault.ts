/**
 * The configuration of the Collector in `ops/`, run by Jaeger, which is an OpenTelemetry Collector: what it sends on to
 * another Jaeger is what was to be kept.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schedule, Schema } from "effect"
import { Step, Task, TaskRunner, Telemetry } from "tasker-telemetry"
import { readYaml } from "../ops/rules.ts"
import { checkCollector, collectorComponents, jaeger, startCollector, startJaeger } from "../support/receivers.ts"

const input = Schema.Void
const good = Task.make("good", { input, steps: [Step.make("work", { run: () => Effect.void })] })
const bad = Task.make("bad", { input, steps: [Step.make("work", { run: () => Effect.fail("no") })] })
const retried = Task.make("retried", {
  input,
  steps: [
    Step.make("work", {
      retry: { delays: ["10 millis"] },
      run: ({ attempt }) => attempt === 1 ? Effect.fail("again") : Effect.void
    })
  ]
})

/** The id of the trace that the runs of a task are in. */
const traceOf = (run: Effect.Effect<unknown, unknown, TaskRunner.TaskRunner>) =>
  Effect.gen(function*() {
    const { traceId } = yield* Effect.orDie(Effect.currentSpan)
    yield* Effect.exit(run)
    return traceId
  }).pipe(Effect.withSpan("request"))

describe.skipIf(jaeger === undefined)("the configuration of the Collector", () => {
  const configuration = readYaml("collector/collector.yml")

  it("is valid, and has no part that the program does not have", () => {
    assert.deepStrictEqual(checkCollector(), { status: 0, output: "" })
    const kinds = ["receivers", "processors", "exporters", "extensions"] as const
    for (const kind of kinds) {
      const used = Object.keys(configuration[kind]).map((name) => name.split("/")[0]!)
      assert.includeMembers([...collectorComponents(kind)], used)
    }
  })

  it("limits the memory before anything else, in every pipeline", () => {
    for (const { processors } of Object.values<any>(configuration.service.pipelines)) {
      assert.strictEqual(processors[0], "memory_limiter")
      assert.strictEqual(processors.at(-1), "batch")
    }
  })

  it.live("runs: it keeps failed and retried runs, and a share of the others", () =>
    Effect.gen(function*() {
      const backend = yield* startJaeger
      const { endpoint, health, metrics } = yield* startCollector(backend.endpoint)
      const { status } = yield* health
      assert.strictEqual(status, "StatusOK")
      const traces = yield* Effect.gen(function*() {
        const kept = [
          yield* traceOf(TaskRunner.run(bad, undefined)),
          yield* traceOf(TaskRunner.run(retried, undefined))
        ]
        const others = yield* Effect.replicateEffect(traceOf(TaskRunner.run(good, undefined)), 200)
        return { kept, others }
      }).pipe(Effect.provide(Telemetry.layer({ logging: { enabled: false }, delivery: { endpoint } })))

      for (const traceId of traces.kept) {
        const names = (yield* backend.spans(traceId, 5)).map(({ name }) => name)
        assert.includeMembers(names, ["request", "tasker.task.execution", "tasker.step.execution"])
      }
      // The decisions about all of them have been made when their number is that of the traces.
      const decided = yield* metrics.pipe(
        Effect.map((text) =>
          Array.from(
            text.matchAll(
              /^otelcol_processor_tail_sampling_global_count_traces_sampled\S*?sampled="(\w+)"\S* (\d+)$/gm
            ),
            ([, sampled, count]) => [sampled!, Number(count)] as const
          )
        ),
        Effect.filterOrFail((counts) => counts.reduce((sum, [, count]) => sum + count, 0) >= 202),
        Effect.retry(Schedule.spaced("200 millis")),
        Effect.timeout("30 seconds")
      )
      const { true: sampled = 0 } = Object.fromEntries(decided)
      // A tenth of 200 is 20. More than 50 or fewer than 3 come once in a million runs.
      assert.isAtLeast(sampled, 2 + 3)
      assert.isAtMost(sampled, 2 + 50)
    }))
})

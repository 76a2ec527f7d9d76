/**
 * The validators against real Jaeger and real Prometheus: they pass where everything is right, and say what is wrong
 * where one thing is not.
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Effect } from "effect"
import { dirname } from "node:path"
import * as WorkflowMetrics from "../../src/metrics/internal/eventMetrics/WorkflowMetrics.ts"
import { callWith } from "../support/cliProgram.ts"
import { type Faults, reportOf, start, startDemo, validate } from "../support/observedService.ts"
import * as prometheusServer from "../support/prometheusServer.ts"
import { jaeger, startJaeger } from "../support/receivers.ts"

const missing = jaeger === undefined
  ? "Jaeger is not installed: bash .ci/peers installs it"
  : prometheusServer.isInstalled
  ? undefined
  : "Prometheus is not installed: apt-get install prometheus"

const why = missing === undefined ? "" : ` (${missing})`

/** The failures of `validate e2e` with a fault, as lines. */
const failuresWith = (faults: Faults, ...args: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const { code, failures } = yield* validate("e2e", yield* start(faults), "--within", "6", ...args)
    assert.strictEqual(code, 6)
    return failures.map(({ advice, check, expected, found }) => `${check} | ${expected} | ${found} | ${advice}`).join(
      "\n"
    )
  }).pipe(Effect.scoped)

/** Takes a span out of the requests to the receiver. */
const withoutStep = (step: string) => (body: any) => ({
  resourceSpans: body.resourceSpans.map((resource: any) => ({
    ...resource,
    scopeSpans: resource.scopeSpans.map((scope: any) => ({
      ...scope,
      spans: scope.spans.filter(({ attributes, name }: any) =>
        name !== "tasker.step.execution" || attributes.every(({ value }: any) => value.stringValue !== step)
      )
    }))
  }))
})

// Each has a service in this process, so they run one after the other.
describe.skipIf(missing !== undefined)(`validate e2e${why}`, { concurrent: false }, () => {
  it.live("passes where everything is right, and so do the others", () =>
    Effect.gen(function*() {
      const places = yield* start()
      const passed = yield* validate("e2e", places, "--count", "4")
      assert.deepStrictEqual([passed.code, passed.failures], [0, []])
      const found = new Map(passed.findings.map(({ check, found }) => [check, found]))
      assert.strictEqual(found.get("GraphQL"), "2 of 4 runs are started by createTask at /graphql")
      assert.strictEqual(found.get("number of traces"), "4")
      assert.strictEqual(found.get("Prometheus: tasker_steps_total{task=\"validation_diamond\"}"), "+16")
      assert.strictEqual(found.get("lines of ended attempts"), "16")
      assert.match(found.get("operation step.processed") ?? "", /^16 span events/)
      for (const [command, ...args] of [["metrics", "--rules"], ["logs"], ["performance"]] as const) {
        const { code, failures } = yield* validate(command, places, ...args)
        assert.deepStrictEqual([command, code, failures], [command, 0, []])
      }
    }).pipe(Effect.scoped))

  it.live("fails while the receiver is down, with what the service says of its exporter", () =>
    Effect.gen(function*() {
      const failures = yield* failuresWith({ endpoint: "http://127.0.0.1:9" })
      assert.include(failures, "number of traces | 5 | 0 | start the receiver and Jaeger")
      assert.match(failures, /the service says of its exporter: [1-9]\d* failed requests in a row/)
      assert.notInclude(failures, "tasker_tasks_total")
    }))

  it.live("fails where Prometheus scrapes another path", () =>
    Effect.gen(function*() {
      const failures = yield* failuresWith({ path: "/metrics" })
      assert.match(
        failures,
        /^scrape \| Prometheus scrapes the path \/tasker\/metrics \| it scrapes http:\S+\/metrics \(.*404/
      )
      assert.include(failures, "set metrics_path: /tasker/metrics for job tasker-metrics")
    }))

  it.live("fails where a filter drops a span, and names the step", () =>
    Effect.gen(function*() {
      const failures = yield* failuresWith({ change: withoutStep("branch_a") })
      assert.match(failures, /^run 1: complete \| .* \| no span of branch_a#1 \| look whether .* sampler or filter/)
      assert.notInclude(failures, "number of traces")
    }))

  it.live("fails where counters count twice", () =>
    Effect.gen(function*() {
      const failures = yield* failuresWith({ parts: { subscribers: WorkflowMetrics.layer } })
      assert.include(
        failures,
        "service: tasker_tasks_total{task=\"validation_diamond\"} | +5 | +10 | every run counts twice"
      )
      assert.include(failures, "Prometheus: tasker_tasks_total{task=\"validation_diamond\"} | +5 | +10")
      assert.notInclude(failures, "traces")
    }))

  it.live("fails where the clock of the service is wrong, and says by how much", () =>
    Effect.gen(function*() {
      const clock = yield* Clock.Clock
      const hour = 3_600_000
      const wrong: Clock.Clock = Object.create(clock, {
        currentTimeMillisUnsafe: { value: () => clock.currentTimeMillisUnsafe() + hour },
        currentTimeNanosUnsafe: { value: () => clock.currentTimeNanosUnsafe() + BigInt(hour) * 1_000_000n },
        currentTimeMillis: { value: Effect.map(clock.currentTimeMillis, (now) => now + hour) },
        currentTimeNanos: { value: Effect.map(clock.currentTimeNanos, (now) => now + BigInt(hour) * 1_000_000n) }
      })
      const places = yield* Effect.provideService(start(), Clock.Clock, wrong)
      const { code, failures } = yield* validate("e2e", places, "--within", "6")
      assert.strictEqual(code, 6)
      const first = failures.find(({ check }) => check === "run 1: times")
      assert.match(first?.found ?? "", /^it is 3(?:599|600)\.\d s too late/)
      assert.strictEqual(first?.advice, "the clock of the service is wrong: set it by NTP")
    }).pipe(Effect.scoped))

  it.live("fails with a wrong token, and starts nothing", () =>
    Effect.gen(function*() {
      const failures = yield* failuresWith(
        { options: { http: { token: "let-me-in" } } },
        "--token",
        "canary-token"
      )
      assert.match(failures, /^runs \| 5 runs of validation_diamond start and end \| 5 did not: .* \| give the token/)
      assert.notInclude(failures, "canary")
    }))

  it.live("fails for a task that is not served, and for an input that it does not take", () =>
    Effect.gen(function*() {
      assert.include(
        yield* failuresWith({}, "--task", "nothing"),
        "name a task that TelemetryRoutes.layer({ tasks }) serves"
      )
      assert.include(yield* failuresWith({}, "--context", "{}"), "context.validation: ")
    }))
})

describe.skipIf(missing !== undefined)(`the demo${why}`, { concurrent: false }, () => {
  it.live("passes, with the operations of the plan as spans", () =>
    Effect.gen(function*() {
      const places = yield* startDemo()
      const work = ["--task", "analyze_directory", "--context", JSON.stringify({ path: dirname(places.logFile) })]
      for (const command of ["e2e", "performance"]) {
        const { code, failures, findings } = yield* validate(command, places, ...work, "--count", "3")
        assert.deepStrictEqual([command, code, failures], [command, 0, []])
        if (command === "performance") continue
        const found = new Map(findings.map(({ check, found }) => [check, found]))
        assert.strictEqual(found.get("operation step.processed"), "21 spans (tracing.planOperations)")
        assert.match(found.get("rules") ?? "", /^\d+ rules are loaded, and none fails$/)
      }
    }).pipe(Effect.scoped))
})

const traces = Effect.fnUntraced(function*(env: Readonly<Record<string, string>>, ...args: ReadonlyArray<string>) {
  const { code, out } = yield* callWith(env, "validate", "traces", "--json", ...args)
  return { code, ...reportOf(out) }
})

describe.skipIf(jaeger === undefined)(`validate traces${why}`, () => {
  it.live("finds the traces of the patterns through the receiver of the environment, sampled or not", () =>
    Effect.gen(function*() {
      const { endpoint, query } = yield* startJaeger
      const env = {
        OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
        OTEL_SERVICE_NAME: "patterns",
        OTEL_TRACES_SAMPLER: "always_off"
      }
      const { code, failures, findings } = yield* traces(env, "--jaeger", query, "--plan-operations")
      assert.deepStrictEqual([code, failures], [0, []])
      const found = new Map(findings.map(({ check, found }) => [check, found]))
      assert.strictEqual(found.get("operation step.processed"), "10 spans (tracing.planOperations)")
      assert.include(found.get("sampler"), "the configuration says always_off")
      assert.match(found.get("diamond: complete") ?? "", /4 attempts of 4 steps/)
    }).pipe(Effect.scoped))

  it.live("fails without a receiver or Jaeger, with a receiver that is down, and with telemetry that is off", () =>
    Effect.gen(function*() {
      const { query } = yield* startJaeger
      const none = yield* traces({}, "--jaeger", query)
      assert.deepStrictEqual([none.code, none.failures.map(({ found }) => found)], [6, ["no receiver is configured"]])
      const down = yield* traces({}, "--jaeger", query, "--endpoint", "http://127.0.0.1:9", "--within", "1")
      assert.match(down.failures[0]?.found ?? "", /^it took 0; \d+ wait, \d+ are dropped$/)
      const off = yield* traces({ OTEL_SDK_DISABLED: "true" }, "--jaeger", query, "--endpoint", "http://127.0.0.1:9")
      assert.include(off.failures[0]?.advice ?? "", "OTEL_SDK_DISABLED")
      const away = yield* traces({}, "--jaeger", "http://127.0.0.1:9")
      assert.deepStrictEqual(away.failures.map(({ check }) => check), ["Jaeger"])
    }).pipe(Effect.scoped))
})

/**
 * The four scripts of Tasker's plan against the demo, with real Jaeger and real Prometheus. `test/support/plan` has them
 * as the plan has them, but for the quoting of their queries and for the ports.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn, spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { type Places, startDemo } from "../support/observedService.ts"
import * as prometheusServer from "../support/prometheusServer.ts"
import { jaeger, prometheus } from "../support/receivers.ts"

const tools = ["bash", "curl", "jq", "bc"].filter((tool) => spawnSync("which", [tool]).status !== 0)

const missing = tools.length > 0
  ? `${tools.join(", ")} of the scripts are not installed: apt-get install ${tools.join(" ")}`
  : jaeger === undefined
  ? "Jaeger is not installed: bash .ci/peers installs it"
  : prometheus === undefined || !prometheusServer.isInstalled
  ? "Prometheus 3 is not installed: bash .ci/peers installs it"
  : undefined

const folder = fileURLToPath(new URL("../support/plan", import.meta.url))

const scripts = [
  "validate_e2e_telemetry.sh",
  "validate_jaeger_traces.sh",
  "validate_prometheus_metrics.sh",
  "validate_performance_telemetry.sh"
]

/** What the script of Prometheus looks for. */
const metrics = [
  "tasker_tasks_total",
  "tasker_steps_total",
  "tasker_workflow_duration_seconds",
  "tasker_active_connections",
  "tasker_cache_operations_total"
]

const number = String.raw`\d[\d.e-]*`

const portOf = (place: string) => place.slice(place.lastIndexOf(":") + 1)

/** A line with the mark of a failure that is none: it begins with a number of errors. */
const labels = /\u274c Error rate: \d[\d.e-]* errors\/sec$/

/** How many series an expression has. */
const answers = (prometheus: string, query: string) =>
  Effect.promise(async () => {
    const answer = await fetch(`${prometheus}/api/v1/query?query=${encodeURIComponent(query)}`)
    const { data } = await answer.json() as { readonly data: { readonly result: ReadonlyArray<unknown> } }
    return data.result.length
  })

/** How many runs of a task are complete. */
const countRuns = (host: string, task: string) =>
  Effect.promise(async () => {
    const answer = await fetch(`http://${host}/tasker/tasks?task=${task}&state=complete`)
    const { tasks } = await answer.json() as { readonly tasks: ReadonlyArray<unknown> }
    return tasks.length
  })

/** Runs a script, and gives its exit code, its lines, and those that say what it misses. */
const run = (name: string, { host, jaeger, prometheus }: Places) =>
  Effect.callback<{ code: number | null; lines: ReadonlyArray<string>; unmet: ReadonlyArray<string> }>((resume) => {
    const child = spawn("bash", [`scripts/${name}`], {
      cwd: folder,
      env: {
        ...process.env,
        TASKER_PORT: portOf(host),
        JAEGER_PORT: portOf(jaeger),
        PROMETHEUS_PORT: portOf(prometheus)
      },
      stdio: ["ignore", "pipe", "ignore"]
    })
    let text = ""
    child.stdout.setEncoding("utf8").on("data", (part: string) => (text += part))
    child.on("close", (code) => {
      const lines = text.trimEnd().split("\n")
      const unmet = lines.filter((line) => /\u274c|\u26a0/.test(line) && !labels.test(line))
      resume(Effect.succeed({ code, lines, unmet }))
    })
    return Effect.sync(() => child.kill())
  })

describe.skipIf(missing !== undefined)(
  `the scripts of the plan${missing === undefined ? "" : ` (${missing})`}`,
  () => {
    it.live("report every expectation met", () =>
      Effect.gen(function*() {
        // As ops/docker-compose.yml starts Prometheus: the zero before the first count of a series makes it an increase.
        const places = yield* startDemo({ features: ["created-timestamp-zero-ingestion"] })
        // The scripts come to a Prometheus that has scraped the demo and evaluated its rules.
        for (const query of ["tasker_workflow_duration_seconds", "increase(tasker_tasks_total[5m]) > 0"]) {
          yield* prometheusServer.eventually(answers(places.prometheus, query), (count) => count > 0)
        }
        // Without a failed run, the script shows `null` as the rate of errors: Prometheus has no series of them.
        yield* Effect.promise(() =>
          fetch(`http://${places.host}/tasker/tasks`, {
            method: "POST",
            headers: { "content-type": "application/json" },
            body: JSON.stringify({ name: "analyze_directory", context: { path: "/nowhere" } })
          })
        )
        const said: Record<string, string> = {}
        for (const name of scripts) {
          const { code, lines, unmet } = yield* run(name, places)
          said[name] = lines.join("\n")
          assert.deepStrictEqual([name, code, unmet], [name, 0, []], said[name])
        }
        assert.deepStrictEqual(
          [yield* countRuns(places.host, "test_workflow"), yield* countRuns(places.host, "performance_test")],
          [1, 10]
        )
        // The scripts say nothing about what is not there at all.
        for (const metric of metrics) {
          assert.match(said["validate_prometheus_metrics.sh"] ?? "", new RegExp(`^\u2705 ${metric} = ${number}$`, "m"))
        }
        for (
          const figure of [
            `95th percentile duration: ${number}s`,
            `Throughput: ${number} tasks/sec`,
            String.raw`Slow traces \(>1s\): \d+`
          ]
        ) {
          assert.match(said["validate_performance_telemetry.sh"] ?? "", new RegExp(`${figure}$`, "m"))
        }
      }).pipe(Effect.scoped))

    it.live("miss the operations of the plan in a demo without tracing.planOperations", () =>
      Effect.gen(function*() {
        const places = yield* startDemo({ planOperations: false })
        // It makes a run, and waits for its trace.
        yield* run("validate_e2e_telemetry.sh", places)
        const { code, lines, unmet } = yield* run("validate_jaeger_traces.sh", places)
        assert.deepStrictEqual(
          [code, unmet.map((line) => /operation: (.*)/.exec(line)?.[1])],
          [0, ["task.created", "task.completed", "step.processed", "workflow.executed"]],
          lines.join("\n")
        )
      }).pipe(Effect.scoped))

    it.live("end with a complaint where nothing answers", () =>
      Effect.gen(function*() {
        const nowhere = "127.0.0.1:9"
        const places: Places = { host: nowhere, logFile: "", endpoint: "", jaeger: nowhere, prometheus: nowhere }
        for (const name of ["validate_jaeger_traces.sh", "validate_prometheus_metrics.sh"]) {
          const { code, unmet } = yield* run(name, places)
          assert.deepStrictEqual([code, unmet.length], [1, 1], name)
        }
      }))
  }
)

/**
 * Every expression of the dashboards and the rules, asked of a real Prometheus that has scraped the demo, and programs in
 * which everything goes wrong.
 */
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Layer, Schedule, type Scope } from "effect"
import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { afterAll } from "vitest"
import * as Program from "../examples/analyze-directory/support/program.ts"
import { OtlpReceiver } from "../support/otlpReceiver.ts"
import { program } from "../support/programs.ts"
import { eventually, isInstalled, PrometheusServer } from "../support/prometheusServer.ts"
import { temporaryFolder } from "../support/temporaryFile.ts"
import { alerts, folder, queries, type Query, recorded } from "./rules.ts"

afterAll(Program.stopAll)

// --- What a dashboard and a rule become ---

/** The expression with the values of Grafana's variables. */
const withoutVariables = (expr: string): string =>
  expr.replaceAll("$__rate_interval", "1m").replaceAll("$__range", "5m").replaceAll(
    /\$(?:job|instance|task|step)\b/g,
    ".*"
  )

/** An alert gives what crosses its threshold. With `bool` it gives everything that it compares. */
const withoutThresholds = (expr: string): string => expr.replaceAll(/ (>=?|==|!=) (?!bool)/g, " $1 bool ")

const names = new Set(alerts.map(({ alert }) => alert))

/** What is asked for an expression: both sides of an alert that leaves out what is on its right. */
const asked = ({ expr, of }: Query): ReadonlyArray<string> => {
  const expression = withoutVariables(expr)
  return names.has(of) ? expression.split(/ unless on \(.*?\) /).map(withoutThresholds) : [expression]
}

// --- What Prometheus scrapes ---

interface Started {
  readonly host: string
  readonly path: string
}

const forked = (name: string, args: ReadonlyArray<string>): Effect.Effect<Started, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.promise(async () => fork(await program(name), args, { stdio: "ignore" })),
    (child: ChildProcess) => Effect.sync(() => child.kill("SIGKILL"))
  ).pipe(
    Effect.flatMap((child) =>
      Effect.promise(async () => {
        const [{ url }] = await Promise.race([
          once(child, "message"),
          once(child, "exit").then(() => Promise.reject(new Error(`${name} has ended`)))
        ]) as [{ readonly url: string }]
        return { host: new URL(url).host, path: "/metrics" }
      })
    )
  )

const demo = (endpoint: string) =>
  Effect.promise(async (): Promise<Started> => {
    const demo = Program.start("serve.ts", [], { PORT: "0", TASKER_DELIVERY_ENDPOINT: endpoint })
    const [url = ""] = /http:\/\/127\.0\.0\.1:\d+/.exec(await demo.firstError()) ?? []
    const post = (path: string) =>
      fetch(`${url}/tasker/tasks`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ name: "analyze_directory", context: { path } })
      })
    await post(join(folder, "grafana"))
    await post("/nowhere")
    return { host: new URL(url).host, path: "/tasker/metrics" }
  })

const Scraped = Layer.unwrap(Effect.gen(function*() {
  const { url } = yield* OtlpReceiver
  const shop = (trouble: string) =>
    Effect.flatMap(temporaryFolder, (folder) => forked("troubledShop", [url, trouble, folder]))
  const started = yield* Effect.all([
    demo(url),
    shop("rotation"),
    shop("full"),
    shop("broken"),
    forked("clusterServer", [])
  ], { concurrency: "unbounded" })
  const jobs = ["tasker-metrics", "tasker-rotation", "tasker-full", "tasker-broken", "tasker-cluster"]
  return PrometheusServer.layer(
    started.map((target, index) => ({ ...target, job: jobs[index]! })),
    ["recording.yml", "alerts.yml"].map((name) => join(folder, "prometheus/rules", name))
  )
})).pipe(Layer.provide(OtlpReceiver.layer))

const unless = isInstalled ? "" : ": not installed, so these tests are skipped"

describe.skipIf(!isInstalled)(`a real Prometheus${unless}`, () => {
  layer(Scraped, { excludeTestServices: true, timeout: "90 seconds" })((it) => {
    it.effect("has data for every expression of the dashboards, the alerts and the recorded numbers", () =>
      Effect.gen(function*() {
        const { query } = yield* PrometheusServer
        const itself = recorded.map(({ record }): Query => ({ of: `${record}, asked for`, expr: record! }))
        const open = new Map(
          [...queries, ...itself].flatMap((query) =>
            asked(query).map((expression) => [`${query.of}: ${expression}`, expression])
          )
        )
        const ask = Effect.suspend(() =>
          Effect.forEach([...open], ([of, expression]) =>
            Effect.map(query(expression), ({ length }) => {
              if (length > 0) open.delete(of)
            }), { concurrency: 10, discard: true })
        )
        // The rules need two scrapes, and the rules that use other rules an evaluation more.
        yield* eventually(query("tasker:telemetry_errors:increase10m"), ({ length }) => length > 0)
        yield* ask.pipe(
          Effect.repeat({ until: () => open.size === 0, schedule: Schedule.spaced("500 millis") }),
          Effect.timeoutOption("90 seconds")
        )
        assert.deepStrictEqual([...open.keys()], [])
      }))

    it.effect("finds every record of every program in one state of the account", () =>
      Effect.gen(function*() {
        const { query } = yield* PrometheusServer
        for (const signal of ["spans", "log_records"]) {
          assert.isNotEmpty(yield* query(`tasker:${signal}_unaccounted`), signal)
          assert.deepStrictEqual(yield* query(`tasker:${signal}_unaccounted != 0`), [], signal)
        }
      }))
  })
})

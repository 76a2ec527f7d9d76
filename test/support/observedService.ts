/**
 * A service with the patterns of the validation as its tasks, with Jaeger and Prometheus around it, and what can go wrong
 * between them.
 */
import { NodeHttpServer } from "@effect/platform-node"
import { Context, Effect, Layer, Schedule } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { globSync } from "node:fs"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Telemetry, type TelemetryConfig, TelemetryRoutes } from "tasker-telemetry"
import * as GraphqlRoute from "tasker-telemetry/http/GraphqlRoute"
import { patterns } from "../../src/cli/validate/patterns.ts"
import * as Program from "../examples/analyze-directory/support/program.ts"
import { callWith } from "./cliProgram.ts"
import { PrometheusServer } from "./prometheusServer.ts"
import { startJaeger } from "./receivers.ts"
import { temporaryFolder } from "./temporaryFile.ts"

export interface Places {
  readonly host: string
  readonly logFile: string
  readonly endpoint: string
  readonly jaeger: string
  readonly prometheus: string
}

export interface Faults {
  readonly options?: TelemetryConfig.Options
  /** In place of Jaeger's receiver. */
  readonly endpoint?: string
  readonly path?: string
  readonly parts?: Telemetry.Parts
  /** Changes the bodies of requests to Jaeger, which are JSON. */
  readonly change?: (body: any) => any
}

/** A receiver between the service and Jaeger. */
const proxy = (target: string, change: (body: any) => any) =>
  Effect.map(
    Effect.acquireRelease(
      Effect.callback<ReturnType<typeof createServer>>((resume) => {
        const server = createServer((request, response) => {
          let text = ""
          request.setEncoding("utf8").on("data", (chunk: string) => void (text += chunk))
          request.on("end", () =>
            void fetch(`${target}${request.url}`, {
              method: "POST",
              headers: { "content-type": "application/json" },
              body: JSON.stringify(change(JSON.parse(text)))
            }).then((answer) => response.writeHead(answer.status).end()))
        }).listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
      }),
      (server) => Effect.sync(() => server.close())
    ),
    (server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  )

const rules = fileURLToPath(new URL("../../ops/prometheus/rules", import.meta.url))
const ruleFiles = globSync("*.yml", { cwd: rules }).map((name) => join(rules, name))

class Address extends Context.Service<Address, { readonly host: string }>()("tasker-telemetry/test/ObservedService") {}

/** Starts everything until the scope closes. */
export const start = Effect.fnUntraced(function*(faults: Faults = {}) {
  const jaeger = yield* startJaeger
  const endpoint = faults.change === undefined ? jaeger.endpoint : yield* proxy(jaeger.endpoint, faults.change)
  const logFile = join(yield* temporaryFolder, "service.log")
  const options: TelemetryConfig.Options = {
    ...faults.options,
    service: { name: "validated" },
    logging: { destination: "file", file: { path: logFile }, exporter: "none" },
    metrics: { exporter: "none", ...faults.options?.metrics },
    delivery: {
      endpoint: faults.endpoint ?? endpoint,
      interval: "100 millis",
      shutdownTimeout: "1 second",
      ...(faults.change === undefined ? {} : { protocol: "http/json", compression: "none" })
    }
  }
  const tasks = Object.values(patterns)
  const service = Layer.effect(
    Address,
    Effect.map(HttpServer.HttpServer, ({ address }) => ({ host: `127.0.0.1:${"port" in address ? address.port : 0}` }))
  ).pipe(
    Layer.provideMerge(
      HttpRouter.serve(TelemetryRoutes.layer({ tasks, routes: GraphqlRoute.layer({ tasks }) }), {
        disableListenLog: true
      })
    ),
    Layer.provide(TelemetryRoutes.layerUntraced()),
    Layer.provide(
      NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1", gracefulShutdownTimeout: "1 second" })
    ),
    Layer.provide(Telemetry.layer(options, faults.parts))
  )
  const { host } = Context.get(yield* Layer.build(service), Address)
  const prometheus = Context.get(
    yield* Layer.build(
      PrometheusServer.layer([{ job: "tasker-metrics", host, path: faults.path ?? "/tasker/metrics" }], ruleFiles)
    ),
    PrometheusServer
  )
  const places: Places = { host, logFile, endpoint, jaeger: jaeger.query, prometheus: prometheus.url }
  return places
})

/**
 * Starts the demo in a process of its own, with Jaeger and Prometheus around it, until the scope closes.
 *
 * @param options `features`: of Prometheus; `planOperations`: whether the operations of the plan are spans
 */
export const startDemo = Effect.fnUntraced(function*(options: {
  readonly features?: ReadonlyArray<string>
  readonly planOperations?: boolean
} = {}) {
  const { features = [], planOperations = true } = options
  const jaeger = yield* startJaeger
  const logFile = join(yield* temporaryFolder, "demo.log")
  const program = yield* Effect.acquireRelease(
    Effect.sync(() =>
      Program.start("serve.ts", [], {
        PORT: "0",
        OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.endpoint,
        OTEL_METRICS_EXPORTER: "none",
        OTEL_LOGS_EXPORTER: "none",
        TASKER_TRACING_PLAN_OPERATIONS: String(planOperations),
        TASKER_LOGGING_DESTINATION: "file",
        TASKER_LOGGING_FILE_PATH: logFile
      })
    ),
    (program) =>
      Effect.promise(() => {
        program.kill("SIGTERM")
        return program.ended
      })
  )
  const line = yield* Effect.promise(() => program.firstError())
  const host = /127\.0\.0\.1:\d+/.exec(line)?.[0] ?? ""
  // It begins with a run of the same task, which would count, too.
  yield* Effect.tryPromise(() => fetch(`http://${host}/tasker/tasks`).then((answer) => answer.json())).pipe(
    Effect.repeat({
      until: ({ tasks }: any) => tasks[0]?.status === "complete",
      schedule: Schedule.spaced("100 millis")
    })
  )
  const prometheus = Context.get(
    yield* Layer.build(
      PrometheusServer.layer([{ job: "tasker-metrics", host, path: "/tasker/metrics" }], ruleFiles, features)
    ),
    PrometheusServer
  )
  const places: Places = { host, logFile, endpoint: jaeger.endpoint, jaeger: jaeger.query, prometheus: prometheus.url }
  return places
})

/** Calls `validate …` for the places, and gives its report. */
export const validate = Effect.fnUntraced(function*(
  command: string,
  { host, jaeger, logFile, prometheus }: Places,
  ...args: ReadonlyArray<string>
) {
  const whole: Readonly<Record<string, ReadonlyArray<string>>> = {
    metrics: ["--prometheus", prometheus],
    logs: ["--log-file", logFile],
    e2e: ["--prometheus", prometheus, "--jaeger", jaeger, "--log-file", logFile],
    performance: ["--prometheus", prometheus, "--jaeger", jaeger]
  }
  const workload = command === "metrics" ? [] : [
    ...(args.includes("--task") ? [] : ["--task", "validation_diamond"]),
    ...(args.includes("--context") ? [] : ["--context", "{\"validation\":\"v\"}"])
  ]
  const { code, error, out } = yield* callWith(
    {},
    "validate",
    command,
    "--url",
    `http://${host}/tasker`,
    "--json",
    ...(whole[command] ?? []),
    ...workload,
    ...args
  )
  return { code, error, ...reportOf(out) }
})

/** The findings of a report, by their checks. */
export const reportOf = (out: string) => {
  const findings: ReadonlyArray<{ check: string; outcome: string; expected: string; found: string; advice?: string }> =
    out === "" ? [] : JSON.parse(out).findings
  return {
    findings,
    failures: findings.filter(({ outcome }) => outcome === "failed")
  }
}

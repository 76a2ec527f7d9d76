/**
 * `npm start`: analyses the checkout once, and serves tasks, metrics and health
 * over HTTP until SIGTERM or SIGINT. It listens on `HOST` and `PORT`, which are
 * loopback and 3000 unless they are set.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as HttpRouter from "effect/http/HttpRouter"
import * as HttpServer from "effect/http/HttpServer"
import type * as HttpServerError from "effect/http/HttpServerError"
import * as HttpServerResponse from "effect/http/HttpServerResponse"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import { createServer } from "node:http"
import { fileURLToPath } from "node:url"
import { ConnectionMetrics, HealthRoute, MetricStore, TaskRunner, Telemetry, TelemetryRoutes } from "tasker-telemetry"
import * as GraphqlRoute from "tasker-telemetry/http/GraphqlRoute"
import { AnalyzeDirectory } from "./AnalyzeDirectory.ts"
import { Database } from "./Database.ts"
import { DemoError } from "./DemoError.ts"
import * as ManifestCache from "./ManifestCache.ts"
import { planTasks } from "./planTasks.ts"
import { runProgram, writeError } from "./runProgram.ts"

const loopback = "127.0.0.1"
const defaultPort = 3000
const highestPort = 65_535

const portOf = Effect.gen(function*() {
  const text = Option.getOrUndefined(yield* Effect.orDie(Config.option(Config.String("PORT"))))
  if (text === undefined) return defaultPort
  const port = /^\d{1,5}$/.test(text.trim()) ? Number(text) : Infinity
  if (port <= highestPort) return port
  return yield* new DemoError({
    message: `PORT is "${text}"; set it to a whole number from 1 to ${highestPort}, or to 0 for any free port.`
  })
})

const hostOf = Effect.orDie(Config.withDefault(Config.NonEmptyString("HOST"), loopback))

const checkout = fileURLToPath(new URL("../..", import.meta.url))

const paths = ["/", "/tasker/tasks", "/tasker/metrics", "/tasker/health/status"]

const everyAddress = "0.0.0.0"

/** Where this machine reaches the server. */
const ownUrl = Effect.gen(function*() {
  const { address } = yield* HttpServer.HttpServer
  const host = yield* hostOf
  return `http://${host === everyAddress ? loopback : host}:${"port" in address ? address.port : defaultPort}`
})

const guide = (url: string) =>
  `tasker-telemetry demo

${url}/tasker/tasks            runs of tasks, newest first; /tasker/tasks/ID shows the steps
${url}/tasker/metrics          metrics for Prometheus
${url}/tasker/health/status    health; also /tasker/health/live and /tasker/health/ready

Analyse a folder:

curl -X POST ${url}/tasker/tasks -H 'content-type: application/json' \\
  -d '{"name":"analyze_directory","context":{"path":"/usr/share/doc"}}'
`

const Index = HttpRouter.add(
  "GET",
  "/",
  Effect.map(ownUrl, (url) => HttpServerResponse.text(guide(url)))
)

/** The server is ready while the database answers. */
const DatabaseCheck = Layer.effect(
  HealthRoute.ReadinessChecks,
  Effect.map(Database, ({ client }) => ({ database: Effect.flatMap(client, (sql) => sql`SELECT 1`) }))
)

/** What may be started over HTTP. */
const tasks = [AnalyzeDirectory, ...planTasks] as const

/** Prints the addresses, analyses the checkout, and serves until a signal. */
const serve = Effect.gen(function*() {
  const url = yield* ownUrl
  const urls = paths.map((path) => `${url}${path}`)
  writeError(`Open ${urls.join("  ")}`)
  yield* Effect.logInfo("server started", { urls })
  const database = yield* Database
  yield* database.client
  yield* Effect.orDie(TaskRunner.start(AnalyzeDirectory, { path: checkout }))
  return yield* watchOutput
})

/** Fails when log lines are lost, because a server without a log should not go on. */
const watchOutput = Effect.gen(function*() {
  const { snapshot } = yield* MetricStore.MetricStore
  const lost = Effect.map(
    snapshot,
    ({ metrics }) => metrics.find(({ name }) => name === "tasker_log_lines_dropped_total")?.series.length ?? 0
  )
  yield* lost.pipe(Effect.repeat({ schedule: Schedule.spaced("500 millis"), until: (count) => count > 0 }))
  return yield* new DemoError({
    message:
      "Log lines cannot be written, standard output is closed or full; start again with an output that takes them."
  })
})

// A layer that is provided further down is built earlier and closed later. So requests end first, then tasks, then the
// telemetry is flushed, then the database stops.
const layerServer = (port: number, host: string) =>
  HttpRouter.serve(
    Layer.mergeAll(
      TelemetryRoutes.layer({ tasks, routes: GraphqlRoute.layer({ tasks }) }),
      Index,
      ConnectionMetrics.layerServer()
    ),
    { disableListenLog: true }
  ).pipe(
    Layer.provide(TelemetryRoutes.layerUntraced()),
    Layer.provideMerge(NodeHttpServer.layer(createServer, { port, host, gracefulShutdownTimeout: "2 seconds" })),
    Layer.provide(DatabaseCheck),
    Layer.provideMerge(ManifestCache.layer),
    Layer.provideMerge(Telemetry.layerConfig()),
    Layer.provideMerge(Database.layer)
  )

const cannotListen = (port: number, { cause }: HttpServerError.ServeError) => {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "unknown"
  const reason = code === "EADDRINUSE"
    ? "is in use; stop what listens there or"
    : code === "EACCES"
    ? "may not be used without further rights;"
    : `cannot be listened on (${code});`
  return new DemoError({
    message: `Port ${port} ${reason} set PORT to another one, as in PORT=${
      port < highestPort ? port + 1 : defaultPort
    } npm start.`
  })
}

const program = Effect.gen(function*() {
  const port = yield* portOf
  const host = yield* hostOf
  return yield* serve.pipe(
    Effect.provide(layerServer(port, host)),
    Effect.catchTag("ServeError", (error) => Effect.fail(cannotListen(port, error)))
  )
})

runProgram(program, { exitCodeOnSignal: 0 })

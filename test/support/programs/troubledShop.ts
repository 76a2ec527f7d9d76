/**
 * A shop in which everything happens that dashboards and alerts show: runs that end in every way, slow statements, and
 * a telemetry whose parts fail. It serves its metrics, and says where when it is ready.
 *
 * Arguments: URL of a receiver of OTLP; what is wrong with its log (`rotation`, `full` or `broken`); a folder of its own.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import { HttpRouter, HttpServer } from "effect/http"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import { Persistable, Persistence } from "effect/persistence"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import { SqlClient } from "effect/sql"
import { mkdirSync } from "node:fs"
import { createServer } from "node:http"
import { join } from "node:path"
import {
  CacheMetrics,
  EventBus,
  EventSubscriber,
  ExportCoordinator,
  ExporterRegistry,
  LogDestination,
  MetricExporter,
  MetricsRoute,
  MetricStore,
  PerformanceMonitor,
  SqlMonitor,
  Step,
  StepError,
  Task,
  TaskRunner,
  TaskStore,
  Telemetry,
  TelemetryTracer
} from "tasker-telemetry"
import * as memoryDatabase from "../memoryDatabase.ts"
import * as sqliteDatabase from "../sqliteDatabase.ts"

const [receiver = "", trouble = "", folder = ""] = process.argv.slice(2)

// --- Tasks ---

const input = Schema.Void
const context = { namespace: "shop", version: "2.0.0", input } as const

const flaky = Step.make("flaky", {
  retry: { delays: ["50 millis"] },
  run: ({ attempt }) => attempt === 1 ? Effect.fail("again") : Effect.void
})
const slow = Step.make("slow", {
  timeout: "50 millis",
  retry: { delays: ["50 millis"] },
  run: ({ attempt }) => attempt === 1 ? Effect.never : Effect.void
})
const optional = Step.make("optional", { dependsOn: [slow], skipWhen: () => true, run: () => Effect.void })
const statements = Step.make("statements", {
  run: () =>
    Effect.flatMap(SqlClient.SqlClient, (sql) =>
      Effect.gen(function*() {
        yield* Effect.repeat(sql.unsafe("SELECT * FROM items"), { times: 29 })
        yield* sql.withTransaction(sql.unsafe("INSERT INTO orders VALUES (1)"))
      }))
})
const Good = Task.make("good", { ...context, steps: [flaky, slow, optional, statements] })

const permanent = Step.make("permanent", { run: () => Effect.fail(new StepError.PermanentError({ message: "no" })) })
const exhausted = Step.make("exhausted", {
  retry: { maximumAttempts: 2, delays: ["10 millis"] },
  run: () => Effect.fail("no")
})
const Bad = Task.make("bad", { ...context, steps: [permanent] })
const Exhausted = Task.make("exhausted", { ...context, steps: [exhausted] })

const endless = Step.make("endless", { run: () => Effect.never })
const never = Step.make("never", { dependsOn: [endless], run: () => Effect.void })
const Endless = Task.make("endless", { ...context, steps: [endless, never] })

const ended = (fiber: Fiber.Fiber<unknown, unknown>) => Fiber.await(fiber)

const runs = Effect.gen(function*() {
  const good = yield* TaskRunner.start(Good, undefined)
  const bad = yield* TaskRunner.start(Bad, undefined)
  const exhausted = yield* TaskRunner.start(Exhausted, undefined)
  const cancelled = yield* TaskRunner.start(Endless, undefined)
  yield* Effect.sleep("100 millis")
  yield* TaskRunner.cancel(cancelled.taskId)
  yield* Effect.all([good.fiber, bad.fiber, exhausted.fiber, cancelled.fiber].map(ended))
  yield* TaskRunner.resolveStep(bad.taskId, permanent, undefined as never)
})

// --- Telemetry that fails ---

const broken = () => {
  throw new Error("broken")
}

const troubles = Effect.gen(function*() {
  const store = yield* MetricStore.MetricStore
  const bus = yield* EventBus.EventBus
  const tracer = yield* TelemetryTracer.TelemetryTracer
  yield* bus.register({ name: "broken", signal: "all", handle: broken })
  yield* tracer.register({ name: "broken", onEnd: broken })
  store.counter({ name: "shop_misused_total", help: "Misused.", attributes: [] }).inc({}, -1)
  const users = store.counter({ name: "shop_users_total", help: "Users.", attributes: ["user"], cardinalityLimit: 5 })
  for (let user = 0; user < 10; user++) users.inc({ user: `${user}` })
  yield* store.observe({
    type: "counter",
    name: "shop_reads_total",
    help: "Reads.",
    attributes: [],
    read: () => [{ attributes: {}, value: -1 }]
  })
  yield* Effect.annotateLogs(Effect.logInfo("signed in"), { password: "hunter2" })
})

const Subscribers = Layer.merge(
  EventSubscriber.layer({ "task.failed": () => Effect.fail("broken") }, { name: "broken" }),
  EventSubscriber.layer({ "step.*": () => Effect.never }, { name: "slow", capacity: 1, drainTimeout: "1 millis" })
)

const Exporters = ExporterRegistry.layerExporters([
  MetricExporter.make({
    name: "broken",
    formats: ["broken"],
    export: () => Effect.fail("no")
  })
])

const measured = Effect.gen(function*() {
  yield* PerformanceMonitor.measure("price")(
    Effect.suspend(() => Effect.succeed(Array.from({ length: 100_000 }, String)))
  )
  yield* PerformanceMonitor.measure("price")(Effect.sleep("20 millis"))
})

class Price extends Persistable.Class<{ payload: { item: string } }>()("Price", {
  primaryKey: ({ item }) => item,
  success: Schema.Finite
}) {}

const cached = Effect.gen(function*() {
  const { make } = yield* Persistence.Persistence
  const prices = yield* make({ storeId: "prices" })
  const key = new Price({ item: "tea" })
  yield* prices.get(key)
  yield* prices.set(key, Exit.succeed(3))
  yield* prices.get(key)
}).pipe(Effect.scoped)

// --- The program ---

const log = join(folder, "shop.log")
// The file cannot be moved to where this folder is.
if (trouble === "rotation") mkdirSync(join(folder, "shop.log.1", "in the way"), { recursive: true })

const TelemetryLayer = Telemetry.layer({
  logging: {
    destination: "file",
    file: trouble === "full" ? { path: "/dev/full" } : { path: log, maximumBytes: 1000, keep: 1 }
  },
  tracing: { keep: { ratio: 0.5 } },
  delivery: {
    endpoint: receiver,
    interval: "1 second",
    shutdownTimeout: "1 second",
    // Nobody listens there.
    metrics: trouble === "full" ? { endpoint: "http://127.0.0.1:9/v1/metrics" } : {}
  },
  metrics: { exportInterval: "2 seconds", exportTimeout: "1 second" },
  performance: { slowOperation: "10 millis", memorySpike: 1, sql: { slowQuery: "0 millis" } },
  export: {
    targets: [
      { type: "file", path: join(folder, "shop.prom"), interval: "2 seconds" },
      { type: "http", name: "broken", url: "http://127.0.0.1:9", format: "json", interval: "2 seconds" }
    ]
  }
}, {
  taskStore: TaskStore.layerSql().pipe(Layer.provide(sqliteDatabase.layer)),
  ...(trouble === "broken" ? { logDestination: LogDestination.layer(broken) } : {})
})

const program = Effect.gen(function*() {
  yield* measured
  yield* cached
  yield* troubles
  yield* TaskRunner.start(Endless, undefined)
  yield* runs
  const { exportNow } = yield* ExportCoordinator.ExportCoordinator
  yield* Effect.exit(exportNow({ format: "broken" }))
  yield* HttpServer.addressFormattedWith((url) => Effect.sync(() => process.send?.({ url })))
  return yield* Effect.repeat(runs, Schedule.spaced("5 seconds"))
})

const Main = Layer.effectDiscard(program).pipe(
  Layer.provideMerge(HttpRouter.serve(MetricsRoute.layer, { disableLogger: true, disableListenLog: true })),
  Layer.provide(NodeHttpServer.layer(createServer, { port: 0, host: "127.0.0.1" })),
  Layer.provide(Layer.merge(Subscribers, Exporters)),
  Layer.provide(CacheMetrics.layer(Persistence.layerMemory)),
  Layer.provideMerge(SqlMonitor.layer(memoryDatabase.layer({ connections: 2 }))),
  Layer.provideMerge(TelemetryLayer),
  Layer.provide(Logger.layer([]))
)

process.on("disconnect", () => process.exit(0))
NodeRuntime.runMain(Layer.launch(Main))

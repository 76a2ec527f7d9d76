/**
 * Every public layer can be built with public modules alone: no layer needs a service that a program cannot provide.
 */
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { PgClient } from "@effect/sql-pg"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Metric, Schema } from "effect"
import { TestRunner } from "effect/cluster"
import { FetchHttpClient, HttpRouter } from "effect/http"
import { Persistence, Redis } from "effect/persistence"
import { Reactivity } from "effect/reactivity"
import { SqlClient } from "effect/sql"
import * as All from "tasker-telemetry"
import * as NodeExporterModules from "tasker-telemetry/node/NodeExporterModules"
import * as NodeLogDestination from "tasker-telemetry/node/NodeLogDestination"
import * as NodeProcessChannels from "tasker-telemetry/node/NodeProcessChannels"
import * as NodeProcessProbe from "tasker-telemetry/node/NodeProcessProbe"
import * as NodeRuntimeMetrics from "tasker-telemetry/node/NodeRuntimeMetrics"
import * as Testing from "tasker-telemetry/testing"
import * as clusterMetrics from "./support/clusterMetrics.ts"
import * as memoryDatabase from "./support/memoryDatabase.ts"

const {
  AnalyticsRoute,
  CacheMetrics,
  ConnectionMetrics,
  CorrelationMiddleware,
  EventBus,
  EventCatalog,
  EventMetrics,
  EventsRoute,
  EventSubscriber,
  ExportCoordinator,
  ExporterRegistry,
  ExportLock,
  HealthRoute,
  InstanceSync,
  LogDestination,
  LoggingRoute,
  LogLevels,
  ExportRoute,
  ExportTarget,
  MetricCluster,
  MetricExporter,
  MetricStore,
  MetricsRoute,
  PerformanceMonitor,
  RunAnalysis,
  RunRecords,
  SqlMonitor,
  Step,
  Task,
  StepRoute,
  TaskDefinitionRoute,
  TaskRoute,
  TaskRunner,
  TaskStore,
  Telemetry,
  TelemetryRoutes,
  TelemetryTracer
} = All

afterAll(clusterMetrics.forget)

const step = Step.make("step", { run: () => Effect.void })
const task = Task.make("task", { input: Schema.Struct({}), steps: [step] })

const bus = EventBus.layer
const store = MetricStore.layer
const channels = NodeProcessChannels.layer
const registry = ExporterRegistry.layer.pipe(Layer.provide(bus))
const coordinator = ExportCoordinator.layer.pipe(Layer.provide(Layer.mergeAll(registry, store, bus)))
const runner = TaskRunner.layer.pipe(Layer.provideMerge(Layer.merge(bus, TaskStore.layerMemory)))
const app = Layer.mergeAll(HttpRouter.layer, NodeHttpServer.layerHttpServices)
const services = Layer.mergeAll(
  runner,
  store,
  coordinator,
  LogLevels.layer,
  RunAnalysis.layer.pipe(Layer.provideMerge(RunRecords.layer), Layer.provide(bus)),
  app
)

const redis = Layer.effect(
  Redis.Redis,
  Redis.make({ send: () => Effect.never, subscribe: () => Effect.never, connect: Effect.never })
)

/** Nothing connects before it is used. */
const sqlClient = Layer.effect(SqlClient.SqlClient, PgClient.make({ host: "127.0.0.1" })).pipe(
  Layer.provide(Reactivity.layer)
)

/** The layer of a worker thread, with a port of a store in this one. */
const shared = Layer.unwrap(
  Effect.map(
    Effect.flatMap(MetricStore.MetricStore, (store) => store.share({ maximumBytes: 1_000_000 })),
    MetricStore.layerShared
  )
).pipe(Layer.provide(store))

/** By module and name. That nothing is required is for the compiler to check: the type has no requirements. */
const layers: Readonly<Record<string, Layer.Layer<never, unknown>>> = {
  "AnalyticsRoute.layer": AnalyticsRoute.layer.pipe(Layer.provide(services)),
  "CacheMetrics.layer": CacheMetrics.layer(Persistence.layerMemory).pipe(Layer.provide(store)),
  "ConnectionMetrics.layerClient": ConnectionMetrics.layerClient(FetchHttpClient.layer).pipe(Layer.provide(store)),
  "ConnectionMetrics.layerServer": ConnectionMetrics.layerServer().pipe(Layer.provide(Layer.merge(app, store))),
  "CorrelationMiddleware.layer": CorrelationMiddleware.layer.pipe(Layer.provide(app)),
  "EventBus.layer": bus,
  "EventBus.layerNoop": EventBus.layerNoop,
  "EventMetrics.layer": EventMetrics.layer("own", (store) => [
    EventMetrics.count(
      EventCatalog.catalog["task.completed"],
      store.counter({ name: "own_total", help: "Own.", attributes: ["task"] }),
      { task: "taskName" }
    )
  ]).pipe(Layer.provide(Layer.merge(bus, store))),
  "EventSubscriber.layer": EventSubscriber.layer({ "*": () => Effect.void }).pipe(Layer.provide(bus)),
  "EventsRoute.layer": EventsRoute.layer.pipe(Layer.provide(Layer.merge(app, bus))),
  "ExportCoordinator.layer": coordinator,
  "ExportCoordinator.layerNoop": ExportCoordinator.layerNoop,
  "ExportCoordinator.layerTargets": ExportCoordinator.layerTargets([ExportTarget.memory()]).pipe(
    Layer.provide(coordinator)
  ),
  "ExportRoute.layer": ExportRoute.layer.pipe(Layer.provide(services)),
  "ExporterRegistry.layer": registry,
  "ExporterRegistry.layerExporters": ExporterRegistry.layerExporters([
    MetricExporter.make({
      name: "own",
      formats: ["own"],
      export: () => Effect.succeed({ contentType: "text/plain", body: "" })
    })
  ]).pipe(Layer.provide(registry)),
  "ExporterRegistry.layerNoop": ExporterRegistry.layerNoop,
  "ExportLock.layer": ExportLock.layer(),
  "ExportLock.layerCluster": ExportLock.layerCluster.pipe(Layer.provide(TestRunner.layer)),
  "ExportLock.layerMemory": ExportLock.layerMemory(),
  "ExportLock.layerNoop": ExportLock.layerNoop,
  "ExportLock.layerRedis": ExportLock.layerRedis().pipe(Layer.provide(redis)),
  "ExportLock.layerSql": ExportLock.layerSql().pipe(Layer.provide(sqlClient)),
  "HealthRoute.layer": HealthRoute.layer.pipe(Layer.provide(services)),
  "InstanceSync.layer": InstanceSync.layer(),
  "InstanceSync.layerMemory": InstanceSync.layerMemory(),
  "InstanceSync.layerNoop": InstanceSync.layerNoop,
  "InstanceSync.layerRedis": InstanceSync.layerRedis().pipe(Layer.provide(redis)),
  "InstanceSync.layerSql": InstanceSync.layerSql().pipe(Layer.provide(sqlClient)),
  "LogDestination.layer": LogDestination.layer(() => {}),
  "LogDestination.layerMemory": LogDestination.layerMemory,
  "LogDestination.layerNoop": LogDestination.layerNoop,
  "LogLevels.layer": LogLevels.layer,
  "LoggingRoute.layer": LoggingRoute.layer.pipe(Layer.provide(services)),
  "MetricCluster.layerPrimary": MetricCluster.layerPrimary().pipe(Layer.provide([store, channels])),
  "MetricCluster.layerWorker": MetricCluster.layerWorker().pipe(Layer.provide([store, channels])),
  "MetricStore.layer": store,
  "MetricStore.layerNoop": MetricStore.layerNoop,
  "MetricStore.layerShared": shared,
  "MetricsRoute.layer": MetricsRoute.layer.pipe(Layer.provide(services)),
  "PerformanceMonitor.layer": PerformanceMonitor.layer.pipe(Layer.provide(Layer.merge(bus, store))),
  "PerformanceMonitor.layerNoop": PerformanceMonitor.layerNoop,
  "RunAnalysis.layer": RunAnalysis.layer.pipe(Layer.provideMerge(RunRecords.layer), Layer.provide(bus)),
  "RunAnalysis.layerMemory": RunAnalysis.layerMemory([]),
  "RunAnalysis.layerNoop": RunAnalysis.layerNoop,
  "RunRecords.layer": RunRecords.layer.pipe(Layer.provide(bus)),
  "RunRecords.layerMemory": RunRecords.layerMemory([]),
  "RunRecords.layerNoop": RunRecords.layerNoop,
  "RunRecords.layerSql": RunRecords.layerSql().pipe(Layer.provide(Layer.merge(bus, sqlClient))),
  "SqlMonitor.layer": SqlMonitor.layer(memoryDatabase.layer()).pipe(Layer.provide(Layer.merge(bus, store))),
  "StepRoute.layer": StepRoute.layer.pipe(Layer.provide(services)),
  "TaskDefinitionRoute.layer": TaskDefinitionRoute.layer({ tasks: [task] }).pipe(Layer.provide(services)),
  "TaskRoute.layer": TaskRoute.layer({ tasks: [task] }).pipe(Layer.provide(services)),
  "TaskRunner.layer": runner,
  "TaskStore.layerMemory": TaskStore.layerMemory,
  "TaskStore.layerNoop": TaskStore.layerNoop,
  "TaskStore.layerSql": TaskStore.layerSql().pipe(Layer.provide(sqlClient)),
  "Telemetry.layer": Telemetry.layer(),
  "Telemetry.layerConfig": Telemetry.layerConfig(),
  "Telemetry.layerLogging": Telemetry.layerLogging(),
  "Telemetry.layerMetrics": Telemetry.layerMetrics(),
  "Telemetry.layerNoop": Telemetry.layerNoop,
  "Telemetry.layerTracing": Telemetry.layerTracing(),
  "TelemetryRoutes.layer": TelemetryRoutes.layer().pipe(Layer.provide(services)),
  "TelemetryRoutes.layerUntraced": TelemetryRoutes.layerUntraced(),
  "TelemetryTest.layer": Testing.TelemetryTest.layer(),
  "TelemetryTracer.layer": TelemetryTracer.layer,
  "TelemetryTracer.layerNoop": TelemetryTracer.layerNoop,
  "node/NodeExporterModules.layer": NodeExporterModules.layer,
  "node/NodeLogDestination.layer": NodeLogDestination.layer,
  "node/NodeProcessChannels.layer": channels,
  "node/NodeProcessProbe.layer": NodeProcessProbe.layer,
  "node/NodeRuntimeMetrics.layer": NodeRuntimeMetrics.layer.pipe(Layer.provide(store))
}

describe("public layers", () => {
  it.effect.each(Object.entries(layers))("%s", ([, layer]) =>
    Effect.scoped(Layer.build(layer)).pipe(
      Effect.provideService(Metric.MetricRegistry, new Map()),
      Effect.tap((context) => Effect.sync(() => assert.isDefined(context)))
    ))

  it("are all of them", () => {
    const modules: Readonly<Record<string, unknown>> = {
      ...All,
      ...Testing,
      "node/NodeExporterModules": NodeExporterModules,
      "node/NodeLogDestination": NodeLogDestination,
      "node/NodeProcessChannels": NodeProcessChannels,
      "node/NodeProcessProbe": NodeProcessProbe,
      "node/NodeRuntimeMetrics": NodeRuntimeMetrics
    }
    const found = Object.entries(modules).flatMap(([module, exported]) =>
      Object.getOwnPropertyNames(exported).filter((name) => name.startsWith("layer")).map((name) => `${module}.${name}`)
    )
    assert.deepStrictEqual(Object.keys(layers).toSorted(), found.toSorted())
  })
})

/**
 * An export coordinator over a store of one test, with every event and every line of the log.
 */
import { Context, Effect, Layer, Logger, Option, Schema } from "effect"
import type * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import * as EventBus from "../../src/events/EventBus.ts"
import * as EventCatalog from "../../src/events/EventCatalog.ts"
import { type CatalogEnvelope, isOfCatalog } from "../../src/events/EventEnvelope.ts"
import * as ExportCoordinator from "../../src/export/ExportCoordinator.ts"
import * as ExporterRegistry from "../../src/export/ExporterRegistry.ts"
import * as MetricExporter from "../../src/export/MetricExporter.ts"
import * as MetricStore from "../../src/metrics/MetricStore.ts"
import * as TestTelemetry from "./TestTelemetry.ts"

export class Observed extends Context.Service<Observed, {
  readonly events: ReadonlyArray<CatalogEnvelope>
  /** `Warn sentence` */
  readonly lines: ReadonlyArray<string>
}>()("tasker-telemetry/test/support/exports/Observed") {}

const observed = Layer.effect(
  Observed,
  Effect.gen(function*() {
    const bus = yield* EventBus.EventBus
    const events: Array<CatalogEnvelope> = []
    yield* bus.register({
      name: "events of exports",
      signal: "all",
      handle: (event) => {
        if (isOfCatalog(event) && event.name.startsWith("tasker.telemetry.")) events.push(event)
      }
    })
    return { events, lines }
  })
)

const lines: Array<string> = []

const logger = Layer.suspend(() => {
  lines.length = 0
  return Logger.layer([Logger.make(({ logLevel, message }) => {
    lines.push(`${logLevel} ${String(message)}`)
  })])
})

/** The coordinator, its registry and its store. */
export const layer = (options: TelemetryConfig.Options = {}) =>
  TestTelemetry.layer(
    Layer.merge(ExportCoordinator.layer, observed).pipe(
      Layer.provideMerge(ExporterRegistry.layer),
      Layer.provideMerge(Layer.merge(EventBus.layer, TestTelemetry.metrics))
    ),
    options
  ).pipe(Layer.provideMerge(logger))

/** The same in a worker thread. */
export const layerOfThread = TestTelemetry.layer(
  Layer.merge(ExportCoordinator.layer, observed).pipe(
    Layer.provideMerge(ExporterRegistry.layer),
    Layer.provideMerge(Layer.merge(
      EventBus.layer,
      Layer.effect(
        MetricStore.MetricStore,
        Effect.map(MetricStore.MetricStore, (store) => ({ ...store, measures: "thread" as const }))
      ).pipe(Layer.provide(TestTelemetry.metrics))
    ))
  ),
  {}
).pipe(Layer.provideMerge(logger))

/** The events so far: the name behind `tasker.telemetry.`, and the payload. */
export const events = Effect.map(
  Observed,
  ({ events }) => events.map(({ name, payload }) => ({ name: name.slice("tasker.telemetry.".length), payload }))
)

export const eventNames = Effect.map(events, (all) => all.map(({ name }) => name))

/** Names of events whose payload is none of the catalog. */
export const misfits = Effect.map(Observed, ({ events }) =>
  events.flatMap(({ name, payload }) => {
    const schema = EventCatalog.catalog[name].payload as Schema.Codec<unknown>
    return Option.isSome(Schema.decodeUnknownOption(schema, { onExcessProperty: "error" })(payload)) ? [] : [name]
  }))

export const logged = Effect.map(Observed, ({ lines }) => [...lines])

/** A counter, and the number that it has in an export. */
export const jobs = Effect.map(
  MetricStore.MetricStore,
  (store) => store.counter({ name: "jobs_total", help: "Jobs done.", attributes: ["kind"] })
)

export const countJobs = (amount = 1, kind = "mail") => Effect.map(jobs, (jobs) => jobs.inc({ kind }, amount))

/** An exporter that writes its name and the number of metrics, and tells what it is called for. */
export const exporter = (
  name: string,
  calls: Array<string> = [],
  part: Partial<MetricExporter.Options> = {}
): MetricExporter.MetricExporter => {
  const call = (what: string) => Effect.sync(() => void calls.push(`${name} ${what}`))
  return MetricExporter.make({
    name,
    formats: ["plain"],
    export: () => Effect.as(call("export"), { contentType: "text/plain", body: `by ${name}` }),
    onExportRequest: ({ format }) => call(`onExportRequest ${format}`),
    onExportComplete: ({ success }) => call(`onExportComplete ${success}`),
    onCacheSync: ({ strategy }) => call(`onCacheSync ${strategy}`),
    ...part
  })
}

export const text = (body: Uint8Array): string => new TextDecoder().decode(body)

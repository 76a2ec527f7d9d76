/**
 * Events about the export of metrics and about its exporters.
 */
import * as Schema from "effect/Schema"
import * as EventDefinition from "../EventDefinition.ts"
import { failure } from "./fields.ts"

const requested = {
  exportId: Schema.String,
  /** `none` if the target takes the metrics themselves. */
  format: Schema.String,
  /** `none` if the export was asked for by its format. */
  target: Schema.String
}

export const exportEvents = EventDefinition.byName([
  EventDefinition.make("tasker.telemetry.cache_synced", {
    description: "This process has shared its metrics with the other instances, or could not.",
    fires: "once per synchronisation",
    severity: "Debug",
    message: "metrics synchronised",
    payload: Schema.Struct({
      /** Where the instances meet: `local`, `redis` or `sql`. */
      strategy: Schema.String,
      success: Schema.Boolean,
      metricsCount: Schema.Int,
      seriesCount: Schema.Int,
      durationSeconds: Schema.Finite
    }),
    attributes: ["strategy", "success"]
  }),
  EventDefinition.make("tasker.telemetry.export_requested", {
    description: "An export of metrics starts.",
    fires: "once per export, before the metrics are read",
    severity: "Debug",
    message: "metrics export requested",
    payload: Schema.Struct(requested),
    attributes: ["format", "target"]
  }),
  EventDefinition.make("tasker.telemetry.export_completed", {
    description: "Metrics were exported.",
    fires: "once per export that succeeds, after tasker.telemetry.export_requested",
    severity: "Debug",
    message: "metrics exported",
    payload: Schema.Struct({
      ...requested,
      exporter: Schema.String,
      metricsCount: Schema.Int,
      seriesCount: Schema.Int,
      /** Bytes that were handed over, before compression. */
      bytes: Schema.Int,
      durationSeconds: Schema.Finite
    }),
    attributes: ["format", "target", "exporter"]
  }),
  EventDefinition.make("tasker.telemetry.export_failed", {
    description: "Metrics could not be exported. The log has one warning when the exports of a target begin to fail.",
    fires: "once per export that fails, after tasker.telemetry.export_requested",
    severity: "Debug",
    message: "metrics export failed",
    payload: Schema.Struct({ ...requested, ...failure, durationSeconds: Schema.Finite }),
    attributes: ["format", "target", "errorType"]
  }),
  EventDefinition.make("tasker.telemetry.plugin_registered", {
    description: "An exporter can be used from now on.",
    fires: "once per exporter that a program registers; built-in exporters have none",
    severity: "Debug",
    message: "exporter registered",
    payload: Schema.Struct({ exporter: Schema.String, version: Schema.String, formats: Schema.Array(Schema.String) }),
    attributes: ["exporter"]
  }),
  EventDefinition.make("tasker.telemetry.plugin_unregistered", {
    description: "An exporter can no longer be used.",
    fires: "once per exporter that a program unregisters or replaces",
    severity: "Debug",
    message: "exporter unregistered",
    payload: Schema.Struct({ exporter: Schema.String, version: Schema.String, formats: Schema.Array(Schema.String) }),
    attributes: ["exporter"]
  })
])

/**
 * The options of the export of metrics to targets.
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import * as Option from "./configOption.ts"

export const exportOptions = Schema.Struct({
  targets: Option.targets({
    default: [],
    doc: "Where metrics are exported to, and when: `[{ \"type\": \"file\", \"path\": \"/var/lib/metrics/shop.prom\", " +
      "\"interval\": \"1 minute\" }]`. The types are `file`, `http`, `pushgateway`, `remote_write` and `console`.",
    tasker: "export_targets, telemetry.prometheus.endpoint, telemetry.prometheus.username, " +
      "telemetry.prometheus.password, telemetry.prometheus.batch_size"
  }),
  timeout: Option.duration("1 millis", {
    default: Duration.seconds(30),
    doc: "Longest time of an exporter to write the metrics, and of a target to take them.",
    tasker: "telemetry.prometheus.export_timeout, telemetry.prometheus.job_timeout"
  }),
  safetyMargin: Option.duration("0 millis", {
    default: Duration.minutes(1),
    doc: "Time that is left between the longest export of a target with `beforeExpiry` and the expiry of the metrics.",
    tasker: "telemetry.prometheus.safety_margin, export_safety_margin"
  })
})

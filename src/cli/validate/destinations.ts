/**
 * Which signals are on, and where each goes.
 */
import type { TelemetryConfig } from "../../config/TelemetryConfig.ts"
import * as Receiver from "../../delivery/Receiver.ts"
import * as Finding from "./Finding.ts"

/** What a configuration does with the signals, one finding for each. */
export const signals = (config: TelemetryConfig): ReadonlyArray<Finding.Finding> => {
  if (!config.enabled) {
    return [Finding.failed(
      "telemetry",
      "enabled is true",
      "enabled is false: nothing is observed",
      "unset OTEL_SDK_DISABLED and TASKER_ENABLED"
    )]
  }
  const { logging, metrics, tracing } = config
  return [
    signal("traces", tracing.enabled, tracing.exporter, Receiver.of(config, "spans"), [
      `sampler ${tracing.sampler.type}${tracing.sampler.type.includes("ratio") ? ` ${tracing.sampler.ratio}` : ""}`
    ]),
    signal("metrics", metrics.enabled, metrics.exporter, Receiver.of(config, "metrics"), [
      `GET /metrics${metrics.authRequired ? " with the token" : ""}`,
      ...config.export.targets.map(({ name, type }) => `target ${name ?? type}`)
    ]),
    signal("logs", logging.enabled, logging.exporter, Receiver.of(config, "log records"), [
      `level ${logging.level}`,
      logging.destination === "file" ? `file ${logging.file.path ?? "without a path"}` : logging.destination
    ])
  ]
}

const signal = (
  name: string,
  isOn: boolean,
  exporter: string,
  receiver: Receiver.Receiver | undefined,
  notes: ReadonlyArray<string>
): Finding.Finding => {
  if (!isOn) {
    return Finding.skipped(
      name,
      `off: ${name === "logs" ? "logging" : name === "traces" ? "tracing" : name}.enabled is false`
    )
  }
  const sent = exporter === "none"
    ? "not sent (exporter none)"
    : receiver === undefined
    ? "not sent (no delivery.endpoint)"
    : `sent to ${Receiver.shownUrl(receiver)}`
  return Finding.ok(name, `on, ${sent}; ${notes.join("; ")}`)
}

/** The receivers that a configuration sends to over HTTP, with the signal of each. */
export const receivers = (
  config: TelemetryConfig
): ReadonlyArray<{ readonly signal: string; readonly receiver: Receiver.Receiver }> => {
  if (!config.enabled) return []
  const groups = [
    ["traces", config.tracing, "spans"],
    ["metrics", config.metrics, "metrics"],
    ["logs", config.logging, "log records"]
  ] as const
  return groups.flatMap(([signal, { enabled, exporter }, kind]) => {
    const receiver = enabled && exporter === "otlp" ? Receiver.of(config, kind) : undefined
    return receiver === undefined || receiver.takesLines ? [] : [{ signal, receiver }]
  })
}

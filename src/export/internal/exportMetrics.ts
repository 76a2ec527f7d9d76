/**
 * The metrics of exports about themselves.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { SelfStatistics } from "../../internal/SelfStatistics.ts"
import type { MetricStore } from "../../metrics/MetricStore.ts"
import type { TargetState } from "./TargetState.ts"

/** Shown once an export has ended. */
export const durations = {
  name: "tasker_export_target_duration_seconds",
  help: "Time of exports, from the request to the answer of the target.",
  attributes: ["target"]
} as const

/** Shown as soon as there is a target. */
export const failing = {
  type: "gauge",
  name: "tasker_export_target_failing",
  help: "1 if the last export to the target failed, else 0.",
  attributes: ["target"]
} as const

/** Shown once an export has succeeded, until another instance exports. */
export const lastSuccess = {
  type: "gauge",
  name: "tasker_export_target_last_success_timestamp_seconds",
  help: "When the last export to the target succeeded, in seconds since 1970.",
  unit: "seconds",
  attributes: ["target"]
} as const

export interface ExportMetrics {
  readonly ended: (target: string, outcome: "exported" | "failed", bytes: number, seconds: number) => void
  readonly skipped: (target: string) => void
  readonly exporterFailed: (exporter: string, call: string) => void
}

/** Declares the metrics, until the scope closes. */
export const make = Effect.fnUntraced(function*(
  store: MetricStore["Service"],
  targets: ReadonlyMap<string, TargetState>
): Effect.fn.Return<ExportMetrics, never, SelfStatistics | Scope.Scope> {
  const statistics = yield* SelfStatistics
  const countExport = statistics.counter(
    "tasker_export_target_exports_total",
    "Exports of metrics by target and outcome: exported, failed, or skipped because another instance exports.",
    ["target", "outcome"]
  )
  const countBytes = statistics.counter(
    "tasker_export_target_bytes_total",
    "Bytes of metrics that targets were given, before compression.",
    ["target"]
  )
  const countFailure = statistics.counter(
    "tasker_exporter_errors_total",
    "Calls of exporters that failed, by function.",
    ["exporter", "function"]
  )
  const timer = store.timer(durations)
  yield* store.observe({
    ...failing,
    read: () => Array.from(targets, ([target, state]) => ({ attributes: { target }, value: state.isFailing ? 1 : 0 }))
  })
  yield* store.observe({
    ...lastSuccess,
    read: () =>
      Array.from(targets).flatMap(([target, { shownSuccessMillis }]) =>
        shownSuccessMillis === undefined ? [] : [{ attributes: { target }, value: shownSuccessMillis / 1000 }]
      )
  })
  return {
    ended: (target, outcome, bytes, seconds) => {
      countExport([target, outcome])
      countBytes([target], bytes)
      timer.observe({ target }, seconds)
    },
    skipped: (target) => countExport([target, "skipped"]),
    exporterFailed: (exporter, call) => countFailure([exporter, call])
  }
})

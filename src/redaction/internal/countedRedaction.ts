/**
 * The redaction policy of a telemetry layer. It counts the values that it masks, by rule.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { TelemetryConfig } from "../../config/TelemetryConfig.ts"
import { SelfStatistics } from "../../internal/SelfStatistics.ts"
import * as Redaction from "../Redaction.ts"

export const layer = (config: TelemetryConfig): Layer.Layer<never, never, SelfStatistics> =>
  Layer.effect(
    Redaction.Current,
    Effect.map(SelfStatistics, (statistics) => {
      const redaction = Redaction.make(config.redaction)
      statistics.observe({
        type: "counter",
        name: "tasker_redactions_total",
        help: "Values that were masked, by rule.",
        attribute: "rule",
        values: redaction.counts
      })
      return redaction
    })
  )

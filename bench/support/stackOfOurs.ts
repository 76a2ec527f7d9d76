/** This package in place of another layer: a plain program, its spans, lines and Effect's metrics. */
import * as Effect from "effect/Effect"
import { LogDestination, Telemetry } from "tasker-telemetry"
import * as Stacks from "./stacks.ts"

/** Lines leave as log records alone, as those of the other layers do. */
export const make = (url: string): Stacks.Stack =>
  Stacks.make(
    Telemetry.layer(
      {
        delivery: { endpoint: url, queueSize: Stacks.queueSize, batchSize: Stacks.batchSize },
        metrics: { runtime: false }
      },
      { logDestination: LogDestination.layerNoop }
    ),
    Effect.map(Telemetry.flush, checked)
  )

/** A record that is not sent would cost nothing. */
export const checked = (report: Effect.Success<typeof Telemetry.flush>): void => {
  const isLost = Object.values(report).some(({ dropped, pending }) => dropped > 0 || pending > 0)
  if (isLost) throw new Error(`records are missing: ${JSON.stringify(report)}`)
}

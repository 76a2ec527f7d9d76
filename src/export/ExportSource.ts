/**
 * Which metrics are exported.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { MetricSnapshot } from "../metrics/MetricSnapshot.ts"

/**
 * The metrics that the coordinator exports. If it is `undefined`, the coordinator exports the metrics of its store.
 *
 * **When to use**
 *
 * Use to export the metrics of several instances together.
 *
 * @category references
 * @since 0.1.0
 */
export const Current: Context.Reference<Effect.Effect<MetricSnapshot> | undefined> = Context.Reference<
  Effect.Effect<MetricSnapshot> | undefined
>("tasker-telemetry/export/ExportSource/Current", { defaultValue: () => undefined })

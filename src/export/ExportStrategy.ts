/**
 * When metrics are exported to a target.
 *
 * @since 0.1.0
 */
import type * as Duration from "effect/Duration"

/**
 * What starts an export. Any number of triggers may be combined, and each one
 * starts an export by itself. Without any, a target is exported on demand only.
 *
 * **Details**
 *
 * `samples`, `crossing`, `change` and `bytes` are thresholds. The coordinator reads the metrics every `checkInterval` and
 * looks whether one is reached. An export of the target starts `samples`, `change` and `bytes` again from 0. If the
 * export fails, they stay reached, and the next check tries again.
 *
 * **Example** (Every minute, and soon after the first failure)
 *
 * ```ts
 * import type { ExportStrategy } from "tasker-telemetry"
 *
 * const strategy: ExportStrategy.ExportStrategy = {
 *   interval: "1 minute",
 *   crossing: { metric: "shop_failures_total", above: 0 },
 *   debounce: "2 seconds"
 * }
 * ```
 *
 * @category models
 * @since 0.1.0
 */
export interface ExportStrategy {
  /** Time between two exports. */
  readonly interval?: Duration.Input | undefined
  /** A cron expression, such as `0 3 * * *`, with or without seconds in front. */
  readonly cron?: string | undefined
  /** The time zone of `cron`, such as `Europe/Berlin`; `UTC` by default. */
  readonly timeZone?: string | undefined
  /**
   * Export after so many samples: observations of histograms, and what recorded counters counted, since the last export.
   */
  readonly samples?: number | undefined
  /**
   * Export when a series of the metric gets above or below a number, or the first one is there. It must come back before
   * it counts again. A histogram has its number of observations. In `metric`, `*` stands for any characters.
   */
  readonly crossing?:
    | { readonly metric: string; readonly above?: number | undefined; readonly below?: number | undefined }
    | undefined
  /** Export when a series of the metric differs by so many percent from its value at the last export. */
  readonly change?: { readonly metric: string; readonly percent: number } | undefined
  /** Export when the series that have changed since the last export take so many bytes of text, estimated. */
  readonly bytes?: number | undefined
  /** Time between two checks of thresholds; 5 seconds by default. */
  readonly checkInterval?: Duration.Input | undefined
  /** An export starts so long after its first trigger. Triggers in between start no further one. 0 by default. */
  readonly debounce?: Duration.Input | undefined
  /**
   * Export as late as it may be before metrics expire: `export.safetyMargin` and `export.timeout` before the end of the
   * `window` of `InstanceSync`, counted from the last export. So the last levels of a killed instance are exported, too.
   * Without `InstanceSync`, `metrics.retention` is the window. If an export is too late, the slots are kept for longer and
   * the metrics exported at once. If an export fails, it is tried again after 30 seconds, 1 minute and 2 minutes.
   */
  readonly beforeExpiry?: boolean | undefined
  /** Whether the target also gets the last metrics when the program ends; `true` by default if it has a trigger. */
  readonly onShutdown?: boolean | undefined
}

/**
 * What the catalog says of a metric: how it is declared, and what readers of the
 * reference page are told beside that.
 *
 * @since 0.1.0
 */

/**
 * An entry of the catalog of metrics.
 *
 * @category models
 * @since 0.1.0
 */
export interface MetricEntry {
  readonly type: "counter" | "upDownCounter" | "gauge" | "info" | "histogram"
  readonly name: string
  readonly help: string
  /** Base unit; none where it counts something. */
  readonly unit?: "seconds" | "bytes" | "ratio"
  readonly attributes: ReadonlyArray<string>
  /** Upper bounds of the buckets of a histogram. */
  readonly buckets?: ReadonlyArray<number>
  /** When it is recorded: the event, or what is asked when metrics are read. */
  readonly recorded: string
  /** What else says the same, and what the metric is called in the original, where it is kept for that. */
  readonly alias?: { readonly of: string; readonly original: string }
}

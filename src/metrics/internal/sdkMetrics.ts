/**
 * What the telemetry counts about its own delivery, under the names that OpenTelemetry has for it.
 *
 * **Details**
 *
 * A receiver of OTLP gets `otel.sdk.…`, a Prometheus server gets `tasker_…`. Each fact has one name in each place, and
 * is counted once. A fact without a name in OpenTelemetry keeps its own.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/otel/sdk-metrics/
 */
import type { MetricData, NumberData, SeriesSnapshot } from "../MetricSnapshot.ts"

/** Where the series of a metric go, by the value of their attribute. */
interface Target {
  readonly name: string
  readonly help: string
  readonly unit: string
  readonly type: NumberData["type"]
  /** The attributes that every series gets. */
  readonly attributes: Readonly<Record<string, string>>
  /** Whether the value becomes `error.type`. */
  readonly isError: boolean
}

type Rule = (value: string | undefined) => Target | undefined

const component = (type: string) => ({ "otel.component.type": type, "otel.component.name": `${type}/0` })

const rulesOf = (signal: string, noun: "span" | "log"): ReadonlyArray<readonly [name: string, rule: Rule]> => {
  const processor = {
    unit: `{${noun}}`,
    attributes: component(noun === "span" ? "batching_span_processor" : "batching_log_processor"),
    isError: false
  }
  const exporter = { ...processor, attributes: component(`otlp_http_${noun}_exporter`) }
  const exported: Target = {
    ...exporter,
    name: `otel.sdk.exporter.${noun}.exported`,
    help: "Records whose export has ended, successful or not.",
    type: "counter"
  }
  const states: Readonly<Record<string, Target>> = {
    queued: {
      ...processor,
      name: `otel.sdk.processor.${noun}.queue.size`,
      help: "Records in the queue.",
      type: "upDownCounter"
    },
    in_flight: {
      ...exporter,
      name: `otel.sdk.exporter.${noun}.inflight`,
      help: "Records that are being sent.",
      type: "upDownCounter"
    }
  }
  return [
    [`tasker_${signal}_exported_total`, () => exported],
    [`tasker_${signal}_dropped_total`, (reason) =>
      reason === "queue_full"
        ? {
          ...processor,
          name: `otel.sdk.processor.${noun}.processed`,
          help: "Records that the processor gave up.",
          type: "counter",
          isError: true
        }
        : { ...exported, isError: true }],
    [`tasker_${signal}_pending`, (state) => states[state ?? ""]],
    [`tasker_${signal}_queue_capacity`, () => ({
      ...processor,
      name: `otel.sdk.processor.${noun}.queue.capacity`,
      help: "The most records that the queue holds.",
      type: "upDownCounter"
    })]
  ]
}

const exportedPoints: Target = {
  name: "otel.sdk.exporter.metric_data_point.exported",
  help: "Data points whose export has ended, successful or not.",
  unit: "{data_point}",
  type: "counter",
  attributes: component("otlp_http_metric_exporter"),
  isError: false
}

const rules: ReadonlyMap<string, Rule> = new Map([
  ...rulesOf("spans", "span"),
  ...rulesOf("log_records", "log"),
  ["tasker_metric_points_exported_total", () => exportedPoints],
  ["tasker_metric_points_rejected_total", () => ({ ...exportedPoints, isError: true })]
])

/** The exporters by the signals of delivery. */
const exporters: Readonly<Record<string, string>> = {
  spans: "otlp_http_span_exporter",
  "log records": "otlp_http_log_exporter",
  metrics: "otlp_http_metric_exporter"
}

/** The time of exports, as `ExportTimer` declares it. An empty type of error is none. */
const durationName = "tasker_export_duration_seconds"

const withDurationName = (metric: MetricData): MetricData => {
  if (metric.name !== durationName) return metric
  const attributesOf = ({ error_type: error, signal = "" }: Readonly<Record<string, string>>) => ({
    ...component(exporters[signal] ?? signal),
    ...(error === undefined || error === "" ? {} : { "error.type": error })
  })
  const series = metric.series.map((one) => ({ ...one, attributes: attributesOf(one.attributes) }))
  return { ...metric, name: "otel.sdk.exporter.operation.duration", attributes: [], series } as MetricData
}

/** Gives the metrics with the names of OpenTelemetry. */
export const withSdkNames = (metrics: ReadonlyArray<MetricData>): ReadonlyArray<MetricData> => {
  if (!metrics.some(({ name }) => rules.has(name) || name === durationName)) return metrics
  const kept: Array<MetricData> = []
  const named = new Map<string, NumberData & { readonly series: Array<SeriesSnapshot<number>> }>()
  for (const metric of metrics) {
    const rule = rules.get(metric.name)
    if (rule === undefined || (metric.type !== "counter" && metric.type !== "upDownCounter")) {
      kept.push(withDurationName(metric))
      continue
    }
    const [attribute] = metric.attributes
    const others: Array<SeriesSnapshot<number>> = []
    for (const one of metric.series) {
      const value = attribute === undefined ? undefined : one.attributes[attribute]
      const target = rule(value)
      if (target === undefined) others.push(one)
      else seriesOf(named, metric, target).push({ ...one, attributes: attributesOf(target, value) })
    }
    if (others.length > 0) kept.push({ ...metric, series: others })
  }
  return [...kept, ...named.values()]
}

const seriesOf = (
  named: Map<string, NumberData & { readonly series: Array<SeriesSnapshot<number>> }>,
  metric: NumberData,
  { help, name, type, unit }: Target
): Array<SeriesSnapshot<number>> => {
  const found = named.get(name) ?? { ...metric, name, help, unit, type, attributes: [], series: [] }
  named.set(name, found)
  return found.series
}

const attributesOf = ({ attributes, isError }: Target, value: string | undefined): Readonly<Record<string, string>> =>
  isError ? { ...attributes, "error.type": value ?? "rejected" } : attributes

/**
 * The exporters that every registry has.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type * as Otlp from "../delivery/Otlp.ts"
import * as resource from "../delivery/resource.ts"
import { packageVersion } from "../internal/packageVersion.ts"
import * as CsvFormat from "../metrics/CsvFormat.ts"
import { openMetricsStyle } from "../metrics/internal/exposition/openMetricsStyle.ts"
import * as PrometheusExposition from "../metrics/internal/exposition/PrometheusExposition.ts"
import { prometheusStyle } from "../metrics/internal/exposition/prometheusStyle.ts"
import * as JsonFormat from "../metrics/JsonFormat.ts"
import * as OpenMetricsFormat from "../metrics/OpenMetricsFormat.ts"
import * as OtlpMetricFormat from "../metrics/OtlpMetricFormat.ts"
import * as PrometheusFormat from "../metrics/PrometheusFormat.ts"
import type { ExportedMetrics, MetricExporter } from "./MetricExporter.ts"

/**
 * Makes the exporters with the resource of the configuration in force.
 *
 * **Details**
 *
 * | exporter | formats |
 * | --- | --- |
 * | `prometheus` | `prometheus`: the text format 0.0.4 |
 * | `openmetrics` | `openmetrics`: the text format 1.0 |
 * | `json` | `json`: the document of `JsonFormat`, with the resource |
 * | `csv` | `csv`: one row for each sample |
 * | `otlp` | `otlp`: a request in Protocol Buffers; `otlp_json`: in JSON |
 *
 * @category constructors
 * @since 0.1.0
 */
export const make: Effect.Effect<ReadonlyArray<MetricExporter>> = Effect.map(resource.current, (service) => [
  {
    name: "prometheus",
    version: packageVersion,
    description: "Prometheus text exposition format 0.0.4.",
    formats: ["prometheus"],
    export: (snapshot) => chunked(PrometheusFormat.contentType, PrometheusExposition.pieces(snapshot, prometheusStyle))
  },
  {
    name: "openmetrics",
    version: packageVersion,
    description: "OpenMetrics text format 1.0.",
    formats: ["openmetrics"],
    export: (snapshot) =>
      chunked(OpenMetricsFormat.contentType, PrometheusExposition.pieces(snapshot, openMetricsStyle(false)))
  },
  {
    name: "json",
    version: packageVersion,
    description: "JSON that reads back into the same metrics.",
    formats: ["json"],
    export: (snapshot) =>
      chunked(JsonFormat.contentType, JsonFormat.chunks(snapshot, { resource: attributesOf(service) }))
  },
  {
    name: "csv",
    version: packageVersion,
    description: "CSV with one row for each sample.",
    formats: ["csv"],
    export: (snapshot) => chunked(CsvFormat.contentType, CsvFormat.chunks(snapshot))
  },
  {
    name: "otlp",
    version: packageVersion,
    description: "OTLP requests, cumulative.",
    formats: ["otlp", "otlp_json"],
    export: (snapshot, { format }) =>
      Effect.sync((): ExportedMetrics =>
        format === "otlp_json"
          ? {
            contentType: "application/json",
            body: OtlpMetricFormat.encode(snapshot, service, { protocol: "http/json" })
          }
          : { contentType: "application/x-protobuf", body: OtlpMetricFormat.encode(snapshot, service) }
      )
  }
])

const chunked = (contentType: string, body: Iterable<Uint8Array>): Effect.Effect<ExportedMetrics> =>
  Effect.succeed({ contentType, body })

const attributesOf = ({ attributes, name, version }: Otlp.Resource): Readonly<Record<string, string>> => ({
  "service.name": name,
  ...(version === undefined ? {} : { "service.version": version }),
  ...Object.fromEntries(Object.entries(attributes).map(([key, value]) => [key, `${value}`]))
})

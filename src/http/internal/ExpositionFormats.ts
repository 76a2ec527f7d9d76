/**
 * The formats of `GET /metrics`.
 */
import * as CsvFormat from "../../metrics/CsvFormat.ts"
import type { Dropped } from "../../metrics/internal/exposition/PrometheusFamilies.ts"
import * as JsonFormat from "../../metrics/JsonFormat.ts"
import type { MetricSnapshot } from "../../metrics/MetricSnapshot.ts"
import * as OpenMetricsFormat from "../../metrics/OpenMetricsFormat.ts"
import * as PrometheusFormat from "../../metrics/PrometheusFormat.ts"
import * as PrometheusProtobufFormat from "../../metrics/PrometheusProtobufFormat.ts"
import type { Offer } from "./Negotiation.ts"

export interface ExpositionFormat extends Offer {
  /**
   * Writes the exposition in pieces, each one when it is asked for. `onDropped` is called for everything that is left
   * out.
   */
  readonly encode: (
    snapshot: MetricSnapshot,
    onDropped: (dropped: Dropped) => void
  ) => Iterable<Uint8Array>
}

/** All formats. Clients without a preference get the first one. */
export const formats: readonly [ExpositionFormat, ...ReadonlyArray<ExpositionFormat>] = [
  {
    contentType: PrometheusFormat.contentType,
    matches: ({ parameters, type }) => type === "text/plain" && (parameters["version"] ?? "0.0.4") === "0.0.4",
    encode: (snapshot, onDropped) => PrometheusFormat.chunks(snapshot, { onDropped })
  },
  {
    contentType: OpenMetricsFormat.contentType,
    matches: ({ parameters, type }) =>
      type === "application/openmetrics-text" && (parameters["version"] ?? "1.0.0") === "1.0.0",
    encode: (snapshot, onDropped) => OpenMetricsFormat.chunks(snapshot, { onDropped })
  },
  {
    contentType: PrometheusProtobufFormat.contentType,
    matches: ({ parameters, type }) =>
      type === "application/vnd.google.protobuf" &&
      parameters["proto"] === "io.prometheus.client.MetricFamily" &&
      parameters["encoding"] === "delimited",
    encode: (snapshot, onDropped) => PrometheusProtobufFormat.chunks(snapshot, { onDropped })
  },
  {
    contentType: JsonFormat.contentType,
    matches: ({ type }) => type === "application/json",
    encode: (snapshot) => JsonFormat.chunks(snapshot)
  },
  {
    contentType: CsvFormat.contentType,
    matches: ({ type }) => type === "text/csv",
    encode: (snapshot) => CsvFormat.chunks(snapshot)
  }
]

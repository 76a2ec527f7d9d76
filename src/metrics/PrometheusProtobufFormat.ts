/**
 * Metrics in the Prometheus protobuf exposition format. Pure.
 *
 * **Details**
 *
 * This format has native histograms. Exponential histograms keep their resolution, and take a fraction of the bytes of
 * explicit buckets. Prometheus asks for this format if its feature `native-histograms` is on, or if `PrometheusProto`
 * is the first of its `scrape_protocols`.
 *
 * Histograms with explicit buckets do not change. If histograms of both kinds have the same name, all are written with
 * explicit buckets. Counters and histograms have their exemplars and start times. Prometheus keeps exemplars of native
 * histograms from version 2.51 on.
 *
 * @see https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto
 * @since 0.1.0
 */
import { ProtobufWriter } from "../encoding/ProtobufWriter.ts"
import * as MetricFamilyMessage from "./internal/exposition/MetricFamilyMessage.ts"
import * as PrometheusFamilies from "./internal/exposition/PrometheusFamilies.ts"
import * as PrometheusSeries from "./internal/exposition/PrometheusSeries.ts"
import * as SeriesList from "./internal/model/SeriesList.ts"
import type { MetricSnapshot } from "./MetricSnapshot.ts"

/**
 * Content type of the format: messages `MetricFamily`, each with its length in
 * front.
 *
 * @category constants
 * @since 0.1.0
 */
export const contentType =
  "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"

/** A chunk is handed out when it has so many bytes. */
const chunkBytes = 65_536
/** Most series need less, so a buffer rarely grows. */
const sparedBytes = 4096

/**
 * Options of an exposition.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Called for everything that is left out; does nothing by default. */
  readonly onDropped?: ((dropped: PrometheusFamilies.Dropped) => void) | undefined
}

/**
 * Gives the exposition of a snapshot. An empty snapshot gives no bytes.
 *
 * **Example** (One counter)
 *
 * ```ts
 * import * as PrometheusProtobufFormat from "tasker-telemetry/metrics/PrometheusProtobufFormat"
 *
 * const bytes = PrometheusProtobufFormat.encode({
 *   timeMillis: 1_000,
 *   metrics: [{
 *     type: "counter",
 *     name: "jobs_total",
 *     help: "Jobs done.",
 *     unit: undefined,
 *     attributes: ["kind"],
 *     series: [{ attributes: { kind: "mail" }, startMillis: 0, value: 3, exemplars: [] }]
 *   }]
 * })
 * ```
 *
 * @category encoding
 * @since 0.1.0
 */
export const encode = (snapshot: MetricSnapshot, options?: Options): Uint8Array<ArrayBuffer> => {
  const parts = Array.from(chunks(snapshot, options))
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0))
  let length = 0
  for (const part of parts) {
    whole.set(part, length)
    length += part.length
  }
  return whole
}

/**
 * Gives the exposition of a snapshot in chunks of about 64 KiB, each one made
 * when it is asked for.
 *
 * **Details**
 *
 * The length of a family comes before the family, so a large family is handed out
 * only when it is complete. Until then, empty chunks let a caller run other
 * fibers.
 *
 * @category encoding
 * @since 0.1.0
 */
export function* chunks(snapshot: MetricSnapshot, options?: Options): Generator<Uint8Array<ArrayBuffer>, void> {
  const onDropped = options?.onDropped ?? (() => {})
  const { dropped, families } = PrometheusFamilies.resolve(snapshot.metrics)
  for (const part of dropped) onDropped(part)
  const complete = new ProtobufWriter(chunkBytes + sparedBytes)
  const writer = new ProtobufWriter(chunkBytes + sparedBytes)
  for (const family of families) {
    const series = PrometheusSeries.distinct(family, onDropped)
    let step = series.next()
    while (step.done !== true) {
      yield nothing
      step = series.next()
    }
    const parts: Array<Uint8Array<ArrayBuffer>> = []
    let length = 0
    MetricFamilyMessage.writeHeader(writer, family)
    // The first series of a family decides for Prometheus which kind of histogram all series are.
    const isNative = step.value.every(({ type }) => type === "exponentialHistogram")
    for (const source of step.value) {
      const series = SeriesList.of(source)
      const write = MetricFamilyMessage.metricWriter(writer, family, source, isNative)
      for (let index = 0; index < series.length; index++) {
        write(series.at(index))
        if (writer.length < chunkBytes) continue
        length += writer.length
        parts.push(writer.take())
        yield nothing
      }
    }
    complete.varint(length + writer.length)
    if (parts.length > 0) {
      yield complete.take()
      yield* parts
    }
    complete.move(writer)
    if (complete.length >= chunkBytes) yield complete.take()
  }
  if (complete.length > 0) yield complete.take()
}

const nothing = new Uint8Array(0)

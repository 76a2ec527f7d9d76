/**
 * Metrics as JSON that reads back into the same snapshot. Pure.
 *
 * **Details**
 *
 * {@link Document} is the schema. The document is the whole snapshot: histograms
 * lose nothing, and names and attributes are not changed. Numbers that JSON does
 * not have are texts: `"NaN"`, `"Infinity"`, `"-Infinity"`. `-0` is the number
 * `-0`. `undefined` becomes `null`. Times are milliseconds since the epoch.
 * `time` repeats the time of the snapshot for people.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { encodeTexts } from "../encoding/Utf8Writer.ts"
import * as SeriesList from "./internal/model/SeriesList.ts"
import type { Exemplar, ExponentialBuckets, MetricData, MetricSnapshot, SeriesSnapshot } from "./MetricSnapshot.ts"

/**
 * Content type of the format.
 *
 * @category constants
 * @since 0.1.0
 */
export const contentType = "application/json; charset=utf-8"

/** A chunk is handed out when it has so many characters. */
const chunkLength = 65_536

const Texts = Schema.Record(Schema.String, Schema.String)
const Numbers = Schema.Array(Schema.Number)
const UndefinedOrNumber = Schema.UndefinedOr(Schema.Number)

const HistogramData = Schema.Struct({ counts: Numbers, count: Schema.Number, sum: Schema.Number })

const Buckets = Schema.Struct({ offset: Schema.Int, counts: Numbers })

const ExponentialHistogramData = Schema.Struct({
  scale: Schema.Int,
  zeroCount: Schema.Number,
  zeroThreshold: Schema.Number,
  positive: Buckets,
  negative: Buckets,
  count: Schema.Number,
  sum: Schema.Number,
  min: UndefinedOrNumber,
  max: UndefinedOrNumber
})

const SummaryData = Schema.Struct({
  quantiles: Schema.Array(Schema.Tuple([Schema.Number, Schema.Number])),
  count: Schema.Number,
  sum: Schema.Number
})

const ExemplarData = Schema.Struct({
  value: Schema.Number,
  timeMillis: Schema.Number,
  traceId: Schema.String,
  spanId: Schema.String
})

const header = {
  name: Schema.String,
  help: Schema.String,
  unit: Schema.UndefinedOr(Schema.String),
  attributes: Schema.Array(Schema.String)
}

const seriesOf = <Value extends Schema.Constraint>(value: Value) =>
  Schema.Array(Schema.Struct({
    attributes: Texts,
    startMillis: Schema.Number,
    value,
    exemplars: Schema.Array(ExemplarData)
  }))

const Family = Schema.Union([
  Schema.Struct({
    type: Schema.Literals(["counter", "upDownCounter", "gauge", "info"]),
    ...header,
    observed: Schema.optionalKey(Schema.Boolean),
    series: seriesOf(Schema.Number)
  }),
  Schema.Struct({ type: Schema.Literal("histogram"), ...header, buckets: Numbers, series: seriesOf(HistogramData) }),
  Schema.Struct({
    type: Schema.Literal("exponentialHistogram"),
    ...header,
    series: seriesOf(ExponentialHistogramData)
  }),
  Schema.Struct({ type: Schema.Literal("summary"), ...header, series: seriesOf(SummaryData) })
])

/**
 * The document. `format` and `version` name the schema, `resource` says where the
 * metrics come from, and the other fields are the snapshot.
 *
 * @category models
 * @since 0.1.0
 */
export interface Document extends Pick<MetricSnapshot, "timeMillis"> {
  readonly format: "tasker-telemetry/metrics"
  readonly version: 1
  /** `timeMillis` in ISO 8601. */
  readonly time?: string
  /** Attributes of the service, such as `service.name`. */
  readonly resource?: Readonly<Record<string, string>>
  /** The metrics of the snapshot. */
  readonly families: MetricSnapshot["metrics"]
}

/**
 * The schema of the document.
 *
 * **Details**
 *
 * `version` tells a reader of another version. Unknown fields are ignored.
 *
 * @see {@link decode} for the snapshot alone
 * @category schemas
 * @since 0.1.0
 */
export const Document: Schema.Codec<Document, Schema.Json> = Schema.toCodecJson(Schema.Struct({
  format: Schema.Literal("tasker-telemetry/metrics"),
  version: Schema.Literal(1),
  time: Schema.optionalKey(Schema.String),
  resource: Schema.optionalKey(Texts),
  timeMillis: Schema.Number,
  families: Schema.Array(Family)
}))

/**
 * Options of a document.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Attributes of the service, such as `service.name`; none by default. */
  readonly resource?: Readonly<Record<string, string>> | undefined
}

/**
 * Gives the document of a snapshot, without line breaks.
 *
 * **Example** (One counter)
 *
 * ```ts
 * import * as JsonFormat from "tasker-telemetry/metrics/JsonFormat"
 *
 * const text = JsonFormat.format({
 *   timeMillis: 1_767_225_600_000,
 *   metrics: [{
 *     type: "counter",
 *     name: "jobs_total",
 *     help: "Jobs done.",
 *     unit: undefined,
 *     attributes: ["kind"],
 *     series: [{ attributes: { kind: "mail" }, startMillis: 1_767_225_000_000, value: 3, exemplars: [] }]
 *   }]
 * })
 * ```
 *
 * @category encoding
 * @since 0.1.0
 */
export const format = (snapshot: MetricSnapshot, options?: Options): string =>
  Array.from(texts(snapshot, options)).join("")

/**
 * Gives the document of a snapshot as UTF-8 in chunks of about 64 Ki characters, each one made when it is asked for.
 *
 * @category encoding
 * @since 0.1.0
 */
export const chunks = (snapshot: MetricSnapshot, options?: Options): Iterable<Uint8Array<ArrayBuffer>> =>
  encodeTexts(texts(snapshot, options))

function* texts(snapshot: MetricSnapshot, options?: Options): Generator<string, void> {
  let text = start(snapshot, options)
  let familySeparator = ""
  for (const family of snapshot.metrics) {
    text += `${familySeparator}${familyStart(family)}`
    familySeparator = ","
    let seriesSeparator = ""
    const series = SeriesList.of(family)
    for (let index = 0; index < series.length; index++) {
      text += `${seriesSeparator}${encodeSeries(series.at(index))}`
      seriesSeparator = ","
      if (text.length < chunkLength) continue
      yield text
      text = ""
    }
    text += "]}"
  }
  yield `${text}]}`
}

/**
 * Reads the snapshot of a document.
 *
 * **Example** (Reading an export)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as JsonFormat from "tasker-telemetry/metrics/JsonFormat"
 * import * as MetricSnapshot from "tasker-telemetry/metrics/MetricSnapshot"
 *
 * const jobs = (text: string) =>
 *   Effect.map(
 *     JsonFormat.decode(text),
 *     (snapshot) => MetricSnapshot.valueOf(snapshot, "jobs_total", { kind: "mail" })
 *   )
 * ```
 *
 * @category decoding
 * @since 0.1.0
 */
export const decode = (text: string): Effect.Effect<MetricSnapshot, Schema.SchemaError> =>
  Effect.map(decodeDocument(text), ({ families, timeMillis }) => ({ timeMillis, metrics: families }))

const decodeDocument = Schema.decodeUnknownEffect(Schema.fromJsonString(Document))

const start = ({ timeMillis }: MetricSnapshot, options: Options | undefined): string => {
  const time = new Date(timeMillis)
  const shown = Number.isNaN(time.getTime()) ? "" : `"time":"${time.toISOString()}",`
  const resource = options?.resource === undefined ? "" : `"resource":${JSON.stringify(options.resource)},`
  return `{"format":"tasker-telemetry/metrics","version":1,${shown}"timeMillis":${number(timeMillis)},${resource}` +
    `"families":[`
}

const familyStart = (family: MetricData): string => {
  const { attributes, help, name, type, unit } = family
  // `JSON.stringify` would leave out a unit that is `undefined`.
  const observed = "observed" in family ? { observed: family.observed } : {}
  const header = JSON.stringify({ type, name, help, unit: unit ?? null, attributes, ...observed }).slice(0, -1)
  return `${header}${type === "histogram" ? `,"buckets":${numbers(family.buckets)}` : ""},"series":[`
}

const encodeSeries = ({ attributes, exemplars, startMillis, value }: SeriesSnapshot): string =>
  `{"attributes":${JSON.stringify(attributes)},"startMillis":${number(startMillis)},"value":${encodeValue(value)},` +
  `"exemplars":${exemplars.length === 0 ? "[]" : `[${exemplars.map(encodeExemplar).join(",")}]`}}`

const encodeExemplar = ({ spanId, timeMillis, traceId, value }: Exemplar): string =>
  `{"value":${number(value)},"timeMillis":${number(timeMillis)},"traceId":${JSON.stringify(traceId)},` +
  `"spanId":${JSON.stringify(spanId)}}`

const encodeValue = (value: SeriesSnapshot["value"]): string => {
  if (typeof value === "number") return number(value)
  const totals = `"count":${number(value.count)},"sum":${number(value.sum)}`
  if ("quantiles" in value) return `{"quantiles":[${value.quantiles.map(numbers).join(",")}],${totals}}`
  if ("counts" in value) return `{"counts":${numbers(value.counts)},${totals}}`
  return `{"scale":${value.scale},"zeroCount":${number(value.zeroCount)},` +
    `"zeroThreshold":${number(value.zeroThreshold)},"positive":${encodeBuckets(value.positive)},` +
    `"negative":${encodeBuckets(value.negative)},${totals},"min":${optional(value.min)},"max":${optional(value.max)}}`
}

const encodeBuckets = ({ counts, offset }: ExponentialBuckets): string =>
  `{"offset":${offset},"counts":${numbers(counts)}}`

const optional = (value: number | undefined): string => value === undefined ? "null" : number(value)

const numbers = (values: ReadonlyArray<number>): string =>
  values.every(isJson) ? JSON.stringify(values) : `[${values.map(number).join(",")}]`

const isJson = (value: number): boolean => Number.isFinite(value) && !Object.is(value, -0)

const number = (value: number): string => isJson(value) ? String(value) : value === 0 ? "-0" : `"${value}"`

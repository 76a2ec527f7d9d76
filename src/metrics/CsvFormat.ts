/**
 * Metrics as CSV (RFC 4180), one row for each sample. Pure.
 *
 * **Details**
 *
 * The columns are `timestamp` (of the snapshot, ISO 8601), `name`, `type`,
 * `unit`, `sample`, `value`, `le` and `quantile`. One column `attribute_<key>`
 * follows for each attribute of the snapshot, sorted. A number is one row. A
 * histogram has a row `<name>_bucket` for each bound in `le`, cumulative and with
 * `Infinity` last, and the rows `<name>_sum` and `<name>_count`. An exponential
 * histogram has the bounds of the buckets that it has used. A summary has a row
 * `<name>` for each `quantile`, then `<name>_sum` and `<name>_count`. Numbers are
 * written as in JavaScript: `NaN`, `Infinity`, `-Infinity`, `-0`.
 *
 * A cell with a comma, a quote or a line break is quoted. Lone surrogates, which
 * UTF-8 cannot express, become U+FFFD.
 *
 * Attributes may come from strangers, and a spreadsheet runs a text that looks
 * like a formula. So a text that starts with `=`, `+`, `-`, `@` (or a full-width
 * form of these), a tab, a line break or `'` gets a leading `'`. A program
 * removes one leading `'`, or asks for `formulas: "keep"`.
 *
 * **Gotchas**
 *
 * Start times and exemplars are left out; `JsonFormat` has everything.
 *
 * `effect/encoding/Csv` is not used, because it writes each cell by itself. Here
 * most cells are the same in successive rows. It took several times as long.
 *
 * @see https://www.rfc-editor.org/rfc/rfc4180
 * @see https://owasp.org/www-community/attacks/CSV_Injection
 * @since 0.1.0
 */
import { encodeTexts } from "../encoding/Utf8Writer.ts"
import * as CumulativeBuckets from "./internal/exposition/CumulativeBuckets.ts"
import * as SeriesList from "./internal/model/SeriesList.ts"
import type { MetricData, MetricSnapshot, SeriesSnapshot } from "./MetricSnapshot.ts"

/**
 * Content type of the format.
 *
 * @category constants
 * @since 0.1.0
 */
export const contentType = "text/csv; charset=utf-8; header=present"

/** A chunk is handed out when it has so many characters. */
const chunkLength = 65_536

const newline = "\r\n"

/**
 * Options of the format.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /**
   * `columns`: a column for each key. `json`: one column `attributes` with a JSON
   * object, so that the columns do not depend on the metrics. `columns` by
   * default.
   */
  readonly attributes?: "columns" | "json" | undefined
  /** Whether a text that a spreadsheet would run gets a leading `'`; `escape` by default. */
  readonly formulas?: "escape" | "keep" | undefined
}

/**
 * Gives the header and the rows of a snapshot, each with a line break at its end.
 *
 * **Example** (One counter)
 *
 * ```ts
 * import * as CsvFormat from "tasker-telemetry/metrics/CsvFormat"
 *
 * CsvFormat.format({
 *   timeMillis: 1_767_225_600_000,
 *   metrics: [{
 *     type: "counter",
 *     name: "jobs_total",
 *     help: "Jobs done.",
 *     unit: undefined,
 *     attributes: ["kind"],
 *     series: [{ attributes: { kind: "mail" }, startMillis: 0, value: 3, exemplars: [] }]
 *   }]
 * })
 * // timestamp,name,type,unit,sample,value,le,quantile,attribute_kind
 * // 2026-01-01T00:00:00.000Z,jobs_total,counter,,jobs_total,3,,,mail
 * ```
 *
 * @category encoding
 * @since 0.1.0
 */
export const format = (snapshot: MetricSnapshot, options?: Options): string =>
  Array.from(texts(snapshot, options)).join("")

/**
 * Gives the same as UTF-8 in chunks of about 64 Ki characters, each one made when
 * it is asked for.
 *
 * @category encoding
 * @since 0.1.0
 */
export const chunks = (snapshot: MetricSnapshot, options?: Options): Iterable<Uint8Array<ArrayBuffer>> =>
  encodeTexts(texts(snapshot, options))

function* texts(snapshot: MetricSnapshot, options?: Options): Generator<string, void> {
  const cell = options?.formulas === "keep" ? quoted : guarded
  const attributes = options?.attributes === "json" ? json : columns(keysOf(snapshot))
  const time = new Date(snapshot.timeMillis)
  const timestamp = Number.isNaN(time.getTime()) ? String(snapshot.timeMillis) : time.toISOString()
  let text = `timestamp,name,type,unit,sample,value,le,quantile${attributes.header(cell)}${newline}`
  for (const metric of snapshot.metrics) {
    const shared = `${timestamp},${cell(metric.name)},${metric.type},${cell(metric.unit ?? "")},`
    const startOf = (suffix: string) => `${shared}${cell(metric.name + suffix)},`
    const starts = { plain: startOf(""), bucket: startOf("_bucket"), sum: startOf("_sum"), count: startOf("_count") }
    const series = SeriesList.of(metric)
    for (let index = 0; index < series.length; index++) {
      const { attributes: own, value } = series.at(index)
      text += rows(metric, value, starts, attributes.cells(own, cell))
      if (text.length < chunkLength) continue
      yield text
      text = ""
    }
  }
  if (text !== "") yield text
}

/** The cells of a row before its value, by the kind of the sample. */
interface Starts {
  readonly plain: string
  readonly bucket: string
  readonly sum: string
  readonly count: string
}

const rows = (metric: MetricData, value: SeriesSnapshot["value"], starts: Starts, end: string): string => {
  if (typeof value === "number") return row(starts.plain, value, "", "", end)
  const { count, sum } = value
  if ("quantiles" in value) {
    const ofQuantile = ([quantile, estimate]: readonly [number, number]) =>
      row(starts.plain, estimate, "", number(quantile), end)
    return value.quantiles.map(ofQuantile).join("") + totals(starts, sum, count, end)
  }
  const { bounds, counts } = "scale" in value
    ? CumulativeBuckets.make(value)
    : { bounds: metric.type === "histogram" ? metric.buckets : [], counts: cumulated(value.counts) }
  return buckets(bounds, counts, count, starts, end) + totals(starts, sum, count, end)
}

const cumulated = (counts: ReadonlyArray<number>): ReadonlyArray<number> => {
  let total = 0
  return counts.map((count) => total += count)
}

const buckets = (
  bounds: ReadonlyArray<number>,
  cumulative: ReadonlyArray<number>,
  count: number,
  { bucket }: Starts,
  end: string
): string => {
  let text = ""
  for (let index = 0; index < bounds.length; index++) {
    text += row(bucket, cumulative[index] as number, number(bounds[index] as number), "", end)
  }
  return text + row(bucket, count, "Infinity", "", end)
}

const totals = (starts: Starts, sum: number, count: number, end: string): string =>
  row(starts.sum, sum, "", "", end) + row(starts.count, count, "", "", end)

const row = (start: string, value: number, le: string, quantile: string, end: string): string =>
  `${start}${number(value)},${le},${quantile}${end}${newline}`

const number = (value: number): string => value === 0 && Object.is(value, -0) ? "-0" : String(value)

type Cell = (text: string) => string

type Attributes = SeriesSnapshot["attributes"]

/** Writes the attributes: what is appended to the header, and to the rows of a series. */
interface AttributeCells {
  readonly header: (cell: Cell) => string
  readonly cells: (attributes: Attributes, cell: Cell) => string
}

const json: AttributeCells = {
  header: () => ",attributes",
  cells: (attributes, cell) => {
    const entries = Object.entries(attributes).toSorted(([a], [b]) => a < b ? -1 : 1)
    return `,${cell(JSON.stringify(Object.fromEntries(entries)))}`
  }
}

const columns = (keys: ReadonlyArray<string>): AttributeCells => ({
  // A key with a lone surrogate is escaped, so that its column keeps a unique name.
  header: (cell) =>
    keys.map((key) => `,${cell(`attribute_${key.isWellFormed() ? key : JSON.stringify(key)}`)}`).join(""),
  cells: (attributes, cell) => {
    let text = ""
    for (const key of keys) text += Object.hasOwn(attributes, key) ? `,${cell(attributes[key] as string)}` : ","
    return text
  }
})

/** All series of a metric have its keys, except the overflow series, which is the last. */
const keysOf = ({ metrics }: MetricSnapshot): ReadonlyArray<string> => {
  const keys = new Set<string>()
  for (const metric of metrics) {
    for (const key of metric.attributes) keys.add(key)
    const series = SeriesList.of(metric)
    const first = metric.attributes.length === 0 ? 0 : Math.max(series.length - 1, 0)
    for (let index = first; index < series.length; index++) {
      for (const key of Object.keys(series.attributesAt(index))) keys.add(key)
    }
  }
  return [...keys].toSorted()
}

/** A leading byte order mark is quoted, because readers would remove it. */
const special = /[",\r\n\ud800-\udfff]|^\ufeff/
const formula = /^[=+\-@\uff1d\uff0b\uff0d\uff20\t\r\n']/

const quoted: Cell = (text) => special.test(text) ? `"${text.toWellFormed().replaceAll("\"", "\"\"")}"` : text

const guarded: Cell = (text) => quoted(formula.test(text) ? `'${text}` : text)

/**
 * Makes valid Prometheus names for metrics, labels and units of any name. Pure.
 *
 * **Details**
 *
 * Metrics of Effect's own `Metric` may have any name and any attributes. The rules are from OpenTelemetry's document on
 * compatibility with Prometheus.
 *
 * @see https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/
 */

/** Makes a metric name of any text: `[a-zA-Z_:][a-zA-Z0-9_:]*`, without two `_` in a row. */
export const metricName = (text: string): string =>
  validMetricName.test(text) && !text.includes("__") ? text : startValid(text.replace(/[^a-zA-Z0-9:]+/g, "_"))

/** Makes a label name of any text: `[a-zA-Z_][a-zA-Z0-9_]*`, without two `_` in a row. */
export const labelName = (text: string): string =>
  validLabelName.test(text) && !text.includes("__") ? text : startValid(text.replace(/[^a-zA-Z0-9]+/g, "_"))

const validMetricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const validLabelName = /^[a-zA-Z_][a-zA-Z0-9_]*$/

/** A name does not start with a digit and is not empty. */
const startValid = (name: string): string => name === "" || /^[0-9]/.test(name) ? `_${name}` : name

/**
 * Makes a Prometheus unit of a word or a UCUM symbol: `seconds` of `s`, `bytes`
 * of `By`, `meters_per_second` of `m/s`, `ratio` of `1`. A text in braces is a
 * count, not a unit.
 */
export const unitName = (unit: string): string | undefined => {
  const [amount = "", ...per] = unit.replace(/\{[^}]*\}/g, "").split("/")
  const words = [wordOf(unitWords, amount)]
  for (const part of per) words.push("per", wordOf(perWords, part))
  const name = labelName(words.join("_")).replace(/^_|_$/g, "")
  return name === "" ? undefined : name
}

const wordOf = (words: Readonly<Record<string, string>>, symbol: string): string =>
  Object.hasOwn(words, symbol) ? words[symbol] as string : symbol

const unitWords: Readonly<Record<string, string>> = {
  "1": "ratio",
  "%": "percent",
  d: "days",
  h: "hours",
  min: "minutes",
  s: "seconds",
  ms: "milliseconds",
  us: "microseconds",
  ns: "nanoseconds",
  By: "bytes",
  KiBy: "kibibytes",
  MiBy: "mebibytes",
  GiBy: "gibibytes",
  TiBy: "tibibytes",
  kBy: "kilobytes",
  MBy: "megabytes",
  GBy: "gigabytes",
  TBy: "terabytes",
  m: "meters",
  g: "grams",
  V: "volts",
  A: "amperes",
  J: "joules",
  W: "watts",
  Hz: "hertz",
  Cel: "celsius"
}

const perWords = { ...unitWords, d: "day", h: "hour", min: "minute", s: "second" }

/**
 * A strict parser of the OpenMetrics text format 1.0, written from its specification and independent of our formatter.
 *
 * What the specification says exposers should do, it demands, but for names that start with an underscore.
 *
 * @see https://prometheus.io/docs/specs/om/open_metrics_spec/
 */

export interface Exemplar {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  readonly timestamp: number | undefined
}

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  readonly exemplar: Exemplar | undefined
}

export interface Family {
  readonly name: string
  readonly type: string
  /** Empty where there is none. */
  readonly unit: string
  /** Empty where there is none. */
  readonly help: string
  readonly samples: ReadonlyArray<Sample>
}

/** What the samples of each type have behind the name of their family. */
const suffixes: Readonly<Record<string, ReadonlyArray<string>>> = {
  counter: ["_total", "_created"],
  gauge: [""],
  histogram: ["_bucket", "_count", "_sum", "_created"],
  gaugehistogram: ["_bucket", "_gcount", "_gsum"],
  info: ["_info"],
  stateset: [""],
  summary: ["", "_count", "_sum", "_created"],
  unknown: [""]
}

/** Reads a line from left to right. */
class Line {
  readonly text: string
  readonly row: number
  #at = 0

  constructor(text: string, row: number) {
    this.text = text
    this.row = row
  }

  refuse(rule: string): never {
    throw new Error(`line ${this.row}, column ${this.#at + 1}: ${rule}: ${this.text}`)
  }

  /** The text of a token, or a refusal. */
  take(pattern: RegExp, what: string): string {
    return this.takeIf(pattern) ?? this.refuse(`no ${what}`)
  }

  takeIf(pattern: RegExp): string | undefined {
    const sticky = new RegExp(pattern.source, "uy")
    sticky.lastIndex = this.#at
    const found = sticky.exec(this.text)?.[0]
    if (found !== undefined) this.#at += found.length
    return found
  }

  end(): void {
    if (this.#at < this.text.length) this.refuse("unexpected text")
  }
}

const metricName = /[a-zA-Z_:][a-zA-Z0-9_:]*/
const labelName = /[a-zA-Z_][a-zA-Z0-9_]*/
const escapedText = /(?:[^\n"\\]|\\[n"\\])*/
const realNumber = /[+-]?(?:\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\d*\.\d+(?:[eE][+-]?\d+)?)/
const number = new RegExp(`${realNumber.source}|[+-]?[iI][nN][fF](?:[iI][nN][iI][tT][yY])?|[nN][aA][nN]`)
const canonical = /^-?(?:\d{1,6}\.\d+|\d(?:\.\d+)?e[+-]\d{2,3})$/

const numberOf = (text: string): number => {
  const lower = text.toLowerCase()
  if (lower === "nan") return Number.NaN
  return lower.includes("inf") ? (lower.startsWith("-") ? -Infinity : Infinity) : Number(lower)
}

const unescape = (text: string): string =>
  text.replace(/\\([n"\\])/g, (_, character: string) => (character === "n" ? "\n" : character))

const takeLabels = (line: Line): Readonly<Record<string, string>> => {
  const labels: Record<string, string> = {}
  line.take(/\{/, "opening brace")
  if (line.takeIf(/\}/) !== undefined) return labels
  do {
    const name = line.take(labelName, "label name")
    line.take(/="/, "label value")
    if (Object.hasOwn(labels, name)) line.refuse("same label twice")
    labels[name] = unescape(line.take(escapedText, "label value"))
    line.take(/"/, "closing quote")
  } while (line.takeIf(/,/) !== undefined)
  line.take(/\}/, "closing brace")
  return labels
}

const takeSample = (line: Line): Sample => {
  const name = line.take(metricName, "metric name")
  const labels = /^[a-zA-Z0-9_:]*\{/.test(line.text) ? takeLabels(line) : {}
  line.take(/ /, "space")
  const value = numberOf(line.take(number, "number"))
  let exemplar: Exemplar | undefined
  if (line.takeIf(/ # /) !== undefined) {
    const exemplarLabels = takeLabels(line)
    line.take(/ /, "space")
    const exemplarValue = numberOf(line.take(number, "number"))
    const timestamp = line.takeIf(/ /) === undefined ? undefined : Number(line.take(realNumber, "timestamp"))
    exemplar = { labels: exemplarLabels, value: exemplarValue, timestamp }
    const length = Array.from(Object.entries(exemplarLabels).flat().join("")).length
    if (length > 128) line.refuse(`${length} characters in the labels of an exemplar`)
  }
  line.end()
  return { name, labels, value, exemplar }
}

type Builder = { -readonly [K in keyof Family]: Family[K] } & {
  samples: Array<Sample>
  readonly metadata: Array<string>
}

/** The families of an exposition; throws an `Error` with the line at the first violation. */
export const parse = (text: string): ReadonlyArray<Family> => {
  if (!text.isWellFormed()) throw new Error("not UTF-8")
  if (text.startsWith("\ufeff")) throw new Error("a byte order mark")
  if (!text.endsWith("# EOF\n")) throw new Error("the last line is not # EOF")
  const families = new Map<string, Builder>()
  const claimed = new Set<string>()
  const seen = new Set<string>()
  let family: Builder | undefined
  for (const [at, content] of text.slice(0, -"# EOF\n".length).split("\n").slice(0, -1).entries()) {
    const line = new Line(content, at + 1)
    if (content === "") line.refuse("blank line")
    if (content.endsWith("\r")) line.refuse("carriage return at the end of the line")
    if (content.startsWith("#")) {
      line.take(/# /, "space")
      const kind = line.take(/TYPE|UNIT|HELP/, "kind of metadata")
      line.take(/ /, "space")
      const name = line.take(metricName, "metric name")
      line.take(/ /, "space")
      if (family?.name !== name) {
        if (families.has(name)) line.refuse("family in two places")
        family = { name, type: "unknown", unit: "", help: "", samples: [], metadata: [] }
        families.set(name, family)
      }
      if (family.samples.length > 0) line.refuse("metadata after samples")
      const order = ["TYPE", "UNIT", "HELP"]
      if (order.indexOf(kind) <= order.indexOf(family.metadata.at(-1) ?? "")) line.refuse("order of metadata")
      family.metadata.push(kind)
      if (kind === "HELP") family.help = unescape(line.take(/(?!$)(?:[^\n"\\]|\\[n"\\])*/, "help"))
      if (kind === "UNIT") {
        family.unit = line.take(/[a-zA-Z0-9_:]+/, "unit")
        if (!name.endsWith(`_${family.unit}`)) line.refuse("unit is no suffix of the name")
        if (family.type === "info" || family.type === "stateset") line.refuse("unit of an info")
      }
      if (kind === "TYPE") {
        family.type = line.take(/[a-z]+/, "type")
        const claims = new Set(["", ...suffixes[family.type] ?? line.refuse("unknown type")])
        for (const claim of claims) {
          if (claimed.has(name + claim)) line.refuse(`${name}${claim} clashes with another family`)
          claimed.add(name + claim)
        }
      }
      line.end()
      continue
    }
    const owner: Builder = family ?? line.refuse("sample without family")
    if (!owner.metadata.includes("TYPE")) line.refuse("no type")
    const sample = takeSample(line)
    checkSample(owner, sample, line)
    const key = `${sample.name} ${identity(sample.labels)}`
    if (seen.has(key)) line.refuse("same sample twice")
    seen.add(key)
    owner.samples.push(sample)
  }
  for (const built of families.values()) checkFamily(built)
  return Array.from(families.values(), ({ metadata: _, ...rest }) => rest)
}

/** An empty label is no label, and order does not count. */
const identity = (labels: Readonly<Record<string, string>>, ...without: ReadonlyArray<string>): string =>
  JSON.stringify(
    Object.entries(labels)
      .filter(([name, value]) => value !== "" && !without.includes(name))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
  )

const checkSample = (family: Family, { exemplar, labels, name, value }: Sample, line: Line) => {
  const suffix = name.slice(family.name.length)
  if (!name.startsWith(family.name) || suffixes[family.type]?.includes(suffix) !== true) {
    line.refuse(`does not belong to ${family.type} ${family.name}`)
  }
  const isBucket = suffix === "_bucket"
  if (family.type === "histogram" && (labels["le"] !== undefined) !== isBucket) line.refuse("le")
  if (family.type === "summary" && (labels["quantile"] !== undefined) !== (suffix === "")) line.refuse("quantile")
  for (
    const text of [isBucket ? labels["le"] : undefined, family.type === "summary" ? labels["quantile"] : undefined]
  ) {
    if (text !== undefined && text !== "+Inf" && !canonical.test(text)) line.refuse(`${text} is not canonical`)
  }
  if (exemplar !== undefined && suffix !== "_total" && !isBucket) line.refuse("exemplar")
  if (suffix === "_created" ? !Number.isFinite(value) : suffix !== "" && !(value >= 0)) line.refuse("value")
  if ((isBucket || suffix === "_count") && !/ \d+(?: #.*)?$/s.test(line.text)) line.refuse("no integer")
  if (family.type === "info" && value !== 1) line.refuse("value of an info")
  if (family.type === "summary" && suffix !== "_created" && value < 0) line.refuse("negative value of a summary")
}

const checkFamily = (family: Family) => {
  const reserved = family.type === "histogram" ? "le" : family.type === "summary" ? "quantile" : ""
  const metrics = new Map<string, Array<Sample>>()
  let last = ""
  for (const sample of family.samples) {
    const key = identity(sample.labels, reserved)
    if (key !== last && metrics.has(key)) throw new Error(`metrics of ${family.name} are interleaved`)
    last = key
    metrics.set(key, [...metrics.get(key) ?? [], sample])
  }
  for (const [key, samples] of metrics) {
    const of = (suffix: string) => samples.filter(({ name }) => name === family.name + suffix)
    const refuse = (rule: string): never => {
      throw new Error(`${family.type} ${family.name} ${key}: ${rule}`)
    }
    if (family.type === "counter" && of("_total").length !== 1) refuse("no total")
    if (family.type === "summary") {
      const quantiles = of("").map(({ labels }) => Number(labels["quantile"]))
      if (quantiles.some((quantile) => !(quantile >= 0 && quantile <= 1))) refuse("quantiles")
    }
    if (family.type === "histogram") checkBuckets(of("_bucket"), of("_count"), of("_sum"), refuse)
  }
}

const checkBuckets = (
  buckets: ReadonlyArray<Sample>,
  counts: ReadonlyArray<Sample>,
  sums: ReadonlyArray<Sample>,
  refuse: (rule: string) => never
) => {
  const bounds = buckets.map(({ labels }) => numberOf(labels["le"] ?? "NaN"))
  let lowest = -Infinity
  let total = 0
  for (const [at, { exemplar, value }] of buckets.entries()) {
    const bound = bounds[at]!
    if (at > 0 && !(bound > lowest)) refuse("bounds do not ascend")
    if (!(value >= total)) refuse("buckets are not cumulative")
    const isWithin = exemplar === undefined || (exemplar.value <= bound && (at === 0 || exemplar.value > lowest))
    if (!isWithin) refuse("exemplar in a bucket that is not its own")
    lowest = bound
    total = value
  }
  if (lowest !== Infinity) refuse("no bucket +Inf")
  if (counts.length !== sums.length) refuse("count without sum")
  if (counts.length > 0 && counts[0]?.value !== total) refuse("count is not that of +Inf")
  if (sums.length > 0 && bounds.some((bound) => bound < 0)) refuse("sum of a histogram with negative bounds")
}

/**
 * Reads the metrics of a service in the text format of Prometheus, and checks them as `promtool check metrics` does.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */

/** A sample: one number of one series. */
export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** A metric as the service exposes it. */
export interface ExposedMetric {
  readonly name: string
  readonly type: string
  readonly help: string | undefined
}

/** What an exposition says, and what is wrong with it. */
export interface Exposition {
  readonly metrics: ReadonlyArray<ExposedMetric>
  readonly samples: ReadonlyArray<Sample>
  /** One sentence for each mistake. */
  readonly problems: ReadonlyArray<string>
}

const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? ([^ ]+)(?: -?\d+)?$/
const labelPart = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"(?:,|$)/gy

/** Reads a number, with `+Inf` as Prometheus writes it. */
export const numberOf = (text: string): number =>
  /^[+-]?Inf$/.test(text) ? Number(text.replace("Inf", "Infinity")) : Number(text)

const escapes: Readonly<Record<string, string>> = { n: "\n", "\\": "\\", "\"": "\"" }

const labelsOf = (text: string | undefined): Readonly<Record<string, string>> | undefined => {
  if (text === undefined || text === "") return {}
  const parts = [...text.matchAll(labelPart)]
  return parts.map(([part]) => part).join("") === text
    ? Object.fromEntries(
      parts.map((
        [, name = "", value = ""]
      ) => [name, value.replaceAll(/\\(.)/g, (_, sign: string) => escapes[sign] ?? sign)])
    )
    : undefined
}

/** Reads an exposition. A line that cannot be read is a problem, and the others are read all the same. */
export const read = (text: string): Exposition => {
  const metrics = new Map<string, { name: string; type: string; help: string | undefined }>()
  const samples: Array<Sample> = []
  const problems: Array<string> = []
  const metricOf = (name: string) => {
    const known = metrics.get(name) ?? { name, type: "untyped", help: undefined }
    metrics.set(name, known)
    return known
  }
  for (const [index, line] of text.split("\n").entries()) {
    if (line === "") continue
    const [, kind, name = "", rest = ""] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? []
    if (kind === "HELP") metricOf(name).help = rest
    else if (kind === "TYPE") metricOf(name).type = rest
    else if (!line.startsWith("#")) {
      const [, name = "", given, number = ""] = sampleLine.exec(line) ?? []
      const labels = labelsOf(given)
      const value = numberOf(number)
      if (name === "" || labels === undefined || Number.isNaN(value) && number !== "NaN") {
        problems.push(`line ${index + 1} cannot be read: ${line.slice(0, 80)}`)
      } else samples.push({ name, labels, value })
    }
  }
  if (text !== "" && !text.endsWith("\n")) problems.push("the last line has no line feed")
  const all = [...metrics.values()]
  return { metrics: all, samples, problems: [...problems, ...lint(all, samples)] }
}

/** The metric that a sample belongs to. */
export const metricNameOf = (sample: string, metrics: ReadonlyMap<string, ExposedMetric>): string => {
  if (metrics.has(sample)) return sample
  const base = sample.replace(/_(bucket|sum|count)$/, "")
  return metrics.has(base) ? base : sample
}

/**
 * Texts that say the same for equal series. Bounds of buckets are compared as numbers: `1` is `1.0`. A label without a
 * value is no label.
 */
export const seriesKey = (name: string, labels: Readonly<Record<string, string>>): string =>
  `${name}{${
    Object.keys(labels).filter((key) => labels[key] !== "").toSorted().map((key) =>
      `${key}=${key === "le" ? numberOf(labels[key] ?? "") : labels[key]}`
    ).join("\u0000")
  }}`

const wrongUnits =
  /_(?:milliseconds|ms|micros(?:econds)?|nanos(?:econds)?|minutes|hours|kilobytes|kb|mb|megabytes|percent)(?:_|$)/

const lint = (metrics: ReadonlyArray<ExposedMetric>, samples: ReadonlyArray<Sample>): ReadonlyArray<string> => {
  const byName = new Map(metrics.map((metric) => [metric.name, metric]))
  const samplesOf = Map.groupBy(samples, ({ name }) => name)
  const seen = new Set<string>()
  const twice = samples.map(({ labels, name }) => seriesKey(name, labels)).filter((key) =>
    seen.size === seen.add(key).size
  )
  return [
    ...metrics.flatMap(({ help, name, type }) => [
      ...(help === undefined || help === "" ? [`${name} has no help`] : []),
      ...(type === "counter" && !name.endsWith("_total") ? [`${name} is a counter without _total`] : []),
      ...(type !== "counter" && type !== "untyped" && name.endsWith("_total")
        ? [`${name} has _total and is a ${type}`]
        : []),
      ...(wrongUnits.test(name) ? [`${name} has no base unit`] : []),
      ...(/[A-Z]/.test(name) ? [`${name} has upper-case letters`] : [])
    ]),
    ...[...new Set(samples.map(({ name }) => metricNameOf(name, byName)))].filter((name) => !byName.has(name)).map((
      name
    ) => `${name} has no type`),
    ...twice.map((key) => `${key.replaceAll("\u0000", ",")} is there twice`),
    ...metrics.filter(({ type }) => type === "histogram").flatMap(({ name }) => lintHistogram(name, samplesOf))
  ]
}

const lintHistogram = (
  name: string,
  samplesOf: ReadonlyMap<string, ReadonlyArray<Sample>>
): ReadonlyArray<string> => {
  const counts = new Map(
    (samplesOf.get(`${name}_count`) ?? []).map(({ labels, value }) => [seriesKey("", labels), value])
  )
  const buckets = Map.groupBy(samplesOf.get(`${name}_bucket`) ?? [], ({ labels }) => {
    const { le: _, ...rest } = labels
    return seriesKey("", rest)
  })
  return [...buckets].flatMap(([key, series]) => {
    const sorted = series.toSorted((left, right) =>
      numberOf(left.labels["le"] ?? "") - numberOf(right.labels["le"] ?? "")
    )
    const falls = sorted.some(({ value }, index) => index > 0 && value < (sorted[index - 1]?.value ?? 0))
    const last = sorted.at(-1)
    return [
      ...(falls ? [`buckets of ${name} fall`] : []),
      ...(last?.labels["le"] === "+Inf" ? [] : [`${name} has no bucket +Inf`]),
      ...(last?.value === counts.get(key) ? [] : [`the bucket +Inf of ${name} is not its count`])
    ]
  })
}

/** The sum of a counter over its series with the given labels; 0 without any. */
export const sumOf = (
  samples: ReadonlyArray<Sample>,
  name: string,
  labels: Readonly<Record<string, string>> = {}
): number =>
  samples.reduce(
    (sum, sample) =>
      sample.name === name && Object.entries(labels).every(([key, value]) => sample.labels[key] === value)
        ? sum + sample.value
        : sum,
    0
  )

/**
 * A strict parser of the Prometheus text format 0.0.4, written from its description and independent of our formatter.
 *
 * Stricter than Prometheus where it would be confused later: every family has a type, all its samples stand together,
 * no two series differ in empty labels only, histograms and summaries are complete and consistent.
 *
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */

export interface Sample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

export interface Family {
  readonly name: string
  /** Empty where there is no help. */
  readonly help: string
  readonly type: string
  readonly samples: ReadonlyArray<Sample>
}

type Refuse = (rule: string) => never

/** What the samples of each type may have behind the name of their family. */
const suffixes: Readonly<Record<string, ReadonlyArray<string>>> = {
  counter: [""],
  gauge: [""],
  untyped: [""],
  histogram: ["_bucket", "_sum", "_count"],
  summary: ["", "_sum", "_count"]
}

const namePattern = /^[a-zA-Z_:][a-zA-Z0-9_:]*/
const labelPattern = /^[a-zA-Z_][a-zA-Z0-9_]*/

/** The families of an exposition; throws an `Error` with the line at the first violation. */
export const parse = (text: string): ReadonlyArray<Family> => {
  if (text === "") return []
  if (!text.isWellFormed()) throw new Error("not UTF-8")
  if (!text.endsWith("\n")) throw new Error("the last line has no line feed")
  const families = new Map<string, Family & { samples: Array<Sample> }>()
  const sampleNames = new Set<string>()
  const seen = new Set<string>()
  let family: (Family & { samples: Array<Sample> }) | undefined
  let help: { readonly name: string; readonly text: string } | undefined
  for (const [at, line] of text.slice(0, -1).split("\n").entries()) {
    const refuse: Refuse = (rule) => {
      throw new Error(`line ${at + 1}: ${rule}: ${line}`)
    }
    if (line.endsWith("\r")) refuse("carriage return at the end of the line")
    if (line.startsWith("# HELP ")) {
      const name = namePattern.exec(line.slice(7))?.[0] ?? refuse("no name")
      if (line[7 + name.length] !== " " || line.length === 8 + name.length) refuse("no help")
      if (help !== undefined) refuse("help without type")
      help = { name, text: unescape(line.slice(8 + name.length), false, refuse) }
      continue
    }
    if (line.startsWith("# TYPE ")) {
      const [, name = "", type = ""] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? refuse("malformed type")
      if (namePattern.exec(name)?.[0] !== name) refuse("no name")
      if (help !== undefined && help.name !== name) refuse("help of another family")
      if (families.has(name)) refuse("second family of this name")
      for (const suffix of suffixes[type] ?? refuse("unknown type")) {
        if (sampleNames.has(name + suffix)) refuse(`${name}${suffix} belongs to two families`)
        sampleNames.add(name + suffix)
      }
      if (sampleNames.has(name) && !suffixes[type]?.includes("")) refuse("name of a sample")
      family = { name, type, help: help?.text ?? "", samples: [] }
      families.set(name, family)
      help = undefined
      continue
    }
    if (help !== undefined) refuse("help without type")
    const owner = family ?? refuse("sample without family")
    const sample = parseSample(line, refuse)
    if (!belongs(owner, sample)) refuse(`does not belong to ${owner.type} ${owner.name}`)
    const key = `${sample.name} ${identity(sample.labels)}`
    if (seen.has(key)) refuse("same sample twice")
    seen.add(key)
    owner.samples.push(sample)
  }
  if (help !== undefined) throw new Error("help without type")
  for (const found of families.values()) {
    if (found.type === "histogram") checkHistogram(found)
    if (found.type === "summary") checkSummary(found)
  }
  return [...families.values()]
}

/** An empty label is no label, and order does not count. */
const identity = (labels: Readonly<Record<string, string>>, ...without: ReadonlyArray<string>) =>
  JSON.stringify(
    Object.entries(labels)
      .filter(([name, value]) => value !== "" && !without.includes(name))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
  )

const belongs = (family: Family, { labels, name }: Sample) => {
  const suffix = name.slice(family.name.length)
  if (!name.startsWith(family.name) || suffixes[family.type]?.includes(suffix) !== true) return false
  if (family.type === "histogram") return (labels["le"] !== undefined) === (suffix === "_bucket")
  return family.type !== "summary" || (labels["quantile"] !== undefined) === (suffix === "")
}

const parseSample = (line: string, refuse: Refuse): Sample => {
  const name = namePattern.exec(line)?.[0] ?? refuse("no name")
  let rest = line.slice(name.length)
  const labels: Record<string, string> = {}
  if (rest.startsWith("{")) {
    rest = rest.slice(1)
    for (;;) {
      const label = labelPattern.exec(rest)?.[0] ?? refuse("no label name")
      const quoted = /^="((?:[^"\\\n]|\\.)*)"/.exec(rest.slice(label.length)) ?? refuse("no label value")
      if (Object.hasOwn(labels, label)) refuse("same label twice")
      labels[label] = unescape(quoted[1]!, true, refuse)
      rest = rest.slice(label.length + quoted[0].length)
      if (rest.startsWith("}")) break
      if (!rest.startsWith(",")) refuse("no comma")
      rest = rest.slice(1)
    }
    rest = rest.slice(1)
  }
  if (!/^ \S+$/.test(rest)) refuse("no value")
  return { name, labels, value: parseNumber(rest.slice(1), refuse) }
}

const parseNumber = (text: string, refuse: Refuse): number => {
  if (text === "+Inf") return Infinity
  if (text === "-Inf") return -Infinity
  if (text === "NaN") return Number.NaN
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/.test(text) ? Number(text) : refuse("no number")
}

const unescape = (text: string, quotes: boolean, refuse: Refuse): string =>
  text.replace(/\\(.?)/gs, (_, character: string) =>
    character === "n"
      ? "\n"
      : character === "\\" || (quotes && character === "\"")
      ? character
      : refuse(`unknown escape \\${character}`))

/** The samples of each series of a family; those of one series stand together. */
const seriesOf = (family: Family, ...without: ReadonlyArray<string>) => {
  const series = new Map<string, Array<Sample>>()
  let last = ""
  for (const sample of family.samples) {
    const key = identity(sample.labels, ...without)
    if (key !== last && series.has(key)) throw new Error(`samples of ${family.name} ${key} do not stand together`)
    last = key
    series.set(key, [...series.get(key) ?? [], sample])
  }
  return series
}

const numberOf = (text: string | undefined): number => parseNumber(text ?? "", () => Number.NaN as never)

const isAscending = (values: ReadonlyArray<number>) =>
  values.every((value, index) => index === 0 || value > values[index - 1]!)

/** Buckets ascend, are cumulative, end in `+Inf`, and agree with the count. */
const checkHistogram = (family: Family) => {
  for (const [key, samples] of seriesOf(family, "le")) {
    const buckets = samples.filter(({ name }) => name === `${family.name}_bucket`)
    const bounds = buckets.map(({ labels }) => numberOf(labels["le"]))
    const count = samples.filter(({ name }) => name === `${family.name}_count`)
    const sum = samples.filter(({ name }) => name === `${family.name}_sum`)
    const cumulative = buckets.every(({ value }, index) => index === 0 || value >= buckets[index - 1]!.value)
    if (
      !isAscending(bounds) || !cumulative || bounds.at(-1) !== Infinity || count.length !== 1 || sum.length !== 1 ||
      buckets.at(-1)?.value !== count[0]?.value || buckets.some(({ value }) => !(value >= 0 && value % 1 === 0))
    ) throw new Error(`histogram ${family.name} ${key} is not consistent`)
  }
}

/** Quantiles ascend between 0 and 1, and there is one sum and one count. */
const checkSummary = (family: Family) => {
  for (const [key, samples] of seriesOf(family, "quantile")) {
    const quantiles = samples.filter(({ name }) => name === family.name).map(({ labels }) =>
      numberOf(labels["quantile"])
    )
    const suffixed = samples.filter(({ name }) => name !== family.name).map(({ name }) =>
      name.slice(family.name.length)
    )
    if (
      !isAscending(quantiles) || quantiles.some((quantile) => !(quantile >= 0 && quantile <= 1)) ||
      suffixed.toSorted().join() !== "_count,_sum"
    ) throw new Error(`summary ${family.name} ${key} is not consistent`)
  }
}

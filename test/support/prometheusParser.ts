/**
 * A strict parser of the Prometheus text format 0.0.4, written from its description and independent of our formatter.
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
  readonly help: string
  readonly type: string
  readonly samples: ReadonlyArray<Sample>
}

const types = new Set(["counter", "gauge", "histogram", "summary", "untyped"])
const namePattern = /^[a-zA-Z_:][a-zA-Z0-9_:]*/
const labelPattern = /^[a-zA-Z_][a-zA-Z0-9_]*/

/** The families of an exposition; throws an `Error` with the line at the first violation. */
export const parse = (text: string): ReadonlyArray<Family> => {
  if (text === "") return []
  if (!text.endsWith("\n")) throw new Error("the last line has no line feed")
  const families: Array<Family & { samples: Array<Sample> }> = []
  const seen = new Set<string>()
  const lines = text.slice(0, -1).split("\n")
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at]!
    const refuse = (rule: string): never => {
      throw new Error(`line ${at + 1}: ${rule}: ${line}`)
    }
    if (line.startsWith("# HELP ")) {
      const name = namePattern.exec(line.slice(7))?.[0] ?? refuse("no name")
      if (line[7 + name.length] !== " ") refuse("no help")
      if (families.some((family) => family.name === name)) refuse("second family of this name")
      const type = /^# TYPE (\S+) (\S+)$/.exec(lines[at + 1] ?? "")
      if (type?.[1] !== name || !types.has(type[2]!)) refuse("no type follows")
      families.push({ name, help: unescape(line.slice(8 + name.length), false, refuse), type: type![2]!, samples: [] })
      at++
      continue
    }
    const family = families.at(-1) ?? refuse("sample without family")
    const sample = parseSample(line, refuse)
    if (!belongs(family, sample)) refuse(`does not belong to ${family.type} ${family.name}`)
    const key = JSON.stringify([sample.name, Object.entries(sample.labels).toSorted(([a], [b]) => (a < b ? -1 : 1))])
    if (seen.has(key)) refuse("same sample twice")
    seen.add(key)
    family.samples.push(sample)
  }
  for (const family of families) if (family.type === "histogram") checkHistogram(family)
  return families
}

const belongs = (family: Family, { labels, name }: Sample) =>
  family.type === "histogram"
    ? (name === `${family.name}_bucket` && labels["le"] !== undefined) ||
      ((name === `${family.name}_sum` || name === `${family.name}_count`) && labels["le"] === undefined)
    : name === family.name

const parseSample = (line: string, refuse: (rule: string) => never): Sample => {
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

const parseNumber = (text: string, refuse: (rule: string) => never): number => {
  if (text === "+Inf") return Infinity
  if (text === "-Inf") return -Infinity
  if (text === "NaN") return Number.NaN
  return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/.test(text) ? Number(text) : refuse("no number")
}

const unescape = (text: string, quotes: boolean, refuse: (rule: string) => never): string =>
  text.replace(/\\(.?)/gs, (_, character: string) =>
    character === "n"
      ? "\n"
      : character === "\\" || (quotes && character === "\"")
      ? character
      : refuse(`unknown escape \\${character}`))

/** Buckets ascend, are cumulative, end in `+Inf`, and agree with the count. */
const checkHistogram = (family: Family) => {
  const series = new Map<string, Array<Sample>>()
  for (const sample of family.samples) {
    const { le: _, ...labels } = sample.labels
    const key = JSON.stringify(labels)
    series.set(key, [...series.get(key) ?? [], sample])
  }
  for (const [key, samples] of series) {
    const buckets = samples.filter(({ name }) => name.endsWith("_bucket"))
    const bounds = buckets.map(({ labels }) => parseNumber(labels["le"]!, () => Number.NaN as never))
    const count = samples.find(({ name }) => name === `${family.name}_count`)?.value
    const ascending = bounds.every((bound, index) => index === 0 || bound > bounds[index - 1]!)
    const cumulative = buckets.every(({ value }, index) => index === 0 || value >= buckets[index - 1]!.value)
    if (!ascending || !cumulative || bounds.at(-1) !== Infinity || buckets.at(-1)?.value !== count) {
      throw new Error(`histogram ${family.name} ${key} is not consistent`)
    }
  }
}

/**
 * A strict decoder of the Prometheus protobuf format, written from `metrics.proto` and independent of our encoder. What
 * Prometheus would refuse throws: names, labels that stand twice, buckets out of order, spans without their buckets,
 * native counts that do not add up.
 *
 * @see https://github.com/prometheus/client_model/blob/master/io/prometheus/client/metrics.proto
 */
import * as Protobuf from "./protobufReader.ts"

export interface Exemplar {
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
  /** Seconds since the epoch. */
  readonly time: number | undefined
}

export interface Native {
  readonly schema: number
  readonly zeroThreshold: number
  readonly zeroCount: number
  /** Counts by the number of the bucket, as Prometheus numbers them. */
  readonly positive: ReadonlyMap<number, number>
  readonly negative: ReadonlyMap<number, number>
  readonly exemplars: ReadonlyArray<Exemplar>
}

export interface Metric {
  readonly labels: Readonly<Record<string, string>>
  readonly value?: number | undefined
  readonly count?: number | undefined
  readonly sum?: number | undefined
  readonly quantiles?: ReadonlyArray<readonly [number, number]> | undefined
  readonly buckets?: ReadonlyArray<readonly [bound: number, cumulative: number, exemplar: Exemplar | undefined]>
  readonly native?: Native | undefined
  readonly exemplar?: Exemplar | undefined
  /** Seconds since the epoch. */
  readonly created?: number | undefined
}

export interface Family {
  readonly name: string
  readonly help: string
  readonly type: "COUNTER" | "GAUGE" | "SUMMARY" | "UNTYPED" | "HISTOGRAM" | "GAUGE_HISTOGRAM"
  readonly unit: string | undefined
  readonly metrics: ReadonlyArray<Metric>
}

const types = ["COUNTER", "GAUGE", "SUMMARY", "UNTYPED", "HISTOGRAM", "GAUGE_HISTOGRAM"] as const

const check = (holds: boolean, rule: string): void => {
  if (!holds) throw new Error(rule)
}

const one = <A>(values: ReadonlyArray<A>): A | undefined => {
  check(values.length <= 1, "a field stands twice")
  return values[0]
}

const required = <A>(values: ReadonlyArray<A>): A => {
  check(values.length === 1, "a field does not stand once")
  return values[0]!
}

const exact = (value: bigint): number => {
  check(BigInt(Number(value)) === value, "a number is not exact")
  return Number(value)
}

const readTimestamp = (bytes: Uint8Array): number => {
  const fields = Protobuf.readMessage({ 1: Protobuf.int64, 2: Protobuf.int64 }, bytes)
  const [seconds, nanos] = [exact(required(fields[1])), exact(required(fields[2]))]
  check(nanos >= 0 && nanos < 1e9, "nanos are out of range")
  return seconds + nanos / 1e9
}
const timestamp = Protobuf.message(readTimestamp)

const readLabel = (bytes: Uint8Array): readonly [string, string] => {
  const fields = Protobuf.readMessage({ 1: Protobuf.string, 2: Protobuf.string }, bytes)
  const name = required(fields[1])
  check(/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(name), `${JSON.stringify(name)} is no name of a label`)
  return [name, required(fields[2])]
}
const label = Protobuf.message(readLabel)

const labelsOf = (pairs: ReadonlyArray<readonly [string, string]>): Readonly<Record<string, string>> => {
  check(new Set(pairs.map(([name]) => name)).size === pairs.length, "a label stands twice")
  return Object.fromEntries(pairs)
}

const readExemplar = (bytes: Uint8Array): Exemplar => {
  const fields = Protobuf.readMessage({ 1: label, 2: Protobuf.double, 3: timestamp }, bytes)
  const length = fields[1].flat().join("").length
  check(length <= 128, `the labels of an exemplar have ${length} characters`)
  return { labels: labelsOf(fields[1]), value: required(fields[2]), time: one(fields[3]) }
}
const exemplar = Protobuf.message(readExemplar)

const readGauge = (bytes: Uint8Array) => ({ value: required(Protobuf.readMessage({ 1: Protobuf.double }, bytes)[1]) })

const readCounter = (bytes: Uint8Array) => {
  const fields = Protobuf.readMessage({ 1: Protobuf.double, 2: exemplar, 3: timestamp }, bytes)
  return { value: required(fields[1]), exemplar: one(fields[2]), created: one(fields[3]) }
}

const readQuantile = (bytes: Uint8Array): readonly [number, number] => {
  const fields = Protobuf.readMessage({ 1: Protobuf.double, 2: Protobuf.double }, bytes)
  return [required(fields[1]), required(fields[2])]
}

const readSummary = (bytes: Uint8Array) => {
  const fields = Protobuf.readMessage(
    { 1: Protobuf.uint64, 2: Protobuf.double, 3: Protobuf.message(readQuantile), 4: timestamp },
    bytes
  )
  return {
    count: exact(required(fields[1])),
    sum: required(fields[2]),
    quantiles: fields[3],
    created: one(fields[4])
  }
}

const readBucket = (bytes: Uint8Array): readonly [number, number, Exemplar | undefined] => {
  const fields = Protobuf.readMessage({ 1: Protobuf.uint64, 2: Protobuf.double, 3: exemplar }, bytes)
  return [required(fields[2]), exact(required(fields[1])), one(fields[3])]
}

const readSpan = (bytes: Uint8Array): readonly [bigint, bigint] => {
  const fields = Protobuf.readMessage({ 1: Protobuf.sint64, 2: Protobuf.uint64 }, bytes)
  return [required(fields[1]), required(fields[2])]
}
const span = Protobuf.message(readSpan)

const bucketsOf = (
  spans: ReadonlyArray<readonly [bigint, bigint]>,
  deltas: ReadonlyArray<bigint>
): ReadonlyMap<number, number> => {
  const counts = new Map<number, number>()
  let [index, count, used] = [0n, 0n, 0]
  spans.forEach(([offset, length], position) => {
    check(position === 0 || offset >= 0n, "a span starts within the one before it")
    index += offset
    for (let inSpan = 0n; inSpan < length; inSpan++) {
      check(used < deltas.length, "a span has more buckets than there are")
      count += deltas[used++]!
      check(count >= 0n, "a bucket has a negative count")
      if (count > 0n) counts.set(Number(index), exact(count))
      index++
    }
  })
  check(used === deltas.length, "there are buckets without a span")
  return counts
}

const sum = (counts: ReadonlyMap<number, number>): number => [...counts.values()].reduce((a, b) => a + b, 0)

const readHistogram = (bytes: Uint8Array): Omit<Metric, "labels"> => {
  const fields = Protobuf.readMessage({
    1: Protobuf.uint64,
    2: Protobuf.double,
    3: Protobuf.message(readBucket),
    5: Protobuf.sint64,
    6: Protobuf.double,
    7: Protobuf.uint64,
    9: span,
    10: Protobuf.sint64,
    12: span,
    13: Protobuf.sint64,
    15: timestamp,
    16: exemplar
  }, bytes)
  const count = exact(required(fields[1]))
  const buckets = fields[3]
  buckets.forEach(([bound, cumulative], index) => {
    const [boundBefore, before] = buckets[index - 1] ?? [-Infinity, 0]
    check(index === 0 || bound > boundBefore, "the bounds do not ascend")
    check(cumulative >= before && cumulative <= count, "the counts are not cumulative")
  })
  const shared = { count, sum: required(fields[2]), created: one(fields[15]) }
  if (fields[5].length === 0) return { ...shared, buckets }
  const native: Native = {
    schema: exact(required(fields[5])),
    zeroThreshold: required(fields[6]),
    zeroCount: exact(required(fields[7])),
    positive: bucketsOf(fields[12], fields[13]),
    negative: bucketsOf(fields[9], fields[10]),
    exemplars: fields[16]
  }
  check(native.schema >= -4 && native.schema <= 8, `${native.schema} is no schema`)
  check(native.zeroThreshold > 0, "an empty native histogram would pass for a classic one")
  const bucketed = native.zeroCount + sum(native.positive) + sum(native.negative)
  check(
    Number.isNaN(shared.sum) ? bucketed <= count : bucketed === count,
    `the buckets have ${bucketed} of ${count} observations`
  )
  check(native.exemplars.every(({ time }) => time !== undefined), "an exemplar of a native histogram has no time")
  return { ...shared, ...(buckets.length === 0 ? {} : { buckets }), native }
}

const readMetric = (bytes: Uint8Array): readonly [field: number, metric: Metric] => {
  const fields = Protobuf.readMessage({
    1: label,
    2: Protobuf.message(readGauge),
    3: Protobuf.message(readCounter),
    4: Protobuf.message(readSummary),
    7: Protobuf.message(readHistogram)
  }, bytes)
  const { 1: labels, ...kinds } = fields
  const found = Object.entries(kinds).flatMap(([field, values]) =>
    values.map((value): readonly [number, object] => [Number(field), value])
  )
  const [field, value] = required(found)
  return [field, { labels: labelsOf(labels), ...value }]
}

const fieldOfType = { COUNTER: 3, GAUGE: 2, SUMMARY: 4, UNTYPED: 5, HISTOGRAM: 7, GAUGE_HISTOGRAM: 7 }

const readFamily = (bytes: Uint8Array): Family => {
  const fields = Protobuf.readMessage({
    1: Protobuf.string,
    2: Protobuf.string,
    3: Protobuf.uint64,
    4: Protobuf.message(readMetric),
    5: Protobuf.string
  }, bytes)
  const name = required(fields[1])
  check(/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name), `${JSON.stringify(name)} is no name of a metric`)
  const type = types[exact(required(fields[3]))]
  if (type === undefined) throw new Error(`${name} has an unknown type`)
  check(fields[4].every(([field]) => field === fieldOfType[type]), `${name} is not a ${type}`)
  const metrics = fields[4].map(([, metric]) => metric)
  const series = metrics.map(({ labels }) =>
    JSON.stringify(Object.entries(labels).toSorted(([a], [b]) => a < b ? -1 : 1))
  )
  check(new Set(series).size === series.length, `${name} has a series twice`)
  return { name, help: required(fields[2]), type, unit: one(fields[5]), metrics }
}

/** The families of an exposition. */
export const decode = (bytes: Uint8Array): ReadonlyArray<Family> => {
  const families = Protobuf.readDelimited(bytes, readFamily)
  check(new Set(families.map(({ name }) => name)).size === families.length, "a family stands twice")
  return families
}

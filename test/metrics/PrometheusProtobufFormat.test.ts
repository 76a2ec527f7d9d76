import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as PrometheusFamilies from "../../src/metrics/internal/exposition/PrometheusFamilies.ts"
import * as PrometheusSeries from "../../src/metrics/internal/exposition/PrometheusSeries.ts"
import * as PrometheusLabels from "../../src/metrics/internal/model/PrometheusLabels.ts"
import type {
  Exemplar,
  ExponentialBuckets,
  ExponentialHistogramValue,
  HistogramValue,
  MetricData,
  MetricSnapshot,
  SeriesSnapshot,
  SummaryValue
} from "../../src/metrics/MetricSnapshot.ts"
import * as PrometheusProtobufFormat from "../../src/metrics/PrometheusProtobufFormat.ts"
import { anySnapshot } from "../support/anySnapshot.ts"
import * as MetricFamilyDecoder from "../support/metricFamilyDecoder.ts"
import { snapshot } from "../support/metricSnapshots.ts"

const family = { help: "Help.", unit: undefined, attributes: ["task"] } as const

const exemplar = (value: number, timeMillis = 1_767_225_599_123): Exemplar => ({
  value,
  timeMillis,
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331"
})

const decodedExemplar = (value: number) => ({
  labels: { trace_id: "0af7651916cd43dd8448eb211c80319c", span_id: "b7ad6b7169203331" },
  value,
  time: 1_767_225_599.123
})

const series = <Value>(value: Value, exemplars: ReadonlyArray<Exemplar> = []): SeriesSnapshot<Value> => ({
  attributes: { task: "greet" },
  startMillis: 1_767_225_000_500,
  value,
  exemplars
})

const exponential: ExponentialHistogramValue = {
  scale: 1,
  zeroCount: 2,
  zeroThreshold: 0,
  positive: { offset: 3, counts: [4, 0, 0, 0, 1] },
  negative: { offset: -2, counts: [3] },
  count: 10,
  sum: 12.5,
  min: -0.7,
  max: 15
}

const explicit: HistogramValue = { counts: [1, 2, 3], count: 6, sum: 12.5 }

const decode = (...families: ReadonlyArray<MetricData>) =>
  MetricFamilyDecoder.decode(PrometheusProtobufFormat.encode(snapshot(...families)))

// --- What an exposition is to say, in terms of the snapshot ---

const newest = (exemplars: ReadonlyArray<Exemplar>) => exemplars.toSorted((a, b) => a.timeMillis - b.timeMillis).at(-1)

const expectedExemplar = ({ spanId, timeMillis, traceId, value }: Exemplar) => ({
  labels: { trace_id: traceId, span_id: spanId },
  value,
  time: Math.floor(timeMillis / 1000) + timeMillis % 1000 * 1_000_000 / 1e9
})

const expectedNative = ({ counts, offset }: ExponentialBuckets, scale: number): ReadonlyMap<number, number> => {
  const found = new Map<number, number>()
  counts.forEach((count, position) => {
    const bucket = offset + position
    // The upper bound of the bucket as a power of two, and the first bucket of Prometheus that reaches it.
    const bound = (bucket + 1) * 2 ** -scale
    const index = Math.ceil(bound * 2 ** Math.min(8, Math.max(-4, scale)))
    if (count > 0) found.set(index, (found.get(index) ?? 0) + count)
  })
  return found
}

const expectedValue = (family: MetricData, series: SeriesSnapshot): Omit<MetricFamilyDecoder.Metric, "labels"> => {
  const created = Math.floor(series.startMillis / 1000) + series.startMillis % 1000 * 1_000_000 / 1e9
  const { exemplars } = series
  switch (family.type) {
    case "counter":
      return {
        value: series.value as number,
        exemplar: exemplars[0] && expectedExemplar(newest(exemplars)!),
        created
      }
    case "histogram": {
      const { count, counts, sum } = series.value as HistogramValue
      const buckets = [...family.buckets, Infinity].map((bound, index, bounds) => {
        const within = exemplars.filter(({ value }) => value <= bound && (index === 0 || value > bounds[index - 1]!))
        const upTo = counts.slice(0, index + 1).reduce((a, b) => a + b, 0)
        return [bound, upTo, newest(within) && expectedExemplar(newest(within)!)] as const
      })
      return { count, sum, created, buckets: buckets.filter(([bound, , found]) => bound < Infinity || found) }
    }
    case "exponentialHistogram": {
      const value = series.value as ExponentialHistogramValue
      return {
        count: value.count,
        sum: value.sum,
        created,
        native: {
          schema: Math.min(8, Math.max(-4, value.scale)),
          zeroThreshold: value.zeroThreshold || 1e-128,
          zeroCount: value.zeroCount,
          positive: expectedNative(value.positive, value.scale),
          negative: expectedNative(value.negative, value.scale),
          exemplars: exemplars.map(expectedExemplar)
        }
      }
    }
    case "summary": {
      const { count, quantiles, sum } = series.value as SummaryValue
      return { count, sum, quantiles, created }
    }
    default:
      return { value: series.value as number }
  }
}

const run = <A>(steps: Generator<unknown, A>): A => {
  let step = steps.next()
  while (step.done !== true) step = steps.next()
  return step.value
}

const protobufTypes = { counter: "COUNTER", gauge: "GAUGE", histogram: "HISTOGRAM", summary: "SUMMARY" }

/** All families but those that have both kinds of histogram under one name, which have a test of their own. */
const expected = ({ metrics }: MetricSnapshot) =>
  PrometheusFamilies.resolve(metrics).families.map((family) => {
    const sources = run(PrometheusSeries.distinct(family, () => {}))
    return {
      name: family.name,
      help: family.help.toWellFormed(),
      type: protobufTypes[family.type],
      unit: family.unit,
      metrics: sources.flatMap((source) =>
        source.series.map((one: SeriesSnapshot) => ({
          labels: Object.fromEntries(
            [...PrometheusLabels.labelsOf(one.attributes, PrometheusSeries.reservedOf(family))]
              .map(([name, value]) => [name, value.toWellFormed()])
          ),
          ...expectedValue(source, one)
        }))
      )
    }
  })

const isMixed = ({ sources }: PrometheusFamilies.PrometheusFamily) => new Set(sources.map(({ type }) => type)).size > 1

describe("PrometheusProtobufFormat", () => {
  it("writes numbers with their labels; what counts has its exemplar and its start", () => {
    assert.deepStrictEqual(
      decode(
        { ...family, type: "counter", name: "jobs_total", unit: "seconds", series: [series(3, [exemplar(2)])] },
        { ...family, type: "upDownCounter", name: "active", series: [series(-2)] },
        { ...family, type: "gauge", name: "level", series: [series(NaN), { ...series(-0), attributes: {} }] },
        { ...family, type: "info", name: "build_info", series: [series(1)] }
      ),
      [
        {
          name: "jobs_seconds_total",
          help: "Help.",
          type: "COUNTER",
          unit: "seconds",
          metrics: [{ labels: { task: "greet" }, value: 3, exemplar: decodedExemplar(2), created: 1_767_225_000.5 }]
        },
        {
          name: "active",
          help: "Help.",
          type: "GAUGE",
          unit: undefined,
          metrics: [{ labels: { task: "greet" }, value: -2 }]
        },
        {
          name: "level",
          help: "Help.",
          type: "GAUGE",
          unit: undefined,
          metrics: [{ labels: { task: "greet" }, value: NaN }, { labels: {}, value: -0 }]
        },
        {
          name: "build_info",
          help: "Help.",
          type: "GAUGE",
          unit: undefined,
          metrics: [{ labels: { task: "greet" }, value: 1 }]
        }
      ]
    )
  })

  it("writes explicit buckets, each with its exemplar, and the last one only if it has one", () => {
    const histogram = (...exemplars: ReadonlyArray<Exemplar>): MetricData => ({
      ...family,
      type: "histogram",
      name: "wait_seconds",
      buckets: [0.1, 1],
      series: [series(explicit, exemplars)]
    })
    const [plain] = decode(histogram())
    assert.deepStrictEqual(plain?.metrics, [{
      labels: { task: "greet" },
      count: 6,
      sum: 12.5,
      created: 1_767_225_000.5,
      buckets: [[0.1, 1, undefined], [1, 3, undefined]]
    }])
    const [linked] = decode(histogram(exemplar(9), exemplar(0.1, 1), exemplar(0.05)))
    assert.deepStrictEqual(linked?.metrics[0]?.buckets, [
      [0.1, 1, decodedExemplar(0.05)],
      [1, 3, undefined],
      [Infinity, 6, decodedExemplar(9)]
    ])
  })

  it("writes exponential histograms as native ones, with their exemplars", () => {
    const [histogram] = decode({
      ...family,
      type: "exponentialHistogram",
      name: "wait_seconds",
      series: [series(exponential, [exemplar(3), exemplar(15)])]
    })
    assert.deepStrictEqual(histogram?.metrics, [{
      labels: { task: "greet" },
      count: 10,
      sum: 12.5,
      created: 1_767_225_000.5,
      native: {
        schema: 1,
        zeroThreshold: 1e-128,
        zeroCount: 2,
        positive: new Map([[4, 4], [8, 1]]),
        negative: new Map([[-1, 3]]),
        exemplars: [decodedExemplar(3), decodedExemplar(15)]
      }
    }])
  })

  it("tells an empty native histogram from an explicit one", () => {
    const empty = { offset: 0, counts: [] }
    const [histogram] = decode({
      ...family,
      type: "exponentialHistogram",
      name: "wait_seconds",
      series: [series({ ...exponential, zeroCount: 0, positive: empty, negative: empty, count: 0, sum: 0 })]
    })
    assert.deepStrictEqual(histogram?.metrics[0]?.native?.zeroThreshold, 1e-128)
  })

  it("gives all histograms of a name explicit buckets if one of them has no others", () => {
    const [both, ...others] = decode(
      { ...family, type: "exponentialHistogram", name: "wait.seconds", series: [series(exponential)] },
      {
        ...family,
        type: "histogram",
        name: "wait_seconds",
        buckets: [0.1, 1],
        series: [{ ...series(explicit), attributes: { task: "part" } }]
      }
    )
    assert.deepStrictEqual(others, [])
    assert.deepStrictEqual(
      both?.metrics.map(({ buckets, count, labels, native }) => [labels["task"], count, buckets?.at(-1), native]),
      [["greet", 10, [16, 10, undefined], undefined], ["part", 6, [1, 3, undefined], undefined]]
    )
  })

  it("leaves out exemplars that Prometheus would not take", () => {
    const long = { ...exemplar(1), traceId: "é".repeat(98) }
    const [kept, dropped] = decode(
      { ...family, type: "counter", name: "a_total", series: [series(1, [{ ...long, traceId: "é".repeat(97) }])] },
      { ...family, type: "counter", name: "b_total", series: [series(1, [long])] }
    )
    assert.strictEqual(kept?.metrics[0]?.exemplar?.labels["trace_id"], "é".repeat(97))
    assert.strictEqual(dropped?.metrics[0]?.exemplar, undefined)
  })

  it("says what it leaves out", () => {
    const dropped: Array<PrometheusFamilies.Dropped> = []
    const gauge = (name: string): MetricData => ({ ...family, type: "gauge", name, series: [series(1)] })
    PrometheusProtobufFormat.encode(
      snapshot(gauge("a_total"), { ...family, type: "counter", name: "a", series: [series(1)] }),
      { onDropped: (part) => void dropped.push(part) }
    )
    assert.deepStrictEqual(dropped.map(({ name, part }) => [name, part]), [["a", "family"]])
  })

  it("is empty for an empty snapshot", () => {
    assert.strictEqual(PrometheusProtobufFormat.encode(snapshot()).length, 0)
  })

  it.effect.prop(
    "says what the snapshot says, under names that Prometheus takes",
    [anySnapshot],
    ([snapshot]) =>
      Effect.sync(() => {
        const mixed = PrometheusFamilies.resolve(snapshot.metrics).families.filter(isMixed).map(({ name }) => name)
        const isTold = ({ name }: { readonly name: string }) => !mixed.includes(name)
        const families = MetricFamilyDecoder.decode(PrometheusProtobufFormat.encode(snapshot))
        assert.deepStrictEqual<unknown>(families.filter(isTold), expected(snapshot).filter(isTold))
      }),
    { arbitrary: { runs: 300 } }
  )

  it("comes in chunks of 64 KiB that make up the whole, however large a family is", () => {
    const gauge = (name: string, count: number): MetricData => ({
      ...family,
      type: "gauge",
      name,
      series: Array.from({ length: count }, (_, index) => ({ ...series(index), attributes: { task: `${index}` } }))
    })
    const large = snapshot(gauge("a", 1), gauge("b", 10_000), gauge("c", 1), gauge("d", 2000), gauge("e", 2000))
    const chunks = Array.from(PrometheusProtobufFormat.chunks(large))
    assert.isBelow(Math.max(...chunks.map(({ length }) => length)), 2 * 65_536)
    assert.isAbove(chunks.filter(({ length }) => length === 0).length, 4)
    assert.deepStrictEqual(Buffer.concat(chunks), Buffer.from(PrometheusProtobufFormat.encode(large)))
    assert.deepStrictEqual(
      MetricFamilyDecoder.decode(Buffer.concat(chunks)).map(({ metrics, name }) => [name, metrics.length]),
      [["a", 1], ["b", 10_000], ["c", 1], ["d", 2000], ["e", 2000]]
    )
  })
})

/**
 * What every layer of `MetricStore` keeps to.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, type Layer, Metric } from "effect"
import { MetricStore } from "../../src/metrics/MetricStore.ts"

const refusals: ReadonlyArray<readonly [rule: string, declare: (store: MetricStore["Service"]) => unknown, string]> = [
  [
    "a name with a capital",
    (store) => store.gauge({ name: "Queue", help: "h", attributes: [] }),
    "metric \"Queue\": a name has lower-case letters, digits and _, and starts with a letter"
  ],
  [
    "a name that starts with a digit",
    (store) => store.gauge({ name: "5xx", help: "h", attributes: [] }),
    "metric \"5xx\": a name has lower-case letters, digits and _, and starts with a letter"
  ],
  [
    "missing help",
    (store) => store.gauge({ name: "queue", help: " ", attributes: [] }),
    "metric \"queue\": expected a sentence at help, got \" \""
  ],
  [
    "help of code without types",
    (store) => store.gauge({ name: "queue", help: 7 as never, attributes: [] }),
    "metric \"queue\": expected a sentence at help, got 7"
  ],
  [
    "no name",
    (store) => store.gauge({ help: "h", attributes: [] } as never),
    "expected a text as the name of a metric, got nothing"
  ],
  [
    "attributes that are no list",
    (store) => store.gauge({ name: "queue", help: "h", attributes: "kind" as never }),
    "metric \"queue\": expected a list of keys at attributes, got \"kind\""
  ],
  [
    "a counter without _total",
    (store) => store.counter({ name: "jobs", help: "h", attributes: [] }),
    "metric \"jobs\": the name of a counter ends in _total"
  ],
  [
    "another type with _total",
    (store) => store.histogram({ name: "jobs_total", help: "h", attributes: [], buckets: [1] }),
    "metric \"jobs_total\": only the name of a counter ends in _total"
  ],
  [
    "a key of Prometheus",
    (store) => store.gauge({ name: "queue", help: "h", attributes: ["le" as "kind"] }),
    "metric \"queue\": \"le\" cannot be an attribute key"
  ],
  [
    "the key of the overflow series",
    (store) => store.gauge({ name: "queue", help: "h", attributes: ["otel_metric_overflow"] }),
    "metric \"queue\": \"otel_metric_overflow\" cannot be an attribute key"
  ],
  [
    "a key with a dot",
    (store) => store.gauge({ name: "queue", help: "h", attributes: ["http.route"] }),
    "metric \"queue\": \"http.route\" cannot be an attribute key"
  ],
  [
    "an id as key",
    (store) => store.gauge({ name: "queue", help: "h", attributes: ["task_id" as "task"] }),
    "metric \"queue\": \"task_id\" names an id; ids belong on spans and log lines"
  ],
  [
    "a key that stands twice",
    (store) => store.gauge({ name: "queue", help: "h", attributes: ["kind", "kind"] }),
    "metric \"queue\": the attribute key \"kind\" stands twice"
  ],
  [
    "no buckets",
    (store) => store.histogram({ name: "wait", help: "h", attributes: [], buckets: [] }),
    "metric \"wait\": expected finite and ascending numbers, at least one, at buckets, got []"
  ],
  [
    "buckets that do not ascend",
    (store) => store.histogram({ name: "wait", help: "h", attributes: [], buckets: [1, 1] }),
    "metric \"wait\": expected finite and ascending numbers, at least one, at buckets, got [1, 1]"
  ],
  [
    "a name that says its type",
    (store) => store.gauge({ name: "queue_gauge", help: "h", attributes: [] }),
    "metric \"queue_gauge\": the name says \"gauge\", which the type says already"
  ],
  [
    "a unit that is no base unit",
    (store) => store.gauge({ name: "wait_milliseconds", help: "h", attributes: [] }),
    "metric \"wait_milliseconds\": \"milliseconds\" is no base unit; measure in seconds"
  ],
  [
    "a unit that the name does not end in",
    (store) => store.counter({ name: "sent_total", help: "h", unit: "bytes", attributes: [] }),
    "metric \"sent_total\": the name of a metric in bytes ends in _bytes_total"
  ],
  [
    "a timer whose name does not end in seconds",
    (store) => store.timer({ name: "wait", help: "h", attributes: [] }),
    "metric \"wait\": the name of a metric in seconds ends in _seconds"
  ],
  [
    "the end of a sample",
    (store) => store.gauge({ name: "queue_count", help: "h", attributes: [] }),
    "metric \"queue_count\": the end _count belongs to the samples of histograms and summaries"
  ],
  [
    "an info metric without _info",
    (store) => store.info({ name: "build", help: "h", attributes: [] }, {}),
    "metric \"build\": the name of an info metric ends in _info"
  ],
  [
    "another type with _info",
    (store) => store.gauge({ name: "build_info", help: "h", attributes: [] }),
    "metric \"build_info\": only the name of an info metric ends in _info"
  ],
  [
    "a number of exponential buckets out of range",
    (store) => store.exponentialHistogram({ name: "size", help: "h", attributes: [], maximumBuckets: 1 }),
    "metric \"size\": expected a whole number from 2 to 2048 at maximumBuckets, got 1"
  ],
  [
    "a limit of series out of range",
    (store) => store.gauge({ name: "queue", help: "h", attributes: [], cardinalityLimit: 0 }),
    "metric \"queue\": expected a whole number from 1 to 1000000 at cardinalityLimit, got 0"
  ],
  [
    "an infinite bucket",
    (store) => store.histogram({ name: "wait", help: "h", attributes: [], buckets: [1, Infinity] }),
    "metric \"wait\": expected finite and ascending numbers, at least one, at buckets, got [1, Infinity]"
  ]
]

/** The `RangeError` that `f` throws. */
const refused = (f: () => unknown): string => {
  try {
    f()
  } catch (error) {
    assert.instanceOf(error, RangeError)
    return error.message
  }
  return assert.fail("nothing was refused")
}

export const suite = (name: string, layer: Layer.Layer<MetricStore>) =>
  describe(`MetricStore (${name})`, () => {
    const test = (sentence: string, body: (store: MetricStore["Service"]) => void) =>
      it.effect(sentence, () =>
        Effect.map(MetricStore, body).pipe(
          Effect.provide(layer),
          Effect.provideService(Metric.MetricRegistry, new Map())
        ))

    for (const [rule, declare, message] of refusals) {
      test(`refuses ${rule}`, (store) => assert.strictEqual(refused(() => declare(store)), message))
    }

    test("refuses a second declaration that is not the first, and shows both with their places", (store) => {
      store.gauge({ name: "queue", help: "Waiting.", attributes: ["kind"] })
      store.histogram({ name: "wait_seconds", help: "Waits.", attributes: [], buckets: [1, 2] })
      store.exponentialHistogram({ name: "size_bytes", help: "Sizes.", unit: "bytes", attributes: [] })
      const withoutPlace = (f: () => unknown) =>
        refused(f).replaceAll(/ at \S*(MetricStoreTest\.ts):\d+:\d+/g, " at $1")
      assert.strictEqual(
        withoutPlace(() => store.upDownCounter({ name: "queue", help: "Waiting.", attributes: ["kind", "site"] })),
        "metric \"queue\" is declared twice: as gauge{kind} at MetricStoreTest.ts and as upDownCounter{kind,site} " +
          "at MetricStoreTest.ts"
      )
      assert.strictEqual(
        withoutPlace(() => store.histogram({ name: "wait_seconds", help: "Waits.", attributes: [], buckets: [1, 3] })),
        "metric \"wait_seconds\" is declared twice: as histogram{} with buckets 1,2 at MetricStoreTest.ts and as " +
          "histogram{} with buckets 1,3 at MetricStoreTest.ts"
      )
      assert.strictEqual(
        withoutPlace(() => store.exponentialHistogram({ name: "size_bytes", help: "Sizes.", attributes: [] })),
        "metric \"size_bytes\" is declared twice: as exponentialHistogram{} in bytes with up to 160 buckets at " +
          "MetricStoreTest.ts and as exponentialHistogram{} with up to 160 buckets at MetricStoreTest.ts"
      )
    })

    test("takes every value of every kind", (store) => {
      const odd = { kind: Symbol("odd") } as never
      const hostile = {
        kind: {
          toString() {
            throw new Error("no text")
          }
        }
      } as never
      for (
        const attributes of [{ kind: "" }, { kind: "\ud800" }, { kind: "x".repeat(100_000) }, {} as never, odd, hostile]
      ) {
        store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"] }).inc(attributes)
        store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"] }).bind(attributes).inc(Infinity)
        for (const value of [Number.NaN, Infinity, -Infinity, -0, 1e308]) {
          store.upDownCounter({ name: "active", help: "Jobs.", attributes: ["kind"] }).add(attributes, value)
          store.gauge({ name: "level", help: "Jobs.", attributes: ["kind"] }).set(attributes, value)
          store.gauge({ name: "level", help: "Jobs.", attributes: ["kind"] }).bind(attributes).add(value)
          store.exponentialHistogram({ name: "size", help: "Sizes.", attributes: ["kind"] }).observe(attributes, value)
          store.timer({ name: "wait_seconds", help: "Waits.", attributes: ["kind"] }).observe(attributes, value)
          store.histogram({ name: "wait", help: "Waits.", attributes: ["kind"], buckets: [1] }).observe(
            attributes,
            value
          )
        }
      }
    })
  })

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
    "metric \"queue\": help is missing"
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
    "metric \"queue\": an attribute key stands twice"
  ],
  [
    "no buckets",
    (store) => store.histogram({ name: "wait", help: "h", attributes: [], buckets: [] }),
    "metric \"wait\": buckets are finite and ascending, at least one"
  ],
  [
    "buckets that do not ascend",
    (store) => store.histogram({ name: "wait", help: "h", attributes: [], buckets: [1, 1] }),
    "metric \"wait\": buckets are finite and ascending, at least one"
  ],
  [
    "an infinite bucket",
    (store) => store.histogram({ name: "wait", help: "h", attributes: [], buckets: [1, Infinity] }),
    "metric \"wait\": buckets are finite and ascending, at least one"
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

    test("refuses a counter that goes down or nowhere", (store) => {
      const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"] })
      const bound = jobs.bind({ kind: "mail" })
      assert.strictEqual(
        refused(() => jobs.inc({ kind: "mail" }, -1)),
        "counter \"jobs_total\" can only be increased, got -1"
      )
      assert.strictEqual(refused(() => bound.inc(-0.5)), "counter \"jobs_total\" can only be increased, got -0.5")
      assert.strictEqual(refused(() => bound.inc(Number.NaN)), "counter \"jobs_total\" can only be increased, got NaN")
    })

    test("refuses a second declaration that is not the first, and shows both", (store) => {
      store.gauge({ name: "queue", help: "Waiting.", attributes: ["kind"] })
      store.histogram({ name: "wait_seconds", help: "Waits.", attributes: [], buckets: [1, 2] })
      assert.strictEqual(
        refused(() => store.upDownCounter({ name: "queue", help: "Waiting.", attributes: ["kind", "site"] })),
        "metric \"queue\" is declared twice: as gauge{kind} and as upDownCounter{kind,site}"
      )
      assert.strictEqual(
        refused(() => store.histogram({ name: "wait_seconds", help: "Waits.", attributes: [], buckets: [1, 3] })),
        "metric \"wait_seconds\" is declared twice: as histogram{} with buckets 1,2 and as histogram{} with buckets 1,3"
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
          store.histogram({ name: "wait", help: "Waits.", attributes: ["kind"], buckets: [1] }).observe(
            attributes,
            value
          )
        }
      }
    })
  })

import { assert, describe, it } from "@effect/vitest"
import { Effect, Metric } from "effect"
import type { MetricView } from "../../../../src/config/internal/metricView.ts"
import * as views from "../../../../src/metrics/internal/store/views.ts"
import { declared, seriesOf, test } from "../../storeTest.ts"

const viewed = (...views: ReadonlyArray<MetricView>) => ({ metrics: { views } })

describe("MetricView", () => {
  test("denies a metric by its name, also one of Effect's registry", (store) =>
    Effect.gen(function*() {
      const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"] })
      jobs.inc({ kind: "a" })
      jobs.bind({ kind: "a" }).inc()
      yield* Metric.update(Metric.counter("jobs_foreign"), 1)
      store.gauge({ name: "level", help: "Level.", attributes: [] }).set({}, 1)
      assert.deepStrictEqual((yield* declared(store)).map(({ name }) => name), ["level"])
    }), viewed({ metric: "jobs*", deny: true }))

  test(
    "renames metrics of Effect's registry and joins series that a dropped attribute told apart",
    (store) =>
      Effect.gen(function*() {
        const sent = (queue: string, host: string) =>
          Metric.update(Metric.counter("mail.sent", { attributes: { queue, "host.name": host }, incremental: true }), 2)
        yield* Effect.all([sent("a", "x"), sent("a", "y"), sent("b", "x")])
        const took = (host: string, value: number) =>
          Metric.update(Metric.histogram("mail.took", { attributes: { host }, boundaries: [1, 2] }), value)
        yield* Effect.all([took("x", 0.5), took("y", 1.5)])
        assert.deepStrictEqual(yield* seriesOf(store, "shop_mails_total"), [
          { attributes: { queue: "a" }, value: 4 },
          { attributes: { queue: "b" }, value: 2 }
        ])
        assert.deepStrictEqual(yield* seriesOf(store, "mail_took"), [
          { attributes: {}, value: { counts: [1, 1, 0], count: 2, sum: 2 } }
        ])
      }),
    viewed(
      { metric: "mail_sent_total", rename: "shop_mails_total", dropAttributes: ["host_name"] },
      { metric: "mail_t*", keepAttributes: [] }
    )
  )

  test(
    "joins a metric of Effect's registry with the one whose name it gets, and leaves it its own where it cannot have it",
    (store, lines) =>
      Effect.gen(function*() {
        store.counter({ name: "own_total", help: "Own.", attributes: [] }).inc({})
        const count = (name: string, amount: number) =>
          Metric.update(Metric.counter(name, { incremental: true }), amount)
        yield* Effect.all([count("a", 1), count("b", 2), count("c", 4), count("d", 8), count("e", 16)])
        assert.deepStrictEqual(
          (yield* declared(store)).map(({ name, series }) => [name, series.map(({ value }) => value)]),
          [["b_total", [3]], ["c_total", [4]], ["d_total", [8]], ["e_total", [16]], ["own_total", [1]]]
        )
        yield* store.snapshot
        assert.deepStrictEqual(lines, [
          ["Warn", "metric c_total keeps its name: a view calls it own_total, but the name is taken"],
          ["Warn", "metric d_total keeps its name: a view calls it d_count, but the name of a counter ends in _total"]
        ])
      }),
    viewed(
      { metric: "a_total", rename: "b_total" },
      { metric: "c_total", rename: "own_total" },
      { metric: "d_total", rename: "d_count" }
    )
  )

  test("renames a metric", (store) =>
    Effect.gen(function*() {
      store.counter({ name: "jobs_total", help: "Jobs.", attributes: [] }).inc({})
      assert.deepStrictEqual((yield* declared(store)).map(({ name }) => name), ["shop_jobs_total"])
    }), viewed({ metric: "jobs_total", rename: "shop_jobs_total" }))

  test(
    "records no second metric under the name that a view gave to another, and says so",
    (store, lines) =>
      Effect.gen(function*() {
        const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: [] })
        store.counter({ name: "runs_total", help: "Runs.", attributes: [] }).inc({}, 7)
        jobs.inc({}, 5)
        assert.deepStrictEqual(yield* seriesOf(store, "runs_total"), [{ attributes: {}, value: 5 }])
        assert.deepStrictEqual(lines, [
          ["Warn", "metric runs_total is not recorded: a view gave its name to another metric before"]
        ])
      }),
    viewed({ metric: "jobs_total", rename: "runs_total" })
  )

  test("joins the series that only a dropped attribute told apart", (store) =>
    Effect.gen(function*() {
      const waits = store.histogram({
        name: "waits",
        help: "Waits.",
        attributes: ["kind", "site", "lane"],
        buckets: [1]
      })
      waits.observe({ kind: "a", site: "x", lane: "1" }, 0.5)
      waits.observe({ kind: "a", site: "y", lane: "2" }, 2)
      waits.bind({ kind: "b", site: "x", lane: "1" }).observe(3)
      assert.deepStrictEqual(yield* seriesOf(store, "waits"), [
        { attributes: { kind: "a" }, value: { counts: [1, 1], count: 2, sum: 2.5 } },
        { attributes: { kind: "b" }, value: { counts: [0, 1], count: 1, sum: 3 } }
      ])
    }), viewed({ metric: "wa*s", dropAttributes: ["site"] }, { metric: "*", keepAttributes: ["kind", "site"] }))

  test("changes buckets and the limit of series", (store) =>
    Effect.gen(function*() {
      const waits = store.histogram({ name: "waits", help: "Waits.", attributes: ["kind"], buckets: [1] })
      for (const kind of ["a", "b", "c"]) waits.observe({ kind }, 7)
      assert.deepStrictEqual(yield* seriesOf(store, "waits"), [
        { attributes: { kind: "a" }, value: { counts: [0, 1, 0], count: 1, sum: 7 } },
        { attributes: { otel_metric_overflow: "true" }, value: { counts: [0, 2, 0], count: 2, sum: 14 } }
      ])
    }), viewed({ metric: "waits", buckets: [5, 10], cardinalityLimit: 2 }))

  test(
    "keeps the name where the new one is taken or breaks a rule, and says so",
    (store, lines) =>
      Effect.gen(function*() {
        store.counter({ name: "jobs_total", help: "Jobs.", attributes: [] }).inc({})
        store.counter({ name: "runs_total", help: "Runs.", attributes: [] }).inc({})
        assert.deepStrictEqual((yield* declared(store)).map(({ name }) => name), ["jobs_total", "runs_total"])
        assert.deepStrictEqual(lines, [
          ["Warn", "metric jobs_total keeps its name: a view calls it jobs, but the name of a counter ends in _total"],
          ["Warn", "metric runs_total keeps its name: a view calls it jobs_total, but the name is taken"]
        ])
      }),
    viewed({ metric: "jobs_total", rename: "jobs" }, { metric: "runs_total", rename: "jobs_total" })
  )

  it("compares names with wildcards in a time that does not grow with them", () => {
    const denies = (metric: string, name: string) => views.changesTo([{ metric, deny: true }], name) === undefined
    assert.isTrue(denies("*", ""))
    assert.isTrue(denies("a*c", "ac"))
    assert.isTrue(denies("a*b*c", "a_b_b_c"))
    assert.isFalse(denies("a*b*c", "a_c_b"))
    assert.isFalse(denies("ab*bc", "abc"))
    assert.isFalse(denies("a", "ab"))
    assert.isFalse(denies(`${"a*".repeat(50)}b`, "a".repeat(10_000)))
  })
})

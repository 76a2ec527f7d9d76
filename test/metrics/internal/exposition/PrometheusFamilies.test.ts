import { assert, describe, it } from "@effect/vitest"
import * as PrometheusFamilies from "../../../../src/metrics/internal/exposition/PrometheusFamilies.ts"
import type { MetricData } from "../../../../src/metrics/MetricSnapshot.ts"
import { histogram, numbers, summary } from "../../../support/metricSnapshots.ts"

const named = (...families: ReadonlyArray<MetricData>) => {
  const { dropped, families: found } = PrometheusFamilies.resolve(families)
  return {
    families: found.map(({ name, openMetrics, sources, type }) =>
      `${type} ${name} | ${openMetrics.type} ${openMetrics.name}${sources.length === 1 ? "" : ` × ${sources.length}`}`
    ),
    dropped: dropped.map(({ name, part, reason }) => `${part} ${name}: ${reason}`)
  }
}

const number = (type: "counter" | "upDownCounter" | "gauge" | "info", name: string, unit?: string) =>
  numbers(type, name, [], unit === undefined ? {} : { unit })

describe("resolve", () => {
  it("gives counters and infos their suffix where they have none", () => {
    assert.deepStrictEqual(
      named(number("counter", "a"), number("counter", "b_total"), number("info", "c"), number("info", "d_info")),
      {
        families: [
          "counter a_total | counter a",
          "counter b_total | counter b",
          "gauge c_info | info c",
          "gauge d_info | info d"
        ],
        dropped: []
      }
    )
  })

  it("takes no suffix for a whole name", () => {
    assert.deepStrictEqual(named(number("counter", "_total"), number("counter", "total"), number("counter", "")), {
      families: [
        "counter _total_total | counter _total",
        "counter total_total | counter total",
        "counter __total | counter _"
      ],
      dropped: []
    })
  })

  it("puts the unit before the suffix where the name has not got it", () => {
    assert.deepStrictEqual(
      named(
        number("counter", "busy_seconds_total", "seconds"),
        number("counter", "idle", "s"),
        number("gauge", "heap.", "By"),
        number("gauge", "bytes", "bytes"),
        number("gauge", "load", "1"),
        number("upDownCounter", "active", "1"),
        number("gauge", "queue", "{job}"),
        number("info", "build", "seconds")
      ).families,
      [
        "counter busy_seconds_total | counter busy_seconds",
        "counter idle_seconds_total | counter idle_seconds",
        "gauge heap_bytes | gauge heap_bytes",
        "gauge bytes | gauge bytes",
        "gauge load_ratio | gauge load_ratio",
        "gauge active | gauge active",
        "gauge queue | gauge queue",
        "gauge build_info | info build"
      ]
    )
  })

  it("makes families of one name and type one", () => {
    assert.deepStrictEqual(
      named(number("gauge", "a.b"), number("upDownCounter", "a_b"), numbers("gauge", "a-b", [], { help: "Other." })),
      { families: ["gauge a_b | gauge a_b × 3"], dropped: ["help a-b: \"a.b\" has another help text"] }
    )
  })

  it("drops later families of the same name and another type", () => {
    assert.deepStrictEqual(
      named(number("gauge", "a_total"), number("counter", "a"), number("gauge", "b_info"), number("info", "b")),
      {
        families: ["gauge a_total | gauge a_total", "gauge b_info | gauge b_info"],
        dropped: [
          "family a: a_total is taken by the gauge a_total",
          "family b: b_info is taken by the gauge b_info"
        ]
      }
    )
  })

  it("drops families whose name is a sample of another one", () => {
    assert.deepStrictEqual(
      named(
        histogram("x", [1], []),
        number("gauge", "x_count"),
        number("counter", "x_count"),
        number("gauge", "x_bucket"),
        number("gauge", "x_created"),
        number("gauge", "y_sum"),
        summary("y", [])
      ),
      {
        families: [
          "histogram x | histogram x",
          "counter x_count_total | unknown x_count_total",
          "gauge y_sum | gauge y_sum"
        ],
        dropped: [
          "family x_count: x_count is taken by the histogram x",
          "family x_bucket: x_bucket is taken by the histogram x",
          "family x_created: x_created is taken by the histogram x",
          "family y: y_sum is taken by the gauge y_sum"
        ]
      }
    )
  })

  it("writes a counter as unknown and an info as gauge where OpenMetrics would mix it up with another family", () => {
    assert.deepStrictEqual(
      named(
        number("counter", "jobs_total"),
        number("gauge", "jobs"),
        number("info", "build"),
        number("gauge", "build"),
        number("gauge", "ticks_created"),
        number("counter", "ticks"),
        number("counter", "a_total_total"),
        number("counter", "a_total")
      ),
      {
        families: [
          "counter jobs_total | unknown jobs_total",
          "gauge jobs | gauge jobs",
          "gauge build_info | gauge build_info",
          "gauge build | gauge build",
          "gauge ticks_created | gauge ticks_created",
          "counter ticks_total | unknown ticks_total",
          "counter a_total_total | unknown a_total_total",
          "counter a_total | counter a"
        ],
        dropped: []
      }
    )
  })
})

import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as exportTiming from "../../../src/export/internal/exportTiming.ts"

const seconds = (count: number): number => count * 1000

/** Metrics last five minutes, the margin is a minute, an export may take half a minute. */
const limits: exportTiming.Limits = {
  windowMillis: seconds(300),
  marginMillis: seconds(60),
  timeoutMillis: seconds(30)
}

const expiry = seconds(1000)

describe("the time of an export", () => {
  it("is the latest start: the margin and the longest export before the expiry", () => {
    assert.deepStrictEqual(exportTiming.plan(seconds(800), expiry, limits), {
      exportMillis: seconds(910),
      reason: "optimal_timing",
      extensionMillis: 0
    })
  })

  it.each([[910, 60], [950, 100], [1200, 350]])(
    "is now if the latest start is over at second %d, and the metrics are kept for %d seconds longer",
    (now, extension) => {
      assert.deepStrictEqual(exportTiming.plan(seconds(now), expiry, limits), {
        exportMillis: seconds(now),
        reason: "immediate_with_ttl_extension",
        extensionMillis: seconds(extension)
      })
    }
  )

  it("is not too late by the delay of a timer, but by a delay that uses up the margin", () => {
    const reasonAt = (now: number) => exportTiming.start(now, expiry, limits).reason
    assert.deepStrictEqual([910, 911, 970].map((now) => reasonAt(seconds(now))), [
      "optimal_timing",
      "optimal_timing",
      "optimal_timing"
    ])
    assert.strictEqual(reasonAt(seconds(970) + 1), "immediate_with_ttl_extension")
  })

  it("after failures backs off to ten minutes, and the metrics are kept for each attempt", () => {
    const now = seconds(910)
    const retries = [1, 2, 3, 4, 5, 6, 20].map((failures) => exportTiming.retry(now, expiry, failures, limits))
    assert.deepStrictEqual(retries.map(({ exportMillis }) => (exportMillis - now) / 1000), [
      30,
      60,
      120,
      240,
      480,
      600,
      600
    ])
    for (const { exportMillis, extensionMillis, reason } of retries) {
      assert.strictEqual(reason, "retry_with_ttl_extension")
      assert.strictEqual(expiry + extensionMillis - exportMillis, limits.marginMillis + limits.timeoutMillis)
    }
  })

  it.prop(
    "always leaves the longest export and the margin before the expiry, which may be extended",
    [Schema.Int, Schema.Int],
    ([now, expiry]) => {
      const { exportMillis, extensionMillis } = exportTiming.plan(now, expiry, limits)
      return exportMillis >= now &&
        exportMillis + limits.timeoutMillis + limits.marginMillis <= expiry + extensionMillis
    }
  )

  it("needs metrics that last longer than the margin and an export", () => {
    assert.isUndefined(exportTiming.problemOf(limits))
    assert.strictEqual(
      exportTiming.problemOf({ ...limits, windowMillis: seconds(90) }),
      "beforeExpiry needs metrics that last longer than export.safetyMargin and export.timeout together, which are " +
        "60000 ms and 30000 ms; the metrics last 90000 ms"
    )
  })
})

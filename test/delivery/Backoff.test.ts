import { assert, describe, it } from "@effect/vitest"
import { Duration } from "effect"
import * as Backoff from "../../src/delivery/Backoff.ts"

const retry: Backoff.Retry = {
  initialInterval: Duration.seconds(1),
  multiplier: 1.5,
  maximumInterval: Duration.seconds(5),
  maximumElapsed: Duration.seconds(60),
  jitter: 0.2
}

describe("Backoff", () => {
  it("grows by the multiplier up to the longest pause", () => {
    assert.deepStrictEqual(
      [1, 2, 3, 4, 5, 6, 10_000].map((failures) => Backoff.pauseMillis(retry, failures, 0.5, undefined)),
      [1000, 1500, 2250, 3375, 5000, 5000, 5000]
    )
  })

  it("moves a pause by at most the jitter", () => {
    assert.strictEqual(Backoff.pauseMillis(retry, 1, 0, undefined), 800)
    assert.strictEqual(Backoff.pauseMillis(retry, 1, 1, undefined), 1200)
    assert.strictEqual(Backoff.pauseMillis({ ...retry, jitter: 0 }, 1, 0, undefined), 1000)
  })

  it("waits as long as the receiver asks, without jitter, and never longer than a batch is tried", () => {
    const seconds = (count: number) => Backoff.pauseMillis(retry, 1, 0, Duration.seconds(count))
    assert.deepStrictEqual([0, 17, 60, 3600].map(seconds), [0, 17_000, 60_000, 60_000])
  })
})

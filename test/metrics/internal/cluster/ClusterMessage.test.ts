import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as TimeSlice from "../../../../src/internal/TimeSlice.ts"
import * as ClusterMessage from "../../../../src/metrics/internal/cluster/ClusterMessage.ts"
import { join } from "../../../../src/metrics/internal/combine/SnapshotParts.ts"
import * as JsonFormat from "../../../../src/metrics/JsonFormat.ts"
import type { MetricSnapshot } from "../../../../src/metrics/MetricSnapshot.ts"
import { anySnapshot } from "../../../support/anySnapshot.ts"
import { counter, snapshot } from "../../../support/metricModel.ts"

/** As it comes out of a channel that speaks JSON. */
const overWire = (message: unknown): unknown => JSON.parse(JSON.stringify(message))

const header = { instance: "i", reading: 3, round: 2, isLast: true }

const partsOf = (given: MetricSnapshot) => ClusterMessage.parts(header, TimeSlice.runNow(ClusterMessage.pieces(given)))

describe("ClusterMessage", () => {
  it("reads what it has written, and nothing else", () => {
    for (
      const message of [ClusterMessage.hello("i"), ClusterMessage.ask(7), ...partsOf(snapshot(1))]
    ) {
      assert.deepStrictEqual(ClusterMessage.read(overWire(message)), message)
    }
    const ask = ClusterMessage.ask(7)
    for (
      const other of [undefined, null, 1, "ask", [], () => {}, { ...ask, protocol: "x" }, { ...ask, round: -1 }, {}]
    ) {
      assert.strictEqual(ClusterMessage.read(other), undefined)
    }
    assert.strictEqual(ClusterMessage.read({ ...ask, version: 2 }), "another version")
    // A newer process may say more.
    assert.deepStrictEqual(ClusterMessage.read({ ...ask, more: 1 }), ask)
  })

  it("sends a large snapshot in parts", () => {
    const large = counter(
      "c_total",
      ...Array.from({ length: 1201 }, (_, index) => ({ value: index, attributes: { a: `${index}` } }))
    )
    assert.deepStrictEqual(
      Array.from(
        partsOf(snapshot(1, large)),
        (message) => message.type === "part" ? [message.index, message.count, message.reading] : []
      ),
      [[0, 3, 3], [1, 3, 3], [2, 3, 3]]
    )
  })

  it.effect.prop("loses nothing of a snapshot on its way", [anySnapshot], ([given]) =>
    Effect.gen(function*() {
      const messages = Array.from(partsOf(given), (message) =>
        ClusterMessage.read(overWire(message)) as ClusterMessage.Part)
      const parts = yield* Effect.forEach(messages, ({ document }) =>
        JsonFormat.decode(document))
      const whole = join(parts)
      // A metric without series is none.
      const withSeries = ({ metrics }: MetricSnapshot) => metrics.filter(({ series }) => series.length > 0)
      assert.deepStrictEqual(withSeries(whole), withSeries(given))
      assert.strictEqual(whole.timeMillis, given.timeMillis)
    }))
})

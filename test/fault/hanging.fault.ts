import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { assertReports } from "../support/faults/assertReports.ts"
import { startSink, startSubject } from "../support/faults/scenario.ts"

const seconds = 60
const between = 5
const most = 2_000_000

describe("A receiver that never answers", () => {
  it.live.each([1, 2])(
    "has %i requests of a signal at most, and costs no memory",
    (inFlight) =>
      Effect.gen(function*() {
        const sink = yield* startSink
        const subject = yield* startSubject(sink.url, {
          inFlight,
          timeout: "2 seconds",
          shutdownTimeout: "1 second",
          retry: { maximumElapsed: "10 seconds" }
        })
        yield* sink.fail({ kind: "hang" })
        // Queue and code have their size before the first look.
        yield* subject.record(15_000, 1000)
        const heaps: Array<number> = []
        for (let at = 0; at <= seconds; at += between) {
          heaps.push((yield* subject.measure).heap)
          yield* subject.record(between * 1000, 1000)
        }
        const { accounts } = yield* subject.measure
        const { left, reports } = yield* subject.close
        const { mostOpen, spans } = yield* sink.report
        assert.deepStrictEqual({ spans: spans.accepted, mostOpen, left }, {
          spans: 0,
          mostOpen: inFlight,
          left: []
        })
        assert.strictEqual(yield* subject.ended, 0)
        assert.isAtMost(Math.max(...heaps) - heaps[0]!, most, heaps.join(" "))
        assert.strictEqual(accounts["tasker_spans_exported_total"], 0)
        assert.isAbove(accounts["tasker_spans_dropped_total queue_full"]!, 0)
        // Requests are tried again for ten seconds: the last reason shows that the program waited for less.
        assertReports(
          reports,
          "spans",
          /^Warn spans cannot be delivered to .*: no answer came in time \(2s\); trying again$/,
          /^Warn spans for .* are lost: the queue is full$/,
          /^Warn \d+ spans for .* were lost: the layer was closed( before an answer came)?$/
        )
      })
  )

  it.live("is named as the reason where a program ends before an attempt does", () =>
    Effect.gen(function*() {
      const sink = yield* startSink
      const subject = yield* startSubject(sink.url, { shutdownTimeout: "500 millis" })
      yield* sink.fail({ kind: "hang" })
      yield* subject.record(10)
      const { left, reports } = yield* subject.close
      assert.deepStrictEqual([left, yield* subject.ended], [[], 0])
      // An attempt has ten seconds, so the reason shows that the program waited for less.
      for (const signal of ["spans", "log records"] as const) {
        assertReports(reports, signal, /^Warn 10 .* were lost: the layer was closed before an answer came$/)
      }
    }))
})

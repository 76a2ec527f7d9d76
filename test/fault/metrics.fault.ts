import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { assertReports } from "../support/faults/assertReports.ts"
import type { Fault } from "../support/faults/messages.ts"
import { startSink, startSubject } from "../support/faults/scenario.ts"

const cannotBeDelivered = (problem: string) =>
  new RegExp(`^Warn metrics cannot be delivered to http://[^ ]*: ${problem}; trying again$`)

const faults: ReadonlyArray<readonly [string, Fault, report: RegExp]> = [
  ["is down", { kind: "down" }, cannotBeDelivered("the connection was refused \\(ECONNREFUSED\\)")],
  ["answers 503", { kind: "status", status: 503 }, cannotBeDelivered("it answered with status 503")],
  ["answers 400", { kind: "status", status: 400 }, /^Warn metrics were refused by .*: it answered with status 400$/],
  ["never answers", { kind: "hang" }, cannotBeDelivered("no answer came within metrics.exportTimeout \\(500ms\\)")],
  ["breaks connections off", { kind: "reset" }, cannotBeDelivered("the connection broke off \\(ECONNRESET\\)")],
  ["gives half a head", { kind: "half a head" }, cannotBeDelivered("the connection broke off \\(ECONNRESET\\)")]
]

// Starting all their processes at once would make each of them slow.
describe("Metrics", { concurrent: false }, () => {
  for (const temporality of ["delta", "cumulative"] as const) {
    it.live.each(faults)(
      `with ${temporality} temporality lose nothing while the receiver %s`,
      ([, fault, report]) =>
        Effect.gen(function*() {
          const sink = yield* startSink
          const subject = yield* startSubject(sink.url, { retry: { maximumInterval: "1 second" } }, {
            signals: "none",
            metrics: {
              temporality,
              exportInterval: "200 millis",
              // What a receiver took and answered too late is sent twice, and a busy machine is slow to answer.
              exportTimeout: fault.kind === "hang" ? "500 millis" : "5 seconds"
            }
          })
          yield* subject.record(100)
          yield* subject.flush
          yield* sink.fail(fault)
          yield* subject.record(1000, 500)
          yield* sink.recover
          yield* subject.record(100)
          const { left, reports } = yield* subject.close
          const { metrics, mostOpen } = yield* sink.report
          assert.deepStrictEqual([temporality === "delta" ? metrics.sum : metrics.last, mostOpen, left], [1200, 1, []])
          assertReports(reports, "metrics", report, /^Info metrics are delivered to .* again after .*, none lost$/)
        })
    )
  }
})

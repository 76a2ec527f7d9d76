import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { assertReports } from "../support/faults/assertReports.ts"
import { spanAccounts, startSink, startSubject } from "../support/faults/scenario.ts"
import { temporaryFolder } from "../support/temporaryFile.ts"

const all = (count: number) => ({ accepted: count, different: count })

describe("An outage", () => {
  it.live("of 4.5 s in 22 s loses nothing, and is over within 2 s", () =>
    Effect.gen(function*() {
      const sink = yield* startSink
      const subject = yield* startSubject(sink.url, { interval: "1 second", retry: { maximumInterval: "1 second" } })
      const perSecond = 4000 / 22
      const count = (seconds: number) => Math.round(perSecond * seconds)
      yield* subject.record(count(8), perSecond)
      yield* sink.fail({ kind: "down" })
      yield* subject.record(count(4.5), perSecond)
      yield* sink.recover
      yield* subject.record(4000 - count(8) - count(4.5), perSecond)
      const { left, reports } = yield* subject.close
      const { logRecords, recoveryMillis, spans } = yield* sink.report
      assert.deepStrictEqual({ spans, logRecords, left }, { spans: all(4000), logRecords: all(4000), left: [] })
      assert.isBelow(recoveryMillis, 2000)
      assert.strictEqual(yield* subject.ended, 0)
      for (const signal of ["spans", "log records"] as const) {
        assertReports(
          reports,
          signal,
          /^Warn .* cannot be delivered to .*: the connection was refused \(ECONNREFUSED\); trying again$/,
          /^Info .* are delivered to .* again after .*, \d+ failed attempts, none lost$/
        )
      }
    }))

  it.live("that fills the queue loses exactly what does not fit, and says so", () =>
    Effect.gen(function*() {
      const [queueSize, batchSize] = [256, 64]
      const sink = yield* startSink
      const subject = yield* startSubject(sink.url, { queueSize, batchSize, retry: { maximumInterval: "1 second" } })
      yield* subject.record(100)
      yield* subject.flush
      yield* sink.fail({ kind: "status", status: 503, body: "full" })
      yield* subject.record(6000, 1000)
      yield* sink.recover
      yield* subject.flush
      yield* subject.record(10)
      yield* subject.flush
      const { accounts, reports } = yield* subject.measure
      const sent = 110 + queueSize + batchSize
      const { logRecords, spans } = yield* sink.report
      assert.deepStrictEqual({ spans, logRecords }, { spans: all(sent), logRecords: all(sent) })
      for (const signal of ["spans", "log_records"] as const) {
        assert.strictEqual(accounts[`tasker_${signal}_dropped_total queue_full`], 6110 - sent)
        assert.strictEqual(accounts[`tasker_${signal}_exported_total`], sent)
      }
      for (const signal of ["spans", "log records"] as const) {
        assertReports(
          reports,
          signal,
          /cannot be delivered to .*: it answered with status 503: full; trying again$/,
          /^Warn .* are lost: the queue is full$/,
          /^Warn .* again after .*, \d+ failed attempts, 5680 lost \(queue_full 5680\)$/
        )
      }
    }))

  it.live("that fills the queue loses nothing with a spool", () =>
    Effect.gen(function*() {
      const directory = yield* temporaryFolder
      const sink = yield* startSink
      const subject = yield* startSubject(sink.url, {
        queueSize: 256,
        batchSize: 64,
        interval: "100 millis",
        retry: { maximumInterval: "1 second" },
        spool: { directory }
      })
      yield* subject.record(100)
      yield* subject.flush
      yield* sink.fail({ kind: "down" })
      yield* subject.record(6000, 1000)
      // All that neither the queue nor a batch holds.
      const { accounts } = yield* subject.measure
      assert.isAtLeast(accounts["tasker_spans_pending spooled"]!, 6000 - 256 - 64)
      yield* sink.recover
      yield* subject.record(1000, 500)
      yield* sink.arrived(7100)
      const { left, reports } = yield* subject.close
      const { logRecords, spans } = yield* sink.report
      assert.deepStrictEqual({ spans, logRecords, left }, { spans: all(7100), logRecords: all(7100), left: [] })
      for (const signal of ["spans", "log records"] as const) {
        assertReports(
          reports,
          signal,
          /^Warn .* cannot be delivered to .*: the connection was refused \(ECONNREFUSED\); trying again$/,
          /^Info .* are delivered to .* again after .*, \d+ failed attempts, none lost$/
        )
      }
    }))

  it.live("that lasts longer than a batch is tried gives the batch up, and counts it", () =>
    Effect.gen(function*() {
      const sink = yield* startSink
      const retry = { initialInterval: "50 millis", maximumElapsed: "500 millis" } as const
      const subject = yield* startSubject(sink.url, { interval: "10 millis", retry }, { signals: "spans" })
      yield* sink.fail({ kind: "down" })
      yield* subject.record(100)
      yield* subject.flush
      yield* sink.recover
      yield* subject.record(10)
      yield* subject.flush
      const measured = yield* subject.measure
      assert.deepStrictEqual(spanAccounts(measured), {
        ended_total: 110,
        exported_total: 10,
        "dropped_total unreachable": 100
      })
      assert.deepStrictEqual((yield* sink.report).spans, all(10))
      assertReports(
        measured.reports,
        "spans",
        /: the connection was refused \(ECONNREFUSED\); trying again$/,
        /are lost: no attempt succeeded within the time for a batch$/,
        /again after .*, \d+ failed attempts, 100 lost \(unreachable 100\)$/
      )
    }))
})

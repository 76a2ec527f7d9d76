/**
 * Sends for `SOAK_MINUTES` minutes (15, at least 3) to a receiver that comes and goes. The heap is measured every 10 s.
 * The first fifth, or minute, is discarded.
 */
import { assert, it } from "@effect/vitest"
import { Effect, Fiber } from "effect"
import type { Fault } from "../support/faults/messages.ts"
import { startSink, startSubject } from "../support/faults/scenario.ts"
import { temporaryFolder } from "../support/temporaryFile.ts"

const minutes = Number(process.env["SOAK_MINUTES"] ?? 15)
const perSecond = 2000
const seconds = 10
const measuresOfMinute = 60 / seconds
const most = 2_000_000

const faults: ReadonlyArray<Fault> = [
  { kind: "down" },
  { kind: "status", status: 503 },
  { kind: "hang" },
  { kind: "reset" },
  { kind: "status", status: 400 },
  { kind: "half a head" },
  { kind: "trickled body" }
]

const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((left, right) => left - right)
  return (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2
}

it.live.each(["without", "with"])(
  "Memory does not grow %s a spool, and nothing is left after the end",
  (which) =>
    Effect.gen(function*() {
      const spool = which === "with" ? { spool: { directory: yield* temporaryFolder } } : {}
      const sink = yield* startSink
      const subject = yield* startSubject(sink.url, {
        interval: "1 second",
        timeout: "2 seconds",
        shutdownTimeout: "2 seconds",
        retry: { maximumInterval: "1 second", maximumElapsed: "10 seconds" },
        ...spool
      })
      const heaps: Array<number> = []
      for (let count = 0; count < minutes * measuresOfMinute; count++) {
        const failing = yield* Effect.gen(function*() {
          yield* Effect.sleep("1 second")
          yield* sink.fail(faults[count % faults.length]!)
          yield* Effect.sleep("4 seconds")
          yield* sink.recover
        }).pipe(Effect.forkChild)
        yield* subject.record(perSecond * seconds, perSecond)
        yield* Fiber.join(failing)
        // What waits to be sent is no growth.
        yield* subject.flush
        heaps.push((yield* subject.measure).heap)
      }
      const kept = heaps.slice(Math.max(measuresOfMinute, Math.floor(heaps.length / 5)))
      const growth = median(kept.slice(-measuresOfMinute)) - median(kept.slice(0, measuresOfMinute))
      const { accounts } = yield* subject.measure
      const { left, millis } = yield* subject.close
      const { logRecords, spans } = yield* sink.report
      const megabytes = heaps.map((heap) => (heap / 1e6).toFixed(2)).join(" ")
      console.log(
        `${which} a spool: heap (MB): ${megabytes}; growth ${(growth / 1e6).toFixed(2)} MB; closed in ${
          millis.toFixed(0)
        } ms; ` +
          `${spans.different} spans and ${logRecords.different} log records of ${minutes * 60 * perSecond} arrived`
      )
      assert.isAtMost(growth, most)
      assert.deepStrictEqual(left, [])
      assert.strictEqual(yield* subject.ended, 0)
      for (const [name, truth] of [["spans", spans], ["log_records", logRecords]] as const) {
        const of = (fact: RegExp) =>
          Object.entries(accounts).reduce((sum, [key, value]) => fact.test(key) ? sum + value : sum, 0)
        const ended = of(new RegExp(`^tasker_${name}_ended_total`))
        assert.strictEqual(ended, minutes * 60 * perSecond)
        const accounted = of(new RegExp(`^tasker_${name}_(exported_total|dropped_total|pending)`))
        assert.strictEqual(accounted, ended)
        // What was pending may have arrived while the telemetry was closed.
        assert.isAtLeast(truth.accepted, of(new RegExp(`^tasker_${name}_exported_total`)))
      }
    })
)

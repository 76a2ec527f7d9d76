import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import type { TelemetryConfig } from "tasker-telemetry"
import { assertReports } from "../support/faults/assertReports.ts"
import type { Fault } from "../support/faults/messages.ts"
import { spanAccounts, startSink, startSubject } from "../support/faults/scenario.ts"

interface Case {
  readonly title: string
  readonly fault: Fault
  /** Requests that fail. */
  readonly requests: number
  /** What becomes of 100 spans, if they are not exported. */
  readonly dropped?: string
  /** The receiver has taken the request. */
  readonly isTaken?: true
  readonly reports: ReadonlyArray<RegExp>
  /** Limit of an attempt, where it is what ends the attempt. */
  readonly timeout?: "500 millis"
  /** Least milliseconds between the first two requests. */
  readonly pause?: number
}

const retry = { initialInterval: "100 millis", maximumInterval: "200 millis", jitter: 0 } as const
const delivery: TelemetryConfig.Options["delivery"] = { interval: "10 millis", retry }
const recovered = /^Info spans are delivered to .* again after .*, \d failed attempts, none lost$/
const tryingAgain = (problem: string) => [
  new RegExp(`^Warn spans cannot be delivered to http://[^ ]*: ${problem}; trying again$`),
  recovered
]

const cases: ReadonlyArray<Case> = [
  {
    title: "429 is tried again when the receiver says so",
    fault: { kind: "status", status: 429, headers: { "retry-after": "1" }, body: "slow down" },
    requests: 1,
    pause: 1000,
    reports: tryingAgain("it answered with status 429: slow down")
  },
  {
    title: "503 is tried again after the back-off",
    fault: { kind: "status", status: 503 },
    requests: 3,
    pause: 100,
    reports: tryingAgain("it answered with status 503")
  },
  {
    title: "400 is final",
    fault: { kind: "status", status: 400, body: "no span" },
    requests: 1,
    dropped: "rejected",
    reports: [/^Warn spans were refused by http:.*: it answered with status 400: no span$/]
  },
  {
    title: "an answer whose head never ends is none",
    fault: { kind: "trickled head" },
    timeout: "500 millis",
    requests: 2,
    reports: tryingAgain("no answer came in time \\(500ms\\)")
  },
  {
    title: "an answer whose body never ends is one",
    fault: { kind: "trickled body" },
    timeout: "500 millis",
    requests: 1,
    isTaken: true,
    reports: [/^Warn spans were accepted by .*, which broke off its answer with status 200$/]
  },
  {
    title: "a reset is tried again",
    fault: { kind: "reset" },
    requests: 2,
    reports: tryingAgain("the connection broke off \\(ECONNRESET\\)")
  },
  {
    title: "a reset before the request was read is tried again",
    fault: { kind: "early reset" },
    requests: 2,
    reports: tryingAgain("the connection broke off \\((ECONNRESET|EPIPE)\\)")
  },
  {
    title: "half a head is no answer",
    fault: { kind: "half a head" },
    requests: 2,
    reports: tryingAgain("the connection broke off \\((ECONNRESET|UND_ERR_SOCKET)\\)")
  },
  {
    title: "half a body is an answer",
    fault: { kind: "half a body" },
    requests: 1,
    isTaken: true,
    reports: [/^Warn spans were accepted by .*, which broke off its answer with status 200$/]
  }
]

// Starting all their processes at once would make each of them slow.
describe.each(["Node's client", "fetch"] as const)("An answer to %s", { concurrent: false }, (client) => {
  const options = { signals: "spans", client } as const

  it.live.each(cases)(
    "$title",
    ({ dropped, fault, isTaken, pause, reports, requests, timeout }) =>
      Effect.gen(function*() {
        const sink = yield* startSink
        const subject = yield* startSubject(
          sink.url,
          timeout === undefined ? delivery : { ...delivery, timeout },
          options
        )
        yield* sink.fail(fault, requests)
        yield* subject.record(100)
        yield* subject.flush
        const measured = yield* subject.measure
        yield* subject.close
        const report = yield* sink.report
        const sent = dropped === undefined ? 100 : 0
        assert.deepStrictEqual(spanAccounts(measured), {
          ended_total: 100,
          ...(sent > 0 ? { exported_total: sent } : {}),
          ...(dropped !== undefined ? { [`dropped_total ${dropped}`]: 100 } : {})
        })
        assert.deepStrictEqual(report.spans, { accepted: sent, different: sent })
        const tries = dropped !== undefined || isTaken === true ? requests : requests + 1
        assert.deepStrictEqual([report.requests.length, report.mostOpen], [tries, 1])
        if (pause !== undefined) {
          const [first, second] = report.requests
          assert.isAtLeast(second!.at - first!.at, pause)
        }
        assertReports(measured.reports, "spans", ...reports)
      })
  )

  it.live("413 has the batch sent in parts", () =>
    Effect.gen(function*() {
      const sink = yield* startSink
      const subject = yield* startSubject(sink.url, delivery, options)
      yield* sink.fail({ kind: "small requests", records: 100 })
      yield* subject.record(512)
      yield* subject.flush
      const measured = yield* subject.measure
      assert.deepStrictEqual(spanAccounts(measured), { ended_total: 512, exported_total: 512 })
      assert.deepStrictEqual((yield* sink.report).spans, { accepted: 512, different: 512 })
      assertReports(
        measured.reports,
        "spans",
        /^Warn spans were sent to .* in too large a batch: it answered with status 413.*; splitting it$/
      )
    }))

  it.live.each([301, 302, 307, 308])(
    "%i leads nowhere: no request and no key goes to another host",
    (status) =>
      Effect.gen(function*() {
        const [sink, other] = yield* Effect.all([startSink, startSink])
        const headers = { "x-api-key": "secret-key" }
        const subject = yield* startSubject(sink.url, { ...delivery, headers }, options)
        const location = other.url.replace("127.0.0.1", "localhost")
        yield* sink.fail({ kind: "status", status, headers: { location: `${location}/v1/traces` } })
        yield* subject.record(100)
        yield* subject.flush
        const measured = yield* subject.measure
        yield* subject.close
        assert.deepStrictEqual(spanAccounts(measured), { ended_total: 100, "dropped_total redirected": 100 })
        const report = yield* sink.report
        assert.isTrue(report.requests.every(({ hasKey }) => hasKey))
        assert.strictEqual(report.spans.accepted, 0)
        assert.deepStrictEqual((yield* other.report).requests, [])
        const host = location.replace("http://", "")
        assertReports(
          measured.reports,
          "spans",
          new RegExp(`^Warn spans were refused by .*: it redirects to ${host} with status ${status}, .* not followed$`)
        )
      })
  )
})

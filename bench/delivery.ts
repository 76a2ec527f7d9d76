/**
 * What arrives when the receiver fails, beside Effect's own exporter and OTel JS. Each program and each receiver has a
 * process of its own; the programs of all candidates run at the same time. Takes eleven minutes.
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { fileURLToPath } from "node:url"
import type { Closed, Fault, Measured, SinkReport } from "../test/support/faults/messages.ts"
import { spanAccounts, startProgram, startSink, startSubject } from "../test/support/faults/scenario.ts"
import { temporaryFolder } from "../test/support/temporaryFile.ts"
import * as Suite from "./support/Suite.ts"

const peer = (file: string, url: string) => startProgram(fileURLToPath(new URL(`cases/${file}`, import.meta.url)), url)

const ours = { interval: "1 second", retry: { maximumInterval: "1 second" } } as const

type Start = (url: string) => ReturnType<typeof startProgram>

/** All send spans every second; ours and the SDK take their defaults for the rest, but for our longest pause. */
const candidates: Readonly<Record<string, Start>> = {
  ours: (url: string) => startSubject(url, ours, { signals: "spans" }),
  "OTel JS": (url: string) => peer("delivery-otel.ts", url),
  "Effect Otlp.layerJson": (url: string) => peer("delivery-effect.ts", url)
}

type Sink = Effect.Success<typeof startSink>
type Program = Effect.Success<ReturnType<typeof startProgram>>

/** Does the same with each candidate, with all of them at the same time. */
const each = <A>(
  work: (sink: Sink, program: Program) => Effect.Effect<A, never, Scope.Scope>,
  more: Readonly<Record<string, Start>> = {}
) =>
  Effect.forEach(
    Object.entries({ ...candidates, ...more }),
    ([name, start]) =>
      Effect.gen(function*() {
        const sink = yield* startSink
        return { name, found: yield* work(sink, yield* start(sink.url)) }
      }).pipe(Effect.scoped),
    { concurrency: "unbounded" }
  )

const reportsOf = ({ reports: [first] }: Closed) =>
  first === undefined ? "said nothing" : `said ${/(the connection|connect) [^;"\\]*/.exec(first)?.[0] ?? first}`

/** Nothing came late where nothing had waited, or all of that was lost. */
const recovery = (millis: number) => millis === 0 ? undefined : millis * 1e6

const lostOf = ({ spans }: SinkReport, count: number) => count - spans.different

interface Part {
  readonly rows: ReadonlyArray<Suite.Row>
  readonly bars: ReadonlyArray<Suite.Bar>
}

const shortOutage: Effect.Effect<Part> = Effect.gen(function*() {
  const [count, seconds, before, down] = [4000, 22, 8, 4.5]
  const perSecond = count / seconds
  const found = yield* each((sink, program) =>
    Effect.gen(function*() {
      const part = (of: number) => Math.round(perSecond * of)
      yield* program.record(part(before), perSecond)
      yield* sink.fail({ kind: "down" })
      yield* program.record(part(down), perSecond)
      yield* sink.recover
      yield* program.record(count - part(before) - part(down), perSecond)
      const closed = yield* program.close
      const report = yield* sink.report
      return { lost: lostOf(report, count), recoveryMillis: report.recoveryMillis, said: reportsOf(closed) }
    })
  )
  const ours = found[0]!.found
  return {
    rows: found.map(({ found: { lost, recoveryMillis, said }, name }) => ({
      name: `outage of 4.5 s, recovery, ${name}`,
      medianNs: recovery(recoveryMillis),
      note: `${lost} of ${count} spans lost, ${said}`
    })),
    bars: [
      Suite.atMost("outage of 4.5 s: spans lost", 0, ours.lost),
      Suite.atMost("outage of 4.5 s: recovery, s", 2, ours.recoveryMillis / 1000)
    ]
  }
})

/** What a queue of 2048 spans and a batch of 512 in flight hold. */
const capacity = 2048 + 512

const longOutage: Effect.Effect<Part> = Effect.gen(function*() {
  const [perSecond, seconds, before] = [1000, 60, 100]
  const directory = yield* temporaryFolder
  const found = yield* each((sink, program) =>
    Effect.gen(function*() {
      yield* program.record(before)
      yield* program.flush
      yield* sink.fail({ kind: "down" })
      yield* program.record(perSecond * seconds, perSecond)
      yield* sink.recover
      // All have a while to recover by themselves.
      yield* Effect.sleep("10 seconds")
      const measured = yield* program.measure
      const closed = yield* program.close
      const report = yield* sink.report
      return {
        lost: lostOf(report, before + perSecond * seconds),
        counted: spanAccounts(measured)["dropped_total queue_full"],
        recoveryMillis: report.recoveryMillis,
        said: reportsOf(closed)
      }
    }), { "ours with a spool": (url) => startSubject(url, { ...ours, spool: { directory } }, { signals: "spans" }) })
  const { counted = Number.NaN, lost } = found[0]!.found
  return {
    rows: found.map(({ found: { counted, lost, recoveryMillis, said }, name }) => ({
      name: `outage of 60 s, recovery, ${name}`,
      medianNs: recovery(recoveryMillis),
      note: `${lost} of ${perSecond * seconds} spans lost, ${counted ?? "none"} counted, ${said}`
    })),
    bars: [
      Suite.atMost("outage of 60 s: lost spans beyond what does not fit", 0, lost - (perSecond * seconds - capacity)),
      Suite.atMost("outage of 60 s: lost spans that are not counted", 0, Math.abs(lost - counted)),
      Suite.atMost("outage of 60 s: lost spans with a spool", 0, found.at(-1)!.found.lost)
    ]
  }
}).pipe(Effect.scoped)

const growthOf = (heaps: ReadonlyArray<Measured>): number =>
  (Math.max(...heaps.map(({ heap }) => heap)) - heaps[0]!.heap) / 1e6

const hanging: Effect.Effect<Part> = Effect.gen(function*() {
  const [perSecond, minutes, between] = [1000, 5, 10]
  const found = yield* each((sink, program) =>
    Effect.gen(function*() {
      yield* sink.fail({ kind: "hang" })
      // Queue and code have their size before the first look.
      yield* program.record(perSecond * 30, perSecond)
      const heaps: Array<Measured> = []
      for (let at = 0; at <= minutes * 60; at += between) {
        heaps.push(yield* program.measure)
        yield* program.record(perSecond * between, perSecond)
      }
      const { millis } = yield* program.close
      const { mostOpen } = yield* sink.report
      return { growth: growthOf(heaps), millis, mostOpen }
    })
  )
  const { growth, millis, mostOpen } = found[0]!.found
  return {
    rows: found.map(({ found: { growth, millis, mostOpen }, name }) => ({
      name: `hanging receiver, shutdown, ${name}`,
      medianNs: millis * 1e6,
      note: `at most ${mostOpen} requests open, heap ${growth.toFixed(1)} MB above the first look in ${minutes} min`
    })),
    bars: [
      Suite.atMost("hanging receiver: requests in flight", 1, mostOpen),
      Suite.atMost("hanging receiver: growth of the heap, MB", 2, growth),
      // The limit is the default of `delivery.shutdownTimeout`.
      Suite.atMost("hanging receiver: shutdown beyond its limit, ms", 200, millis - 10_000)
    ]
  }
})

/** What fails twice, and is then well. */
const faults: ReadonlyArray<readonly [string, Fault, arrives: boolean]> = [
  ["429 with Retry-After", { kind: "status", status: 429, headers: { "retry-after": "1" } }, true],
  ["503", { kind: "status", status: 503 }, true],
  ["400", { kind: "status", status: 400 }, false],
  ["413 above 25 spans", { kind: "small requests", records: 25 }, true],
  ["a trickled head", { kind: "trickled head" }, true],
  ["a reset", { kind: "reset" }, true],
  ["half a head", { kind: "half a head" }, true],
  ["half a body", { kind: "half a body" }, true]
]

const answers = ([title, fault, arrives]: (typeof faults)[number]): Effect.Effect<Part> =>
  Effect.gen(function*() {
    const count = 100
    const found = yield* each((sink, program) =>
      Effect.gen(function*() {
        yield* sink.fail(fault, fault.kind === "small requests" ? undefined : 2)
        yield* program.record(count)
        // Longer than two attempts without an answer.
        yield* Effect.sleep(fault.kind === "trickled head" ? "25 seconds" : "8 seconds")
        const closed = yield* Effect.timeoutOption(program.close, "40 seconds")
        const { recoveryMillis, spans } = yield* sink.report
        return {
          lost: count - spans.different,
          twice: spans.accepted - spans.different,
          closes: Option.isSome(closed),
          recoveryMillis
        }
      })
    )
    return {
      rows: found.map(({ found: { closes, lost, recoveryMillis, twice }, name }) => ({
        name: `${title}, recovery, ${name}`,
        medianNs: recovery(recoveryMillis),
        note: `${lost} of ${count} spans lost${twice === 0 ? "" : `, ${twice} came twice`}${
          closes ? "" : ", never closes"
        }`
      })),
      bars: arrives ? [Suite.atMost(`${title}: spans lost`, 0, found[0]!.found.lost)] : []
    }
  })

const redirect: Effect.Effect<Part> = Effect.gen(function*() {
  const found = yield* each((sink, program) =>
    Effect.gen(function*() {
      const other = yield* startSink
      yield* sink.fail({ kind: "status", status: 307, headers: { location: `${other.url}/v1/traces` } })
      yield* program.record(100)
      yield* Effect.sleep("3 seconds")
      yield* program.close
      return (yield* other.report).requests.length
    })
  )
  return {
    rows: found.map(({ found, name }) => ({
      name: `307 to another host, ${name}`,
      note: `${found} requests there`
    })),
    bars: [Suite.atMost("307 to another host: requests there", 0, found[0]!.found)]
  }
})

export const suite = Effect.gen(function*() {
  const parts = yield* Effect.all([shortOutage, ...faults.map(answers), redirect, longOutage, hanging])
  return {
    suite: "delivery",
    rows: parts.flatMap(({ rows }) => rows),
    bars: parts.flatMap(({ bars }) => bars)
  } satisfies Suite.Suite
})

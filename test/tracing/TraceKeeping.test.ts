import { assert, describe, it } from "@effect/vitest"
import { Context, Duration, Effect, Random, Tracer } from "effect"
import { TestClock } from "effect/testing"
import * as TraceState from "../../src/tracing/internal/TraceState.ts"
import type { SpanData } from "../../src/tracing/SpanData.ts"
import { layer as tracerLayer, TelemetryTracer } from "../../src/tracing/TelemetryTracer.ts"
import * as TraceCarrier from "../../src/tracing/TraceCarrier.ts"
import * as keptRuns from "../support/keptRuns.ts"
import { layer, recorded, spanNamed } from "../support/spans.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

const child = (name: string, effect: Effect.Effect<unknown, unknown> = Effect.void) => Effect.withSpan(effect, name)

/** A run of three spans that ends as its first span does. */
const run = (name: string, end: Effect.Effect<unknown, unknown> = Effect.void) =>
  Effect.exit(Effect.withSpan(Effect.andThen(child("step", child("query")), end), name, { root: true }))

const names = Effect.map(recorded, (spans) => spans.map(({ name }) => name))
/** Runs by decision and reason. */
const decided = Effect.map(TestTelemetry.selfCounts, (counts) =>
  Object.fromEntries(
    counts.flatMap((line) => {
      const [, key, value] = /^tasker_runs_decided_total\{(.*)\} (\d+)$/.exec(line) ?? []
      return key === undefined ? [] : [[key, Number(value)]]
    })
  ))

/** Trace ids by their randomness: of the first a ratio of 0.5 keeps nothing, of the second it does. */
const below = `${"1".repeat(18)}00000000000001`
const above = `${"1".repeat(18)}f0000000000001`
const remote = (traceId: string, state: string = "") =>
  Tracer.externalSpan({
    traceId,
    spanId: "b7ad6b7169203331",
    sampled: true,
    annotations: Context.make(TraceState.Incoming, state)
  })

describe("tracing.keep", () => {
  it.effect("keeps every run at once unless a ratio is set", () =>
    Effect.gen(function*() {
      yield* Effect.withSpan(
        Effect.gen(function*() {
          yield* child("step")
          assert.deepStrictEqual(yield* names, ["step"])
        }),
        "work"
      )
      assert.strictEqual((yield* spanNamed("work")).traceState, "")
      assert.deepStrictEqual(yield* decided, {})
    }).pipe(Effect.provide(layer())))

  it.effect("keeps failed runs whole and no other at ratio 0", () =>
    Effect.gen(function*() {
      yield* run("good")
      yield* run("bad", Effect.fail("no"))
      yield* run("interrupted", Effect.interrupt)
      assert.deepStrictEqual(yield* names, ["query", "step", "bad"])
      assert.strictEqual((yield* spanNamed("bad")).attributes.get("tasker.keep.reason"), "error")
      assert.strictEqual((yield* spanNamed("bad")).traceState, "")
      assert.deepStrictEqual(yield* decided, { "dropped,ratio": 2, "kept,error": 1 })
    }).pipe(Effect.provide(layer({ tracing: { keep: { ratio: 0 } } }))))

  it.effect("keeps no failed run if it should not", () =>
    Effect.gen(function*() {
      yield* run("bad", Effect.fail("no"))
      assert.deepStrictEqual(yield* names, [])
    }).pipe(Effect.provide(layer({ tracing: { keep: { ratio: 0, errors: false } } }))))

  it.effect("keeps slow runs, and runs of chosen tasks", () =>
    Effect.gen(function*() {
      yield* run("quick", TestClock.adjust("999 millis"))
      yield* run("slow", TestClock.adjust("1 second"))
      yield* Effect.withSpan(
        Effect.withSpan(Effect.void, "tasker.task.execution", { attributes: { "tasker.task.name": "charge" } }),
        "request",
        { root: true }
      )
      assert.deepStrictEqual(yield* names, ["query", "step", "slow", "tasker.task.execution", "request"])
      assert.strictEqual((yield* spanNamed("slow")).attributes.get("tasker.keep.reason"), "slow")
      assert.strictEqual((yield* spanNamed("request")).attributes.get("tasker.keep.reason"), "always")
    }).pipe(
      Effect.provide(layer({ tracing: { keep: { ratio: 0, slowerThan: Duration.seconds(1), always: ["charge"] } } }))
    ))

  it.effect("keeps the run around a task that fails, also if the run itself does not", () =>
    Effect.gen(function*() {
      yield* Effect.withSpan(Effect.ignore(child("tasker.task.execution", Effect.fail("no"))), "request", {
        root: true
      })
      yield* Effect.withSpan(Effect.ignore(child("other", Effect.fail("no"))), "handled", { root: true })
      assert.deepStrictEqual(yield* names, ["tasker.task.execution", "request"])
    }).pipe(Effect.provide(layer({ tracing: { keep: { ratio: 0 } } }))))

  it.effect("streams a run that its ratio keeps, with the threshold in its state", () =>
    Effect.gen(function*() {
      yield* Effect.withSpan(
        Effect.gen(function*() {
          yield* child("step")
          assert.deepStrictEqual(yield* names, ["step"])
        }),
        "kept",
        { parent: remote(above, "a=1,tasker=undecided") }
      )
      assert.strictEqual((yield* spanNamed("kept")).traceState, "ot=th:8,a=1")
      assert.isFalse((yield* spanNamed("kept")).attributes.has("tasker.keep.reason"))
      yield* Effect.withSpan(child("step"), "dropped", { parent: remote(below, "a=1,tasker=undecided") })
      assert.deepStrictEqual(yield* names, ["step", "kept"])
    }).pipe(Effect.provide(layer({ tracing: { keep: { ratio: 0.5 } } }))))

  it.effect("keeps an undecided trace of another service by its own ratio, however few traces it begins", () =>
    Effect.gen(function*() {
      yield* Effect.withSpan(Effect.void, "kept", { parent: remote(above, "tasker=undecided") })
      yield* Effect.withSpan(Effect.void, "dropped", { parent: remote(below, "tasker=undecided") })
      assert.deepStrictEqual(yield* names, ["kept"])
      assert.strictEqual((yield* spanNamed("kept")).traceState, "ot=th:8")
    }).pipe(Effect.provide(layer({
      tracing: { sampler: { type: "parentbased_traceidratio", ratio: 0.001 }, keep: { ratio: 0.5 } }
    }))))

  it.effect("keeps its part of a trace that another process has decided to keep", () =>
    Effect.gen(function*() {
      yield* Effect.withSpan(child("step"), "work", { parent: remote(below, "a=1") })
      assert.deepStrictEqual(yield* names, ["step", "work"])
      assert.strictEqual((yield* spanNamed("work")).traceState, "a=1")
    }).pipe(Effect.provide(layer({ tracing: { keep: { ratio: 0 } } }))))

  it.effect("tells others that a run is not decided, with a sampled flag", () =>
    Effect.gen(function*() {
      const [span, state] = yield* Effect.withSpan(
        Effect.map(Effect.currentSpan, (span) => [span, TraceState.of(span)] as const),
        "work",
        { root: true }
      )
      assert.isTrue(span.sampled)
      assert.strictEqual(state, "tasker=undecided")
    }).pipe(Effect.provide(layer({ tracing: { keep: { ratio: 0 } } }))))

  it.effect("lets two services keep the same traces", () =>
    Effect.gen(function*() {
      const kept = (parents: ReadonlyArray<Tracer.AnySpan | undefined>) =>
        Effect.gen(function*() {
          const spans = yield* Effect.forEach(parents, (parent) =>
            Effect.withSpan(
              Effect.map(Effect.currentSpan, (span) => remote(span.traceId, TraceState.of(span))),
              "work",
              { root: true, parent }
            ))
          return { spans, ids: (yield* recorded).map(({ traceId }) => traceId) }
        }).pipe(Effect.provide(layer({ tracing: { keep: { ratio: 0.1 } } })))
      const first = yield* kept(Array.from({ length: 500 }, () => undefined))
      const second = yield* kept(first.spans)
      assert.isAbove(first.ids.length, 20)
      assert.isBelow(first.ids.length, 90)
      assert.deepStrictEqual(second.ids, first.ids)
    }).pipe(Random.withSeed("two services")))

  it.effect("replaces the threshold of a parent if the sampler thins out its children", () =>
    Effect.gen(function*() {
      yield* Effect.withSpan(Effect.void, "child", { parent: remote(above, "ot=th:4;rv:ffffffffffffff,a=b") })
      assert.strictEqual((yield* spanNamed("child")).traceState, "ot=th:8;rv:ffffffffffffff,a=b")
    }).pipe(Effect.provide(layer({ tracing: { sampler: { type: "traceidratio", ratio: 0.5 } } }))))

  it.effect("leaves the threshold of a parent out of a run that is kept for another reason", () =>
    Effect.gen(function*() {
      const parent = remote(below, "ot=th:4;rv:00000000000001,tasker=undecided,a=b")
      yield* Effect.exit(Effect.withSpan(Effect.fail("no"), "child", { parent }))
      const { attributes, traceState } = yield* spanNamed("child")
      assert.deepStrictEqual([attributes.get("tasker.keep.reason"), traceState], ["error", "ot=rv:00000000000001,a=b"])
    }).pipe(Effect.provide(layer({ tracing: { keep: { ratio: 0.5 } } }))))

  it.effect("does not show a receiver that another process has not decided", () =>
    Effect.gen(function*() {
      yield* Effect.withSpan(Effect.void, "child", { parent: remote(above, "tasker=undecided,a=b") })
      assert.strictEqual((yield* spanNamed("child")).traceState, "a=b")
    }).pipe(Effect.provide(layer())))

  it.effect("keeps a run at once that has more spans than may wait", () =>
    Effect.gen(function*() {
      yield* Effect.withSpan(
        Effect.gen(function*() {
          yield* Effect.forEach([1, 2, 3, 4], (number) => child(`step ${number}`))
          assert.deepStrictEqual(yield* names, ["step 1", "step 2", "step 3", "step 4"])
        }),
        "large",
        { root: true }
      )
      yield* run("small")
      assert.deepStrictEqual(yield* names, ["step 1", "step 2", "step 3", "step 4", "large"])
      assert.strictEqual((yield* spanNamed("large")).attributes.get("tasker.keep.reason"), "limit")
      assert.deepStrictEqual(yield* decided, { "kept,limit": 1, "dropped,ratio": 1 })
    }).pipe(Effect.provide(layer({ tracing: { keep: { ratio: 0, maxSpansPerRun: 4 } } }))))

  it.effect("keeps the oldest run if the spans of all runs are too many, so runs without an end do not change others", () =>
    Effect.gen(function*() {
      const open = (name: string) =>
        Effect.forkChild(
          Effect.withSpan(Effect.andThen(child(`${name} waits`), Effect.never), name, { root: true }),
          { startImmediately: true }
        )
      yield* open("first")
      yield* open("second")
      for (let count = 0; count < 5; count++) yield* run("short")
      assert.deepStrictEqual(yield* names, ["first waits", "second waits"])
      assert.deepStrictEqual(yield* decided, { "kept,limit": 2, "dropped,ratio": 5 })
    }).pipe(Effect.provide(layer({ tracing: { keep: { ratio: 0, maxSpans: 3 } } }))))

  it.effect("gives a processor that leaves the spans of runs that go on", () =>
    Effect.gen(function*() {
      const spans: Array<SpanData> = []
      const tracer = yield* TelemetryTracer
      yield* Effect.forkChild(
        Effect.withSpan(Effect.andThen(child("ended"), Effect.never), "open", { root: true }),
        { startImmediately: true }
      )
      yield* Effect.scoped(tracer.register({ name: "late", onEnd: (span) => void spans.push(span) }))
      assert.deepStrictEqual(spans.map(({ name }) => name), ["ended"])
      assert.deepStrictEqual([yield* names, yield* decided, tracer.held().undecided], [[], {}, 1])
    }).pipe(Effect.provide(layer({ tracing: { keep: { ratio: 0 } } }))))

  it.effect("keeps the runs that go on when the last processor leaves", () =>
    Effect.gen(function*() {
      const spans: Array<SpanData> = []
      const tracer = yield* TelemetryTracer
      yield* Effect.scoped(Effect.gen(function*() {
        yield* tracer.register({ name: "only", onEnd: (span) => void spans.push(span) })
        yield* Effect.forkChild(
          Effect.withSpan(Effect.andThen(child("ended"), Effect.never), "open", { root: true }),
          { startImmediately: true }
        )
      }))
      assert.deepStrictEqual(spans.map(({ name }) => name), ["ended"])
      assert.deepStrictEqual(yield* decided, { "kept,shutdown": 1 })
    }).pipe(
      Effect.provide(TestTelemetry.layer(tracerLayer, { tracing: { keep: { ratio: 0 } } }))
    ))

  it.effect("follows the decision for spans that end after their run", () =>
    Effect.gen(function*() {
      yield* Effect.withSpan(
        Effect.gen(function*() {
          yield* Effect.forkDetach(Effect.withSpan(Effect.sleep("1 second"), "late"), { startImmediately: true })
          return yield* Effect.fail("no")
        }),
        "bad",
        { root: true }
      ).pipe(Effect.exit)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* names, ["bad", "late"])
    }).pipe(Effect.provide(layer({ tracing: { keep: { ratio: 0 } } }))))

  it.effect("waits for the tasks of a run whose first span has ended", () =>
    Effect.gen(function*() {
      const request = (name: string, task: Effect.Effect<void, string>) =>
        Effect.withSpan(
          Effect.forkDetach(child("tasker.task.execution", Effect.andThen(Effect.sleep("1 second"), task)), {
            startImmediately: true
          }),
          name,
          { root: true }
        )
      yield* request("good", Effect.void)
      yield* request("bad", Effect.fail("no"))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* names, ["bad", "tasker.task.execution"])
      assert.strictEqual((yield* spanNamed("bad")).attributes.get("tasker.keep.reason"), "error")
      assert.deepStrictEqual(yield* decided, { "dropped,ratio": 1, "kept,error": 1 })
      assert.strictEqual((yield* TelemetryTracer).held().undecided, 0)
    }).pipe(Effect.provide(layer({ tracing: { keep: { ratio: 0 } } }))))

  it.effect("decides on its own about a span that begins after its run was dropped", () =>
    Effect.gen(function*() {
      const span = yield* Effect.withSpan(Effect.currentSpan, "request", { root: true })
      yield* Effect.exit(Effect.withSpan(Effect.fail("no"), "late", { parent: span }))
      yield* Effect.withSpan(Effect.void, "later", { parent: span })
      assert.deepStrictEqual(yield* names, ["late"])
      assert.strictEqual((yield* spanNamed("late")).parentSpanId, span.spanId)
    }).pipe(Effect.provide(layer({ tracing: { keep: { ratio: 0 } } }))))

  it.effect("decides about a trace that another process refused, if its sampler records the trace", () =>
    Effect.gen(function*() {
      const refused = Tracer.externalSpan({ traceId: below, spanId: "b7ad6b7169203331", sampled: false })
      yield* Effect.withSpan(Effect.void, "good", { parent: refused })
      yield* Effect.exit(Effect.withSpan(Effect.fail("no"), "bad", { parent: refused }))
      assert.deepStrictEqual(yield* names, ["bad"])
      assert.deepStrictEqual(yield* decided, { "dropped,ratio": 1, "kept,error": 1 })
    }).pipe(Effect.provide(layer({ tracing: { sampler: { type: "always_on" }, keep: { ratio: 0 } } }))))

  it.effect("decides apart from the tracer of a parent", () =>
    Effect.gen(function*() {
      const outer = yield* TelemetryTracer
      yield* Effect.withSpan(
        Effect.gen(function*() {
          yield* child("inner")
          assert.deepStrictEqual(yield* names, ["inner"])
          assert.strictEqual((yield* TelemetryTracer).held().undecided, 0)
        }).pipe(Effect.provide(layer(), { local: true })),
        "outer",
        { root: true }
      )
      assert.deepStrictEqual([yield* names, outer.held().undecided], [[], 0])
    }).pipe(Effect.provide(layer({ tracing: { keep: { ratio: 0 } } }))))
})

describe("the spans that tracing.keep holds back", () => {
  it.effect("are counted until their run is decided, and those of dropped runs for good", () =>
    Effect.gen(function*() {
      const { held } = yield* TelemetryTracer
      yield* Effect.withSpan(
        Effect.gen(function*() {
          yield* child("step")
          assert.deepStrictEqual(held(), { undecided: 1, sampledOut: 0 })
        }),
        "good",
        { root: true }
      )
      assert.deepStrictEqual(held(), { undecided: 0, sampledOut: 2 })
      yield* run("bad", Effect.fail("no"))
      assert.deepStrictEqual(held(), { undecided: 0, sampledOut: 2 })
    }).pipe(Effect.provide(layer({ tracing: { keep: { ratio: 0 } } }))))
})

describe("a processor", () => {
  const collector = (spans: "kept" | "recorded" | "all") => {
    const ended: Array<string> = []
    return { ended, processor: { name: spans, spans, onEnd: (span: SpanData) => void ended.push(span.name) } }
  }

  it.effect("gets kept spans, all recorded ones at their end, or those of refused traces as well", () =>
    Effect.gen(function*() {
      const tracer = yield* TelemetryTracer
      const [kept, recorded, all] = [collector("kept"), collector("recorded"), collector("all")]
      for (const { processor } of [kept, recorded, all]) yield* tracer.register(processor)
      yield* run("good")
      yield* Effect.withSpan(Effect.void, "refused", { root: true, sampled: false })
      assert.deepStrictEqual(kept.ended, [])
      assert.deepStrictEqual(recorded.ended, ["query", "step", "good"])
      assert.deepStrictEqual(all.ended, ["query", "step", "good", "refused"])
    }).pipe(Effect.scoped, Effect.provide(layer({ tracing: { keep: { ratio: 0 } } }))))

  it.effect("changes nothing about refused traces for others", () =>
    Effect.gen(function*() {
      const tracer = yield* TelemetryTracer
      const started: Array<string> = []
      yield* tracer.register({ ...collector("kept").processor, onStart: (span) => void started.push(span.name) })
      yield* tracer.register(collector("all").processor)
      const carrier = yield* Effect.withSpan(TraceCarrier.inject, "refused", { root: true, sampled: false })
      assert.match(carrier["traceparent"] ?? "", /-00$/)
      assert.notProperty(carrier, "tracestate")
      assert.deepStrictEqual([started, yield* decided], [[], {}])
      // With this sampler, a child of a refused span is recorded: it is the first span of its run.
      yield* Effect.withSpan(child("child"), "refused", { root: true, sampled: false })
      assert.deepStrictEqual([started, yield* decided], [["child"], { "dropped,ratio": 1 }])
      assert.strictEqual(tracer.held().undecided, 0)
    }).pipe(
      Effect.scoped,
      Effect.provide(layer({ tracing: { sampler: { type: "always_on" }, keep: { ratio: 0 } } }))
    ))

  it.effect("sees a span start and may give it attributes; what it throws costs nothing", () =>
    Effect.gen(function*() {
      const tracer = yield* TelemetryTracer
      yield* tracer.register({
        name: "region",
        onStart: (span) => span.attribute("cloud.region", "eu-1"),
        onEnd: () => {}
      })
      yield* tracer.register({
        name: "broken",
        onStart: () => {
          throw new Error("hostile")
        },
        onEnd: () => {}
      })
      yield* child("work")
      assert.strictEqual((yield* spanNamed("work")).attributes.get("cloud.region"), "eu-1")
    }).pipe(Effect.scoped, Effect.provide(layer())))
})

describe("tracing.keep of tasks", () => {
  it.effect("keeps exactly the runs that fail or are slow, whole, and counts all", () => keptRuns.check(200))
  it.effect("keeps a failed run of many steps whole", () => keptRuns.checkLarge(200))
})

import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Option, Random, Scope, Tracer } from "effect"
import type * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import type { SpanData } from "../../src/tracing/SpanData.ts"
import * as TelemetryTracer from "../../src/tracing/TelemetryTracer.ts"
import { layer, recorded, spanNamed } from "../support/spans.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

const remote = (sampled: boolean) =>
  Tracer.externalSpan({ traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331", sampled })

const names = Effect.map(recorded, (spans) => spans.map(({ name }) => name))

describe("TelemetryTracer", () => {
  it.effect("nests spans by the context of the fiber", () =>
    Effect.gen(function*() {
      yield* Effect.void.pipe(
        Effect.withSpan("inner", { kind: "client" }),
        Effect.withSpan("middle"),
        Effect.withSpan("outer", { kind: "server" })
      )
      const [inner, middle, outer] = yield* recorded
      assert.deepStrictEqual([inner?.name, inner?.kind, inner?.parentSpanId], ["inner", "client", middle?.spanId])
      assert.deepStrictEqual([middle?.name, middle?.kind, middle?.parentSpanId], ["middle", "internal", outer?.spanId])
      assert.deepStrictEqual([outer?.name, outer?.kind, outer?.parentSpanId], ["outer", "server", undefined])
      assert.deepStrictEqual(new Set([inner?.traceId, middle?.traceId]), new Set([outer?.traceId]))
      assert.match(outer!.traceId, /^[0-9a-f]{32}$/)
      assert.match(outer!.spanId, /^[0-9a-f]{16}$/)
    }).pipe(Effect.provide(layer())))

  it.effect("continues the trace of a remote parent", () =>
    Effect.gen(function*() {
      yield* Effect.withSpan(Effect.void, "work", { parent: remote(true) })
      const span = yield* spanNamed("work")
      assert.deepStrictEqual([span.traceId, span.parentSpanId], [remote(true).traceId, remote(true).spanId])
    }).pipe(Effect.provide(layer())))

  const idsOf = (count: number, options: TelemetryConfig.Options = {}) =>
    Effect.gen(function*() {
      yield* Effect.forEach(
        Array.from({ length: count }),
        () => Effect.withSpan(Effect.withSpan(Effect.yieldNow, "inner"), "outer"),
        { concurrency: 4, discard: true }
      )
      return (yield* recorded).map(({ spanId, traceId }) => `${traceId}/${spanId}`)
    }).pipe(Effect.provide(layer(options), { local: true }))

  it.effect("makes the same ids from the same seed, other ids from another one and from none", () =>
    Effect.gen(function*() {
      const first = yield* Random.withSeed(idsOf(20), "seed")
      assert.deepStrictEqual(yield* Random.withSeed(idsOf(20), "seed"), first)
      for (const other of [yield* Random.withSeed(idsOf(20), "other"), yield* idsOf(20), yield* idsOf(20)]) {
        assert.strictEqual(new Set([...first, ...other]).size, 80)
      }
    }))

  it.effect("makes valid ids from a seed and none of them twice", () =>
    Effect.gen(function*() {
      const ids = yield* Random.withSeed(idsOf(2000), 7)
      assert.strictEqual(new Set(ids.map((id) => id.slice(33))).size, 4000)
      assert.strictEqual(new Set(ids.map((id) => id.slice(0, 32))).size, 2000)
      assert.isTrue(ids.every((id) => /^[0-9a-f]{32}\/[0-9a-f]{16}$/.test(id)))
      const ones = ids.reduce(
        (sum, id) => sum + Number.parseInt(id.slice(-4), 16).toString(2).replaceAll("0", "").length,
        0
      )
      assert.approximately(ones / ids.length, 8, 0.1)
    }))

  it.effect("makes the ids of spans it does not keep from the seed as well", () =>
    Effect.gen(function*() {
      const unsampled = Effect.map(
        Effect.withSpan(Effect.currentSpan, "work"),
        ({ sampled, spanId, traceId }) => ({ sampled, spanId, traceId })
      ).pipe(Effect.provide(layer({ tracing: { sampler: { type: "always_off" } } }), { local: true }))
      const first = yield* Random.withSeed(unsampled, "seed")
      assert.isFalse(first.sampled)
      assert.deepStrictEqual(yield* Random.withSeed(unsampled, "seed"), first)
    }))

  it.effect("draws nothing from the program's Random after it is built", () =>
    Effect.gen(function*() {
      const drawn = (spans: number) =>
        Random.withSeed(
          Effect.gen(function*() {
            const before = yield* Random.nextInt
            yield* Effect.replicateEffect(Effect.withSpan(Effect.void, "work"), spans)
            return [before, yield* Random.nextInt]
          }).pipe(Effect.provide(layer(), { local: true })),
          "seed"
        )
      assert.deepStrictEqual(yield* drawn(10), yield* drawn(0))
    }))

  it.effect("gives parts of a program that share a seed different ids", () =>
    Effect.gen(function*() {
      const part = Random.withSeed(Effect.withSpan(Effect.void, "part"), "seed")
      yield* Effect.andThen(part, part)
      const spans = yield* recorded
      assert.strictEqual(new Set(spans.map(({ spanId }) => spanId)).size, 2)
      assert.strictEqual(new Set(spans.map(({ traceId }) => traceId)).size, 2)
    }).pipe(Effect.provide(layer())))

  for (
    const [what, traceId, spanId] of [
      ["trace id", "not-hex", "b7ad6b7169203331"],
      ["span id", "0af7651916cd43dd8448eb211c80319c", "1"],
      ["all-zero trace id", "0".repeat(32), "b7ad6b7169203331"]
    ] as const
  ) {
    it.effect(`begins a new trace where the ${what} of a remote parent is no id`, () =>
      Effect.gen(function*() {
        yield* Effect.withSpan(Effect.void, "work", { parent: Tracer.externalSpan({ traceId, spanId }) })
        const span = yield* spanNamed("work")
        assert.match(span.traceId, /^[0-9a-f]{32}$/)
        assert.notStrictEqual(span.traceId, traceId)
        assert.strictEqual(span.parentSpanId, undefined)
      }).pipe(Effect.provide(layer())))
  }

  it.effect("leaves out links to what has no ids, and counts them", () =>
    Effect.gen(function*() {
      yield* Effect.withSpan(Effect.void, "work", {
        links: [
          { span: Tracer.externalSpan({ traceId: "?", spanId: "?" }), attributes: {} },
          { span: remote(true), attributes: {} }
        ]
      })
      const span = yield* spanNamed("work")
      assert.deepStrictEqual(span.links.map(({ span }) => span.spanId), [remote(true).spanId])
      assert.strictEqual(span.droppedLinks, 1)
    }).pipe(Effect.provide(layer())))

  it.effect("shows no processor a span that is not sampled, and carries its trace on", () =>
    Effect.gen(function*() {
      const inside = yield* Effect.withSpan(
        Effect.withSpan(Effect.currentSpan, "child"),
        "root",
        { parent: remote(false), attributes: { a: 1 } }
      )
      assert.deepStrictEqual(yield* names, [])
      assert.deepStrictEqual([inside.sampled, inside.traceId, inside.attributes.size], [
        false,
        remote(false).traceId,
        0
      ])
      const parent = Option.getOrThrow(inside.parent)
      assert.match(parent.spanId, /^[0-9a-f]{16}$/)
      assert.deepStrictEqual(
        Option.map((parent as Tracer.Span).parent, ({ spanId }) => spanId),
        Option.some(remote(false).spanId)
      )
      assert.strictEqual(inside.status._tag, "Ended")
    }).pipe(Effect.provide(layer())))

  it.effect("records under always_on what a remote parent does not sample", () =>
    Effect.gen(function*() {
      yield* Effect.void.pipe(Effect.withSpan("child"), Effect.withSpan("root", { parent: remote(false) }))
      assert.deepStrictEqual(yield* names, ["child", "root"])
    }).pipe(Effect.provide(layer({ tracing: { sampler: { type: "always_on" } } }))))

  it.effect("records nothing under always_off and follows a sampled parent under parentbased_always_off", () =>
    Effect.gen(function*() {
      const run = Effect.andThen(
        Effect.withSpan(Effect.void, "root"),
        Effect.withSpan(Effect.void, "child", { parent: remote(true) })
      )
      for (const [type, expected] of [["always_off", []], ["parentbased_always_off", ["child"]]] as const) {
        const found = yield* Effect.andThen(run, names).pipe(Effect.provide(layer({ tracing: { sampler: { type } } })))
        assert.deepStrictEqual(found, expected as ReadonlyArray<string>)
      }
    }))

  it.effect("keeps a share of the traces near the ratio, and every trace whole", () =>
    Effect.gen(function*() {
      yield* Effect.repeat(Effect.void.pipe(Effect.withSpan("child"), Effect.withSpan("root")), { times: 9999 })
      const spans = yield* recorded
      const roots = spans.filter(({ name }) => name === "root")
      // Ten standard deviations of a binomial distribution: a fair sampler is outside once in 10^23 runs.
      assert.approximately(roots.length, 2500, 10 * Math.sqrt(10_000 * 0.25 * 0.75))
      assert.strictEqual(spans.length, 2 * roots.length)
      assert.deepStrictEqual(new Set(spans.map(({ traceId }) => traceId)).size, roots.length)
    }).pipe(Effect.provide(layer({ tracing: { sampler: { type: "parentbased_traceidratio", ratio: 0.25 } } }))))

  it.effect("records no span below the minimum trace level", () =>
    Effect.gen(function*() {
      yield* Effect.withSpan(Effect.void, "quiet", { level: "Debug" })
      yield* Effect.withSpan(Effect.void, "loud", { level: "Error" })
      assert.deepStrictEqual(yield* names, ["loud"])
    }).pipe(Effect.provideService(Tracer.MinimumTraceLevel, "Warn"), Effect.provide(layer())))

  it.effect("contains and counts a processor that throws; the others still get the span", () =>
    Effect.gen(function*() {
      const { register } = yield* TelemetryTracer.TelemetryTracer
      yield* register({
        name: "broken",
        onEnd: () => {
          throw new Error("broken")
        }
      })
      const seen: Array<string> = []
      yield* register({ name: "after", onEnd: ({ name }) => void seen.push(name) })
      assert.strictEqual(yield* Effect.withSpan(Effect.succeed(1), "work"), 1)
      assert.deepStrictEqual(seen, ["work"])
      assert.deepStrictEqual(
        (yield* TestTelemetry.selfCounts).filter((line) => line.startsWith("tasker_span_processor_errors_total")),
        ["tasker_span_processor_errors_total{broken} 1"]
      )
    }).pipe(Effect.provide(layer())))

  it.effect("calls a processor until its scope closes", () =>
    Effect.gen(function*() {
      const { register } = yield* TelemetryTracer.TelemetryTracer
      const scope = yield* Scope.make()
      const seen: Array<SpanData> = []
      yield* Scope.provide(scope)(register({ name: "short", onEnd: (span) => void seen.push(span) }))
      yield* Effect.withSpan(Effect.void, "before")
      yield* Scope.close(scope, Exit.void)
      yield* Effect.withSpan(Effect.void, "after")
      assert.deepStrictEqual(seen.map(({ name }) => name), ["before"])
    }).pipe(Effect.provide(layer())))
})

describe("TelemetryTracer.layerNoop", () => {
  it.effect("leaves the program's tracer as it is and registers nothing", () =>
    Effect.gen(function*() {
      const { register, tracer } = yield* TelemetryTracer.TelemetryTracer
      assert.strictEqual(tracer, yield* Tracer.Tracer)
      yield* register({ name: "p", onEnd: () => assert.fail("must not be called") })
      assert.instanceOf(yield* Effect.withSpan(Effect.currentSpan, "work"), Tracer.NativeSpan)
    }).pipe(Effect.provide(Layer.fresh(TelemetryTracer.layerNoop))))
})

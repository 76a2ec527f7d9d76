import { assert, describe, it } from "@effect/vitest"
import { Cause, Data, Effect, Exit, Fiber, type Layer, Metric, Schema } from "effect"
import { TestClock } from "effect/testing"
import { LogDestination, Step, Task, TaskRunner, Telemetry } from "tasker-telemetry"
import { runs } from "./support/runs.ts"
import { hostileValues } from "./support/spans.ts"

const hostile = hostileValues()
const names = Object.keys(hostile)

/** Proxies that throw when Effect itself looks at them are left to fields, where only telemetry looks. */
const isLookedAtByEffect = (name: string) => /^proxy|^revoked/.test(name)

const Wrapped = Data.TaggedError("Wrapped")<{ readonly value: unknown }>

const observed = Telemetry.layer({}, { logDestination: LogDestination.layer(() => {}) })
const full = Telemetry.layer({}, {
  logDestination: LogDestination.layer(() => {
    throw new Error("no space left")
  })
})

const Ending = Schema.Literals(["succeeds", "fails", "dies", "fails with a log", "is interrupted", "times out"])
const Place = Schema.Literals(["span", "event", "log field", "annotation", "metric attribute", "nowhere"])

/** One step that carries a hostile value about and ends in some way. */
const work = (value: unknown, place: typeof Place.Type, ending: typeof Ending.Type) =>
  Effect.gen(function*() {
    const use: Effect.Effect<unknown> = place === "span"
      ? Effect.annotateCurrentSpan("value", value)
      : place === "event"
      ? Effect.map(Effect.orDie(Effect.currentSpan), (span) => span.event("e", 0n, { value }))
      : place === "log field"
      ? Effect.logInfo("m", { value })
      : place === "annotation"
      ? Effect.annotateLogs(Effect.logInfo("m"), "value", value)
      : place === "metric attribute"
      ? Effect.annotateSpans(Effect.withSpan(Effect.void, "inner"), "value", value)
      : Effect.void
    yield* place === "event" ? Effect.withSpan(use, "outer") : use
    switch (ending) {
      case "succeeds":
        return value
      case "fails":
        return yield* new Wrapped({ value })
      case "dies":
        return yield* Effect.die(value)
      case "fails with a log":
        return yield* Effect.andThen(Effect.logError("m", { cause: value }), new Wrapped({ value }))
      case "is interrupted":
        return yield* Effect.interrupt
      case "times out":
        return yield* Effect.never
    }
  })

type Run = typeof TaskRunner.TaskRunner | Telemetry.Services

/** How the run ended: its result, or the kinds and values of its failure. */
const exitUnder = (
  layer: Layer.Layer<Telemetry.Services, unknown>,
  body: Effect.Effect<unknown, unknown, Run & Telemetry.Services>
) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(
      Effect.provide(body, layer).pipe(
        Effect.provideService(Metric.MetricRegistry, new Map())
      )
    )
    yield* TestClock.adjust("1 minute")
    const exit = yield* Fiber.await(fiber)
    if (Exit.isSuccess(exit)) return ["success", exit.value] as const
    return exit.cause.reasons.flatMap((reason) =>
      Cause.isFailReason(reason)
        ? [
          "fail",
          (reason.error as { readonly _tag?: string })._tag,
          (reason.error as { readonly value?: unknown }).value
        ]
        : Cause.isDieReason(reason)
        ? ["die", reason.defect]
        : ["interrupt"]
    )
  })

const same = (left: ReadonlyArray<unknown>, right: ReadonlyArray<unknown>) =>
  left.length === right.length && left.every((item, index) => Object.is(item, right[index]))

describe("Telemetry", () => {
  it.effect.prop(
    "does not change how a task ends, whatever values it handles and even where every line fails",
    {
      index: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: names.length - 1 })),
      place: Place,
      ending: Ending
    },
    ({ ending, index, place }) =>
      Effect.gen(function*() {
        const value = hostile[names[index]!]
        if (ending !== "succeeds" && isLookedAtByEffect(names[index]!)) return
        const step = Step.make("work", {
          timeout: "5 seconds",
          retry: { maximumAttempts: 1 },
          run: () => work(value, place, ending)
        })
        const Only = Task.make("only", { input: Schema.Struct({}), steps: [step] })
        const body = Effect.map(TaskRunner.run(Only, {}), ({ results }) => results.work)
        const expected = yield* exitUnder(Telemetry.layerNoop, body)
        for (const layer of [observed, full]) {
          assert.isTrue(same(yield* exitUnder(layer, body), expected), `${names[index]} ${place} ${ending}`)
        }
      }),
    { arbitrary: { runs: runs(100) } }
  )
})

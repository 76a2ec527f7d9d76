/**
 * Tasks with hostile payloads, with and without telemetry.
 */
import { assert } from "@effect/vitest"
import { Cause, Data, Effect, Exit, Layer, References, Schema } from "effect"
import { LogDestination, Step, Task, TaskRunner, Telemetry } from "tasker-telemetry"
import * as TestTelemetry from "./TestTelemetry.ts"

/** A generator that gives the same numbers every time. */
const makeRandom = (seed: number) => {
  let state = seed
  return (below: number): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below
  }
}

const huge = "é\ud800\"\\\n token=".repeat(700_000)
const thrower = () => {
  throw new Error("hostile")
}
const traps = {
  get: thrower,
  has: thrower,
  ownKeys: thrower,
  getPrototypeOf: thrower,
  getOwnPropertyDescriptor: thrower
}

const leaves: ReadonlyArray<(random: (below: number) => number) => unknown> = [
  () => Number.NaN,
  () => -Infinity,
  () => -0,
  (random) => random(1_000_000) / 7,
  (random) => 2n ** BigInt(random(400)),
  () => Symbol("s"),
  () => undefined,
  () => null,
  () => thrower,
  (random) => String.fromCharCode(0xd800 + random(2048), random(128), random(32)),
  (random) => "x".repeat(random(40_000)),
  (random) => random(50) === 0 ? huge : "short",
  () => "password=hunter2 Bearer abcdefgh 4111111111111111",
  () => new Date(Number.NaN),
  (random) => new Uint8Array(random(1000)),
  () => new Error("e", { cause: "c" }),
  () => Object.defineProperty(new Error("e"), "message", { get: thrower }),
  () => Object.defineProperty({}, "boom", { get: thrower, enumerable: true }),
  () => ({ toJSON: thrower }),
  () => ({ toString: thrower, [Symbol.toPrimitive]: thrower }),
  () => new Proxy({}, traps),
  () => new Proxy([], traps),
  () => /x/g,
  () => new WeakMap(),
  () => Promise.resolve(1)
]

const keys = ["a", "password", "__proto__", "constructor", "toJSON", "level", "\ud800", "", "exception.message", "x.y"]

const payload = (random: (below: number) => number, depth = 0): unknown => {
  const kind = depth > 4 ? 0 : random(8)
  const many = <A>(make: () => A) => Array.from({ length: random(4) }, make)
  const entries = () => many(() => [keys[random(keys.length)]!, payload(random, depth + 1)] as const)
  switch (kind) {
    case 1:
      return many(() => payload(random, depth + 1))
    case 2:
      return Object.fromEntries(entries())
    case 3:
      return new Map<unknown, unknown>(entries())
    case 4:
      return new Set(many(() => payload(random, depth + 1)))
    case 5: {
      const circular: Record<string, unknown> = Object.fromEntries(entries())
      circular["self"] = circular
      return circular
    }
    case 6:
      return Object.assign(Object.create(null), Object.fromEntries(entries()))
    default:
      return leaves[random(leaves.length)]!(random)
  }
}

class Wrapped extends Data.TaggedError("Wrapped")<{ readonly value: unknown }> {}

/** Says everything it can about the value, and ends with it in one of four ways. */
const use = (value: unknown, ending: number) =>
  Effect.gen(function*() {
    yield* Effect.logInfo("field", { value })
    yield* Effect.annotateLogs(Effect.logInfo("annotated"), "value", value)
    yield* Effect.logError("caused", Cause.fail(value))
    yield* Effect.annotateCurrentSpan("value", value)
    yield* Effect.map(Effect.currentSpan, (span) => span.event("e", 0n, { value }))
    switch (ending) {
      case 0:
        return value
      case 1:
        return yield* new Wrapped({ value })
      case 2:
        return yield* Effect.die(value)
      default:
        return yield* Effect.fail(value)
    }
  }).pipe(Effect.withSpan("use"))

/** A proxy may refuse to tell what it is. */
const unwrapped = (error: unknown): unknown => {
  try {
    return error instanceof Wrapped ? error.value : error
  } catch {
    return error
  }
}

const describeExit = (exit: Exit.Exit<unknown, unknown>) =>
  Exit.isSuccess(exit)
    ? ["success", exit.value]
    : exit.cause.reasons.flatMap((reason) =>
      Cause.isFailReason(reason)
        ? ["fail", unwrapped(reason.error)]
        : Cause.isDieReason(reason)
        ? ["die", reason.defect]
        : ["interrupt"]
    )

const same = (left: ReadonlyArray<unknown>, right: ReadonlyArray<unknown>) =>
  left.length === right.length && left.every((item, index) => Object.is(item, right[index]))

/** Runs that many payloads; each ends as it does without telemetry, and every line is JSON without a secret. */
export const check = (payloads: number): Effect.Effect<void, unknown, never> =>
  Effect.scoped(Effect.gen(function*() {
    let lines = 0
    let longest = 0
    const broken: Array<string> = []
    const destination = LogDestination.layer((line) => {
      lines++
      longest = Math.max(longest, line.length)
      if (line.includes("\n")) broken.push(line)
      try {
        JSON.parse(line)
      } catch {
        broken.push(line)
      }
      // What holds a secret is masked wherever it stands.
      if (line.includes("hunter2")) broken.push(line)
    })
    const options = { execution: { storedTasks: 10 }, logging: { level: "Warn" } } as const
    const isolated = Layer.provide(TestTelemetry.registry)
    const without = yield* Layer.build(Telemetry.layerNoop)
    const observed = yield* Layer.build(
      isolated(Telemetry.layer({ ...options, logging: { level: "Info" } }, { logDestination: destination }))
    )
    const random = makeRandom(1)
    const unequal: Array<number> = []
    for (let index = 0; index < payloads; index++) {
      const value = payload(random)
      const ending = random(4)
      const step = Step.make("use", { retry: { maximumAttempts: 1 }, run: () => use(value, ending) })
      const Only = Task.make("only", { input: Schema.Struct({}), steps: [step] })
      const run = Effect.map(
        Effect.exit(Effect.map(TaskRunner.run(Only, {}), ({ results }) => results.use)),
        describeExit
      )
      const expected = yield* Effect.provideContext(
        Effect.provideService(run, References.MinimumLogLevel, "None"),
        without
      )
      if (!same(yield* Effect.provideContext(run, observed), expected)) unequal.push(index)
    }
    assert.deepStrictEqual([unequal, broken.map((line) => line.slice(0, 300))], [[], []])
    assert.isAtLeast(lines, 3 * payloads)
    assert.isAtMost(longest, 600_000)
  }))

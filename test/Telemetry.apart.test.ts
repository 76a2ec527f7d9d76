import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer } from "effect"
import {
  EventBus,
  EventSubscriber,
  LogDestination,
  MetricStore,
  Telemetry,
  type TelemetryConfig
} from "tasker-telemetry"

/** Telemetry that writes to a list of its own. */
const make = (name: string, options: TelemetryConfig.Options = {}) => {
  const lines: Array<Readonly<Record<string, unknown>>> = []
  const logDestination = LogDestination.layer((line) => void lines.push(JSON.parse(line)))
  return { lines, layer: Telemetry.layer({ service: { name }, ...options }, { logDestination }) }
}

const shown = (lines: ReadonlyArray<Readonly<Record<string, unknown>>>) =>
  lines.map(({ iban, message, "service.name": name }) => [name, message, iban])

const strict: TelemetryConfig.Options = { logging: { level: "Debug" }, redaction: { keys: ["iban"] } }

describe("Telemetry.layer", () => {
  it.effect("has the options that it was made with, whatever is built beside it", () =>
    Effect.gen(function*() {
      const [a, b] = [make("a"), make("b", strict)]
      const log = Layer.effectDiscard(Effect.andThen(
        Effect.logDebug("debug", { iban: "DE02" }),
        Effect.logInfo("info", { iban: "DE02" })
      ))
      const programs = Layer.merge(Layer.provide(log, a.layer), Layer.provide(Layer.fresh(log), b.layer))
      yield* Effect.scoped(Layer.build(programs))
      assert.deepStrictEqual(shown(a.lines), [["a", "info", "DE02"]])
      assert.deepStrictEqual(shown(b.lines), [["b", "debug", "[FILTERED]"], ["b", "info", "[FILTERED]"]])
    }))

  it.effect("has them within another one too", () =>
    Effect.gen(function*() {
      const [outer, inner] = [make("outer"), make("inner", strict)]
      const program = Effect.gen(function*() {
        const store = yield* MetricStore.MetricStore
        const bus = yield* EventBus.EventBus
        const within = Effect.gen(function*() {
          yield* Effect.logDebug("within", { iban: "DE02" })
          assert.notStrictEqual(yield* MetricStore.MetricStore, store)
          assert.notStrictEqual(yield* EventBus.EventBus, bus)
        })
        yield* Effect.provide(within, inner.layer)
        yield* Effect.logInfo("after", { iban: "DE02" })
      })
      yield* Effect.provide(program, outer.layer)
      assert.deepStrictEqual(shown(outer.lines), [["outer", "after", "DE02"]])
      assert.deepStrictEqual(shown(inner.lines), [["inner", "within", "[FILTERED]"]])
    }))

  it.effect("is one where the same value is used twice", () =>
    Effect.gen(function*() {
      const { layer } = make("one")
      const stores: Array<unknown> = []
      const part = Layer.effectDiscard(Effect.map(MetricStore.MetricStore, (store) => void stores.push(store)))
      yield* Effect.scoped(
        Layer.build(Layer.merge(Layer.provide(part, layer), Layer.provide(Layer.fresh(part), layer)))
      )
      assert.lengthOf(stores, 2)
      assert.strictEqual(stores[0], stores[1])
    }))

  it.effect("leaves what is built within the program shared with the program", () =>
    Effect.gen(function*() {
      let opened = 0
      const Pool = Context.Service<{ readonly number: number }>("Pool")
      const poolLayer = Layer.sync(Pool, () => ({ number: ++opened }))
      const numbers: Array<number> = []
      const app = Layer.effectDiscard(Effect.gen(function*() {
        numbers.push((yield* Pool).number)
        numbers.push(yield* Effect.provide(Effect.map(Pool, ({ number }) => number), poolLayer))
      })).pipe(Layer.provide(poolLayer))
      yield* Effect.scoped(Layer.build(Layer.provideMerge(app, make("a").layer)))
      assert.deepStrictEqual(numbers, [1, 1])
    }))

  const Pool = Context.Service<{ readonly number: number }>("Pool")
  const needing = <A, R>(layer: Layer.Layer<A, never, R>, pool: Layer.Layer<{ readonly number: number }>) =>
    Layer.provide(Layer.unwrap(Effect.map(Pool, () => layer)), pool)
  const parts: ReadonlyArray<
    readonly [part: string, make: (pool: Layer.Layer<{ readonly number: number }>) => Telemetry.Parts]
  > = [
    ["subscribers", (pool) => ({
      subscribers: needing(EventSubscriber.layer({ "task.completed": () => Effect.void }), pool)
    })],
    ["logDestination", (pool) => ({ logDestination: needing(LogDestination.layerNoop, pool) })],
    ["metricStore", (pool) => ({ metricStore: needing(MetricStore.layer, pool) })]
  ]

  it.effect.each(parts)(
    "shares what its part %s needs with the rest of the program",
    ([, make]) =>
      Effect.gen(function*() {
        let opened = 0
        const poolLayer = Layer.sync(Pool, () => ({ number: ++opened }))
        const telemetry = Telemetry.layer({}, { logDestination: LogDestination.layerNoop, ...make(poolLayer) })
        yield* Effect.scoped(Layer.build(Layer.merge(telemetry, poolLayer)))
        assert.strictEqual(opened, 1)
      })
  )
})

/**
 * The ways to give the telemetry a task store, and which of them wins.
 */
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Schema } from "effect"
import { LogDestination, Step, Task, TaskRunner, TaskStore, Telemetry } from "tasker-telemetry"

const Simple = Task.make("simple", {
  input: Schema.Struct({}),
  steps: [Step.make("only", { run: () => Effect.void })]
})
const silent = { logDestination: LogDestination.layerNoop }

/** A memory store of a program's own, and how many tasks it has. */
const own = Effect.map(Layer.build(Layer.fresh(TaskStore.layerMemory)), (context) => {
  const store = Context.get(context, TaskStore.TaskStore)
  return { layer: Layer.succeed(TaskStore.TaskStore, store), size: Effect.map(store.list(), (tasks) => tasks.length) }
})

const runIn = <E>(layer: Layer.Layer<Telemetry.Services, E>) =>
  Effect.provide(
    Effect.andThen(TaskRunner.run(Simple, {}), Effect.flatMap(TaskStore.TaskStore, (store) => store.list())),
    layer,
    { local: true }
  )

describe("A task store", () => {
  for (const enabled of [true, false]) {
    it.effect(`that is a part of the layer has the records, with telemetry ${enabled ? "on" : "off"}`, () =>
      Effect.gen(function*() {
        const { layer, size } = yield* own
        assert.lengthOf(yield* runIn(Telemetry.layer({ enabled }, { ...silent, taskStore: layer })), 1)
        assert.strictEqual(yield* size, 1)
      }).pipe(Effect.scoped))

    it.effect(`that the layer is provided with has the records, with telemetry ${enabled ? "on" : "off"}`, () =>
      Effect.gen(function*() {
        const { layer, size } = yield* own
        assert.lengthOf(yield* runIn(Layer.provide(Telemetry.layer({ enabled }, silent), layer)), 1)
        assert.strictEqual(yield* size, 1)
      }).pipe(Effect.scoped))
  }

  it.effect("that is a part comes before one that the layer is provided with", () =>
    Effect.gen(function*() {
      const [part, provided] = [yield* own, yield* own]
      const telemetry = Telemetry.layerConfig({}, { ...silent, taskStore: part.layer })
      assert.lengthOf(yield* runIn(Layer.provide(telemetry, provided.layer)), 1)
      assert.deepStrictEqual([yield* part.size, yield* provided.size], [1, 0])
    }).pipe(Effect.scoped))

  it.effect("has the records of a program that observes nothing", () =>
    Effect.gen(function*() {
      const { layer, size } = yield* own
      yield* runIn(Layer.provide(Telemetry.layerNoop, layer))
      assert.strictEqual(yield* size, 1)
    }).pipe(Effect.scoped))

  it.effect("of one telemetry layer is not that of another within it", () =>
    Effect.gen(function*() {
      const [outer, inner] = [Telemetry.layer({}, silent), Telemetry.layer({}, silent)]
      const counts = yield* Effect.gen(function*() {
        const within = yield* runIn(inner)
        return [within.length, (yield* (yield* TaskStore.TaskStore).list()).length]
      }).pipe(Effect.provide(outer))
      assert.deepStrictEqual(counts, [1, 0])
    }))

  it.effect("of the program is shared with the program", () =>
    Effect.gen(function*() {
      let built = 0
      const counted = Layer.effect(
        TaskStore.TaskStore,
        Effect.map(TaskStore.TaskStore, (store) => {
          built++
          return store
        })
      ).pipe(Layer.provide(TaskStore.layerMemory))
      const reader = Layer.effectDiscard(TaskStore.TaskStore).pipe(Layer.provide(counted))
      yield* Effect.scoped(Layer.build(
        Layer.provideMerge(reader, Telemetry.layer({}, { ...silent, taskStore: counted }))
      ))
      assert.strictEqual(built, 1)
    }))

  it.effect("that is provided to a run gets no records, and a warning says so", () =>
    Effect.gen(function*() {
      const { layer, size } = yield* own
      const lines: Array<string> = []
      const telemetry = Telemetry.layer({}, {
        logDestination: LogDestination.layer((line) => void lines.push(line))
      })
      yield* Effect.provide(TaskRunner.run(Simple, {}), Layer.provideMerge(layer, telemetry))
      assert.strictEqual(yield* size, 0)
      assert.lengthOf(lines.filter((line) => line.includes("the part taskStore")), 1)
    }).pipe(Effect.scoped))
})

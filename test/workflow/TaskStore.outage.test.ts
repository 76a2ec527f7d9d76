/**
 * Runs with a store in a database: what they leave there, and what happens when the database does not answer.
 */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Logger, Option, Schema, Scope } from "effect"
import { SqlClient } from "effect/sql"
import { Step, Task, TaskRunner, TaskStore, Telemetry } from "tasker-telemetry"
import * as postgresServer from "../support/postgresServer.ts"
import * as recorder from "../support/recorder.ts"
import * as sqliteDatabase from "../support/sqliteDatabase.ts"

const Input = Schema.Struct({})
const first = Step.make("first", { run: () => Effect.succeed(1) })
const second = Step.make("second", { dependsOn: [first], run: ({ results }) => Effect.succeed(results.first + 1) })
const Sum = Task.make("sum", { input: Input, steps: [first, second] })

/** The messages of the warnings that a layer's programs log. */
const warnings = () => {
  const messages: Array<unknown> = []
  const layer = Logger.layer([
    Logger.make(({ logLevel, message }) => {
      if (logLevel === "Warn") messages.push(Array.isArray(message) ? message[0] : message)
    })
  ])
  return { messages, layer }
}

const warning = "the task store could not be written; the run goes on"

const found = Effect.fnUntraced(function*(options: TaskStore.SearchOptions) {
  const { tasks } = yield* TaskStore.TaskStore.use((store) => store.search(options))
  return tasks.map(({ name, state }) => `${name} ${state}`)
})

const stored = (layer: Layer.Layer<TaskStore.TaskStore>) => recorder.layer({}, { store: layer })

/** How many transactions the server has ended. It counts those of a connection when the connection ends. */
const commits = Effect.flatMap(SqlClient.SqlClient, (sql) =>
  sql<{ readonly commits: number }>`
    SELECT CAST(xact_commit AS float8) AS commits FROM pg_stat_database WHERE datname = current_database()
  `)

describe("a run with a store in a database", () => {
  it.effect("leaves its tags, its instance and its steps there", () =>
    Effect.gen(function*() {
      const { taskId } = yield* TaskRunner.run(Sum, {}, { tags: { region: "eu" } })
      const { instance, steps, tags } = Option.getOrThrow(yield* TaskStore.TaskStore.use((store) => store.get(taskId)))
      assert.deepStrictEqual([instance, tags, steps.map(({ state }) => state)], [
        "shop-1",
        { region: "eu" },
        ["complete", "complete"]
      ])
      assert.deepStrictEqual(yield* found({ tags: { region: "eu" }, instance: "shop-1" }), ["sum complete"])
    }).pipe(Effect.provide(Telemetry.layer({
      service: { attributes: { "service.instance.id": "shop-1" } },
      logging: { enabled: false },
      metrics: { enabled: false }
    }, { taskStore: TaskStore.layerSql().pipe(Layer.provide(sqliteDatabase.layer)) }))))

  it.effect("is found while it waits for a slot, and while a step is tried again", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const held = Step.make("held", { run: () => Deferred.await(gate) })
      const queued = Step.make("queued", {
        retry: { maximumAttempts: 2, delays: ["1 minute"] },
        run: ({ attempt }) => attempt === 1 ? Effect.fail("no") : Effect.void
      })
      const Narrow = Task.make("narrow", { input: Input, steps: [held, queued] })
      const run = yield* Effect.forkChild(TaskRunner.run(Narrow, {}))
      yield* recorder.advance("1 second")
      assert.deepStrictEqual(yield* found({ waiting: true }), ["narrow in_progress"])
      assert.deepStrictEqual(yield* found({ retrying: true }), [])
      yield* Deferred.succeed(gate, undefined)
      yield* recorder.advance("1 second")
      assert.deepStrictEqual(yield* found({ waiting: true }), [])
      assert.deepStrictEqual(yield* found({ retrying: true }), ["narrow in_progress"])
      yield* recorder.advance("1 minute")
      yield* Fiber.join(run)
      assert.deepStrictEqual(yield* found({ retrying: true }), [])
      assert.deepStrictEqual(yield* found({ state: "complete" }), ["narrow complete"])
    }).pipe(Effect.provide(recorder.layer({ execution: { concurrency: 1 } }, {
      store: TaskStore.layerSql().pipe(Layer.provide(sqliteDatabase.layer))
    }))))

  it.effect("goes on with one warning while the database is down, and its records are whole when it is back", () => {
    const { layer, messages } = warnings()
    const state: sqliteDatabase.Switch = { isDown: true }
    return Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const held = Step.make("held", { run: () => Deferred.await(gate) })
      const last = Step.make("last", { dependsOn: [held], run: () => Effect.void })
      const run = yield* Effect.forkChild(TaskRunner.run(Task.make("held", { input: Input, steps: [held, last] }), {}))
      yield* recorder.quiet
      assert.deepStrictEqual(messages, [warning])
      const lost = yield* TaskRunner.run(Sum, {})
      assert.strictEqual(lost.results.second, 2)
      assert.deepStrictEqual(messages, [warning, warning])
      state.isDown = false
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(run)
      yield* recorder.advance("1 second")
      assert.sameMembers(yield* found({}), ["held complete", "sum complete"])
      const { taskId } = yield* TaskRunner.run(Sum, {})
      const { steps } = Option.getOrThrow(yield* TaskStore.TaskStore.use((store) => store.get(taskId)))
      assert.deepStrictEqual(steps.map(({ state }) => state), ["complete", "complete"])
      assert.lengthOf(messages, 2)
    }).pipe(Effect.provide(
      stored(TaskStore.layerSql().pipe(Layer.provide(sqliteDatabase.switched(state)))).pipe(Layer.provideMerge(layer))
    ))
  })

  it.effect("has the end of a run that ended while the database was down, also after it was resolved by hand", () => {
    const state: sqliteDatabase.Switch = { isDown: false }
    return Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      const refuse = Step.make("refuse", {
        retry: { maximumAttempts: 1 },
        run: () => Effect.andThen(Deferred.await(gate), Effect.fail("no"))
      })
      const Refuse = Task.make("refuse", { input: Input, steps: [refuse] })
      const { fiber, taskId } = yield* TaskRunner.start(Refuse, {})
      yield* recorder.quiet
      assert.deepStrictEqual(yield* found({}), ["refuse in_progress"])
      state.isDown = true
      yield* Deferred.succeed(gate, undefined)
      yield* Effect.exit(Fiber.join(fiber))
      yield* recorder.advance("10 seconds")
      state.isDown = false
      yield* recorder.advance("1 second")
      const { error, steps } = Option.getOrThrow(yield* TaskStore.TaskStore.use((store) => store.get(taskId)))
      assert.deepStrictEqual([error?.type !== undefined, steps.map(({ state }) => state)], [true, ["error"]])
      assert.deepStrictEqual(yield* found({}), ["refuse error"])
      yield* TaskRunner.resolveStep(taskId, refuse, undefined as never)
      assert.deepStrictEqual(yield* found({}), ["refuse resolved_manually"])
    }).pipe(Effect.provide(stored(TaskStore.layerSql().pipe(Layer.provide(sqliteDatabase.switched(state))))))
  })

  it.effect("says that the database cannot be read", () => {
    const { layer, messages } = warnings()
    const state: sqliteDatabase.Switch = { isDown: false }
    return Effect.gen(function*() {
      const { taskId } = yield* TaskRunner.run(Sum, {})
      state.isDown = true
      const { reason } = yield* Effect.flip(TaskRunner.inspect(taskId))
      assert.strictEqual(reason._tag, "StoreFailed")
      assert.deepStrictEqual(messages, ["the task store could not be read"])
    }).pipe(Effect.provide(
      stored(TaskStore.layerSql().pipe(Layer.provide(sqliteDatabase.switched(state)))).pipe(Layer.provideMerge(layer))
    ))
  })

  it.live("ends although a real PostgreSQL has ended before it", () => {
    const { layer, messages } = warnings()
    return Effect.gen(function*() {
      const scope = yield* Scope.make()
      const server = yield* Scope.provide(postgresServer.start, scope)
      yield* Effect.gen(function*() {
        yield* TaskRunner.run(Sum, {})
        assert.deepStrictEqual(yield* found({}), ["sum complete"])
        yield* Scope.close(scope, Exit.void)
        const { results } = yield* TaskRunner.run(Sum, {})
        assert.strictEqual(results.second, 2)
        assert.deepStrictEqual(messages, [warning])
      }).pipe(Effect.provide(stored(TaskStore.layerSql().pipe(Layer.provide(postgresServer.client(server))))))
    }).pipe(Effect.provide(layer))
  })

  it.live("writes the records of many runs in few statements", () =>
    Effect.gen(function*() {
      const server = yield* postgresServer.start
      yield* Effect.gen(function*() {
        const runs = Array.from({ length: 200 }, () => TaskRunner.run(Sum, {}))
        yield* Effect.all(runs, { concurrency: "unbounded" })
        assert.deepStrictEqual(yield* TaskStore.TaskStore.use(({ counts }) => counts), { complete: 200 })
      }).pipe(Effect.provide(recorder.layer({ execution: { storeTimeout: "1 minute" } }, {
        store: TaskStore.layerSql().pipe(Layer.provide(postgresServer.client(server)))
      })))
      const [row] = yield* Effect.provide(commits, postgresServer.client(server), { local: true })
      const ended = row?.commits ?? 0
      assert.isTrue(ended > 3 && ended < 100, String(ended))
    }))
})

/**
 * Records of runs in databases: SQLite, and a real PostgreSQL.
 */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Logger, Option, Schema, Scope } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { DetectedResource } from "../../src/internal/DetectedResource.ts"
import * as RunRecords from "../../src/performance/RunRecords.ts"
import { SpanMemory } from "../../src/tracing/internal/SpanMemory.ts"
import * as Step from "../../src/workflow/Step.ts"
import * as StepError from "../../src/workflow/StepError.ts"
import * as Task from "../../src/workflow/Task.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import * as postgresServer from "../support/postgresServer.ts"
import * as recorder from "../support/recorder.ts"
import * as sqliteDatabase from "../support/sqliteDatabase.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

type Client = Layer.Layer<SqlClient.SqlClient>

const a = Step.make("a", { run: () => Effect.sleep("1 second") })
const flaky = Step.make("flaky", {
  dependsOn: [a],
  retry: { maximumAttempts: 2, delays: ["4 seconds"] },
  run: ({ attempt }) =>
    Effect.andThen(
      Effect.sleep("2 seconds"),
      attempt === 1 ? Effect.fail(new StepError.RetryableError({ message: "busy" })) : Effect.void
    )
})
const taskNamed = (name: string, version = "1.0.0") =>
  Task.make(name, { version, input: Schema.Void, steps: [a, flaky] })
const Order = taskNamed("order")

let tables = 0
const newTable = () => `runs_${++tables}`

/** An instance with a runner, which shares the database of the context. */
const instance = (name: string, options: RunRecords.SqlOptions = {}) =>
  Layer.unwrap(Effect.map(SqlClient.SqlClient, (sql) =>
    RunRecords.layerSql(options).pipe(
      Layer.provide(Layer.succeed(SqlClient.SqlClient, sql)),
      Layer.provide(Layer.succeed(DetectedResource, { "service.instance.id": name })),
      // The time of the test jumps, that of the database does not.
      Layer.provideMerge(recorder.layer({ execution: { storeTimeout: "1 hour" } }))
    )))

/** Runs a task to its end, and waits until its record is written. */
const recorded = (task: Task.Any, options?: TaskRunner.RunOptions) =>
  Effect.gen(function*() {
    const running = TaskRunner.run(task, undefined, options) as Effect.Effect<unknown, unknown, TaskRunner.TaskRunner>
    const run = yield* Effect.forkChild(Effect.exit(running))
    yield* recorder.advance("7 seconds")
    yield* recorder.advance("4 seconds")
    yield* Fiber.join(run)
  })

const ended = RunRecords.RunRecords.use((records) => records.ended)

const within = <A, E, R, Services>(
  effect: Effect.Effect<A, E, R>,
  layer: Layer.Layer<Services, never, SqlClient.SqlClient>
) => Effect.provide(effect, layer, { local: true })

const ofDatabases = (client: Client) => {
  it.effect("gives a later program the records of an earlier one, as they were", () =>
    Effect.gen(function*() {
      const table = newTable()
      const before = yield* within(
        Effect.gen(function*() {
          yield* recorded(Order, { tags: { region: "eu" } })
          return yield* ended
        }),
        instance("first", { table })
      )
      assert.lengthOf(before, 1)
      assert.deepStrictEqual(before[0]?.steps.map(({ attempts }) => attempts.length), [1, 2])
      yield* within(
        Effect.gen(function*() {
          assert.deepStrictEqual(yield* ended, before)
          const records = yield* RunRecords.RunRecords
          const id = before[0]?.id ?? ""
          assert.deepStrictEqual(yield* records.get(id), Option.fromUndefinedOr(before[0]))
          assert.deepStrictEqual(yield* records.get("other"), Option.none())
          yield* recorded(Order)
          const all = yield* ended
          assert.deepStrictEqual(all.map(({ instance }) => instance), ["first", "second"])
          assert.deepStrictEqual(yield* records.unfinished, [])
        }),
        instance("second", { table })
      )
    }).pipe(Effect.provide(client)))

  it.effect("shows the runs of two instances to both, also before they are written", () =>
    Effect.gen(function*() {
      const table = newTable()
      yield* within(
        Effect.gen(function*() {
          yield* within(recorded(Order), instance("b", { table }))
          yield* recorded(taskNamed("order", "2.0.0"))
          const records = yield* RunRecords.RunRecords
          assert.deepStrictEqual((yield* ended).map(({ instance }) => instance), ["b", "a"])
          assert.deepStrictEqual((yield* records.find({ version: "2.0.0" })).map(({ instance }) => instance), ["a"])
          assert.deepStrictEqual((yield* records.find({ task: "mail" })).length, 0)
          const [first] = yield* ended
          const since = (first?.createdAt ?? 0) + 1
          assert.deepStrictEqual((yield* records.find({ since })).map(({ instance }) => instance), ["a"])
        }),
        instance("a", { table })
      )
    }).pipe(Effect.provide(client)))

  it.effect("keeps the new record of a run that is resolved by hand", () =>
    Effect.gen(function*() {
      const table = newTable()
      const refuse = Step.make("refuse", { retry: { maximumAttempts: 1 }, run: () => Effect.fail("no") })
      const Refuse = Task.make("refuse", { input: Schema.Void, steps: [refuse] })
      yield* within(
        Effect.gen(function*() {
          yield* recorded(Refuse)
          const [run] = yield* ended
          assert.strictEqual(run?.state, "error")
          yield* TaskRunner.resolveStep(run?.id ?? "", refuse, undefined as never)
          assert.deepStrictEqual((yield* ended).map(({ state }) => state), ["resolved_manually"])
        }),
        instance("a", { table })
      )
      yield* within(
        Effect.gen(function*() {
          assert.deepStrictEqual((yield* ended).map(({ state }) => state), ["resolved_manually"])
        }),
        instance("b", { table })
      )
    }).pipe(Effect.provide(client)))

  it.effect("keeps the given number of runs, for the given time", () =>
    Effect.gen(function*() {
      const table = newTable()
      yield* within(
        Effect.gen(function*() {
          for (let index = 0; index < 4; index++) yield* recorded(Order)
          yield* Effect.repeat(Effect.andThen(recorder.advance("1 second"), ended), {
            until: (kept) => kept.length === 2,
            times: 100
          })
          assert.lengthOf(yield* ended, 2)
          yield* TestClock.adjust("2 days")
          yield* Effect.repeat(Effect.andThen(TestClock.adjust("15 minutes"), ended), {
            until: (kept) => kept.length === 0,
            times: 100
          })
          assert.lengthOf(yield* ended, 0)
        }),
        instance("a", { table, maximumRuns: 2, maximumAge: "1 day" })
      )
    }).pipe(Effect.provide(client)))

  it.effect("writes no secret, and makes no span of its own", () =>
    Effect.gen(function*() {
      const table = newTable()
      const secret = "password=hunter2"
      const hidden = Step.make(secret, { retry: { maximumAttempts: 1 }, run: () => Effect.fail("no") })
      const Hidden = Task.make(secret, { input: Schema.Void, steps: [hidden] })
      yield* within(
        Effect.gen(function*() {
          yield* recorded(Hidden, { tags: { note: secret, "password=hunter2,name": "eu" } })
          assert.lengthOf(yield* RunRecords.RunRecords.use((records) => records.find({ task: secret })), 1)
          const spans = yield* SpanMemory.use((memory) => memory.spans)
          assert.deepStrictEqual(spans.filter(({ name }) => !name.startsWith("tasker.")), [])
        }),
        instance("a", { table }).pipe(Layer.provideMerge(TestTelemetry.layer(TestTelemetry.tracing)))
      )
      const sql = yield* SqlClient.SqlClient
      const rows = yield* sql`SELECT * FROM ${sql(table)}`
      assert.lengthOf(rows, 1)
      assert.notInclude(JSON.stringify(rows), "hunter2")
    }).pipe(Effect.provide(client)))
}

/** What is logged about records. */
const logged = () => {
  const lines: Array<string> = []
  const logger = Logger.layer([
    Logger.make(({ logLevel, message }) => {
      if (String(message).startsWith("records of runs")) lines.push(`${logLevel} ${String(message)}`)
    })
  ])
  return { lines, logger }
}

/** Refuses inserts or deletes, as a database does where the role has no right. */
const refuse = (table: string, what: "INSERT" | "DELETE") =>
  SqlClient.SqlClient.use((sql) =>
    sql`CREATE TRIGGER refuse BEFORE ${sql.literal(what)} ON ${sql(table)} BEGIN SELECT RAISE(ABORT, 'no right'); END`
  )

describe("RunRecords.layerSql with SQLite", () => {
  ofDatabases(sqliteDatabase.layer)

  it.effect("writes records although old ones cannot be removed", () => {
    const { lines, logger } = logged()
    return within(
      Effect.gen(function*() {
        yield* recorded(Order)
        yield* refuse("tasker_runs", "DELETE")
        yield* recorded(Order)
        yield* recorded(Order)
        const [row] = yield* SqlClient.SqlClient.use((sql) => sql`SELECT count(*) AS count FROM tasker_runs`)
        assert.deepStrictEqual([row?.count, lines], [3, []])
      }),
      instance("a", { maximumRuns: 1 })
    ).pipe(Effect.provide(Layer.merge(sqliteDatabase.layer, logger)))
  })

  it.effect("warns once of writes that fail while reads work", () => {
    const { lines, logger } = logged()
    return within(
      Effect.gen(function*() {
        yield* recorded(Order)
        yield* refuse("tasker_runs", "INSERT")
        for (let index = 0; index < 3; index++) {
          yield* recorded(Order)
          assert.lengthOf(yield* ended, index + 2)
        }
        assert.lengthOf(lines, 1)
        assert.match(lines[0] ?? "", /^Warn records of runs cannot be written/)
      }),
      instance("a")
    ).pipe(Effect.provide(Layer.merge(sqliteDatabase.layer, logger)))
  })

  it.effect("keeps records while the database is down, with a warning of each kind, and writes them when it is back", () => {
    const { lines, logger } = logged()
    const state: sqliteDatabase.Switch = { isDown: true }
    return Effect.gen(function*() {
      yield* within(
        Effect.gen(function*() {
          yield* recorded(Order)
          yield* recorded(Order)
          assert.lengthOf(yield* ended, 2)
          assert.lengthOf(lines, 2)
          state.isDown = false
          yield* recorder.advance("2 seconds")
          assert.lengthOf(yield* ended, 2)
          assert.lengthOf(lines, 4)
        }),
        instance("a")
      )
      assert.deepStrictEqual(
        lines.map((line) => line.replace(", and runs go on", "")),
        [
          "Warn records of runs cannot be written to the database; they wait",
          "Warn records of runs cannot be read from the database; those of this process are found",
          "Info records of runs are written to the database again; 0 were lost",
          "Info records of runs are read from the database again"
        ]
      )
      yield* within(Effect.andThen(ended, (runs) => Effect.sync(() => assert.lengthOf(runs, 2))), instance("b"))
    }).pipe(Effect.provide(Layer.merge(sqliteDatabase.switched(state), logger)))
  })
})

describe("RunRecords.layerSql with a real PostgreSQL", () => {
  const scope = Scope.makeUnsafe()
  let server: postgresServer.PostgresServer
  beforeAll(() =>
    Effect.runPromise(Effect.map(Scope.provide(postgresServer.start, scope), (started) => void (server = started)))
  )
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  ofDatabases(Layer.suspend(() => postgresServer.client(server)))
})

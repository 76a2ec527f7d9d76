/**
 * Runs of another process with the same database: whether that process lives.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { LogDestination, Step, Task, TaskRunner, TaskStore, Telemetry, TelemetryRoutes } from "tasker-telemetry"
import * as AnalyticsReport from "../../src/http/AnalyticsReport.ts"
import * as recorder from "../support/recorder.ts"
import * as sqliteDatabase from "../support/sqliteDatabase.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"
import * as server from "./server.ts"

const work = Step.make("work", { run: () => Effect.never })
const Endless = Task.make("endless", { input: Schema.Void, steps: [work] })

/** A process as far as the database can tell. */
const program = (instance: string) =>
  Layer.unwrap(
    Effect.map(SqlClient.SqlClient, (sql) =>
      Telemetry.layer({ service: { attributes: { "service.instance.id": instance } } }, {
        logDestination: LogDestination.layerNoop,
        taskStore: TaskStore.layerSql().pipe(Layer.provide(Layer.succeed(SqlClient.SqlClient, sql)))
      }).pipe(Layer.provideMerge(TestTelemetry.registry)))
  )

const why = Effect.fnUntraced(function*(taskId: string) {
  const { body } = yield* server.get(`/tasker/analytics/runs/${taskId}`)
  return yield* Effect.orDie(Schema.decodeUnknownEffect(AnalyticsReport.Run)(body))
})

describe("why, of a run of another process", () => {
  it.effect("says that the process lives, and then that it is dead, which one it is, and since when", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const other = yield* Layer.buildWithScope(program("shop-1"), yield* Effect.scope)
      const { taskId } = yield* Effect.provideContext(TaskRunner.start(Endless, undefined), other)
      for (let second = 0; second < 24; second++) yield* recorder.advance("1 second")
      const alive = yield* why(taskId)
      assert.deepStrictEqual(alive.waits, [
        { _tag: "Elsewhere", instance: "shop-1", quietSeconds: 24, silentSeconds: 4 },
        { _tag: "Work", stepName: "work", attempt: 1, seconds: 24 }
      ])
      assert.strictEqual(
        alive.sentence,
        "shop-1 runs it, and gave a sign of life 4 s ago. By the record: Step \"work\" has run for 24 s."
      )
      // The process dies: nothing changes its row any more.
      yield* sql`CREATE TRIGGER dead BEFORE UPDATE ON tasker_tasks_runners BEGIN SELECT RAISE(IGNORE); END`
      for (let second = 0; second < 26; second++) yield* recorder.advance("1 second")
      assert.deepStrictEqual((yield* why(taskId)).waits, [
        {
          _tag: "DeadRunner",
          instance: "shop-1",
          hasEnded: false,
          silentSeconds: 30,
          since: "1970-01-01T00:00:20.000Z"
        }
      ])
    }).pipe(
      Effect.provide(
        server.serve(TelemetryRoutes.layer()).pipe(
          Layer.provideMerge(program("shop-2")),
          Layer.provideMerge(sqliteDatabase.layer)
        )
      )
    ))

  it.effect("says of a run that waits for its start that its process is dead", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const other = yield* Layer.buildWithScope(program("shop-1"), yield* Effect.scope)
      const { taskId } = yield* Effect.provideContext(
        TaskRunner.start(Endless, undefined, { startAfter: "1 hour" }),
        other
      )
      yield* recorder.advance("1 second")
      assert.notInclude((yield* why(taskId)).waits.map(({ _tag }) => _tag), "DeadRunner")
      yield* sql`CREATE TRIGGER dead BEFORE UPDATE ON tasker_tasks_runners BEGIN SELECT RAISE(IGNORE); END`
      for (let second = 0; second < 30; second++) yield* recorder.advance("1 second")
      assert.deepInclude((yield* why(taskId)).waits[0], { _tag: "DeadRunner", instance: "shop-1", hasEnded: false })
    }).pipe(
      Effect.provide(
        server.serve(TelemetryRoutes.layer()).pipe(
          Layer.provideMerge(program("shop-2")),
          Layer.provideMerge(sqliteDatabase.layer)
        )
      )
    ))

  it.effect("says no more than the record where the store cannot say whether the process lives", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const other = yield* Layer.buildWithScope(program("shop-1"), yield* Effect.scope)
      const { taskId } = yield* Effect.provideContext(TaskRunner.start(Endless, undefined), other)
      yield* recorder.advance("1 second")
      yield* sql`DROP TABLE tasker_tasks_runners`
      assert.deepStrictEqual((yield* why(taskId)).waits, [
        { _tag: "Elsewhere", instance: "shop-1", quietSeconds: 1 },
        { _tag: "Work", stepName: "work", attempt: 1, seconds: 1 }
      ])
    }).pipe(
      Effect.provide(
        server.serve(TelemetryRoutes.layer()).pipe(
          Layer.provideMerge(program("shop-2")),
          Layer.provideMerge(sqliteDatabase.layer)
        )
      )
    ))
})

/**
 * The analysis of runs that other programs have run, and of several instances, with a real PostgreSQL between them.
 */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Schema, Scope } from "effect"
import type { SqlClient } from "effect/sql"
import {
  LogDestination,
  RunRecords,
  Step,
  Task,
  TaskRunner,
  TaskStore,
  Telemetry,
  TelemetryRoutes
} from "tasker-telemetry"
import * as AnalyticsReport from "../../src/http/AnalyticsReport.ts"
import * as TaskReport from "../../src/http/TaskReport.ts"
import * as postgresServer from "../support/postgresServer.ts"
import * as recorder from "../support/recorder.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"
import * as server from "./server.ts"

const Input = Schema.Struct({ fails: Schema.Boolean })
const load = Step.make("load", { input: Input, run: () => Effect.sleep("1 second") })
const charge = Step.make("charge", {
  input: Input,
  dependsOn: [load],
  retry: { maximumAttempts: 1 },
  run: ({ input }) => Effect.andThen(Effect.sleep("3 seconds"), input.fails ? Effect.fail("refused") : Effect.void)
})
const Order = Task.make("order", { version: "1.4.0", input: Input, steps: [load, charge] })

/** A program with everything in the database, whose time is real, while the time of the test jumps. */
const program = (name: string, client: Layer.Layer<SqlClient.SqlClient>) =>
  Telemetry.layer({
    service: { attributes: { "service.instance.id": name } },
    execution: { storeTimeout: "1 hour" }
  }, {
    logDestination: LogDestination.layerNoop,
    taskStore: TaskStore.layerSql().pipe(Layer.provide(client)),
    runRecords: RunRecords.layerSql().pipe(Layer.provide(client))
  }).pipe(Layer.provideMerge(TestTelemetry.registry))

/** Runs so many tasks at the same time, to their ends. */
const runs = (instance: string, count: number, fails: boolean) =>
  Effect.gen(function*() {
    const all = Effect.all(
      Array.from({ length: count }, () => Effect.exit(TaskRunner.run(Order, { fails }, { tags: { region: "eu" } }))),
      { concurrency: "unbounded", discard: true }
    )
    yield* Effect.forkChild(all)
    const done = TaskStore.TaskStore.use(({ search }) => search({ instance, state: ["complete", "error"], limit: 100 }))
    yield* Effect.repeat(Effect.andThen(recorder.advance("1 second"), done), {
      until: ({ tasks }) => tasks.length >= count,
      times: 100
    })
  })

const ask = <A>(path: string, schema: Schema.Codec<A, unknown>) =>
  Effect.gen(function*() {
    const { body, status, text } = yield* server.get(`/tasker${path}`)
    assert.strictEqual(status, 200, text)
    return yield* Effect.orDie(Schema.decodeUnknownEffect(schema)(body))
  })

/** A new program. */
const fresh = <A, E, Services, R>(effect: Effect.Effect<A, E, R>, layer: Layer.Layer<Services, unknown>) =>
  Effect.provide(effect, layer, { local: true })

describe("analytics over a database", () => {
  const scope = Scope.makeUnsafe()
  let started: postgresServer.PostgresServer
  beforeAll(() =>
    Effect.runPromise(Effect.map(Scope.provide(postgresServer.start, scope), (server) => void (started = server)))
  )
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))

  it.effect("has the runs of a program that has ended, and of two that run, with their instances", () =>
    Effect.gen(function*() {
      const client = postgresServer.client(started)
      yield* fresh(runs("shop-1", 30, false), program("shop-1", client))
      yield* fresh(
        Effect.gen(function*() {
          const alone = yield* ask("/analytics/bottlenecks", AnalyticsReport.Bottlenecks)
          assert.deepStrictEqual([alone.runs, alone.instances], [30, [{ instance: "shop-1", runs: 30 }]])
          assert.match(alone.recommendations[0]?.text ?? "", /Make step "charge" of order 1\.4\.0 faster/)
          yield* fresh(runs("shop-3", 12, true), program("shop-3", client))
          yield* runs("shop-2", 30, false)
          const both = yield* ask("/analytics/bottlenecks?task=order", AnalyticsReport.Bottlenecks)
          assert.strictEqual(both.runs, 72)
          assert.sameDeepMembers([...both.instances], [
            { instance: "shop-1", runs: 30 },
            { instance: "shop-2", runs: 30 },
            { instance: "shop-3", runs: 12 }
          ])
          assert.deepInclude(both.differences.find(({ attribute }) => attribute === "instance"), {
            affected: "failed",
            value: "shop-3",
            withValue: { affected: 12, runs: 12 }
          })
          const failed = yield* ask("/tasks?instance=shop-3&tag=region:eu&limit=100", TaskReport.Tasks)
          assert.deepStrictEqual(new Set(failed.tasks.map(({ status }) => status)), new Set(["error"]))
          assert.lengthOf(failed.tasks, 12)
          const id = failed.tasks[0]?.taskId ?? ""
          const one = yield* ask(`/analytics/runs/${id}`, AnalyticsReport.Run)
          assert.deepStrictEqual([one.instance, one.criticalPath?.path], ["shop-3", ["load", "charge"]])
        }),
        server.serve(TelemetryRoutes.layer()).pipe(Layer.provideMerge(program("shop-2", client)))
      )
    }))
})

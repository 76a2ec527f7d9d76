/**
 * Processes that run tasks, as another process with the same database sees them.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Schema, Scope } from "effect"
import { LogDestination, RunRecords, TaskStore, Telemetry, TelemetryRoutes } from "tasker-telemetry"
import * as AnalyticsReport from "../../src/http/AnalyticsReport.ts"
import * as server from "../http/server.ts"
import * as Child from "../support/faults/Child.ts"
import * as postgresServer from "../support/postgresServer.ts"
import { program } from "../support/programs.ts"
import type { Command } from "../support/programs/storedInstance.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

const storedInstance = await program("storedInstance")

/** Starts a process. `kill` ends it with SIGKILL, so it can tell nobody. */
const start = Effect.fnUntraced(function*(
  { database, host, password, port, username }: postgresServer.PostgresServer,
  instance: string
) {
  const scope = yield* Scope.fork(yield* Effect.scope)
  const { ask, ended, tell } = yield* Child.start<Command>(
    storedInstance,
    [host, `${port}`, username, password, database, instance]
  ).pipe(Scope.provide(scope))
  return {
    startRun: Effect.map(ask<{ readonly taskId: string }>({ do: "start" }), ({ taskId }) => taskId),
    run: (count: number) => ask<unknown>({ do: "run", count }),
    end: Effect.andThen(tell({ do: "end" }), ended),
    kill: Scope.close(scope, Exit.void)
  }
})

/** The routes of this process, `shop-0`, over the database. */
const routes = (started: postgresServer.PostgresServer) => {
  const client = postgresServer.client(started)
  return server.serve(TelemetryRoutes.layer()).pipe(Layer.provideMerge(
    Telemetry.layer({ service: { attributes: { "service.instance.id": "shop-0" } } }, {
      logDestination: LogDestination.layerNoop,
      taskStore: TaskStore.layerSql().pipe(Layer.provide(client)),
      runRecords: RunRecords.layerSql().pipe(Layer.provide(client))
    }).pipe(Layer.provideMerge(TestTelemetry.registry))
  ))
}

/** What the analysis says, asked until something is true. */
const askUntil = <A>(path: string, schema: Schema.Codec<A, unknown>, isTrue: (answer: A) => boolean) =>
  server.get(`/tasker${path}`).pipe(
    Effect.flatMap(({ body }) => Schema.decodeUnknownEffect(schema)(body)),
    Effect.orDie,
    Effect.delay("100 millis"),
    Effect.repeat({ until: isTrue })
  )

const whyUntil = (taskId: string, isTrue: (run: AnalyticsReport.Run) => boolean) =>
  askUntil(`/analytics/runs/${taskId}`, AnalyticsReport.Run, isTrue)

const runsUntil = (count: number) =>
  askUntil("/analytics/bottlenecks?task=order", AnalyticsReport.Bottlenecks, ({ runs }) => runs === count)

describe("processes that run tasks", () => {
  it.live("count as dead runners once they are killed, with their name and their last sign of life", () =>
    Effect.gen(function*() {
      const started = yield* postgresServer.start
      yield* Effect.gen(function*() {
        const killed = yield* start(started, "shop-1")
        const other = yield* start(started, "shop-2")
        const [lost, alive] = [yield* killed.startRun, yield* other.startRun]
        const isAlive = ({ waits: [wait] }: AnalyticsReport.Run) =>
          wait?._tag === "Elsewhere" && wait.silentSeconds !== undefined
        const before = yield* whyUntil(lost, isAlive)
        assert.match(before.sentence, /^shop-1 runs it, and gave a sign of life .* ago\. By the record: Step /)
        yield* whyUntil(alive, isAlive)
        yield* killed.kill
        const after = yield* whyUntil(lost, ({ waits: [wait] }) => wait?._tag === "DeadRunner")
        assert.match(
          after.sentence,
          /^The runner \(shop-1\) gave no sign of life for [\d.]+ s, since \d{4}-.*Z, so nothing runs the run\.$/
        )
        assert.lengthOf(after.waits, 1)
        assert.deepInclude(after.waits[0], { _tag: "DeadRunner", instance: "shop-1", hasEnded: false })
        // The signs of life of the other process go on.
        yield* whyUntil(alive, isAlive)
      }).pipe(Effect.provide(routes(started)))
    }))

  it.live("have their runs analysed together by another process, while they run and after their ends", () =>
    Effect.gen(function*() {
      const started = yield* postgresServer.start
      yield* Effect.gen(function*() {
        const first = yield* start(started, "shop-1")
        const second = yield* start(started, "shop-2")
        yield* Effect.all([first.run(30), second.run(20)], { concurrency: 2 })
        assert.strictEqual(yield* first.end, 0)
        const { instances, recommendations } = yield* runsUntil(50)
        assert.sameDeepMembers([...instances], [
          { instance: "shop-1", runs: 30 },
          { instance: "shop-2", runs: 20 }
        ])
        assert.match(recommendations[0]?.text ?? "", /^Make step ".*" of order .* of 50 runs/)
        yield* second.run(10)
        yield* second.kill
        // The records of its last second are lost with a process that is killed.
        const third = yield* start(started, "shop-3")
        yield* third.run(5)
        assert.strictEqual(yield* third.end, 0)
        const { instances: all } = yield* askUntil(
          "/analytics/bottlenecks?task=order",
          AnalyticsReport.Bottlenecks,
          ({ instances }) => instances.some(({ instance }) => instance === "shop-3")
        )
        assert.deepInclude(all.find(({ instance }) => instance === "shop-1"), { runs: 30 })
        assert.deepInclude(all.find(({ instance }) => instance === "shop-3"), { runs: 5 })
        assert.isAtLeast(all.find(({ instance }) => instance === "shop-2")?.runs ?? 0, 20)
      }).pipe(Effect.provide(routes(started)))
    }))
})

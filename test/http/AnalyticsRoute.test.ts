import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import { TestClock } from "effect/testing"
import type * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import * as AnalyticsReport from "../../src/http/AnalyticsReport.ts"
import * as AnalyticsRoute from "../../src/http/AnalyticsRoute.ts"
import * as RunAnalysis from "../../src/performance/RunAnalysis.ts"
import type { RunRecord } from "../../src/performance/RunRecord.ts"
import * as RunRecords from "../../src/performance/RunRecords.ts"
import * as TaskStore from "../../src/workflow/TaskStore.ts"
import * as analysedRuns from "../support/analysedRuns.ts"
import { attempt, run, step } from "../support/runRecords.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"
import * as server from "./server.ts"
import { Hang, order, ProcessOrder } from "./tasks.ts"

const token = "analyse-me"
const tasks = [ProcessOrder, Hang] as const
const paths = ["/tasker/analytics/performance", "/tasker/analytics/bottlenecks", "/tasker/analytics/runs/order-1"]

/** The routes over given records. */
const over = (runs: ReadonlyArray<RunRecord>, options: TelemetryConfig.Options = {}) =>
  server.serve(AnalyticsRoute.layer).pipe(
    Layer.provide(Layer.provideMerge(RunAnalysis.layer, RunRecords.layerMemory(runs))),
    Layer.provideMerge(TestTelemetry.whole(options))
  )

/** Asks, and reads the answer by its schema, which must not leave out any member. */
const read = <A>(path: string, schema: Schema.Codec<A, unknown>) =>
  Effect.gen(function*() {
    const answer = yield* server.get(path)
    assert.deepStrictEqual([answer.status, answer.headers["cache-control"]], [200, "no-store"], answer.text)
    const report = yield* Effect.orDie(
      Schema.decodeUnknownEffect(schema, { onExcessProperty: "error", errors: "all" })(answer.body)
    )
    return report
  })

const performance = (query = "") => read(`/analytics/performance${query}`, AnalyticsReport.Performance)
const bottlenecks = (query = "") => read(`/analytics/bottlenecks${query}`, AnalyticsReport.Bottlenecks)
const one = (id: string) => read(`/analytics/runs/${id}`, AnalyticsReport.Run)

describe("GET /analytics/performance", () => {
  it.effect("says how long tasks and steps take, and what runs wait for", () =>
    Effect.gen(function*() {
      const report = yield* performance()
      assert.deepInclude(report, {
        runs: 39,
        from: "1970-01-01T00:00:00.000Z",
        until: "1970-01-01T00:38:00.000Z",
        missed: 0,
        unfinishedRuns: 1
      })
      assert.deepStrictEqual(
        report.tasks.map(({ makespan, runs, taskName, version }) => [taskName, version, runs, makespan.p95]),
        [
          ["order", "1.0.0", { complete: 24, failed: 12, cancelled: 0 }, 10],
          ["mail", "2.0.0", { complete: 3, failed: 0, cancelled: 0 }, 10]
        ]
      )
      assert.deepStrictEqual(
        report.steps.map(({ criticalSeconds, makespanShare, stepName }) => [stepName, criticalSeconds, makespanShare]),
        [["charge", 192, 0.8], ["load", 48, 0.2], ["charge", 24, 0.8], ["load", 6, 0.2]]
      )
      assert.deepStrictEqual(report.unfinished, [{
        runId: "mail-9",
        taskName: "mail",
        version: "1.0.0",
        ageSeconds: 5,
        sentence: "Step \"send\" has run for 4 s."
      }])
    }).pipe(Effect.provide(over(analysedRuns.all))))

  it.effect("shows the oldest of many unfinished runs, and how many there are", () =>
    Effect.gen(function*() {
      const { unfinished, unfinishedRuns } = yield* performance()
      assert.strictEqual(unfinishedRuns, 30)
      assert.deepStrictEqual(
        unfinished.map(({ ageSeconds }) => ageSeconds),
        Array.from({ length: 20 }, (_, index) => 29 - index)
      )
    }).pipe(Effect.provide(over(
      Array.from(
        { length: 30 },
        (_, index) => ({ ...analysedRuns.unfinished, id: `mail-${index}`, changedAt: index })
      )
    ))))

  it.effect("is empty without runs", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* performance(), {
        runs: 0,
        instances: [],
        missed: 0,
        tasks: [],
        steps: [],
        unfinishedRuns: 0,
        unfinished: []
      })
    }).pipe(Effect.provide(over([]))))
})

describe("GET /analytics/bottlenecks", () => {
  it.effect("says what to change, with its gain and its evidence", () =>
    Effect.gen(function*() {
      const { insufficient, recommendations } = yield* bottlenecks()
      assert.deepStrictEqual(
        recommendations.map(({ gainSeconds, kind, stepName }) => [kind, stepName, gainSeconds]),
        [["faster_step", "charge", 4], ["faster_step", "load", 1], ["fewer_queries", "load", 0.5]]
      )
      assert.strictEqual(
        recommendations[0]?.text,
        "Make step \"charge\" of order 1.0.0 faster: at half its work a run takes 4 s less (40 %). It is on the " +
          "critical path of 100 % of 24 runs and works for 8 s (p95 8 s)."
      )
      assert.strictEqual(recommendations[0]?.evidence.runs, 24)
      assert.deepStrictEqual(insufficient, [
        { taskName: "mail", version: "2.0.0", runs: 3, needed: 20, text: "not enough runs: 3 of 20" }
      ])
    }).pipe(Effect.provide(over(analysedRuns.all))))

  it.effect("says which errors cost time, who waits for whom, and what failed runs have in common", () =>
    Effect.gen(function*() {
      const { blocking, differences, errors, queries } = yield* bottlenecks("?task=order")
      assert.deepStrictEqual(
        errors.map(({ errorType, failures, lostSeconds, stepName }) => [stepName, errorType, failures, lostSeconds]),
        [["charge", "GatewayDown", 12, 96]]
      )
      assert.deepStrictEqual(blocking.map(({ blocks, stepName }) => [stepName, ...blocks]), [["load", "charge"]])
      assert.deepStrictEqual(queries.map(({ secondsPerRun, stepName }) => [stepName, secondsPerRun]), [["load", 1]])
      const [first] = differences
      assert.deepInclude(first, {
        affected: "failed",
        attribute: "tag region",
        value: "eu",
        withValue: { affected: 12, runs: 12 },
        withoutValue: { affected: 0, runs: 24 }
      })
      assert.isBelow(first?.probability ?? 1, 0.001)
    }).pipe(Effect.provide(over(analysedRuns.all))))
})

describe("the parameters", () => {
  it.effect("choose task, version and period", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(39 * 60_000)
      const runsOf = (query: string) =>
        Effect.gen(function*() {
          const found = [(yield* performance(query)).runs, (yield* bottlenecks(query)).runs]
          assert.strictEqual(found[0], found[1])
          return found[0]
        })
      assert.strictEqual(yield* runsOf("?task=order"), 36)
      assert.strictEqual(yield* runsOf("?task=mail&version=2.0.0"), 3)
      assert.strictEqual(yield* runsOf("?version=9"), 0)
      assert.strictEqual(yield* runsOf("?task=Order"), 0)
      assert.strictEqual(yield* runsOf("?period=10%20minutes"), 10)
      assert.strictEqual(yield* runsOf("?period=10+minutes&task=mail"), 3)
      assert.strictEqual(yield* runsOf("?period=60000"), 1)
      assert.strictEqual((yield* performance("?task=order")).unfinishedRuns, 0)
    }).pipe(Effect.provide(over(analysedRuns.all))))

  it.effect.each(
    [
      ["period=soon", "period", "Expected a duration above zero, such as \"1 hour\", or milliseconds"],
      ["period=", "period", "Expected a duration above zero, such as \"1 hour\", or milliseconds"],
      ["period=0", "period", "Expected a duration above zero, such as \"1 hour\", or milliseconds"],
      ["period=-1%20hour", "period", "Expected a duration above zero, such as \"1 hour\", or milliseconds"],
      [`period=${"9".repeat(310)}`, "period", "Expected a duration above zero, such as \"1 hour\", or milliseconds"],
      ["task=", "task", undefined],
      [`task=${"x".repeat(257)}`, "task", undefined],
      ["task=a&task=b", "task", undefined],
      ["version=", "version", undefined],
      ["taks=order", "taks", undefined]
    ] as const
  )("answer 400 to %s", ([query, path, message]) =>
    Effect.gen(function*() {
      for (const route of ["performance", "bottlenecks"]) {
        const { body, status } = yield* server.get(`/analytics/${route}?${query}`)
        assert.deepStrictEqual([status, body.error], [400, "invalid_request"])
        assert.deepStrictEqual(body.issues.map(({ path }: any) => path), [path])
        assert.isAbove(body.issues[0].message.length, 10)
        if (message !== undefined) assert.strictEqual(body.issues[0].message, message)
      }
    }).pipe(Effect.provide(over(analysedRuns.all))))
})

describe("GET /analytics/runs/:id", () => {
  it.effect("says what an unfinished run waits for", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* one("mail-9"), {
        runId: "mail-9",
        taskName: "mail",
        version: "1.0.0",
        state: "in_progress",
        createdAt: "1970-01-01T00:39:00.000Z",
        ageSeconds: 5,
        sentence: "Step \"send\" has run for 4 s.",
        waits: [{ _tag: "Work", stepName: "send", attempt: 1, seconds: 4 }]
      })
    }).pipe(Effect.provide(over(analysedRuns.all))))

  it.effect("says when a back-off ends, as an instant", () =>
    Effect.gen(function*() {
      const { waits } = yield* one("t-1")
      assert.deepStrictEqual(waits, [{
        _tag: "Backoff",
        stepName: "charge",
        errorType: "GatewayBusy",
        remainingSeconds: 27,
        until: "1970-01-01T00:00:30.000Z"
      }])
    }).pipe(Effect.provide(over([run({
      state: "in_progress",
      endedAt: undefined,
      changedAt: 3,
      steps: [
        step("charge", [attempt(0, 3, { state: "error", errorType: "GatewayBusy" })], {
          settledAt: undefined,
          backoffUntil: 30
        })
      ]
    })]))))

  it.effect("shows the critical path of a run that has ended", () =>
    Effect.gen(function*() {
      const { ageSeconds, criticalPath, sentence, state } = yield* one("order-1")
      assert.deepStrictEqual([state, ageSeconds], ["complete", 10])
      assert.strictEqual(sentence, "The run has ended in the state complete and waits for nothing.")
      assert.deepStrictEqual(criticalPath?.path, ["load", "charge"])
      assert.deepStrictEqual(criticalPath?.steps.map(({ name, workSeconds }) => [name, workSeconds]), [
        ["load", 2],
        ["charge", 8]
      ])
    }).pipe(Effect.provide(over(analysedRuns.all))))

  it.effect("looks for runs of other processes in the task store", () =>
    Effect.gen(function*() {
      const store = yield* TaskStore.TaskStore
      const task = {
        id: "other-1",
        name: "order",
        namespace: "shop",
        version: "1.0.0",
        correlationId: "c-1",
        state: "in_progress",
        createdAt: 0,
        startedAt: 0,
        endedAt: undefined,
        durationSeconds: undefined,
        error: undefined
      } as const
      yield* store.saveTask(task, [])
      yield* TestClock.setTime(50_000)
      const working = yield* one("other-1")
      assert.deepInclude(working, { state: "in_progress", ageSeconds: 50, correlationId: "c-1" })
      assert.deepStrictEqual(working.waits, [
        { _tag: "Elsewhere", quietSeconds: 50 },
        { _tag: "Nothing", seconds: 50 }
      ])
      yield* TestClock.setTime(70_000)
      assert.deepStrictEqual((yield* one("other-1")).waits, [
        { _tag: "DeadRunner", hasEnded: false, silentSeconds: 70, since: "1970-01-01T00:00:00.000Z" }
      ])
      yield* store.saveTask({ ...task, state: "complete", endedAt: 4000, durationSeconds: 4 }, [])
      const ended = yield* one("other-1")
      assert.deepInclude(ended, { state: "complete", ageSeconds: 4 })
      assert.isUndefined(ended.criticalPath)
    }).pipe(Effect.provide(over(analysedRuns.all))))

  it.effect("answers 503 if the task store fails, but knows the runs of this process all the same", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* one("order-1")).state, "complete")
      const { body, status } = yield* server.get("/analytics/runs/other-1")
      assert.deepStrictEqual([status, body.error], [503, "task_store_failed"])
    }).pipe(Effect.provide(
      server.serve(AnalyticsRoute.layer).pipe(
        Layer.provide(Layer.provideMerge(RunAnalysis.layer, RunRecords.layerMemory(analysedRuns.all))),
        Layer.provide(Layer.effect(
          TaskStore.TaskStore,
          Effect.map(TaskStore.TaskStore, (store) => ({ ...store, get: () => Effect.die("gone") }))
        )),
        Layer.provideMerge(TestTelemetry.whole())
      )
    )))

  it.effect("answers 404 if no run has the id", () =>
    Effect.gen(function*() {
      const { body, status } = yield* server.get("/analytics/runs/nothing")
      assert.deepStrictEqual([status, body.error], [404, "run_not_found"])
    }).pipe(Effect.provide(over(analysedRuns.all))))
})

describe("the analytics routes", () => {
  it.effect("show the runs of the program, while they go on and after their ends", () =>
    Effect.gen(function*() {
      const started = yield* server.post("/tasker/tasks", { name: "process_order", context: order })
      yield* server.awaitStatus(started.body.taskId, "complete")
      const hanging = yield* server.post("/tasker/tasks", { name: "hang", context: {} })
      yield* server.awaitStatus(hanging.body.taskId, "in_progress")
      const { body } = yield* server.get("/tasker/analytics/performance")
      assert.deepStrictEqual(body.tasks.map(({ runs, taskName }: any) => [taskName, runs.complete]), [
        ["process_order", 1]
      ])
      assert.deepStrictEqual(body.unfinished.map(({ runId }: any) => runId), [hanging.body.taskId])
      const shown = yield* server.get(`/tasker/analytics/runs/${started.body.taskId}`)
      assert.deepStrictEqual(shown.body.criticalPath.steps.map(({ name }: any) => name), ["load", "charge"])
    }).pipe(Effect.provide(server.layer(tasks))))

  const secret = "ghp_0123456789abcdefghijABCDEFGHIJ012345"
  const named = (index: number): RunRecord =>
    analysedRuns.order(index, {
      id: `t-${index}`,
      taskName: `sync ${secret}`,
      instance: secret,
      tags: { with: secret },
      steps: [step(secret, [
        attempt(0, 2, { state: "error", errorType: secret }),
        attempt(2, 10, { number: 2 })
      ])]
    })

  it.effect("show no secret in names and texts", () =>
    Effect.gen(function*() {
      for (const path of ["performance", "bottlenecks", "runs/t-1", "runs/t-99"]) {
        const answer = yield* server.get(`/analytics/${path}`)
        assert.strictEqual(answer.status, 200)
        assert.include(answer.text, "sync [FILTERED]", path)
        assert.notInclude(answer.text, secret, path)
      }
      assert.include((yield* server.get("/analytics/bottlenecks")).text, "faster: at half its work")
    }).pipe(Effect.provide(over([
      ...Array.from({ length: 25 }, (_, index) => named(index)),
      { ...analysedRuns.unfinished, id: "t-99", taskName: `sync ${secret}` }
    ]))))

  it.effect.each([{ performance: { bottlenecks: false } }, { enabled: false }])(
    "answer 404 under %j",
    (options) =>
      Effect.gen(function*() {
        for (const path of paths) {
          const { body, status } = yield* server.get(path)
          assert.deepStrictEqual([status, body.error], [404, "analysis_disabled"], path)
        }
      }).pipe(Effect.provide(server.layer(tasks, options)))
  )

  it.effect("need the token where metrics need it", () =>
    Effect.gen(function*() {
      for (const path of paths) {
        for (const authorization of ["", "Bearer", "Bearer analyse-m", "Bearer analyse-mee", `Basic ${token}`]) {
          const refused = yield* server.get(path, { authorization })
          assert.deepStrictEqual([refused.status, refused.headers["www-authenticate"]], [401, "Bearer"])
          assert.notInclude(JSON.stringify([refused.headers, refused.text]), token)
        }
        assert.notStrictEqual((yield* server.get(path, { authorization: `Bearer ${token}` })).status, 401)
      }
    }).pipe(Effect.provide(server.layer(tasks, { http: { token }, metrics: { authRequired: true } }))))

  it.effect("do not tell those without the token whether there is an analysis", () =>
    Effect.gen(function*() {
      for (const path of paths) {
        assert.strictEqual((yield* server.get(path)).status, 401)
        assert.strictEqual((yield* server.get(path, { authorization: `Bearer ${token}` })).status, 404)
      }
    }).pipe(Effect.provide(server.layer(tasks, {
      http: { token },
      metrics: { authRequired: true },
      performance: { bottlenecks: false }
    }))))

  it.effect("answer broken records with 500 and a line in the log", () =>
    Effect.gen(function*() {
      for (const path of ["performance", "bottlenecks", "runs/a"]) {
        const answer = yield* server.get(`/analytics/${path}`)
        assert.deepStrictEqual([answer.status, answer.body.error], [500, "internal_error"])
      }
      assert.lengthOf(yield* server.logged("a request could not be handled"), 3)
    }).pipe(Effect.provide(
      server.serve(AnalyticsRoute.layer).pipe(
        Layer.provide(Layer.provideMerge(
          RunAnalysis.layer,
          Layer.succeed(RunRecords.RunRecords, {
            ended: Effect.die(new Error("out of order")),
            find: () => Effect.die(new Error("out of order")),
            unfinished: Effect.die(new Error("out of order")),
            get: () => Effect.die(new Error("out of order")),
            age: () => Effect.die(new Error("out of order")),
            surroundings: () => Effect.die(new Error("out of order")),
            missed: Effect.die(new Error("out of order"))
          })
        )),
        Layer.provideMerge(TestTelemetry.whole())
      )
    )))
})

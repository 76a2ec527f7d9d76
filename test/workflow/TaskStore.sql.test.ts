/**
 * The store in databases: SQLite, and a real PostgreSQL.
 */
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import { Context, Duration, Effect, Exit, Layer, Option, Schema, Scope } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import { DetectedResource } from "../../src/internal/DetectedResource.ts"
import { SpanMemory } from "../../src/tracing/internal/SpanMemory.ts"
import * as TaskStore from "../../src/workflow/TaskStore.ts"
import { quiet } from "../support/eventLoop.ts"
import * as postgresServer from "../support/postgresServer.ts"
import * as sqliteDatabase from "../support/sqliteDatabase.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"
import { pages, step, suite, task } from "./TaskStoreTest.ts"

type Client = Layer.Layer<SqlClient.SqlClient>

let tables = 0

/** A store with tables of its own. */
const layer = (client: Client, options: TaskStore.SqlOptions = {}) =>
  Layer.unwrap(Effect.sync(() => TaskStore.layerSql({ table: `tasks_${++tables}`, ...options }))).pipe(
    Layer.provide(client)
  )

const stored = <A, E>(
  client: Client,
  effect: Effect.Effect<A, E, TaskStore.TaskStore>,
  options?: TaskStore.SqlOptions
) => effect.pipe(Effect.provide(layer(client, options), { local: true }), Effect.provide(TestTelemetry.settings()))

// --- As the memory store ---

const State = Schema.Literals(["pending", "in_progress", "complete", "error", "cancelled", "resolved_manually"])
const Id = Schema.Literals(["1", "2", "3", "4", "5", "6"])
const StepName = Schema.Literals(["a", "b", "c"])
const small = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3 }))
const ErrorType = Schema.Literals(["Refused", "Lost", "'; --"])
const Tags = Schema.Struct({
  region: Schema.optionalKey(Schema.Literals(["eu", "us", "e\"u"])),
  tier: Schema.optionalKey(Schema.Literals(["1", "eu"]))
})

const AnyStep = Schema.Struct({
  name: StepName,
  state: State,
  dependsOn: Schema.Array(StepName).check(Schema.isMaxLength(2)),
  attempts: small,
  nextAttemptAt: Schema.UndefinedOr(small),
  error: Schema.UndefinedOr(ErrorType)
})

const AnyTask = Schema.Struct({
  id: Id,
  name: Schema.Literals(["order", "mail"]),
  version: Schema.Literals(["1", "2"]),
  state: State,
  createdAt: small,
  durationSeconds: Schema.UndefinedOr(small),
  tags: Schema.optionalKey(Tags),
  instance: Schema.optionalKey(Schema.Literals(["a", "b"])),
  concurrency: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 3 }))),
  error: Schema.UndefinedOr(ErrorType)
})

const AnyChange = Schema.Union([
  Schema.Struct({
    does: Schema.Literal("save"),
    task: AnyTask,
    steps: Schema.Array(AnyStep).check(Schema.isMaxLength(3))
  }),
  Schema.Struct({ does: Schema.Literal("task"), task: AnyTask }),
  Schema.Struct({ does: Schema.Literal("step"), id: Id, step: AnyStep })
])

const AnySearch = Schema.Struct({
  task: Schema.optionalKey(Schema.Literals(["order", "mail"])),
  version: Schema.optionalKey(Schema.Literals(["1", "2"])),
  state: Schema.optionalKey(Schema.Union([State, Schema.Array(State).check(Schema.isMaxLength(3))])),
  tags: Schema.optionalKey(Tags),
  errorType: Schema.optionalKey(ErrorType),
  instance: Schema.optionalKey(Schema.Literals(["a", "b"])),
  olderThan: Schema.optionalKey(small),
  newerThan: Schema.optionalKey(small),
  retrying: Schema.optionalKey(Schema.Boolean),
  waiting: Schema.optionalKey(Schema.Boolean),
  sort: Schema.optionalKey(Schema.Literals(["newest", "oldest", "slowest"])),
  limit: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 4 })))
})

const failure = (type: string | undefined) => type === undefined ? undefined : { type, message: "no" }

const taskOf = ({ error, tags, ...change }: typeof AnyTask.Type): TaskStore.TaskRecord => ({
  ...task(change.id),
  ...change,
  ...(tags === undefined ? {} : { tags: { ...tags } }),
  error: failure(error)
})

const stepOf = (id: string, { error, ...change }: typeof AnyStep.Type): TaskStore.StepRecord => ({
  ...step(id, change.name),
  ...change,
  error: failure(error)
})

/** Steps of one name would be one step. */
const uniqueSteps = (id: string, steps: ReadonlyArray<typeof AnyStep.Type>) => [
  ...new Map(steps.map((step) => [step.name, stepOf(id, step)])).values()
]

/** Makes all changes, some at the same time, and gives what is then found. A step that a task does not have is left out. */
const found = (changes: ReadonlyArray<typeof AnyChange.Type>, searches: ReadonlyArray<typeof AnySearch.Type>) =>
  Effect.gen(function*() {
    const store = yield* TaskStore.TaskStore
    yield* TestClock.setTime(4)
    const names = new Map<string, ReadonlyArray<string>>()
    yield* Effect.forEach(changes, (change) => {
      if (change.does === "save") {
        const steps = uniqueSteps(change.task.id, change.steps)
        names.set(change.task.id, steps.map(({ name }) => name))
        return store.saveTask(taskOf(change.task), steps)
      }
      if (change.does === "task") return store.updateTask(taskOf(change.task))
      return names.get(change.id)?.includes(change.step.name) === true
        ? store.updateStep(change.id, stepOf(change.id, change.step))
        : Effect.void
    }, { concurrency: 3, discard: true })
    return {
      list: yield* store.list(),
      counts: yield* store.counts,
      tasks: yield* Effect.forEach(["1", "2", "3"], (id) => Effect.map(store.get(id), Option.getOrUndefined)),
      pages: yield* Effect.forEach(searches, pages)
    }
  })

const agrees = (name: string, client: Client, runs: number) =>
  it.effect.prop(
    `${name} finds what the memory finds`,
    [Schema.Array(AnyChange).check(Schema.isMaxLength(25)), Schema.Array(AnySearch).check(Schema.isMaxLength(6))],
    ([changes, searches]) =>
      Effect.gen(function*() {
        const expected = yield* found(changes, searches).pipe(
          Effect.provide(TaskStore.layerMemory, { local: true }),
          Effect.provide(TestTelemetry.settings())
        )
        assert.deepStrictEqual(yield* stored(client, found(changes, searches)), expected)
      }),
    { arbitrary: { runs } }
  )

// --- What only databases do ---

const states = Effect.map(
  TaskStore.TaskStore.use((store) => store.list({ limit: 100 })),
  (tasks) => tasks.map(({ id, state }) => `${id} ${state}`)
)

const ofDatabases = (client: Client) => {
  it.effect("keeps tasks for the given time after their end, and those of silent processes that nobody writes about", () =>
    stored(
      client,
      Effect.gen(function*() {
        const store = yield* TaskStore.TaskStore
        yield* store.saveTask(task("lost", "in_progress"), [step("lost", "a")])
        yield* store.saveTask(task("alive", "in_progress"), [step("alive", "a")])
        yield* store.saveTask(task("ended", "complete"), [])
        yield* TestClock.adjust("12 hours")
        yield* store.saveTask(task("new", "complete"), [])
        yield* store.updateStep("alive", step("alive", "a", "in_progress"))
        yield* TestClock.adjust("11 hours")
        assert.lengthOf(yield* states, 4)
        yield* TestClock.adjust("2 hours")
        yield* Effect.repeat(Effect.andThen(TestClock.adjust("15 minutes"), states), {
          until: (kept) => kept.length < 4,
          times: 40
        })
        assert.deepStrictEqual(yield* states, ["new complete", "alive in_progress"])
        assert.deepStrictEqual((yield* store.counts).complete, 1)
      }),
      { maximumAge: "1 day", heartbeat: Duration.infinity }
    ))

  it.effect("keeps tasks of a process that lives, however long they go on, or wait for their start", () =>
    stored(
      client,
      Effect.gen(function*() {
        const store = yield* TaskStore.TaskStore
        yield* store.saveTask(task("alive", "in_progress"), [step("alive", "a")])
        yield* store.saveTask({ ...task("waiting", "pending"), scheduledFor: 18_000_000 }, [step("waiting", "a")])
        yield* store.saveTask(task("ended", "complete"), [])
        // A real database needs real time for each beat and each removal.
        const later = Effect.andThen(TestClock.adjust("20 minutes"), states)
        yield* Effect.repeat(later, { until: (kept) => kept.length < 3, times: 50 })
        yield* Effect.repeat(later, { times: 10 })
        assert.deepStrictEqual(yield* states, ["waiting pending", "alive in_progress"])
        yield* store.updateTask({ ...task("waiting", "complete"), scheduledFor: 18_000_000 })
        assert.deepStrictEqual(yield* states, ["waiting complete", "alive in_progress"])
      }),
      { maximumAge: "1 hour", heartbeat: "10 minutes" }
    ))

  it.effect("knows whether the process of a task lives", () =>
    Effect.gen(function*() {
      const own = `tasks_${++tables}`
      const sql = yield* SqlClient.SqlClient
      const storeWith = (scope: Scope.Scope) =>
        Effect.map(
          Layer.buildWithScope(layer(Layer.succeed(SqlClient.SqlClient, sql), { table: own }), scope),
          Context.get(TaskStore.TaskStore)
        )
      const known = (store: TaskStore.TaskStore["Service"], id: string) =>
        Effect.map(store.runner?.(id) ?? Effect.succeedNone, Option.getOrUndefined)
      const other = yield* storeWith(yield* Effect.scope)
      const scope = yield* Scope.make()
      const store = yield* storeWith(scope)
      yield* store.saveTask(task("1", "in_progress"), [])
      yield* store.saveTask(task("2", "in_progress"), [])
      const signs = yield* Effect.repeat(Effect.andThen(Effect.yieldNow, known(other, "1")), {
        until: (signs) => signs !== undefined
      })
      assert.deepInclude(signs, { instance: "shop-1", deadAfterSeconds: 30, hasEnded: false })
      assert.isBelow(signs?.silentSeconds ?? NaN, 30)
      assert.isUndefined(yield* known(other, "3"))
      yield* store.updateTask(task("2", "complete"))
      yield* Scope.close(scope, Exit.void)
      assert.deepInclude(yield* known(other, "1"), { instance: "shop-1", hasEnded: true })
      // Nothing is left of a process whose tasks have all ended.
      const last = yield* Scope.make()
      const third = yield* storeWith(last)
      yield* third.saveTask(task("4", "in_progress"), [])
      yield* Effect.repeat(Effect.andThen(Effect.yieldNow, known(other, "4")), {
        until: (signs) => signs !== undefined
      })
      yield* third.updateTask(task("4", "complete"))
      yield* Scope.close(last, Exit.void)
      assert.lengthOf(yield* sql`SELECT * FROM ${sql(`${own}_runners`)}`, 1)
    }).pipe(
      Effect.provideService(DetectedResource, { "service.instance.id": "shop-1" }),
      Effect.provide(Layer.provideMerge(client, TestTelemetry.settings()))
    ))

  it.effect("survives its scope, and shows the tasks of all stores with the same table", () =>
    Effect.gen(function*() {
      const store = layer(Layer.succeed(SqlClient.SqlClient, yield* SqlClient.SqlClient), {
        table: `tasks_${++tables}`
      })
      const save = (id: string) =>
        TaskStore.TaskStore.use(({ saveTask }) => saveTask({ ...task(id), instance: id }, [step(id, "a")]))
      yield* Effect.provide(save("a"), store, { local: true })
      yield* Effect.all([
        Effect.provide(save("b"), store, { local: true }),
        Effect.provide(save("c"), store, { local: true })
      ], { concurrency: "unbounded" })
      yield* Effect.gen(function*() {
        const { tasks } = yield* TaskStore.TaskStore.use(({ search }) => search({ sort: "oldest" }))
        assert.sameMembers(tasks.map(({ instance }) => instance), ["a", "b", "c"])
        const [{ steps }] = [Option.getOrThrow(yield* TaskStore.TaskStore.use(({ get }) => get("a")))]
        assert.deepStrictEqual(steps, [step("a", "a")])
      }).pipe(Effect.provide(store, { local: true }))
    }).pipe(Effect.provide(Layer.provideMerge(client, TestTelemetry.settings()))))

  it.effect("writes no secret", () =>
    Effect.gen(function*() {
      const own = `tasks_${++tables}`
      const secret = "password=hunter2"
      const error = { type: "Refused", message: secret, fields: { password: "hunter2" } }
      yield* TaskStore.TaskStore.use((store) =>
        Effect.gen(function*() {
          const tags = { token: "hunter2", note: secret, "password=hunter2,name": "eu" }
          const record = { ...task("1", "error"), name: secret, tags, instance: `shop ${secret}`, error }
          yield* store.saveTask(record, [
            step("1", secret, "error", { dependsOn: [secret], id: `1/${secret}`, error }),
            step("1", "password=other-hunter2", "error")
          ])
          yield* store.updateStep("1", step("1", secret, "error", { error }))
          assert.deepStrictEqual((yield* store.search({ task: secret })).tasks.map(({ id }) => id), ["1"])
          for (const options of [{ tags }, { tags: { note: secret } }, { instance: record.instance }]) {
            assert.deepStrictEqual((yield* store.search(options)).tasks.map(({ id }) => id), ["1"])
          }
        })
      ).pipe(Effect.provide(layer(Layer.succeed(SqlClient.SqlClient, yield* SqlClient.SqlClient), { table: own })))
      const sql = yield* SqlClient.SqlClient
      const rows = [...yield* sql`SELECT * FROM ${sql(own)}`, ...yield* sql`SELECT * FROM ${sql(`${own}_steps`)}`]
      assert.isAtLeast(rows.length, 2)
      assert.notInclude(JSON.stringify(rows), "hunter2")
    }).pipe(Effect.provide(Layer.provideMerge(client, TestTelemetry.settings()))))

  it.effect("takes a cursor with characters that no database keeps", () =>
    stored(
      client,
      Effect.gen(function*() {
        const store = yield* TaskStore.TaskStore
        yield* store.saveTask(task("1"), [])
        for (const cursor of ["newest~9000000000000000~0~a\0\ud800", "newest~1~9000000000000000~a\0\ud800"]) {
          yield* store.search({ cursor })
        }
      })
    ))

  it.effect("is not part of a transaction of its caller", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const store = yield* TaskStore.TaskStore
      yield* sql.withTransaction(Effect.andThen(
        Effect.forkDetach(store.saveTask(task("1"), []), { startImmediately: true }),
        Effect.fail("rolled back")
      )).pipe(Effect.ignore)
      yield* store.updateTask(task("1", "complete"))
      assert.deepStrictEqual(yield* states, ["1 complete"])
    }).pipe(Effect.provide(Layer.provideMerge(
      Layer.unwrap(Effect.map(SqlClient.SqlClient, (sql) => layer(Layer.succeed(SqlClient.SqlClient, sql)))),
      Layer.provideMerge(client, TestTelemetry.settings())
    ))))

  it.effect("makes no span of its own", () =>
    Effect.gen(function*() {
      yield* Effect.withSpan(TaskStore.TaskStore.use(({ saveTask }) => saveTask(task("1"), [step("1", "a")])), "run")
      yield* TaskStore.TaskStore.use(({ search }) => search())
      const spans = yield* SpanMemory.use((memory) => memory.spans)
      assert.deepStrictEqual(spans.map(({ name }) => name), ["run"])
    }).pipe(Effect.provide(Layer.provideMerge(layer(client), TestTelemetry.layer(TestTelemetry.tracing)))))
}

suite("SQLite", layer(sqliteDatabase.layer, { maximumTasks: 3 }))

describe("TaskStore.layerSql with SQLite", () => {
  agrees("it", sqliteDatabase.layer, 150)
  ofDatabases(sqliteDatabase.layer)

  it.effect("gives one sign of life an interval, however many tasks run, and none without a task", () =>
    Effect.gen(function*() {
      const own = `tasks_${++tables}`
      const sql = yield* SqlClient.SqlClient
      yield* Effect.gen(function*() {
        const store = yield* TaskStore.TaskStore
        yield* store.saveTask(task("0", "complete"), [])
        yield* sql`CREATE TABLE beats (id text)`
        for (const what of ["INSERT", "UPDATE"]) {
          yield* sql`CREATE TRIGGER ${sql(`beat_${what}`)} AFTER ${sql.literal(what)} ON ${sql(`${own}_runners`)}
            BEGIN INSERT INTO beats VALUES (new.id); END`
        }
        const beats = Effect.map(sql`SELECT * FROM beats`, (rows) => rows.length)
        yield* TestClock.adjust("1 hour")
        assert.strictEqual(yield* beats, 0)
        for (let id = 1; id <= 50; id++) yield* store.saveTask(task(`${id}`, "in_progress"), [])
        yield* Effect.repeat(Effect.andThen(quiet, TestClock.adjust("5 seconds")), { times: 20 })
        yield* quiet
        assert.strictEqual(yield* beats, 11)
      }).pipe(Effect.provide(layer(Layer.succeed(SqlClient.SqlClient, sql), { table: own }), { local: true }))
    }).pipe(Effect.provide(Layer.provideMerge(sqliteDatabase.layer, TestTelemetry.settings()))))
})

describe("TaskStore.layerSql with a real PostgreSQL", () => {
  const scope = Scope.makeUnsafe()
  let server: postgresServer.PostgresServer
  beforeAll(() =>
    Effect.runPromise(Effect.map(Scope.provide(postgresServer.start, scope), (started) => void (server = started)))
  )
  afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  const client = Layer.suspend(() => postgresServer.client(server))

  suite("PostgreSQL", layer(client, { maximumTasks: 3 }))
  agrees("it", client, 40)
  ofDatabases(client)

  it.live("writes tasks while the removal of old ones takes longer than a write may", () =>
    Effect.gen(function*() {
      const sql = yield* SqlClient.SqlClient
      const own = `tasks_${++tables}`
      yield* Effect.gen(function*() {
        const store = yield* TaskStore.TaskStore
        yield* store.saveTask(task("1", "complete"), [])
        yield* sql`CREATE FUNCTION slow_removal() RETURNS trigger LANGUAGE plpgsql
          AS 'BEGIN PERFORM pg_sleep(20); RETURN OLD; END'`
        yield* sql`CREATE TRIGGER slow BEFORE DELETE ON ${sql(own)} FOR EACH ROW EXECUTE FUNCTION slow_removal()`
        for (const id of ["2", "3", "4"]) yield* store.saveTask(task(id, "complete"), [])
        assert.deepStrictEqual(yield* store.counts, { complete: 4 })
      }).pipe(Effect.provide(
        layer(Layer.succeed(SqlClient.SqlClient, sql), { table: own, maximumTasks: 1 }),
        { local: true }
      ))
    }).pipe(
      Effect.provide(Layer.provideMerge(client, TestTelemetry.settings({ execution: { storeTimeout: "2 seconds" } })))
    ))
})

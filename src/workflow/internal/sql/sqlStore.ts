/**
 * Keeps records in two tables of PostgreSQL or SQLite: one of tasks and one of their steps.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Schedule from "effect/Schedule"
import type * as SqlClient from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type * as Statement from "effect/sql/Statement"
import * as TelemetryConfig from "../../../config/TelemetryConfig.ts"
import { DetectedResource, instanceIdOf } from "../../../internal/DetectedResource.ts"
import { SelfStatistics } from "../../../internal/SelfStatistics.ts"
import * as SqlTables from "../../../internal/SqlTables.ts"
import * as Redaction from "../../../redaction/Redaction.ts"
import type { StepRecord, TaskRecord, TaskSnapshot } from "../taskRecords.ts"
import * as taskSearch from "../taskSearch.ts"
import { hasEnded, type TaskState } from "../TaskState.ts"
import { type Change, foldChanges } from "./foldChanges.ts"
import * as OwedEnds from "./OwedEnds.ts"
import * as RunnerTable from "./RunnerTable.ts"
import * as searchStatement from "./searchStatement.ts"
import * as taskRows from "./taskRows.ts"
import * as WriteBatches from "./WriteBatches.ts"

export interface Options {
  readonly table: string
  /** Number of ended tasks that are kept. */
  readonly mostTasks: number
  /** How long a task is kept after its end. */
  readonly longestAge: Duration.Duration
  /** Time between two signs of life of this process. */
  readonly heartbeat: Duration.Duration
}

/** Rows above the limit before old ones are removed: one for each so many that are kept. */
const slackShare = 100

const createTables = (sql: SqlClient.SqlClient, tasks: string, steps: string, runners: string) => [
  sql`CREATE TABLE IF NOT EXISTS ${sql(tasks)} (
    id text PRIMARY KEY,
    name text NOT NULL,
    version text NOT NULL,
    instance text,
    initiator text,
    reason text,
    runner text,
    state text NOT NULL,
    error_type text,
    tags text NOT NULL,
    concurrency float8 NOT NULL,
    created_at float8 NOT NULL,
    started_at float8,
    duration float8 NOT NULL,
    created_order float8 NOT NULL,
    ended_order float8,
    written_at float8 NOT NULL,
    document text NOT NULL
  )`,
  ...[["created_order", "id"], ["name", "created_order"], ["state", "created_order"], ["ended_order"]].map((columns) =>
    sql`CREATE INDEX IF NOT EXISTS ${sql(`${nameOf(tasks)}_${columns[0]}`)} ON ${sql(tasks)} (${
      sql.literal(columns.join(", "))
    })`
  ),
  sql`CREATE TABLE IF NOT EXISTS ${sql(steps)} (
    task_id text NOT NULL,
    name text NOT NULL,
    position float8 NOT NULL,
    state text NOT NULL,
    attempts float8 NOT NULL,
    next_attempt_at float8,
    depends_on text NOT NULL,
    error_type text,
    written_at float8 NOT NULL,
    document text NOT NULL,
    PRIMARY KEY (task_id, name)
  )`,
  RunnerTable.createTable(sql, runners)
]

/** An index has the schema of its table. */
const nameOf = (table: string): string => table.split(".").at(-1) as string

export const make = (options: Options) =>
  Effect.gen(function*() {
    const { longestAge, mostTasks } = options
    const names = { tasks: options.table, steps: `${options.table}_steps`, runners: `${options.table}_runners` }
    const { execution: { storeTimeout }, service } = yield* TelemetryConfig.Current
    const redaction = yield* Redaction.Current
    const instance = instanceIdOf(service.attributes, yield* DetectedResource)
    const statistics = yield* Effect.serviceOption(SelfStatistics)
    const clock = yield* Clock.Clock
    const database = yield* SqlTables.make(
      "TaskStore.layerSql",
      [names.tasks, names.steps, names.runners],
      (sql) => createTables(sql, names.tasks, names.steps, names.runners)
    )
    const runners = yield* RunnerTable.make(database, {
      table: names.runners,
      tasks: names.tasks,
      instance: instance === undefined ? undefined : redaction.text(instance),
      clock,
      interval: options.heartbeat,
      timeout: storeTimeout
    })
    const rowsOf = taskRows.make(redaction, runners.id)
    const { rows, run, sql } = database
    const [tasks, steps] = [sql(names.tasks), sql(names.steps)]
    const searchRows = searchStatement.make(database, names)

    // --- Writing ---

    let lastOrder = 0
    const written = (): taskRows.Written => {
      const at = clock.currentTimeMillisUnsafe()
      lastOrder = Math.max(lastOrder + 1, at * 1000)
      return { at, order: lastOrder }
    }

    const list = (columns: ReadonlyArray<SqlTables.Column>) => sql.literal(columns.map(({ name }) => name).join(", "))
    const replaced = (columns: ReadonlyArray<SqlTables.Column>, source: string, left: ReadonlyArray<string>) =>
      sql.literal(
        columns.filter(({ name }) => !left.includes(name)).map(({ name }) => `${name} = ${source}.${name}`).join(", ")
      )

    const insertTasks = (added: ReadonlyArray<taskRows.TaskRow>) =>
      sql`
        INSERT INTO ${tasks} (${list(taskRows.taskColumns)})
        SELECT ${list(taskRows.taskColumns)} FROM ${rows(taskRows.taskColumns, added)} WHERE true
        ON CONFLICT (id) DO UPDATE SET ${replaced(taskRows.taskColumns, "excluded", ["id", "created_order"])}
      `

    const removeSteps = (ids: ReadonlyArray<{ readonly id: string | number | null }>) =>
      sql`DELETE FROM ${steps} WHERE task_id IN (SELECT id FROM ${rows([{ name: "id", type: "text" }], ids)})`

    const insertSteps = (added: ReadonlyArray<taskRows.StepRow>) =>
      sql`
        INSERT INTO ${steps} (${list(taskRows.stepColumns)})
        SELECT ${list(taskRows.stepColumns)} FROM ${rows(taskRows.stepColumns, added)}
      `

    const updateTasks = (changed: ReadonlyArray<taskRows.TaskRow>) =>
      sql`
        UPDATE ${tasks} SET ${replaced(taskRows.taskColumns, "r", ["id", "created_order", "runner"])}
        FROM ${rows(taskRows.taskColumns, changed)} WHERE ${tasks}.id = r.id
      `

    const updateSteps = (changed: ReadonlyArray<taskRows.StepRow>) =>
      sql`
        UPDATE ${steps} SET ${replaced(taskRows.stepColumns, "r", ["task_id", "name", "position"])}
        FROM ${rows(taskRows.stepColumns, changed)} WHERE ${steps}.task_id = r.task_id AND ${steps}.name = r.name
      `

    /** The rows of a batch, which has at most five statements. */
    const writeRows = (changes: ReadonlyArray<Change>) => {
      const added: Array<taskRows.TaskRow> = []
      const changed: Array<taskRows.TaskRow> = []
      const addedSteps = new Map<string, taskRows.StepRow>()
      const changedSteps = new Map<string, taskRows.StepRow>()
      for (const [id, change] of foldChanges(changes)) {
        const { saved, task } = change
        if (task !== undefined) {
          const row = rowsOf.taskRow(task, change.written)
          if (saved === undefined) changed.push(row)
          else added.push({ ...row, created_order: saved.order })
        }
        // Two names that hold secrets can be the same name after redaction. One row stands for both.
        const rows = saved === undefined ? changedSteps : addedSteps
        let position = 0
        for (const { step, written } of change.steps.values()) {
          const row = rowsOf.stepRow(id, step, position++, written)
          rows.set(`${row.task_id}\n${row.name}`, row)
        }
      }
      const statements = [
        ...(added.length === 0 ? [] : [insertTasks(added), removeSteps(added.map(({ id }) => ({ id })))]),
        ...(addedSteps.size === 0 ? [] : [insertSteps([...addedSteps.values()])]),
        ...(changedSteps.size === 0 ? [] : [updateSteps([...changedSteps.values()])]),
        ...(changed.length === 0 ? [] : [updateTasks(changed)])
      ]
      return sql.withTransaction(Effect.forEach(statements, (statement) => statement, { discard: true }))
    }

    // --- Retention ---

    /** Removes tasks with their steps. Tasks go first: an update of a step adds none. */
    const remove = (isOld: Statement.Fragment): Effect.Effect<void, SqlError> =>
      SqlTables.inPieces(sql.withTransaction(Effect.tap(
        sql<{ readonly id: string }>`
          DELETE FROM ${tasks} WHERE ${isOld} AND id IN (
            SELECT id FROM ${tasks} WHERE ${isOld} LIMIT ${sql.literal(String(SqlTables.mostRemoved))}
          ) RETURNING id
        `,
        (removed) => removed.length === 0 ? Effect.void : Effect.asVoid(removeSteps(removed))
      )))

    const removeOverflow = Effect.gen(function*() {
      const [newest] = yield* sql<{ readonly place: number }>`
        SELECT ended_order AS place FROM ${tasks} WHERE ended_order IS NOT NULL
        ORDER BY ended_order DESC LIMIT 1 OFFSET CAST(${mostTasks} AS integer)
      `
      if (newest !== undefined) yield* remove(sql.and([sql`ended_order <= CAST(${newest.place} AS float8)`]))
    })

    /**
     * A task whose process was killed never ends. It goes when nothing has been written about it for so long, and its
     * process has given no sign of life.
     */
    const removeOld = Effect.suspend(() => {
      const since = clock.currentTimeMillisUnsafe() - Duration.toMillis(longestAge)
      const [sinceMillis, sinceOrder] = [sql`CAST(${since} AS float8)`, sql`CAST(${since * 1000} AS float8)`]
      return remove(sql.and([sql`(ended_order < ${sinceOrder} OR (
        ended_order IS NULL AND written_at < ${sinceMillis} AND NOT EXISTS (
          SELECT 1 FROM ${steps} AS s WHERE s.task_id = ${tasks}.id AND s.written_at >= ${sinceMillis}
        ) AND NOT ${runners.isAlive(tasks, sinceMillis)}
      ))`]))
    })

    const slack = Math.floor(mostTasks / slackShare)
    let ends = 0
    // No batch waits for a removal, which may be slow. At the beginning, there may be tasks of earlier programs.
    const overflows = yield* Queue.sliding<void>(1)
    Queue.offerUnsafe(overflows, undefined)

    const noteEnds = (changes: ReadonlyArray<Change>) => {
      ends += changes.filter((change) => change._tag !== "UpdateStep" && hasEnded(change.task.state)).length
      if (ends > slack) Queue.offerUnsafe(overflows, undefined)
    }

    // Records that stay longer do no harm. After a failure, the next batch tries again.
    yield* Queue.take(overflows).pipe(
      Effect.andThen(Effect.suspend(() => {
        const counted = ends
        return Effect.ignoreCause(Effect.andThen(run(removeOverflow), Effect.sync(() => void (ends -= counted))))
      })),
      Effect.forever,
      Effect.forkScoped
    )

    if (Duration.isFinite(longestAge)) {
      const interval = Duration.min(Duration.hours(1), Duration.times(longestAge, 1 / slackShare))
      yield* Effect.ignoreCause(run(Effect.andThen(removeOld, runners.removeOld))).pipe(
        Effect.repeat(Schedule.spaced(Duration.max(interval, Duration.seconds(1)))),
        Effect.forkScoped
      )
    }

    const send = yield* WriteBatches.make<Change>({
      write: (changes) => Effect.tap(run(writeRows(changes)), () => Effect.sync(() => noteEnds(changes))),
      timeout: storeTimeout
    })
    let lost = 0
    if (Option.isSome(statistics)) statistics.value.observe({ ...OwedEnds.lostEnds, values: () => ({ "": lost }) })
    const change = yield* OwedEnds.make({ send, timeout: storeTimeout, onLost: (count) => void (lost += count) })

    // --- Reading ---

    const read = <A>(statements: Effect.Effect<A, unknown>): Effect.Effect<A> => Effect.orDie(run(statements))

    const snapshotOf = (
      found: ReadonlyArray<{ readonly position: number; readonly document: string }>
    ): Option.Option<TaskSnapshot> => {
      const [task, ...others] = found
      return task === undefined ? Option.none() : Option.map(taskRows.readTask(task.document), (record) => ({
        ...record,
        steps: others.flatMap(({ document }) => Option.toArray(taskRows.readStep(document)))
      }))
    }

    const readTasks = (documents: ReadonlyArray<{ readonly document: string }>) =>
      documents.flatMap(({ document }) => Option.toArray(taskRows.readTask(document)))

    const search = (options: taskSearch.SearchOptions, now: number) => {
      const range = taskSearch.rangeOf(options)
      return Effect.map(
        read(searchRows(rowsOf.filters(taskSearch.filtersOf(options, now)), range)),
        (found) =>
          taskSearch.pageOf(
            found.map(({ createdOrder, document, id, key }): taskSearch.Found => ({
              task: Option.getOrUndefined(taskRows.readTask(document)),
              place: { key, order: createdOrder, id }
            })),
            range
          )
      )
    }

    return {
      saveTask: (task: TaskRecord, steps: ReadonlyArray<StepRecord>) =>
        Effect.suspend(() => {
          if (!hasEnded(task.state)) runners.begin()
          return change({ _tag: "SaveTask", task, steps, written: written() })
        }),
      updateTask: (task: TaskRecord) => Effect.suspend(() => change({ _tag: "UpdateTask", task, written: written() })),
      updateStep: (taskId: string, step: StepRecord) =>
        Effect.suspend(() => change({ _tag: "UpdateStep", taskId, step, written: written() })),
      get: (taskId: string) =>
        Effect.map(
          read(sql<{ readonly position: number; readonly document: string }>`
            SELECT CAST(-1 AS float8) AS position, document FROM ${tasks} WHERE id = ${SqlTables.storable(taskId)}
            UNION ALL
            SELECT position, document FROM ${steps} WHERE task_id = ${SqlTables.storable(taskId)}
            ORDER BY position
          `),
          snapshotOf
        ),
      runner: (taskId: string) => read(runners.find(taskId)),
      list: (
        { limit = taskSearch.defaultLimit, offset = 0 }: Pick<taskSearch.SearchOptions, "limit" | "offset"> = {}
      ) =>
        Effect.map(
          read(sql<{ readonly document: string }>`
            SELECT document FROM ${tasks} ORDER BY created_order DESC, id DESC
            LIMIT CAST(${limit} AS integer) OFFSET CAST(${offset} AS integer)
          `),
          readTasks
        ),
      search: (options: taskSearch.SearchOptions = {}) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => search(options, now)),
      counts: Effect.map(
        read(sql<{ readonly state: TaskState; readonly count: number }>`
          SELECT state, CAST(count(*) AS float8) AS count FROM ${tasks} GROUP BY state
        `),
        (found): Partial<Record<TaskState, number>> =>
          Object.fromEntries(found.map(({ count, state }) => [state, count]))
      )
    }
  })

/**
 * Ended runs in a table of PostgreSQL or SQLite. A row has the record as a JSON document, and the columns by which runs
 * are chosen. What leaves the process here is redacted.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type { SqlError } from "effect/sql/SqlError"
import type * as Statement from "effect/sql/Statement"
import * as SqlTables from "../../internal/SqlTables.ts"
import * as TimeSlice from "../../internal/TimeSlice.ts"
import * as Redaction from "../../redaction/Redaction.ts"
import type * as Bottlenecks from "../Bottlenecks.ts"
import { RunRecord } from "../RunRecord.ts"

export interface Options {
  readonly table: string
  /** Number of runs that are kept. */
  readonly mostRuns: number
  /** How long a run is kept after its end. */
  readonly longestAge: Duration.Duration
}

/** Which runs are asked for. */
export type Choice = Pick<Bottlenecks.Options, "task" | "version" | "since">

export interface RunTable {
  /** Adds records, or replaces those of the same runs, in one statement. */
  readonly write: (records: ReadonlyArray<RunRecord>) => Effect.Effect<void, SqlError>
  /**
   * Removes the runs that are too many, if enough were written since the last time. It is no part of a write, whose
   * records are there whether old ones can be removed or not.
   */
  readonly removeOverflow: Effect.Effect<void, SqlError>
  /** The chosen runs that ended last, in any order. */
  readonly find: (choice: Choice, most: number) => Effect.Effect<ReadonlyArray<RunRecord>, SqlError>
  readonly get: (id: string) => Effect.Effect<Option.Option<RunRecord>, SqlError>
}

const columns = [
  { name: "id", type: "text" },
  { name: "task_name", type: "text" },
  { name: "version", type: "text" },
  { name: "instance", type: "text" },
  { name: "created_at", type: "float8" },
  { name: "ended_at", type: "float8" },
  { name: "document", type: "text" }
] as const

const columnList = columns.map(({ name }) => name).join(", ")
const replacements = columns.slice(1).map(({ name }) => `${name} = excluded.${name}`).join(", ")

/** Rows above the limit before old ones are removed: one for each so many that are kept. */
const slackShare = 100

export const make = ({ longestAge, mostRuns, table: name }: Options) =>
  Effect.gen(function*() {
    const redaction = yield* Redaction.Current
    const clock = yield* Clock.Clock
    const { rows, run, sql } = yield* SqlTables.make("RunRecords.layerSql", [name], (sql) => [
      sql`CREATE TABLE IF NOT EXISTS ${sql(name)} (
        id text PRIMARY KEY,
        task_name text NOT NULL,
        version text NOT NULL,
        instance text,
        created_at float8 NOT NULL,
        ended_at float8 NOT NULL,
        document text NOT NULL
      )`,
      ...[["ended_at"], ["task_name", "ended_at"]].map((columns) =>
        sql`CREATE INDEX IF NOT EXISTS ${sql(`${name.split(".").at(-1)}_${columns[0]}`)}
          ON ${sql(name)} (${sql.literal(columns.join(", "))})`
      )
    ])
    const table = sql(name)
    const number = (value: number) => sql`CAST(${value} AS float8)`
    const stored = (text: string) => SqlTables.storable(redaction.name(text))

    const rowOf = (record: RunRecord) => ({
      id: SqlTables.storable(record.id),
      task_name: stored(record.taskName),
      version: stored(record.version),
      instance: record.instance === undefined ? null : stored(record.instance),
      created_at: record.createdAt,
      ended_at: endOf(record),
      document: SqlTables.documentOf(redactedCopy(record, redaction) as object)
    })

    const remove = (isOld: Statement.Fragment) =>
      SqlTables.inPieces(sql`
        DELETE FROM ${table} WHERE ${isOld} AND id IN (
          SELECT id FROM ${table} WHERE ${isOld} LIMIT ${sql.literal(String(SqlTables.mostRemoved))}
        ) RETURNING id
      `)

    const removeOverflow = Effect.gen(function*() {
      const [newest] = yield* sql<{ readonly at: number }>`
        SELECT ended_at AS at FROM ${table} ORDER BY ended_at DESC LIMIT 1 OFFSET CAST(${mostRuns} AS integer)
      `
      if (newest !== undefined) yield* remove(sql.and([sql`ended_at <= ${number(newest.at)}`]))
    })
    const slack = Math.floor(mostRuns / slackShare)
    let ends = slack

    if (Duration.isFinite(longestAge)) {
      const interval = Duration.min(Duration.hours(1), Duration.times(longestAge, 1 / slackShare))
      const removeOld = Effect.suspend(() =>
        remove(sql.and([
          sql`ended_at < ${number(clock.currentTimeMillisUnsafe() - Duration.toMillis(longestAge))}`
        ]))
      )
      yield* Effect.ignoreCause(run(removeOld)).pipe(
        Effect.repeat(Schedule.spaced(Duration.max(interval, Duration.seconds(1)))),
        Effect.forkScoped
      )
    }

    const conditionsOf = ({ since, task, version }: Choice): ReadonlyArray<Statement.Fragment> => [
      ...(task === undefined ? [] : [sql`task_name = ${stored(task)}`]),
      ...(version === undefined ? [] : [sql`version = ${stored(version)}`]),
      ...(since === undefined ? [] : [sql`created_at >= ${number(since)}`])
    ]

    const result: RunTable = {
      write: (records) =>
        run(Effect.gen(function*() {
          yield* sql`
            INSERT INTO ${table} (${sql.literal(columnList)})
            SELECT ${sql.literal(columnList)} FROM ${rows(columns, records.map(rowOf))} WHERE true
            ON CONFLICT (id) DO UPDATE SET ${sql.literal(replacements)}
          `
          ends += records.length
        })),
      removeOverflow: Effect.suspend(() => {
        if (ends <= slack) return Effect.void
        const counted = ends
        return Effect.andThen(run(removeOverflow), Effect.sync(() => void (ends -= counted)))
      }),
      find: (choice, most) =>
        Effect.suspend(() => {
          const conditions = conditionsOf(choice)
          return run(sql<{ readonly document: string }>`
            SELECT document FROM ${table}
            ${conditions.length === 0 ? sql`` : sql`WHERE ${sql.and(conditions)}`}
            ORDER BY ended_at DESC LIMIT CAST(${most} AS integer)
          `)
        }).pipe(Effect.flatMap((found) => TimeSlice.run(readAll(found)))),
      get: (id) =>
        Effect.map(
          run(sql<{ readonly document: string }>`SELECT document FROM ${table} WHERE id = ${SqlTables.storable(id)}`),
          ([row]) => row === undefined ? Option.none() : decode(row.document)
        )
    }
    return result
  })

/** When a run ended, in epoch milliseconds. */
export const endOf = ({ changedAt, createdAt, endedAt = changedAt }: RunRecord): number => createdAt + endedAt * 1000

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Schema.toCodecJson(RunRecord)))

/** A record that another version of this package has written may not be readable. It is left out then. */
function* readAll(rows: ReadonlyArray<{ readonly document: string }>): TimeSlice.Work<ReadonlyArray<RunRecord>> {
  const records: Array<RunRecord> = []
  for (const { document } of rows) {
    const record = decode(document)
    if (Option.isSome(record)) records.push(record.value)
    yield
  }
  return records
}

/** Members whose values are ids, which no rule for texts may change. */
const ids: ReadonlySet<string> = new Set(["correlationId", "traceId"])

/** Names and texts as they may leave. The id of a step has the step's name in it. Names of tags are the program's. */
const redactedCopy = (value: unknown, redaction: Redaction.Redaction): unknown => {
  if (typeof value === "string") return redaction.name(value)
  if (Array.isArray(value)) return value.map((item) => redactedCopy(item, redaction))
  if (typeof value !== "object" || value === null) return value
  const { id, name } = value as { readonly id?: unknown; readonly name?: unknown }
  const shownId = typeof name === "string" && redaction.name(name) !== name ? redaction.text(String(id)) : id
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === "id"
        ? shownId
        : key === "tags"
        ? redactedTags(inner as RunRecord["tags"], redaction)
        : ids.has(key)
        ? inner
        : redactedCopy(inner, redaction)
    ])
  )
}

const redactedTags = (tags: RunRecord["tags"], redaction: Redaction.Redaction): RunRecord["tags"] =>
  Object.fromEntries(Object.entries(tags).map(([name, value]) => [redaction.name(name), redaction.name(value)]))

/**
 * Stores the report of an analysis in PostgreSQL, and lets PostgreSQL summarise
 * it.
 */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import * as SqlSchema from "effect/sql/SqlSchema"
import type { LanguageCount } from "./countLines.ts"
import type { Discovery } from "./discoverFiles.ts"
import type { UnreadablePath } from "./FileEntry.ts"
import type { DuplicateGroup } from "./hashFiles.ts"
import type { Manifest } from "./readManifests.ts"

/** The results of all steps. */
export interface Report {
  /** The id of the run. A second report of the same run replaces the first. */
  readonly runId: string
  readonly discovery: Pick<Discovery, "folder" | "files" | "folders" | "bytes">
  readonly languages: ReadonlyArray<LanguageCount>
  readonly duplicates: ReadonlyArray<DuplicateGroup>
  readonly manifests: ReadonlyArray<Manifest>
  readonly unreadable: ReadonlyArray<UnreadablePath>
}

const LanguageRow = Schema.Struct({
  language: Schema.String,
  files: Schema.Int,
  lines: Schema.Int,
  bytes: Schema.Int
})

/** The summary of a stored report. */
const Summary = Schema.Struct({
  folder: Schema.String,
  files: Schema.Int,
  folders: Schema.Int,
  bytes: Schema.Int,
  lines: Schema.Int,
  languages: Schema.Array(LanguageRow),
  duplicateGroups: Schema.Int,
  duplicateFiles: Schema.Int,
  wastedBytes: Schema.Int,
  manifests: Schema.Int,
  unreadable: Schema.Int
})
export type Summary = typeof Summary.Type

// --- Tables ---

/** Two programs that create the tables at the same time wait for each other with this lock. */
const lockKey = 7_418_203

const createTables = Effect.fnUntraced(function*(sql: SqlClient.SqlClient) {
  const [found] = yield* sql<{ ready: boolean }>`SELECT to_regclass('tasker_demo.unreadable') IS NOT NULL AS ready`
  if (found?.ready === true) return
  yield* sql`SELECT pg_advisory_xact_lock(${lockKey})`
  yield* sql`CREATE SCHEMA IF NOT EXISTS tasker_demo`
  yield* sql`CREATE TABLE IF NOT EXISTS tasker_demo.runs (
    run_id text PRIMARY KEY,
    folder text NOT NULL,
    files bigint NOT NULL,
    folders bigint NOT NULL,
    bytes bigint NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT now()
  )`
  yield* sql`CREATE TABLE IF NOT EXISTS tasker_demo.languages (
    run_id text NOT NULL REFERENCES tasker_demo.runs ON DELETE CASCADE,
    language text NOT NULL,
    files bigint NOT NULL,
    lines bigint NOT NULL,
    bytes bigint NOT NULL,
    PRIMARY KEY (run_id, language)
  )`
  yield* sql`CREATE TABLE IF NOT EXISTS tasker_demo.duplicates (
    run_id text NOT NULL REFERENCES tasker_demo.runs ON DELETE CASCADE,
    sha256 text NOT NULL,
    copies bigint NOT NULL,
    bytes bigint NOT NULL,
    PRIMARY KEY (run_id, sha256)
  )`
  yield* sql`CREATE TABLE IF NOT EXISTS tasker_demo.manifests (
    run_id text NOT NULL REFERENCES tasker_demo.runs ON DELETE CASCADE,
    path text NOT NULL,
    kind text NOT NULL,
    name text,
    version text,
    dependencies bigint NOT NULL
  )`
  yield* sql`CREATE TABLE IF NOT EXISTS tasker_demo.unreadable (
    run_id text NOT NULL REFERENCES tasker_demo.runs ON DELETE CASCADE,
    path text NOT NULL,
    reason text NOT NULL
  )`
})

// --- Storing ---

/** PostgreSQL takes 65 535 parameters in a statement; 1000 rows of our widest table have 6000. */
const rowsPerStatement = 1000

const insert = Effect.fnUntraced(function*(
  sql: SqlClient.SqlClient,
  table: string,
  rows: ReadonlyArray<Record<string, unknown>>
) {
  for (let start = 0; start < rows.length; start += rowsPerStatement) {
    const chunk = rows.slice(start, start + rowsPerStatement)
    if (Arr.isArrayNonEmpty(chunk)) yield* sql`INSERT INTO ${sql(table)} ${sql.insert(chunk)}`
  }
})

/** Stores a report in one transaction. It replaces an earlier report of the same run. */
export const store = Effect.fnUntraced(function*(report: Report) {
  const sql = yield* SqlClient.SqlClient
  const { discovery, runId: run_id } = report
  yield* sql.withTransaction(Effect.gen(function*() {
    yield* createTables(sql)
    yield* sql`DELETE FROM tasker_demo.runs WHERE run_id = ${run_id}`
    yield* insert(sql, "tasker_demo.runs", [{
      run_id,
      folder: postgresText(discovery.folder),
      files: discovery.files.length,
      folders: discovery.folders,
      bytes: discovery.bytes
    }])
    yield* insert(
      sql,
      "tasker_demo.languages",
      report.languages.map(({ bytes, files, language, lines }) => ({ run_id, language, files, lines, bytes }))
    )
    yield* insert(
      sql,
      "tasker_demo.duplicates",
      report.duplicates.map(({ bytes, paths, sha256 }) => ({ run_id, sha256, copies: paths.length, bytes }))
    )
    yield* insert(
      sql,
      "tasker_demo.manifests",
      report.manifests.map(({ dependencies, kind, name, path, version }) => ({
        run_id,
        path,
        kind,
        name: postgresText(name),
        version: postgresText(version),
        dependencies
      }))
    )
    yield* insert(
      sql,
      "tasker_demo.unreadable",
      report.unreadable.map(({ path, reason }) => ({ run_id, path, reason }))
    )
  }))
})

/** PostgreSQL's `text` takes neither NUL nor lone surrogates. A manifest can hold both. */
const postgresText = <T extends string | undefined>(text: T): T | null =>
  (text === undefined ? null : text.replaceAll("\0", "\uFFFD").toWellFormed()) as T | null

// --- Summarising ---

const { languages: _, ...totals } = Summary.fields
const Totals = Schema.Struct(totals)

/** Aggregates the rows of a stored report. */
export const summarize = Effect.fnUntraced(function*(runId: string) {
  const sql = yield* SqlClient.SqlClient
  const totals = yield* SqlSchema.findOne({
    Request: Schema.String,
    Result: Totals,
    execute: (id) =>
      sql`SELECT r.folder, r.files::float8, r.folders::float8, r.bytes::float8,
        (SELECT coalesce(sum(l.lines), 0)::float8 FROM tasker_demo.languages l WHERE l.run_id = r.run_id) AS lines,
        (SELECT count(*)::float8 FROM tasker_demo.manifests m WHERE m.run_id = r.run_id) AS manifests,
        (SELECT count(*)::float8 FROM tasker_demo.unreadable u WHERE u.run_id = r.run_id) AS unreadable,
        d.*
        FROM tasker_demo.runs r, LATERAL (
          SELECT count(*)::float8 AS "duplicateGroups",
            coalesce(sum(copies), 0)::float8 AS "duplicateFiles",
            coalesce(sum((copies - 1) * bytes), 0)::float8 AS "wastedBytes"
          FROM tasker_demo.duplicates WHERE run_id = r.run_id
        ) d
        WHERE r.run_id = ${id}`
  })(runId)
  const languages = yield* SqlSchema.findAll({
    Request: Schema.String,
    Result: LanguageRow,
    execute: (id) =>
      sql`SELECT language, files::float8, lines::float8, bytes::float8 FROM tasker_demo.languages l
        WHERE run_id = ${id} ORDER BY l.lines DESC, language`
  })(runId)
  return { ...totals, languages }
})

/**
 * The task of the example: it analyses the files of a folder.
 *
 * ```text
 * discover_files ─┬─ count_lines ────────────────┐
 *                 ├─ hash_files ─ find_duplicates ─┼─ store_report ─ summarize
 *                 └─ read_manifests ──────────────┘
 * ```
 *
 * The steps add a few attributes and log lines of their own. All else comes from
 * `tasker-telemetry`: spans, events, metrics, and the ids on the log lines.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as SqlClient from "effect/sql/SqlClient"
import * as SqlError from "effect/sql/SqlError"
import { resolve } from "node:path"
import { Correlation, Step, StepError, Task } from "tasker-telemetry"
import * as CountLines from "./countLines.ts"
import { Database, describeRefusal } from "./Database.ts"
import * as DiscoverFiles from "./discoverFiles.ts"
import type { UnreadablePath } from "./FileEntry.ts"
import * as HashFiles from "./hashFiles.ts"
import * as ReadManifests from "./readManifests.ts"
import * as Report from "./Report.ts"

/** `path` is the folder. With `all`, the analysis enters `.git` and `node_modules`. */
const Input = Schema.Struct({
  path: Schema.String.check(
    Schema.isMinLength(1),
    Schema.makeFilter((path) => !path.includes("\0") || "must not contain NUL")
  ),
  all: Schema.optionalKey(Schema.Boolean)
})

/** Logs one warning for all paths that a step could not read. */
const reportUnreadable = (unreadable: ReadonlyArray<UnreadablePath>) =>
  unreadable.length === 0
    ? Effect.void
    : Effect.logWarning("some paths could not be read").pipe(
      Effect.annotateLogs({ count: unreadable.length, first: unreadable[0] })
    )

const discoverFiles = Step.make("discover_files", {
  input: Input,
  run: Effect.fnUntraced(function*({ input }) {
    const folder = resolve(input.path)
    const found = yield* DiscoverFiles.discoverFiles(folder, { all: input.all ?? false }).pipe(
      Effect.mapError((error) =>
        new StepError.PermanentError({ message: DiscoverFiles.describeUnusable(folder, error.code) })
      )
    )
    yield* Effect.annotateCurrentSpan({ "demo.files": found.files.length, "demo.bytes": found.bytes })
    yield* Effect.logInfo("files discovered").pipe(
      Effect.annotateLogs({ folder, files: found.files.length, folders: found.folders, bytes: found.bytes })
    )
    yield* reportUnreadable(found.unreadable)
    return found
  })
})

const countLines = Step.make("count_lines", {
  dependsOn: [discoverFiles],
  run: Effect.fnUntraced(function*({ results }) {
    const counted = yield* CountLines.countLines(results.discover_files.files)
    yield* Effect.annotateCurrentSpan({ "demo.lines": counted.lines, "demo.languages": counted.languages.length })
    yield* Effect.logInfo("lines counted").pipe(
      Effect.annotateLogs({ lines: counted.lines, languages: counted.languages.length })
    )
    yield* reportUnreadable(counted.unreadable)
    return counted
  })
})

const hashFiles = Step.make("hash_files", {
  dependsOn: [discoverFiles],
  run: Effect.fnUntraced(function*({ results }) {
    const hashes = yield* HashFiles.hashFiles(results.discover_files.files)
    yield* Effect.annotateCurrentSpan({ "demo.files": hashes.hashed.length })
    yield* Effect.logInfo("files hashed").pipe(Effect.annotateLogs({ files: hashes.hashed.length }))
    yield* reportUnreadable(hashes.unreadable)
    return hashes
  })
})

const findDuplicates = Step.make("find_duplicates", {
  dependsOn: [hashFiles],
  run: Effect.fnUntraced(function*({ results }) {
    const groups = HashFiles.findDuplicates(results.hash_files.hashed)
    yield* Effect.annotateCurrentSpan({ "demo.duplicate_groups": groups.length })
    yield* Effect.logInfo("duplicates found").pipe(Effect.annotateLogs({ groups: groups.length }))
    return groups
  })
})

const readManifests = Step.make("read_manifests", {
  dependsOn: [discoverFiles],
  run: Effect.fnUntraced(function*({ results }) {
    const read = yield* ReadManifests.readManifests(results.discover_files.files)
    yield* Effect.annotateCurrentSpan({ "demo.manifests": read.manifests.length })
    yield* Effect.logInfo("manifests read").pipe(
      Effect.annotateLogs({ manifests: read.manifests.length, malformed: read.malformed.length })
    )
    yield* reportUnreadable(read.unreadable)
    return read
  })
})

/** Runs an effect on the database. An error that a retry cannot mend becomes a `PermanentError`. */
const onDatabase = <A, E>(effect: Effect.Effect<A, E | SqlError.SqlError, SqlClient.SqlClient>) =>
  Effect.gen(function*() {
    const database = yield* Database
    const client = yield* database.client.pipe(
      Effect.mapError(({ message }) => new StepError.PermanentError({ message }))
    )
    return yield* effect.pipe(
      Effect.provideService(SqlClient.SqlClient, client),
      Effect.mapError((error) =>
        SqlError.isSqlError(error)
          ? error.isRetryable ? error : new StepError.PermanentError({ message: describeRefusal(error) })
          : error
      )
    )
  })

/** The report has the id of the run, so that a retry replaces the rows of the attempt before it. */
const runId = Effect.map(Correlation.CurrentWorkflow, (workflow) => workflow?.taskId ?? "")

const storeReport = Step.make("store_report", {
  dependsOn: [discoverFiles, countLines, hashFiles, findDuplicates, readManifests],
  retry: { maximumAttempts: 3 },
  run: Effect.fnUntraced(function*({ results }) {
    const { count_lines, discover_files, find_duplicates, hash_files, read_manifests } = results
    const unreadable = DiscoverFiles.mergeUnreadable([
      discover_files.unreadable,
      count_lines.unreadable,
      hash_files.unreadable,
      read_manifests.unreadable
    ])
    yield* onDatabase(Report.store({
      runId: yield* runId,
      discovery: discover_files,
      languages: count_lines.languages,
      duplicates: find_duplicates,
      manifests: read_manifests.manifests,
      unreadable
    }))
    yield* Effect.logInfo("report stored")
    return { unreadable }
  })
})

const summarize = Step.make("summarize", {
  dependsOn: [storeReport],
  retry: { maximumAttempts: 3 },
  run: Effect.fnUntraced(function*() {
    const summary = yield* onDatabase(Report.summarize(yield* runId))
    yield* Effect.logInfo("report summarized").pipe(
      Effect.annotateLogs({ files: summary.files, lines: summary.lines, duplicate_groups: summary.duplicateGroups })
    )
    return summary
  })
})

export const AnalyzeDirectory = Task.make("analyze_directory", {
  input: Input,
  namespace: "demo",
  version: "1.0.0",
  steps: [discoverFiles, countLines, hashFiles, findDuplicates, readManifests, storeReport, summarize]
})

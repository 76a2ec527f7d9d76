import { NodeServices } from "@effect/platform-node"
import { PgClient } from "@effect/sql-pg"
import { assert, it, layer } from "@effect/vitest"
import { ConfigProvider, Context, Effect, Layer, Redacted, Scope } from "effect"
import { Reactivity } from "effect/reactivity"
import { SqlClient } from "effect/sql"
import { Database } from "../../../examples/analyze-directory/Database.ts"
import { type EmbeddedPostgres, startEmbedded } from "../../../examples/analyze-directory/EmbeddedPostgres.ts"
import * as RecordedRun from "../../../examples/analyze-directory/RecordedRun.ts"
import { problemOf, Recorder } from "../../../examples/analyze-directory/Recorder.ts"
import { renderRun } from "../../../examples/analyze-directory/renderRun.ts"
import * as Report from "../../../examples/analyze-directory/Report.ts"
import { urlOf } from "./support/database.ts"
import * as Document from "./support/document.ts"
import * as Folder from "./support/folder.ts"

class Server extends Context.Service<Server, EmbeddedPostgres>()("test/demo/Server") {
  static readonly layer = Layer.effect(Server, startEmbedded).pipe(Layer.provide(NodeServices.layer))
}

const withUrl = (databaseUrl: string) =>
  Database.layer.pipe(
    Layer.provide(NodeServices.layer),
    Layer.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ DATABASE_URL: databaseUrl })))
  )

/** A client of the server by `DATABASE_URL`. */
const onServer = <A, E, R>(effect: Effect.Effect<A, E, R | SqlClient.SqlClient>) =>
  Effect.gen(function*() {
    const server = yield* Server
    return yield* Effect.gen(function*() {
      const database = yield* Database
      return yield* Effect.provideService(effect, SqlClient.SqlClient, yield* database.client)
    }).pipe(Effect.provide(withUrl(urlOf(server))))
  })

const report = (runId: string, groups: number): Report.Report => ({
  runId,
  discovery: {
    folder: "/some/where",
    files: Array.from({ length: 3 }, (_, index) => ({ path: `${index}`, raw: Buffer.from(`${index}`), size: 2 ** 40 })),
    folders: 2,
    bytes: 3 * 2 ** 40
  },
  languages: [
    { language: "Text", files: 1, lines: 4_000_000_000, bytes: 2 ** 40 },
    { language: "Other", files: 2, lines: 1, bytes: 2 ** 41 }
  ],
  duplicates: Array.from({ length: groups }, (_, index) => ({
    sha256: index.toString(16).padStart(64, "0"),
    bytes: 10,
    paths: ["a", "b", "c"]
  })),
  manifests: [{
    path: "package.json",
    kind: "package.json",
    name: "nul\0and\ud800",
    version: undefined,
    dependencies: 0
  }],
  unreadable: [{ path: Folder.latin1Shown, reason: "vanished" }]
})

layer(Server.layer, { timeout: "60 seconds", excludeTestServices: true })("a report", (it) => {
  it.effect("is summarised from its rows, however many there are", () =>
    onServer(Effect.gen(function*() {
      const groups = 70_000
      yield* Report.store(report("large", groups))
      const { languages, ...totals } = yield* Report.summarize("large")
      assert.deepStrictEqual(totals, {
        folder: "/some/where",
        files: 3,
        folders: 2,
        bytes: 3 * 2 ** 40,
        lines: 4_000_000_001,
        duplicateGroups: groups,
        duplicateFiles: 3 * groups,
        wastedBytes: 20 * groups,
        manifests: 1,
        unreadable: 1
      })
      assert.deepStrictEqual(languages.map(({ language }) => language), ["Text", "Other"])
    })))

  it.effect("takes the place of what its run stored before, and of nothing else", () =>
    onServer(Effect.gen(function*() {
      yield* Effect.all([Report.store(report("first", 5)), Report.store(report("second", 7))], { concurrency: 2 })
      yield* Report.store(report("first", 1))
      assert.strictEqual((yield* Report.summarize("first")).duplicateGroups, 1)
      assert.strictEqual((yield* Report.summarize("second")).duplicateGroups, 7)
    })))

  it.effect("is stored by the second attempt if the database is away at the first", () =>
    Effect.gen(function*() {
      const folder = Folder.temporaryFolder()
      yield* Effect.addFinalizer(() => Effect.sync(() => Folder.remove(folder)))
      Folder.fill(folder)
      const server = yield* Server
      const connect = (port: number) => PgClient.make({ ...server, port, password: Redacted.make(server.password) })
      const scope = yield* Effect.scope
      let calls = 0
      const client = Effect.suspend(() => connect(calls++ === 0 ? 1 : server.port)).pipe(
        Effect.provideService(Scope.Scope, scope),
        Effect.provide(Reactivity.layer),
        Effect.orDie
      )
      const lines: Array<string> = []
      const recorded = yield* RecordedRun.run({ path: folder }).pipe(
        Effect.provide(Recorder.layerTelemetry((line) => lines.push(line))),
        Effect.provideService(Database, Database.of({ client }))
      )
      const document = JSON.parse(RecordedRun.toJson(recorded)) as Document.Document
      Document.check(document)
      assert.strictEqual(recorded.problem, undefined)
      assert.strictEqual(document.task.status, "complete")
      assert.deepStrictEqual(
        document.task.steps.filter((step) => step.attempts > 1).map((step) => [step.name, step.attempts]),
        [["store_report", 2]]
      )
      assert.strictEqual(document.result?.files, Folder.countedBySystem(folder).files)
      assert.deepStrictEqual(lines, [...recorded.logs])
      const problems = lines.flatMap((line) => problemOf(line) ?? [])
      assert.lengthOf(problems, 1)
      assert.match(problems[0]!, /^warning: store_report failed: .*connect/i)
      const text = renderRun(recorded, { width: 100, colors: false })
      assert.include(text, "store_report (attempt 2)")
    }))

  it.effect("that cannot be stored fails the task, and the failure is shown", () =>
    Effect.gen(function*() {
      const folder = Folder.temporaryFolder()
      yield* Effect.addFinalizer(() => Effect.sync(() => Folder.remove(folder)))
      const server = yield* Server
      const sql = yield* PgClient.make({ ...server, password: Redacted.make(server.password) }).pipe(
        Effect.provide(Reactivity.layer)
      )
      yield* sql`CREATE ROLE reader LOGIN PASSWORD 'reader'`
      yield* sql`CREATE DATABASE closed`
      const recorded = yield* RecordedRun.run({ path: folder }).pipe(
        Effect.provide([
          Recorder.layerTelemetry(() => {}),
          withUrl(urlOf({ ...server, username: "reader", password: "reader", database: "closed" }))
        ])
      )
      const document = JSON.parse(RecordedRun.toJson(recorded)) as Document.Document
      Document.check(document)
      assert.strictEqual(document.result, null)
      assert.strictEqual(document.task.status, "error")
      assert.strictEqual(
        recorded.problem,
        "The analysis failed in store_report: PostgreSQL refuses (permission denied for database closed); " +
          "correct DATABASE_URL or the rights of its user."
      )
      assert.strictEqual(document.task.steps.find((step) => step.name === "store_report")?.attempts, 1)
      const text = renderRun(recorded, { width: 100, colors: false })
      assert.include(text, "✗ error")
      assert.match(text, /store_report .* ✗/)
    }))

  it.effect("goes where DATABASE_URL says, and spans say where that is", () =>
    onServer(Effect.gen(function*() {
      const { database, host, port } = yield* Server
      const { config } = (yield* SqlClient.SqlClient) as PgClient.PgClient
      assert.deepStrictEqual([config.host, config.port, config.database], [host, port, database])
    })))
})

it.live.each(
  [
    ["no URL at all", "it is no URL"],
    ["mysql://127.0.0.1/x", "it begins with mysql:"],
    ["postgres://127.0.0.1:99999/x", "it is no URL"],
    ["postgres://127.0.0.1/x?port=0", "its port is not valid"],
    ["postgres://127.0.0.1/%zz", "its database name is not encoded properly"],
    ["postgres://me:secret@127.0.0.1:1/x", "Cannot use the PostgreSQL at 127.0.0.1:1"]
  ] as const
)("DATABASE_URL=%s is refused in one sentence without the password", ([text, reason]) =>
  Effect.gen(function*() {
    const error = yield* Effect.flip(Effect.provide(Database, withUrl(text)))
    assert.include(error.message, reason)
    assert.notInclude(error.message, "secret")
    assert.notInclude(error.message, "\n")
  }))

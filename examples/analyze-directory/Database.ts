/**
 * The PostgreSQL that stores the reports. `DATABASE_URL` names it. Without
 * `DATABASE_URL`, an embedded PostgreSQL starts in the background.
 */
import * as PgClient from "@effect/sql-pg/PgClient"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as FileSystem from "effect/FileSystem"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Path from "effect/Path"
import * as Reactivity from "effect/reactivity/Reactivity"
import * as Redacted from "effect/Redacted"
import type * as SqlClient from "effect/sql/SqlClient"
import type * as SqlError from "effect/sql/SqlError"
import { DemoError } from "./DemoError.ts"
import { startEmbedded } from "./EmbeddedPostgres.ts"

export class Database extends Context.Service<Database, {
  /** Waits until the database has started, and gives its client. */
  readonly client: Effect.Effect<SqlClient.SqlClient, DemoError>
}>()("analyze-directory/Database") {
  /**
   * Fails at once if `DATABASE_URL` is malformed or nothing answers there. The
   * embedded PostgreSQL is waited for where it is needed.
   */
  static readonly layer: Layer.Layer<Database, DemoError, FileSystem.FileSystem | Path.Path> = Layer.effect(
    Database,
    Effect.suspend(() => make)
  )
}

const variable = Config.option(Config.Redacted("DATABASE_URL"))

const make = Effect.gen(function*() {
  const url = yield* Effect.orDie(variable)
  if (Option.isSome(url)) {
    const client = yield* connect(yield* parse(url.value))
    return Database.of({ client: Effect.succeed(client) })
  }
  const client = yield* Deferred.make<SqlClient.SqlClient, DemoError>()
  yield* Effect.forkScoped(holdEmbedded(client))
  return Database.of({
    client: Effect.suspend(() =>
      Deferred.isDoneUnsafe(client)
        ? Deferred.await(client)
        : Effect.withSpan(Deferred.await(client), "demo.database.start")
    )
  })
}).pipe(Effect.withTracerEnabled(false), Effect.provide(Reactivity.layer))

/** Holds the server. If its fiber is interrupted, the server stops and its files are removed, at any moment. */
const holdEmbedded = (client: Deferred.Deferred<SqlClient.SqlClient, DemoError>) =>
  startEmbedded.pipe(
    Effect.flatMap(({ password, ...server }) => connect({ ...server, password: Redacted.make(password) })),
    Effect.onExit((exit) => Deferred.done(client, exit)),
    Effect.andThen(Effect.never),
    Effect.scoped,
    Effect.ignore
  )

/**
 * Connects and runs a first query, so that a wrong address or password fails
 * now. The SQL client makes span attributes from the fields `host`, `port` and
 * `database`, not from the URL, so the fields are given too.
 */
const connect = Effect.fnUntraced(
  function*(options: PgClient.PgPoolConfig & { readonly host: string; readonly port: number }) {
    const client = yield* PgClient.make({ applicationName: "tasker-demo", maxConnections: 4, ...options })
    yield* client`SELECT 1`
    return client
  },
  (connecting, { host, port }) =>
    Effect.mapError(connecting, (error) =>
      new DemoError({
        message: `Cannot use the PostgreSQL at ${host}:${port} (${describeSqlError(error)}); ` +
          "start it, correct DATABASE_URL, or unset DATABASE_URL to use the embedded one."
      }))
)

/** Gives the first line of the message of the database or the network. */
const describeSqlError = (error: SqlError.SqlError): string => {
  const { cause } = error.reason
  const said = cause instanceof AggregateError ? cause.errors[0] : cause
  return (said instanceof Error && said.message !== "" ? said.message : error.message).split("\n")[0]!
}

/** Says why a query failed, and what to do. */
export const describeRefusal = (error: SqlError.SqlError): string =>
  error.isRetryable
    ? `PostgreSQL does not answer (${describeSqlError(error)}); see that it runs, and start again.`
    : `PostgreSQL refuses (${describeSqlError(error)}); correct DATABASE_URL or the rights of its user.`

const malformed = (reason: string) =>
  new DemoError({
    message: `DATABASE_URL is malformed (${reason}); it looks like postgresql://user:password@127.0.0.1:5432/database.`
  })

const parse = Effect.fnUntraced(function*(url: Redacted.Redacted) {
  const text = Redacted.value(url)
  if (!URL.canParse(text)) return yield* malformed("it is no URL")
  const parsed = new URL(text)
  if (parsed.protocol !== "postgres:" && parsed.protocol !== "postgresql:") {
    return yield* malformed(`it begins with ${parsed.protocol}`)
  }
  const option = (name: string) => parsed.searchParams.get(name) ?? undefined
  const port = Number(option("port") ?? (parsed.port || 5432))
  if (!(Number.isInteger(port) && port > 0 && port <= 65535)) return yield* malformed("its port is not valid")
  const name = yield* Effect.try({
    try: () => decodeURIComponent(parsed.pathname.slice(1) || parsed.username),
    catch: () => malformed("its database name is not encoded properly")
  })
  const database = option("dbname") ?? name
  return {
    url,
    host: option("host") ?? (parsed.hostname.replaceAll(/^\[|\]$/g, "") || "localhost"),
    port,
    ...(database === "" ? {} : { database })
  }
})

/**
 * What goes wrong in programs, as steps of tasks: one log line, and the task's record, tell what failed and where.
 */
import { NodeServices } from "@effect/platform-node"
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import {
  Cause,
  Config,
  ConfigProvider,
  Context,
  Data,
  Effect,
  Fiber,
  FileSystem,
  Layer,
  Option,
  Redacted,
  Schema
} from "effect"
import { FetchHttpClient, HttpClient, HttpClientResponse } from "effect/http"
import { Reactivity } from "effect/reactivity"
import { deepStrictEqual } from "node:assert"
import { spawn } from "node:child_process"
import * as fs from "node:fs/promises"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { runInNewContext } from "node:vm"
import { TelemetryTest } from "tasker-telemetry/testing"
import { type EmbeddedPostgres, startEmbedded } from "../examples/analyze-directory/EmbeddedPostgres.ts"
import { Attribute } from "../src/Conventions.ts"
import * as Step from "../src/workflow/Step.ts"
import { PermanentError, RetryableError } from "../src/workflow/StepError.ts"
import * as Task from "../src/workflow/Task.ts"
import * as TaskRunner from "../src/workflow/TaskRunner.ts"

// --- What is called ---

class Surroundings extends Context.Service<Surroundings, {
  /** Address of a server that answers badly. */
  readonly url: string
  readonly postgres: EmbeddedPostgres
  readonly database: PgClient.PgClient
}>()("test/Telemetry.failures/Surroundings") {
  static readonly layer = Layer.effect(
    Surroundings,
    Effect.gen(function*() {
      const postgres = yield* startEmbedded
      const database = yield* connect(postgres, postgres.password)
      yield* database`CREATE TABLE users (id INT PRIMARY KEY, name TEXT NOT NULL)`
      yield* database`INSERT INTO users VALUES (1, 'ada')`
      return { url: yield* serve, postgres, database }
    })
  ).pipe(Layer.provide(NodeServices.layer), Layer.provide(Reactivity.layer))
}

const connect = ({ database, host, port, username }: EmbeddedPostgres, password: string) =>
  PgClient.make({ host, port, username, database, password: Redacted.make(password), maxConnections: 2 })

const asked = (server: EmbeddedPostgres, password: string) =>
  Effect.flatMap(connect(server, password), (database) => database`SELECT 1`).pipe(
    Effect.scoped,
    Effect.provide(Reactivity.layer)
  )

const serve = Effect.acquireRelease(
  Effect.callback<ReturnType<typeof createServer>>((resume) => {
    const server = createServer((request, response) => {
      if (request.url === "/busy") response.writeHead(503, { "content-type": "text/plain" }).end("busy")
      else if (request.url === "/broken") response.writeHead(200, { "content-type": "application/json" }).end("<html>")
      else if (request.url === "/user") response.writeHead(200).end("{\"id\":\"seven\",\"tags\":[1]}")
      else if (request.url === "/cut") request.socket.destroy()
    })
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed(server)))
  }),
  (server) =>
    Effect.callback<void>((resume) => {
      server.closeAllConnections()
      server.close(() => resume(Effect.void))
    })
).pipe(Effect.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`))

const User = Schema.Struct({ id: Schema.Int, tags: Schema.Array(Schema.String) })

class GatewayError extends Data.TaggedError("GatewayError")<{ readonly cause: unknown; readonly orderId: string }> {}
class CardDeclined extends Data.TaggedError("CardDeclined")<{ readonly code: string; readonly orderId: string }> {}
class StockError extends Error {
  readonly sku: string
  constructor(message: string, sku: string, options?: ErrorOptions) {
    super(message, options)
    this.sku = sku
  }
}

/** The fetch of Node refuses port 1 itself. */
const closed = "http://127.0.0.1:24/orders"
const get = (url: string) => HttpClient.get(url).pipe(Effect.provide(FetchHttpClient.layer))

const withFiles = <A, E>(use: (files: FileSystem.FileSystem) => Effect.Effect<A, E>) =>
  Effect.flatMap(FileSystem.FileSystem, use).pipe(Effect.provide(NodeServices.layer))
const sql = (query: (database: PgClient.PgClient) => Effect.Effect<unknown, unknown>) =>
  Effect.flatMap(Surroundings, ({ database }) => query(database))
const served = (use: (url: string) => Effect.Effect<unknown, unknown>) =>
  Effect.flatMap(Surroundings, ({ url }) => use(url))
const started = (command: string, folder: string) =>
  Effect.callback<void, unknown>((resume) => {
    const child = spawn(command, { cwd: folder })
    child.once("error", (error) => resume(Effect.fail(error)))
    child.once("spawn", () => resume(Effect.void))
  })

// --- The table ---

interface Situation {
  readonly run: Effect.Effect<unknown, unknown, Surroundings>
  readonly timeout?: "5 millis"
  readonly type: string
  /** What the message is, or begins with. */
  readonly message: string | RegExp
  /** What the line and the record say besides, wherever it stands. */
  readonly tells?: ReadonlyArray<string | RegExp>
  readonly kind?: "defect"
}

const unreadable = Object.defineProperty(new Error("half readable"), "code", {
  enumerable: true,
  get: () => {
    throw new Error("hostile")
  }
})

const situations: Readonly<Record<string, Situation>> = {
  "an HTTP client meets a closed port": {
    run: get(closed),
    type: "TransportError",
    message: /GET http:\/\/127\.0\.0\.1:24\/orders/,
    tells: ["fetch failed", "ECONNREFUSED", "connect"]
  },
  "an HTTP client gets a page in place of JSON": {
    run: served((url) => Effect.flatMap(get(`${url}/broken`), (response) => response.json)),
    type: "DecodeError",
    message: /GET http:.*\/broken/,
    tells: ["SyntaxError", "is not valid JSON"]
  },
  "an HTTP client is answered 503": {
    run: served((url) => Effect.flatMap(get(`${url}/busy`), HttpClientResponse.filterStatusOk)),
    type: "StatusCodeError",
    message: /503 GET http:.*\/busy/,
    tells: ["503"]
  },
  "an HTTP client gets JSON of another shape": {
    run: served((url) => Effect.flatMap(get(`${url}/user`), HttpClientResponse.schemaBodyJson(User))),
    type: "SchemaError",
    message: /Expected/,
    tells: [/at \[\W*id\W*\]/]
  },
  "an HTTP client's connection is cut": {
    run: served((url) => get(`${url}/cut`)),
    type: "TransportError",
    message: /\/cut/,
    tells: ["other side closed", "UND_ERR_SOCKET"]
  },
  "an HTTP client waits in vain": {
    run: served((url) => Effect.timeout(get(`${url}/silent`), "5 millis")),
    type: "TimeoutError",
    message: /timed? ?out/i
  },
  "an HTTP client is given no address": {
    run: get("no address"),
    type: "InvalidUrlError",
    message: /no address/
  },
  "fetch meets a closed port": {
    run: Effect.tryPromise(() => fetch(closed)),
    type: "TypeError",
    message: "fetch failed",
    tells: ["ECONNREFUSED", "127.0.0.1"]
  },
  "fetch gets a page in place of JSON": {
    run: served((url) => Effect.tryPromise(() => fetch(`${url}/broken`).then((response) => response.json()))),
    type: "SyntaxError",
    message: /is not valid JSON/
  },
  "fetch runs into its time limit": {
    run: served((url) => Effect.tryPromise(() => fetch(`${url}/silent`, { signal: AbortSignal.timeout(5) }))),
    type: "TimeoutError",
    message: /aborted due to timeout/
  },
  "fetch finds no such host": {
    run: Effect.tryPromise(() => fetch("http://no-such-host.invalid/")),
    type: "TypeError",
    message: "fetch failed",
    tells: [/ENOTFOUND|EAI_AGAIN/, "no-such-host.invalid"]
  },
  "fetch speaks TLS to a server that does not": {
    run: served((url) => Effect.tryPromise(() => fetch(url.replace("http:", "https:")))),
    type: "TypeError",
    message: "fetch failed",
    tells: [/wrong version number|packet length|ERR_SSL/]
  },
  "fetch is given no address": {
    run: Effect.tryPromise(() => fetch("no address")),
    type: "TypeError",
    message: "Failed to parse URL from no address",
    tells: ["ERR_INVALID_URL"]
  },
  "an answer is the failure": {
    run: served((url) =>
      Effect.flatMap(Effect.tryPromise(() => fetch(`${url}/busy`)), (answer) => Effect.fail(answer))
    ),
    type: "Response",
    message: "HTTP 503 Service Unavailable",
    tells: ["503", "Service Unavailable", "/busy"]
  },
  "a tagged error wraps a failed fetch": {
    run: Effect.tryPromise({
      try: () => fetch(closed),
      catch: (cause) => new GatewayError({ cause, orderId: "o-17" })
    }),
    type: "GatewayError",
    message: "fetch failed",
    tells: ["o-17", "ECONNREFUSED"]
  },
  "a row is there already": {
    run: sql((sql) => sql`INSERT INTO users VALUES (1, 'bob')`),
    type: "UniqueViolation",
    message: /\w/,
    tells: ["duplicate key value violates unique constraint", "users_pkey", "23505"]
  },
  "a query has a mistake": {
    run: sql((sql) => sql`SELEC 1`),
    type: "SqlSyntaxError",
    message: /\w/,
    tells: ["syntax error at or near", "42601"]
  },
  "a table is missing": {
    run: sql((sql) => sql`SELECT * FROM orders`),
    type: "SqlSyntaxError",
    message: /\w/,
    tells: ["relation \\\"orders\\\" does not exist", "42P01"]
  },
  "a column is left empty": {
    run: sql((sql) => sql`INSERT INTO users (id) VALUES (2)`),
    type: "ConstraintError",
    message: /\w/,
    tells: ["null value in column", "not-null constraint"]
  },
  "a database is not there": {
    run: Effect.flatMap(Surroundings, ({ postgres }) => asked({ ...postgres, port: 1 }, "x")),
    type: "ConnectionError",
    message: /connect/i,
    tells: ["ECONNREFUSED"]
  },
  "a database does not know the user": {
    run: Effect.flatMap(Surroundings, ({ postgres }) => asked(postgres, "wrong-hunter2")),
    type: "AuthenticationError",
    message: /\w/,
    tells: ["authentication failed for user", "28P01"]
  },
  "a file is missing": {
    run: withFiles((files) => files.readFileString("/no/such/file.json")),
    type: "NotFound",
    message: /\/no\/such\/file\.json/,
    tells: ["ENOENT"]
  },
  "a file is missing for node:fs": {
    run: Effect.tryPromise(() => fs.readFile("/no/such/file.json")),
    type: "Error",
    message: "ENOENT: no such file or directory, open '/no/such/file.json'",
    tells: ["code\":\"ENOENT\"", "syscall\":\"open\""]
  },
  "a folder is read as a file": {
    run: Effect.tryPromise(() => fs.readFile(tmpdir())),
    type: "Error",
    message: /^EISDIR: illegal operation on a directory/,
    tells: ["EISDIR"]
  },
  "a folder is there already": {
    run: withFiles((files) => files.makeDirectory(tmpdir())),
    type: "AlreadyExists",
    message: /mkdir|makeDirectory/i,
    tells: ["EEXIST", tmpdir()]
  },
  "a program may not be started": {
    run: started(import.meta.filename, tmpdir()),
    type: "Error",
    message: /^spawn .* EACCES$/,
    tells: ["code\":\"EACCES\""]
  },
  "a program is missing": {
    run: started("no-such-program", tmpdir()),
    type: "Error",
    message: "spawn no-such-program ENOENT",
    tells: ["code\":\"ENOENT\""]
  },
  "an input does not fit its schema": {
    run: Schema.decodeUnknownEffect(Schema.Struct({ lines: Schema.Array(Schema.Struct({ sku: Schema.String })) }))({
      lines: [{ sku: 5 }]
    }),
    type: "SchemaError",
    message: /Expected string/,
    tells: ["lines", "sku"]
  },
  "a text is no JSON": {
    run: Effect.try(() => JSON.parse("{\"a\":") as unknown),
    type: "SyntaxError",
    message: /JSON/
  },
  "a setting is missing": {
    run: Effect.provide(
      Effect.flatMap(Effect.void, () => Config.String("DATABASE_HOST")),
      ConfigProvider.layer(ConfigProvider.fromUnknown({}))
    ),
    type: "ConfigError",
    message: /DATABASE_HOST/
  },
  "an attempt runs into the step's time limit": {
    run: Effect.never,
    timeout: "5 millis",
    type: "StepTimedOut",
    message: /^step "call" did not end within the step's 5ms$/
  },
  "a member of nothing is read": {
    run: Effect.sync(() => (JSON.parse("{}") as { readonly user: { readonly name: string } }).user.name),
    type: "TypeError",
    message: /^Cannot read properties of undefined/,
    tells: ["Telemetry.failures.test.ts"],
    kind: "defect"
  },
  "a promise that must not fails": {
    run: Effect.promise(() => Promise.reject(new RangeError("out of range"))),
    type: "RangeError",
    message: "out of range",
    tells: ["Telemetry.failures.test.ts"],
    kind: "defect"
  },
  "a function calls itself for ever": {
    run: Effect.sync(function deeper(): number {
      return deeper() + 1
    }),
    type: "RangeError",
    message: "Maximum call stack size exceeded",
    kind: "defect"
  },
  "a failure becomes a defect": {
    run: Effect.orDie(Effect.fail(new CardDeclined({ code: "51", orderId: "o-18" }))),
    type: "CardDeclined",
    message: "CardDeclined",
    tells: ["code\":\"51\"", "o-18"],
    kind: "defect"
  },
  "a defect is a text": { run: Effect.die("no way"), type: "string", message: "no way", kind: "defect" },
  "an assertion does not hold": {
    run: Effect.try(() => deepStrictEqual({ total: 1 }, { total: 2 })),
    type: "AssertionError",
    message: /Expected values to be strictly deep-equal/,
    tells: ["ERR_ASSERTION"]
  },
  "errors are inside each other": {
    run: Effect.fail(
      new StockError("cannot reserve", "sku-1", {
        cause: new Error("no stock left", { cause: new TypeError("warehouse.count is not a function") })
      })
    ),
    type: "StockError",
    message: "cannot reserve",
    tells: ["sku-1", "no stock left", "TypeError", "warehouse.count is not a function"]
  },
  "all of several fail": {
    run: Effect.tryPromise(() =>
      Promise.any([Promise.reject(new Error("first mirror down")), Promise.reject(new TypeError("second mirror odd"))])
    ),
    type: "AggregateError",
    message: "All promises were rejected",
    tells: ["first mirror down", "second mirror odd"]
  },
  "a clean-up fails as well": {
    run: Effect.fail(new SuppressedError(new Error("cannot unlock"), new Error("cannot write"), "both failed")),
    type: "SuppressedError",
    message: "both failed",
    tells: ["cannot unlock", "cannot write"]
  },
  "a failure comes with a defect": {
    run: Effect.failCause(
      Cause.combine(Cause.die(new TypeError("while closing")), Cause.fail(new StockError("none", "a")))
    ),
    type: "StockError",
    message: "none",
    tells: ["while closing", "kind\":\"defect\""]
  },
  "a service refuses for good": {
    run: Effect.fail(
      new PermanentError({ message: "refused", errorCode: "HTTP_404", context: { orderId: "o-19", apiKey: "hunter2" } })
    ),
    type: "PermanentError",
    message: "refused",
    tells: ["HTTP_404", "o-19"]
  },
  "a service wants to be left alone": {
    run: Effect.fail(new RetryableError({ message: "HTTP 503", context: { region: "eu-1" } })),
    type: "RetryableError",
    message: "HTTP 503",
    tells: ["eu-1"]
  },
  "a failure is a text": { run: Effect.fail("gateway busy"), type: "string", message: "gateway busy" },
  "a failure is an answer of a service": {
    run: Effect.fail({ status: 422, error: "invalid_iban", fields: ["iban"] }),
    type: "Object",
    message: "invalid_iban",
    tells: ["422"]
  },
  "a failure is of another realm": {
    run: Effect.fail(runInNewContext("Object.assign(new TypeError('from afar'), { code: 'E_AFAR' })")),
    type: "TypeError",
    message: "from afar",
    tells: ["E_AFAR"]
  },
  "a failure is frozen": {
    run: Effect.fail(Object.freeze(Object.assign(new Error("frozen"), { code: "E_ICE" }))),
    type: "Error",
    message: "frozen",
    tells: ["E_ICE"]
  },
  "a failure can be read in part only": {
    run: Effect.fail(unreadable),
    type: "Error",
    message: "half readable",
    tells: ["[unreadable]"]
  },
  "a value is not there": {
    run: Effect.fromOption(Option.none()),
    type: "NoSuchElementError",
    message: /\w/
  },
  "a task inside of a step fails": {
    run: Effect.suspend(() =>
      TaskRunner.run(
        Task.make("inner", {
          input: Schema.Struct({}),
          steps: [Step.make("inner_step", {
            retry: { maximumAttempts: 1 },
            run: () => Effect.fail(new CardDeclined({ code: "05", orderId: "o-20" }))
          })]
        }),
        {}
      )
    ) as Effect.Effect<unknown, unknown>,
    type: "CardDeclined",
    message: "CardDeclined",
    tells: ["code\":\"05\"", "o-20"]
  }
}

// --- What is looked at ---

const says = (text: string, told: string | RegExp) => typeof told === "string" ? text.includes(told) : told.test(text)

layer(Surroundings.layer, { timeout: 120_000, excludeTestServices: true })(
  "A step that fails tells why, where",
  (it) => {
    for (const [name, { kind, message, run, tells = [], timeout, type }] of Object.entries(situations)) {
      it.effect(name, () =>
        Effect.gen(function*() {
          const surroundings = yield* Surroundings
          const step = Step.make("call", {
            input: Schema.Struct({}),
            retry: { maximumAttempts: 1 },
            ...(timeout === undefined ? {} : { timeout }),
            run: () => Effect.provideService(run, Surroundings, surroundings)
          })
          const { fiber, taskId } = yield* TaskRunner.start(
            Task.make("order", { input: Schema.Struct({}), steps: [step] }),
            {}
          )
          yield* Fiber.await(fiber)
          const record = yield* TaskRunner.inspect(taskId)
          const lines = (yield* (yield* TelemetryTest).logs).filter((line) => line["task_id"] === taskId)
          const spans = (yield* (yield* TelemetryTest).spans).filter(({ attributes }) =>
            attributes.get(Attribute.taskId) === taskId
          )
          const failed = ["step.failed", "task.failed"].map((event) => lines.find((line) => line["event"] === event))
          for (const line of failed) {
            assert.strictEqual(line?.["task_name"], "order")
            assert.deepStrictEqual([line?.["error.type"], line?.["exception.type"]], [type, type])
            assert.isTrue(says(String(line?.["exception.message"]), message), String(line?.["exception.message"]))
            assert.strictEqual(line?.["exception.kind"], kind ?? "failure")
            for (const told of tells) {
              assert.isTrue(says(JSON.stringify(line), told), `${told} in ${JSON.stringify(line)}`)
            }
          }
          assert.strictEqual(failed[0]?.["step_name"], "call")
          for (const kept of [record, record.steps[0]]) {
            assert.strictEqual(kept?.error?.type, type)
            assert.isTrue(says(kept?.error?.message ?? "", message), kept?.error?.message)
            for (const told of tells) {
              assert.isTrue(says(JSON.stringify(kept?.error), told), `${told} in ${JSON.stringify(kept)}`)
            }
          }
          for (
            const span of spans.filter(({ statusCode }) => statusCode === "error")
          ) {
            const exception = span.events.find(({ name }) => name === "exception")
            assert.strictEqual(exception?.attributes["exception.type"], type)
            for (const told of tells) {
              assert.isTrue(says(JSON.stringify(exception?.attributes), told), JSON.stringify(exception?.attributes))
            }
          }
          const everything = JSON.stringify([record, lines])
          assert.notInclude(everything, "hunter2")
          assert.notInclude(everything, "An error occurred in Effect")
        }).pipe(Effect.provide(TelemetryTest.layer())))
    }
  }
)

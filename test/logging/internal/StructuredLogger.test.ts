import { assert, describe, it } from "@effect/vitest"
import { Cause, Data, Effect, Logger, type LogLevel, References, Schema, Tracer } from "effect"
import { TestClock } from "effect/testing"
import * as Correlation from "../../../src/Correlation.ts"
import { SelfStatistics } from "../../../src/internal/SelfStatistics.ts"
import * as LogLevels from "../../../src/logging/LogLevels.ts"
import * as logs from "../../support/logs.ts"
import { runs } from "../../support/runs.ts"
import { hostileValues } from "../../support/spans.ts"

const start = "{\"timestamp\":\"1970-01-01T00:00:00.000Z\",\"level\":\"INFO\",\"severity_number\":9,"
const span = Tracer.externalSpan({ traceId: "0af7651916cd43dd8448eb211c80319c", spanId: "b7ad6b7169203331" })

describe("StructuredLogger", () => {
  it.effect("writes time, level, message, ids, then fields, annotations and log spans", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(1_700_000_000_123)
      yield* Effect.gen(function*() {
        yield* TestClock.adjust("1500 millis")
        yield* Effect.logInfo("charging", { amount: 12.5 }, "now")
      }).pipe(
        Effect.withLogSpan("checkout"),
        Effect.annotateLogs({ tenant: "a", tags: ["x"] }),
        Effect.withParentSpan(span),
        Correlation.withCorrelationId("req-1"),
        Effect.provideService(Correlation.CurrentWorkflow, {
          taskId: "t-1",
          taskName: "order",
          stepId: "s-1",
          stepName: "charge",
          attempt: 2
        })
      )
      assert.deepStrictEqual(yield* logs.lines, [
        "{\"timestamp\":\"2023-11-14T22:13:21.623Z\",\"level\":\"INFO\",\"severity_number\":9,\"message\":\"charging now\"," +
        "\"correlation_id\":\"req-1\",\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\",\"span_id\":\"b7ad6b7169203331\",\"trace_flags\":\"01\"," +
        "\"task_id\":\"t-1\",\"task_name\":\"order\",\"step_id\":\"s-1\",\"step_name\":\"charge\",\"attempt\":2,\"service.name\":\"tasker\"," +
        "\"amount\":12.5,\"tenant\":\"a\",\"tags\":[\"x\"],\"checkout_ms\":1500}"
      ])
    }).pipe(Effect.provide(logs.layer())))

  it.effect.each(["json", "logfmt", "pretty"] as const)(
    "masks whatever stands at a path of one key, as %s",
    (format) =>
      Effect.gen(function*() {
        const fields = { a: "canary", b: { c: "canary" }, d: 4321, e: true, f: ["canary"], kept: 1 }
        yield* Effect.logInfo("paths", fields)
        const [line = ""] = yield* logs.lines
        assert.strictEqual(line.split("[FILTERED]").length - 1, 5)
        assert.notMatch(line, /canary|4321|true/)
      }).pipe(Effect.provide(logs.layer({ logging: { format }, redaction: { paths: ["a", "b", "d", "e", "f"] } })))
  )

  it.effect("decides by the keys of an object that becomes part of the message, whatever its class", () =>
    Effect.gen(function*() {
      class Login {
        readonly "secret (new)" = "canary"
        readonly pin = "canary"
        readonly name = "ada"
      }
      yield* Effect.logInfo("in", new Login(), [new Login()])
      const [line] = yield* logs.decoded
      const shown = `{"secret (new)":"[FILTERED]","pin":"[FILTERED]","name":"ada"}`
      assert.strictEqual(line?.["message"], `in ${shown} [${shown}]`)
    }).pipe(Effect.provide(logs.layer({ redaction: { keys: ["=pin"], patterns: [] } }))))

  it.effect.each(["json", "logfmt", "pretty"] as const)(
    "masks a secret that a limit cuts in two, as %s",
    (format) =>
      Effect.gen(function*() {
        for (let length = 900; length < 1024; length++) {
          yield* Effect.logError("failed", Cause.fail(new Error(`${"x".repeat(length)} postgres://user:canary@db`)))
        }
        for (let length = 8100; length < 8192; length++) {
          yield* Effect.logError("failed", Cause.fail(new Error(`${"x".repeat(length)} postgres://user:canary@db`)))
        }
        assert.isFalse((yield* logs.lines).some((line) => line.includes("canary")))
      }).pipe(Effect.provide(logs.layer({ logging: { format } })))
  )

  it.effect.each(["json", "logfmt", "pretty"] as const)(
    "replaces the literals of SQL, as %s",
    (format) =>
      Effect.gen(function*() {
        const sql = "select * from t where a = 'hunter2' and b = 4321"
        const log = Effect.logInfo("queried", "token=abc", {
          before: "x",
          "db.query.text": sql,
          "db.statement": [sql],
          db: { statement: sql },
          note: "'kept'"
        })
        yield* log
        yield* Effect.annotateLogs(log, "db_statement", sql)
        const lines = yield* logs.lines
        for (const [index, line] of lines.entries()) {
          assert.notMatch(line, /hunter2|4321/)
          assert.strictEqual(line.split("a = ? and b = ?").length - 1, 3 + index)
          assert.include(line, "'kept'")
        }
        if (format === "json") {
          assert.deepStrictEqual((yield* logs.decoded)[0], {
            level: "INFO",
            message: "queried token=[FILTERED]",
            before: "x",
            "db.query.text": "select * from t where a = ? and b = ?",
            "db.statement": ["select * from t where a = ? and b = ?"],
            db: { statement: "select * from t where a = ? and b = ?" },
            note: "'kept'"
          })
        }
      }).pipe(Effect.provide(logs.layer({ logging: { format } })))
  )

  it.effect("masks a field of SQL whose path is configured", () =>
    Effect.gen(function*() {
      yield* Effect.logInfo("queried", { db_statement: "select 1", "db.statement": 5 })
      assert.deepStrictEqual(yield* logs.decoded, [
        { level: "INFO", message: "queried", db_statement: "[FILTERED]", "db.statement": 5 }
      ])
    }).pipe(Effect.provide(logs.layer({ redaction: { paths: ["db_statement"] } }))))

  const separators = [
    "\u2028",
    "\u2029",
    "\u0085",
    "\u000b",
    "\u000c",
    "\u001c",
    "\u007f",
    "\u009b",
    "\u0080",
    "\r",
    "\n"
  ]
  it.effect.each(["json", "logfmt", "pretty"] as const)(
    "leaves no character at which a reader ends a line or that a terminal obeys, wherever it stands, as %s",
    (format) =>
      Effect.gen(function*() {
        for (const character of separators) {
          const text = `a${character}b`
          const long = `${"x".repeat(100)}${text}`
          yield* Effect.logInfo(text, {
            [text]: text,
            long,
            nested: { [text]: [text, long] },
            map: new Map([[text, text]])
          })
            .pipe(
              Effect.annotateLogs({ component: text, [`annotated ${text}`]: text }),
              Effect.withLogSpan(text),
              Effect.provideService(Correlation.CurrentWorkflow, { taskId: "t", taskName: text })
            )
          yield* Effect.logError("failed", Cause.fail(new Error(text)))
        }
        for (const line of yield* logs.lines) {
          // A pretty record has several lines, divided by line feeds alone.
          const rest = format === "pretty" ? line.replaceAll("\n", "") : line
          // oxlint-disable-next-line eslint/no-control-regex
          assert.notMatch(rest, /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/)
        }
        if (format === "json") {
          const messages = (yield* logs.decoded).map((line) => line["message"]).filter((message) =>
            message !== "failed"
          )
          assert.deepStrictEqual(messages, separators.map((character) => `a${character}b`))
        }
      }).pipe(Effect.provide(logs.layer({ logging: { format } })))
  )

  it.effect("shows the marks that change the direction of a text, as pretty", () =>
    Effect.gen(function*() {
      const marks = ["\u200e", "\u200f", "\u061c", "\u202a", "\u202e", "\u2066", "\u2069"]
      for (const mark of marks) yield* Effect.logInfo(`user${mark}nimda`, { [`k${mark}`]: `v${mark}`, list: [mark] })
      for (const line of yield* logs.lines) {
        assert.notMatch(line, /[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]/)
        assert.include(line, "user\ufffdnimda")
      }
    }).pipe(Effect.provide(logs.layer({ logging: { format: "pretty" } }))))

  it.effect("says first what failed, where, after how long and why, as pretty", () =>
    Effect.gen(function*() {
      const failed = (duration_ms: unknown, message = "gateway busy") =>
        Effect.logWarning("step failed", { duration_ms, "exception.message": message, "error.type": "Busy" })
      yield* failed(1.6).pipe(
        Effect.provideService(Correlation.CurrentWorkflow, {
          taskId: "t-1",
          taskName: "order",
          stepId: "s-1",
          stepName: "charge",
          attempt: 1
        }),
        Correlation.withCorrelationId("req-1"),
        Effect.annotateLogs("component", "workflow")
      )
      yield* failed(1234.5).pipe(
        Effect.provideService(Correlation.CurrentWorkflow, { taskId: "t-1", taskName: "order" }),
        Effect.annotateLogs("component", "payments")
      )
      yield* failed(93_000)
      yield* failed("soon", "step failed")
      yield* failed(undefined, "")
      yield* Effect.logInfo("took", { duration_ms: 0.012345 })
      assert.deepStrictEqual(yield* logs.lines, [
        "00:00:00.000 WARN  step failed  charge #1 in 1.6 ms: gateway busy  (order)\n    error.type=Busy",
        "00:00:00.000 WARN  step failed  order in 1.23 s: gateway busy  (payments)\n    error.type=Busy",
        "00:00:00.000 WARN  step failed  in 1.55 min: gateway busy\n    error.type=Busy",
        "00:00:00.000 WARN  step failed\n    duration_ms=soon error.type=Busy",
        "00:00:00.000 WARN  step failed\n    duration_ms=null error.type=Busy",
        "00:00:00.000 INFO  took  in 0.0123 ms"
      ])
    }).pipe(Effect.provide(logs.layer({ logging: { format: "pretty" } }))))

  it.effect("quotes values with spaces, rounds durations and masks what is secret, as pretty", () =>
    Effect.gen(function*() {
      yield* Effect.logInfo("m", {
        name: "Ada Lovelace",
        none: "",
        quote: "say \"hi\"",
        pair: "a=b",
        "a word": 1,
        word: "ok",
        load_ms: 12.3456,
        queue_seconds: 0.00123456,
        count: 123456,
        list: ["a b"],
        password: "hunter2"
      })
      yield* Effect.logError("failed", Cause.fail(new Error("at postgres://user:canary@db")))
      const [first, second = ""] = yield* logs.lines
      assert.strictEqual(
        first,
        "00:00:00.000 INFO  m\n    name=\"Ada Lovelace\" none=\"\" quote=\"say \\\"hi\\\"\" pair=\"a=b\" \"a word\"=1 word=ok " +
          "load_ms=12.3 queue_seconds=0.00123 count=123456 list=[\"a b\"] password=[FILTERED]"
      )
      assert.notInclude(second, "canary")
    }).pipe(Effect.provide(logs.layer({ logging: { format: "pretty" } }))))

  it.effect("masks the reason and the duration at a path that is configured, as pretty", () =>
    Effect.gen(function*() {
      yield* Effect.logInfo("m", { "exception.message": "canary", duration_ms: 4321 })
      const [line] = yield* logs.lines
      assert.strictEqual(line, "00:00:00.000 INFO  m\n    exception.message=[FILTERED] duration_ms=[FILTERED]")
    }).pipe(
      Effect.provide(logs.layer({
        logging: { format: "pretty" },
        redaction: { paths: ["exception.message", "duration_ms"] }
      }))
    ))

  it.effect("keeps a field of the call where an annotation or a log span has its name", () =>
    Effect.gen(function*() {
      yield* Effect.logInfo("m", { user: "own", checkout_ms: 7, level: "own", none: undefined }).pipe(
        Effect.annotateLogs({ user: "annotated", level: "annotated", none: "annotated", tenant: "a" }),
        Effect.withLogSpan("checkout")
      )
      yield* Effect.logInfo("m", { user: "first" }, { user: "second" }).pipe(Effect.annotateLogs("user", "annotated"))
      assert.deepStrictEqual(yield* logs.decoded, [
        { level: "INFO", message: "m", user: "own", checkout_ms: 7, "fields.level": "own", none: null, tenant: "a" },
        { level: "INFO", message: "m", user: "second" }
      ])
    }).pipe(Effect.provide(logs.layer())))

  it.effect("lets a region lower its level, with levels that change at run time", () =>
    Effect.gen(function*() {
      const all = Effect.all([Effect.logTrace("trace"), Effect.logDebug("debug"), Effect.logInfo("info")])
      const within = (level: LogLevel.LogLevel) => Effect.provideService(all, References.MinimumLogLevel, level)
      yield* all
      yield* within("Debug")
      yield* within("Trace")
      yield* within("Warn")
      yield* within("None")
      yield* (yield* LogLevels.LogLevels).set({ level: "Error" })
      yield* all
      yield* within("Debug")
      yield* within("Info")
      const messages = (yield* logs.decoded).map((line) => line["message"])
      assert.deepStrictEqual(messages, ["info", "debug", "info", "trace", "debug", "info", "debug", "info"])
    }).pipe(Effect.provide(logs.layer({ logging: { runtimeLevels: true } }))))

  it.effect("gives a terminal nothing to obey, as logfmt", () =>
    Effect.gen(function*() {
      yield* Effect.logInfo("a\u009b31m", { text: "\u001b[2J\u007f\u0085", list: ["\u009d\u2028"] })
      const [line = ""] = yield* logs.lines
      assert.include(line, "message=\"a\\u009b31m\"")
      assert.include(line, " text=\"\\u001b[2J\\u007f\\u0085\" list=\"[\\\"\\\\u009d\\\\u2028\\\"]\"")
    }).pipe(Effect.provide(logs.layer({ logging: { format: "logfmt" } }))))

  const templates = [
    ["numbers", (n: number) => `order ${n} done`],
    ["durations", (n: number) => `took ${n}ms`],
    ["ids with words in them", (n: number) => `order ord_${n} done`],
    ["ids as ours", (n: number) => `connected to tsk_mwxi${n}_HBZcM2`],
    ["paths with ids", (n: number) => `GET /users/u${n} took ${n}ms`],
    ["quoted parts", (n: number) => `no "file-${n}.txt" and no 'other ${n}'`]
  ] as const
  for (const [what, message] of templates) {
    it.effect(`knows messages that differ in ${what} as one template`, () =>
      Effect.gen(function*() {
        for (let n = 0; n < 20; n++) yield* Effect.logInfo(message(n))
        const lines = yield* logs.decoded
        assert.deepStrictEqual(lines.map((line) => line["message"]), [0, 1, 2, 3, 4].map(message))
      }).pipe(Effect.provide(logs.layer({ logging: { rateLimit: 5 } }))))
  }

  it.effect("takes apostrophes for no quotes", () =>
    Effect.gen(function*() {
      yield* Effect.logInfo("user's card was declined; it's over")
      yield* Effect.logInfo("user's account was created; it's over")
      assert.lengthOf(yield* logs.decoded, 2)
    }).pipe(Effect.provide(logs.layer({ logging: { rateLimit: 1 } }))))

  it.effect("writes on after the clock was set back, though a template had its share", () =>
    Effect.gen(function*() {
      yield* TestClock.setTime(3_600_000)
      yield* Effect.logInfo("a")
      yield* Effect.logInfo("a")
      yield* TestClock.setTime(0)
      yield* Effect.logInfo("a")
      const lines = yield* logs.decoded
      assert.deepStrictEqual(lines.map(({ message }) => message), ["a", "1 suppressed: a", "a"])
    }).pipe(Effect.provide(logs.layer({ logging: { rateLimit: 1 } }))))

  it.effect.each(["json", "logfmt", "pretty"] as const)(
    "bounds the names of fields, as %s",
    (format) =>
      Effect.gen(function*() {
        yield* Effect.logInfo("m", { ["k".repeat(1_000_000)]: 1 })
        yield* Effect.logInfo(
          "m",
          Object.fromEntries(Array.from({ length: 100 }, (_, n) => [`${"k".repeat(10_000)}${n}`, n]))
        )
        const [one = "", many = ""] = yield* logs.lines
        assert.isBelow(one.length, 17_000)
        assert.match(one, /98\d{4}.more/)
        assert.isBelow(many.length, 90_000)
      }).pipe(Effect.provide(logs.layer({ logging: { format } })))
  )

  it.effect("keeps ids as they are whatever a field is called, as logfmt", () =>
    Effect.gen(function*() {
      yield* Effect.logInfo("m", { "task id": "forged", "trace\nid": "forged", other: 1 })
      const [line = ""] = yield* logs.lines
      assert.match(line, / fields\.task_id=forged fields\.trace_id=forged other=1$/)
    }).pipe(Effect.provide(logs.layer({ logging: { format: "logfmt" } }))))

  it.effect("masks a secret in a line during whose making another line is written", () =>
    Effect.gen(function*() {
      const services = yield* Effect.context()
      const fields = {
        get lazy() {
          Effect.runSyncWith(services)(Effect.logInfo("loaded", { from: "disk" }))
          return 1
        }
      }
      yield* Effect.logInfo("password=hunter2", fields)
      assert.deepStrictEqual(yield* logs.lines, [
        `${start}"message":"loaded","service.name":"tasker","from":"disk"}`,
        `${start}"message":"loaded","service.name":"tasker","from":"disk"}`,
        `${start}"message":"password=[FILTERED]","service.name":"tasker","lazy":1}`
      ])
    }).pipe(Effect.provide(logs.layer())))

  it.effect("leaves out ids that are not known", () =>
    Effect.gen(function*() {
      yield* Effect.logInfo("alone")
      yield* Effect.logInfo("task").pipe(
        Effect.provideService(Correlation.CurrentWorkflow, { taskId: "t-1", taskName: "order" })
      )
      assert.deepStrictEqual(yield* logs.lines, [
        `${start}"message":"alone","service.name":"tasker"}`,
        `${start}"message":"task","task_id":"t-1","task_name":"order","service.name":"tasker"}`
      ])
    }).pipe(Effect.provide(logs.layer())))

  it.effect("gives the ids of a line no other place", () =>
    Effect.gen(function*() {
      const forged = Object.fromEntries(
        ["timestamp", "level", "message", "correlation_id", "trace_id", "span_id", "task_id", "attempt"].map((
          key
        ) => [key, "forged"])
      )
      yield* Effect.logInfo("real", forged).pipe(Correlation.withCorrelationId("real"), Effect.withParentSpan(span))
      yield* Effect.logInfo("real").pipe(Effect.annotateLogs(forged), Correlation.withCorrelationId("real"))
      for (const line of yield* logs.decoded) {
        assert.deepStrictEqual([line["level"], line["message"], line["correlation_id"]], ["INFO", "real", "real"])
        assert.deepStrictEqual([line["fields.trace_id"], line["fields.task_id"], line["task_id"]], [
          "forged",
          "forged",
          undefined
        ])
      }
    }).pipe(Effect.provide(logs.layer())))

  const oddNames = [
    "level",
    "fields.level",
    "fields.fields.level",
    "fields.note",
    "task id",
    "task_id",
    "fields.task_id",
    "password=a",
    "password=b",
    "password=[FILTERED]",
    "password=[FILTERED]_2",
    "token a",
    "a\ud800",
    "a\udc00",
    "a\ufffd",
    "…",
    "truncated",
    "db.statement",
    "Bearer abcdefgh",
    "__proto__",
    "1",
    "a\"b",
    `${"x".repeat(16_400)}a`,
    `${"x".repeat(16_400)}b`
  ]

  /** Members that stand twice get lost when a line is read, and it would come out shorter. */
  const hasEveryMember = (line: string) => JSON.stringify(JSON.parse(line)).length === line.length

  it.effect("gives every field a name of its own, in the line and in objects", () =>
    Effect.gen(function*() {
      const inside = { "password=a": 1, "password=b": 2, "password=c": 3, "password=[FILTERED]_2": 4 }
      yield* Effect.logInfo("m", { level: 1, "fields.level": 2, "fields.fields.level": 3, "fields.other": 4, inside })
      yield* Effect.logInfo("m", { ...inside, "a\ud800": "x", "a\udc00": "y", "a\ufffd": "z" })
      const [level, masked] = yield* logs.decoded
      assert.deepStrictEqual(level, {
        level: "INFO",
        message: "m",
        "fields.level": 1,
        "fields.fields.level": 2,
        "fields.fields.fields.level": 3,
        "fields.other": 4,
        inside: {
          "password=[FILTERED]": "[FILTERED]",
          "password=[FILTERED]_3": "[FILTERED]",
          "password=[FILTERED]_4": "[FILTERED]",
          "password=[FILTERED]_5": "[FILTERED]"
        }
      })
      assert.deepStrictEqual(masked, {
        level: "INFO",
        message: "m",
        "password=[FILTERED]": "[FILTERED]",
        "password=[FILTERED]_3": "[FILTERED]",
        "password=[FILTERED]_4": "[FILTERED]",
        "password=[FILTERED]_5": "[FILTERED]",
        "a\ufffd_2": "x",
        "a\ufffd_3": "y",
        "a\ufffd": "z"
      })
      for (const line of yield* logs.lines) assert.isTrue(hasEveryMember(line))
    }).pipe(Effect.provide(logs.layer())))

  it.effect("names the mark of what was left out like no field", () =>
    Effect.gen(function*() {
      const wide = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`k${index}`, index]))
      yield* Effect.logInfo("m", {
        truncated: 1,
        object: { "…": 1, ...wide },
        a: "x".repeat(16_000),
        b: "x".repeat(16_000)
      }, {
        c: "x".repeat(16_000),
        d: "x".repeat(16_000),
        e: "x".repeat(16_000),
        f: 1
      })
      const [line] = yield* logs.decoded
      assert.deepStrictEqual([line?.["truncated"], line?.["truncated_2"]], [1, "2 more fields"])
      const object = line?.["object"] as Readonly<Record<string, unknown>>
      assert.deepStrictEqual([object["…"], object["…_2"]], [1, "45 more"])
    }).pipe(Effect.provide(logs.layer())))

  const Names = Schema.Array(Schema.Literals(oddNames))

  it.effect.prop("gives every field of a JSON line a name of its own, whatever they are called", [Names, Names], ([
    names,
    annotated
  ]) =>
    Effect.gen(function*() {
      const fieldsOf = (all: ReadonlyArray<string>) => Object.fromEntries(all.map((name) => [name, "x"]))
      yield* Effect.logInfo("m", { ...fieldsOf(names), inside: fieldsOf(annotated) }).pipe(
        Effect.annotateLogs(fieldsOf(annotated))
      )
      for (const line of yield* logs.lines) assert.isTrue(hasEveryMember(line), line.slice(0, 500))
    }).pipe(Effect.provide(logs.layer())), { arbitrary: { runs: runs(150) } })

  it.effect.prop(
    "gives every field of a logfmt line a name of its own, whatever they are called",
    [Names],
    ([names]) =>
      Effect.gen(function*() {
        yield* Effect.logInfo("m", Object.fromEntries(names.map((name) => [name, "x"])))
        for (const line of yield* logs.lines) {
          const keys = line.replace(/"(?:[^"\\]|\\.)*"/g, "").split(" ").map((part) => part.split("=")[0])
          assert.strictEqual(new Set(keys).size, keys.length, line.slice(0, 500))
        }
      }).pipe(Effect.provide(logs.layer({ logging: { format: "logfmt" } }))),
    { arbitrary: { runs: runs(150) } }
  )

  it.effect("joins the parts of a message that are no plain objects", () =>
    Effect.gen(function*() {
      yield* Effect.logInfo("a", 1, true, null, undefined, ["b"], new Error("c"), 2n, new Map([["d", 1]]), { e: 1 }, {
        f: 2
      })
      const lines = yield* logs.decoded
      assert.deepStrictEqual(lines.map((line): Record<string, unknown> => ({ ...line, "exception.stacktrace": "" })), [
        {
          level: "INFO",
          message: "a 1 true null null [\"b\"] c \"2\" {\"d\":1}",
          e: 1,
          f: 2,
          "error.type": "Error",
          "exception.type": "Error",
          "exception.message": "c",
          "exception.kind": "failure",
          "exception.stacktrace": ""
        }
      ])
    }).pipe(Effect.provide(logs.layer())))

  it.effect("says an error that is a part of a message as it says a cause", () =>
    Effect.gen(function*() {
      class Declined extends Data.TaggedError("Declined")<{ readonly code: number }> {}
      const unreachable = new AggregateError([
        new Error("connect ECONNREFUSED ::1:5432"),
        new Error("connect ECONNREFUSED 127.0.0.1:5432")
      ])
      yield* Effect.logError("charge failed", new TypeError("boom", { cause: new Error("inner") }), new Error("second"))
      yield* Effect.logError("charge failed", new Declined({ code: 5 }))
      yield* Effect.logError("no database", unreachable)
      yield* Effect.logError("charge failed", new Error("part"), Cause.fail(new RangeError("cause")))
      const lines = yield* logs.decoded
      assert.deepStrictEqual(
        lines.map((line) => [line["message"], line["error.type"], line["exception.message"], line["exception.causes"]]),
        [
          ["charge failed boom second", "TypeError", "boom", [{ type: "Error", message: "inner" }]],
          ["charge failed Declined", "Declined", "Declined", undefined],
          ["no database connect ECONNREFUSED ::1:5432", "AggregateError", "connect ECONNREFUSED ::1:5432", [
            { type: "Error", message: "connect ECONNREFUSED ::1:5432" },
            { type: "Error", message: "connect ECONNREFUSED 127.0.0.1:5432" }
          ]],
          ["charge failed part", "RangeError", "cause", undefined]
        ]
      )
      assert.include(String(lines[0]?.["exception.stacktrace"]), "TypeError: boom\n    at ")
    }).pipe(Effect.provide(logs.layer())))

  it.effect("gives a line of a cause alone the message of the cause", () =>
    Effect.gen(function*() {
      yield* Effect.logError(Cause.fail(new TypeError("boom")))
      yield* Effect.logError("", Cause.die("broken"))
      yield* Effect.logError(Cause.interrupt(1))
      yield* Effect.logError(
        Cause.fail(new Cause.UnknownError(new RangeError("inner"), "An error occurred in Effect.try"))
      )
      yield* Effect.logError({ order: 1 }, Cause.fail("no money"))
      yield* Effect.ignore(Effect.fail("ignored"), { log: "Warn" })
      yield* Effect.logError(Cause.empty)
      assert.deepStrictEqual((yield* logs.decoded).map(({ message }) => message), [
        "boom",
        "broken",
        "interrupted",
        "inner",
        "no money",
        "ignored",
        ""
      ])
    }).pipe(Effect.provide(logs.layer())))

  it.effect("shows the own fields of an error, redacted, and keeps the stack of one in a field", () =>
    Effect.gen(function*() {
      const error = Object.assign(new Error("refused"), { code: "ECONNREFUSED", type: "net", apiKey: "hunter2" })
      yield* Effect.logError("no database", error)
      yield* Effect.logError("no database", { err: error, error: "text" })
      yield* Effect.logError("no database").pipe(Effect.annotateLogs("error", error))
      const [first, second, third] = yield* logs.decoded
      assert.deepInclude(first, {
        message: "no database refused",
        "exception.code": "ECONNREFUSED",
        "exception.fields.type": "net",
        "exception.apiKey": "[FILTERED]"
      })
      for (const shown of [second?.["err"], third?.["error"]] as ReadonlyArray<Record<string, unknown>>) {
        assert.deepInclude(shown, { name: "Error", message: "refused", code: "ECONNREFUSED", apiKey: "[FILTERED]" })
        assert.include(String(shown["stack"]), "Error: refused\n    at ")
      }
    }).pipe(Effect.provide(logs.layer())))

  it.effect("writes a date, an address or an expression in a message as a word", () =>
    Effect.gen(function*() {
      yield* Effect.logInfo("from", new Date(0), "to", new URL("http://shop.test/a"), /a b/)
      assert.strictEqual(
        (yield* logs.decoded)[0]?.["message"],
        "from 1970-01-01T00:00:00.000Z to http://shop.test/a /a b/"
      )
    }).pipe(Effect.provide(logs.layer())))

  it.effect("keeps what a line was written for, however long it is", () =>
    Effect.gen(function*() {
      const long = "x".repeat(16_000)
      yield* Effect.logError("failed", Cause.fail(new RangeError("boom"))).pipe(
        Effect.annotateLogs({ a: long, b: long, c: long, d: long, e: long, f: long })
      )
      const [line] = yield* logs.decoded
      assert.deepStrictEqual(
        [line?.["error.type"], line?.["exception.message"], line?.["truncated"]],
        ["RangeError", "boom", "1 more fields"]
      )
    }).pipe(Effect.provide(logs.layer())))

  for (
    const [kind, cause, type, message] of [
      ["failure", Cause.fail(new TypeError("no")), "TypeError", "no"],
      ["defect", Cause.die("broken"), "string", "broken"],
      ["interruption", Cause.interrupt(1), "interrupted", "interrupted"]
    ] as const
  ) {
    it.effect(`describes a cause that is a ${kind}`, () =>
      Effect.gen(function*() {
        yield* Effect.logError("failed", cause)
        const [line] = yield* logs.decoded
        assert.deepStrictEqual({ ...line, "exception.stacktrace": "" }, {
          level: "ERROR",
          message: "failed",
          "error.type": type,
          "exception.type": type,
          "exception.kind": kind,
          "exception.message": message,
          "exception.stacktrace": ""
        })
        assert.isString(line?.["exception.stacktrace"])
      }).pipe(Effect.provide(logs.layer())))
  }

  const loggers = [
    ["Trace", Effect.logTrace],
    ["Debug", Effect.logDebug],
    ["Info", Effect.logInfo],
    ["Warn", Effect.logWarning],
    ["Error", Effect.logError],
    ["Fatal", Effect.logFatal]
  ] as const
  const levels = loggers.map(([name]) => name)
  const thresholds = ["Trace", "Debug", "Info", "Warn", "Error", "Fatal", "None"] as const
  for (const [index, level] of thresholds.entries()) {
    it.effect(`writes ${levels.slice(index).join(", ") || "nothing"} with level ${level}`, () =>
      Effect.gen(function*() {
        for (const [name, log] of loggers) yield* log(name)
        assert.deepStrictEqual((yield* logs.decoded).map(({ message }) => message), levels.slice(index))
      }).pipe(Effect.provide(logs.layer({ logging: { level } }))))
  }

  it("reaches agrees with the order of the levels", () => {
    for (const [at, minimum] of thresholds.entries()) {
      const written = thresholds.filter((level) => level !== "None" && LogLevels.reaches(level, minimum))
      assert.deepStrictEqual(written, thresholds.slice(at).filter((level) => level !== "None"))
    }
  })

  it.effect("masks sensitive keys of parts and annotations at every depth, and never the message", () =>
    Effect.gen(function*() {
      yield* Effect.logInfo("my password", { password: "p", user: { token: "t", list: [{ iban: "i" }] } }, ["x", {
        token: "t"
      }]).pipe(
        Effect.annotateLogs("api_key", "k")
      )
      assert.deepStrictEqual(yield* logs.decoded, [{
        level: "INFO",
        message: "my password [\"x\",{\"token\":\"***\"}]",
        password: "***",
        user: { token: "***", list: [{ iban: "***" }] },
        api_key: "***"
      }])
    }).pipe(Effect.provide(logs.layer({ redaction: { keys: ["iban"], mask: "***" } }))))

  it.effect("marks a field that cannot be read and keeps the others", () =>
    Effect.gen(function*() {
      yield* Effect.logInfo("m", {
        a: 1,
        get b(): number {
          throw new Error("hostile")
        },
        c: 3
      })
      assert.deepStrictEqual(yield* logs.decoded, [{ level: "INFO", message: "m", a: 1, b: "[unreadable]", c: 3 }])
    }).pipe(Effect.provide(logs.layer())))

  it.effect("writes one bounded JSON line for every hostile value, wherever it stands", () =>
    Effect.gen(function*() {
      const hostile = hostileValues()
      for (const [what, value] of Object.entries(hostile)) {
        // Effect.log itself looks at its arguments and throws on a proxy that does.
        yield* Effect.logInfo(/^proxy|^revoked/.test(what) ? [value] : value)
        yield* Effect.logInfo("field", { value })
        yield* Effect.logInfo("annotation").pipe(Effect.annotateLogs("value", value))
        yield* Effect.logInfo("cause", Cause.fail(value))
        yield* Effect.logInfo("cause", Cause.die(value))
      }
      yield* Effect.logInfo(
        "all",
        hostile,
        Object.fromEntries(Array.from({ length: 100_000 }, (_, index) => [`k${index}`, "x".repeat(100)]))
      )
      const lines = yield* logs.lines
      assert.lengthOf(lines, 5 * Object.keys(hostile).length + 1)
      for (const line of lines) {
        JSON.parse(line)
        assert.notInclude(line, "\n")
        assert.isAtMost(line.length, 700_000)
      }
      assert.deepStrictEqual(
        (yield* SelfStatistics).read().filter(({ name }) => name === "tasker_log_errors_total").flatMap(({ values }) =>
          values
        ),
        []
      )
    }).pipe(Effect.provide(logs.layer())))

  it.effect.prop(
    "writes one JSON line for any values",
    [Schema.Array(Schema.Unknown), Schema.Record(Schema.String, Schema.Unknown)],
    ([parts, annotations]) =>
      Effect.gen(function*() {
        yield* Effect.logInfo(...parts).pipe(Effect.annotateLogs(annotations))
        const lines = yield* logs.lines
        assert.lengthOf(lines, 1)
        assert.strictEqual((JSON.parse(lines[0]!) as { readonly level: string }).level, "INFO")
      }).pipe(Effect.provide(logs.layer())),
    { arbitrary: { runs: runs(500) } }
  )

  it.effect("is the only logger, and makes each line an event of its span that says nothing the line does not", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* Logger.CurrentLoggers).size, 1)
      const seen: Array<readonly [string, unknown]> = []
      const watched = Tracer.make({
        span: (options) => {
          const made = new Tracer.NativeSpan(options)
          made.event = (name, _time, attributes) => void seen.push([name, attributes])
          return made
        }
      })
      yield* Effect.logInfo("sent Bearer abcdefgh", { password: "p", amount: 1 }).pipe(
        Effect.annotateLogs("note", "token=abc"),
        Effect.withSpan("work"),
        Effect.withTracer(watched)
      )
      assert.deepStrictEqual(seen, [["sent Bearer [FILTERED]", {
        "log.level": "INFO",
        password: "[FILTERED]",
        amount: 1,
        note: "token=[FILTERED]"
      }]])
    }).pipe(Effect.provide(logs.layer())))
})

import { assert, describe, it } from "@effect/vitest"
import { Cause, Data, Effect, Exit, Redacted, Schema } from "effect"
import * as ErrorRecord from "../../../src/redaction/internal/ErrorRecord.ts"
import * as Redaction from "../../../src/redaction/Redaction.ts"
import { PermanentError } from "../../../src/workflow/StepError.ts"
import { TaskRecord } from "../../../src/workflow/TaskStore.ts"
import { hostileValues } from "../../support/spans.ts"

const redaction = Redaction.make()
const ofCause = (cause: Cause.Cause<unknown>) => ErrorRecord.make(cause, redaction)
const { of, withStack } = {
  withStack: (error: unknown) => ofCause(Cause.fail(error)),
  /** The record without its stack, which differs from machine to machine. */
  of: (error: unknown): Omit<ErrorRecord.ErrorRecord, "stack"> => {
    const { stack: _, ...rest } = ofCause(Cause.fail(error))
    return rest
  }
}

class Failed extends Data.TaggedError("Failed")<Readonly<Record<string, unknown>>> {}
class Reason extends Data.TaggedError("Reason")<{ readonly cause?: unknown; readonly orderId: string }> {}
class Payment extends Error {}
class Described {
  readonly _tag = "Described"
  readonly message: string
  readonly cause: Error
  constructor(message: string, cause: Error) {
    this.message = message
    this.cause = cause
  }
}
const refused = () => Object.assign(new Error("connect ECONNREFUSED ::1:5432"), { code: "ECONNREFUSED", errno: -111 })
const refusedRecord = {
  type: "Error",
  message: "connect ECONNREFUSED ::1:5432",
  fields: { code: "ECONNREFUSED", errno: -111 }
}

const tagged = (_tag: string, reason: unknown) => ({ _tag, message: "", reason })

/** As Node gives one where a WebSocket fails. */
class ErrorEvent extends Event {
  readonly #init: { readonly message?: string; readonly error?: unknown }
  constructor(name: string, init: { readonly message?: string; readonly error?: unknown }) {
    super(name)
    this.#init = init
  }
  get [Symbol.toStringTag]() {
    return "ErrorEvent"
  }
  get message() {
    return this.#init.message ?? ""
  }
  get error() {
    return this.#init.error
  }
}

const rejectedWith = (error: unknown) => Effect.map(Effect.flip(Effect.tryPromise(() => Promise.reject(error))), of)

describe("the telling error", () => {
  it.effect("is what a promise was rejected with", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* rejectedWith(refused()), refusedRecord)
      assert.deepStrictEqual(yield* rejectedWith("no"), { type: "string", message: "no" })
      assert.deepStrictEqual(yield* rejectedWith(5), { type: "number", message: "5" })
      assert.deepStrictEqual(yield* rejectedWith(new Cause.UnknownError(new TypeError("deep"))), {
        type: "TypeError",
        message: "deep"
      })
      assert.deepStrictEqual(yield* rejectedWith(undefined), {
        type: "UnknownError",
        message: "An error occurred in Effect.tryPromise"
      })
    }))

  it.effect("is what a function threw", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(Effect.try(() => JSON.parse("{") as unknown))
      assert.strictEqual(of(error).type, "SyntaxError")
    }))

  it.each<readonly [what: string, error: unknown, type: string, message: string]>([
    [
      "a wrapper that has a text",
      new Cause.UnknownError(refused(), "loading the cart"),
      "UnknownError",
      "loading the cart"
    ],
    ["an error without a text, but with a cause", new Error("", { cause: new TypeError("x") }), "TypeError", "x"],
    ["a tagged error without a text", new Failed({ cause: new TypeError("x") }), "Failed", "x"],
    ["a tagged error with an error in a field", new Failed({ error: new TypeError("x") }), "Failed", "x"],
    ["a tagged error with a text in a field", new Failed({ reason: "card declined" }), "Failed", "card declined"],
    [
      "a tagged error around Effect's wrapper",
      new Failed({ cause: new Cause.UnknownError(refused()) }),
      "Failed",
      refusedRecord.message
    ],
    ["a cause", Cause.die(new TypeError("x")), "TypeError", "x"],
    ["a failed exit", Exit.fail<unknown>(new TypeError("x")), "TypeError", "x"],
    ["a class that keeps the name Error", new Payment("x"), "Payment", "x"],
    ["an answer of a service", { code: 404, error: "not found" }, "Object", "not found"],
    ["an answer of an API", { error: { code: "E1", message: "quota reached" } }, "Object", "quota reached"],
    ["a problem of RFC 9457", { type: "about:blank", title: "Out of stock", status: 409 }, "Object", "Out of stock"],
    [
      "a refusal of OAuth",
      { error: "invalid_grant", error_description: "It has expired." },
      "Object",
      "It has expired."
    ],
    [
      "a reason in a reason",
      tagged("Outer", tagged("Mid", { _tag: "Deep", message: "disk full" })),
      "Mid",
      "disk full"
    ],
    ["an event of a socket", new ErrorEvent("error", { error: new TypeError("x") }), "ErrorEvent", "x"],
    ["an event with a text", new ErrorEvent("error", { message: "no", error: refused() }), "ErrorEvent", "no"],
    ["several errors in a list", [new TypeError("x"), "y"], "Array", "x"],
    ["an object that is tagged", { _tag: "NotFound", id: 5 }, "NotFound", "NotFound"],
    ["an error that came as JSON", { name: "TypeError", message: "x", stack: "TypeError: x" }, "TypeError", "x"],
    ["an aborted signal", AbortSignal.abort().reason, "AbortError", "This operation was aborted"],
    ["what is redacted", Redacted.make("hunter2"), "Object", "<redacted>"]
  ])("of %s", (_, error, type, message) => {
    assert.deepInclude(of(error), { type, message })
  })
})

describe("own fields", () => {
  it.each<readonly [what: string, error: unknown, fields: unknown]>([
    ["system errors", refused(), refusedRecord.fields],
    ["tagged errors", new Failed({ orderId: "o-1", total: 5n }), { orderId: "o-1", total: "5" }],
    ["tagged reasons", new Failed({ reason: new Reason({ orderId: "o-1" }), at: new Date(0) }), {
      at: "1970-01-01T00:00:00.000Z",
      orderId: "o-1"
    }],
    [
      "permanent errors",
      new PermanentError({ message: "no", errorCode: "HTTP_404", context: { id: 1, password: "x" } }),
      {
        errorCode: "HTTP_404",
        context: { id: 1, password: "[FILTERED]" }
      }
    ],
    [
      "errors with getters",
      new class extends Error {
        get status() {
          return 409
        }
      }("x"),
      { status: 409 }
    ],
    ["frozen errors", Object.freeze(Object.assign(new Error("x"), { code: "E" })), { code: "E" }],
    [
      "throwing getters",
      Object.defineProperty(Object.assign(new Error("x"), { code: "E" }), "path", {
        enumerable: true,
        get: () => {
          throw new Error("hostile")
        }
      }),
      { code: "E", path: "[unreadable]" }
    ],
    [
      "requests and answers",
      new Failed({
        request: { method: "GET", url: "http://shop.test/a?token=x", headers: { cookie: "x" } },
        response: { status: 503, body: "x" }
      }),
      { request: "GET http://shop.test/a", status: 503 }
    ],
    ["an error that is no Error", new Described("x", new Error("y")), undefined],
    ["events", new ErrorEvent("error", {}), undefined],
    ["what is no error", { code: 404, errors: "none" }, { code: 404, errors: "none" }],
    ["an answer of fetch", new Response(null, { status: 404 }), { value: { status: 404, headers: {} } }],
    ["a text", "no", undefined]
  ])("of %s", (_, error, fields) => {
    assert.deepStrictEqual(of(error).fields, fields as never)
  })

  it("are bounded", () => {
    const fields = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`k${index}`, "x".repeat(10_000)]))
    assert.isAtMost(JSON.stringify(of(new Failed(fields))).length, 5000)
    const big = Object.assign(new Error("x"), {
      config: { a: Array.from({ length: 10_000 }, () => ({ b: { c: [1] } })) }
    })
    assert.isAtMost(JSON.stringify(of(big)).length, 5000)
  })
})

describe("the errors behind", () => {
  it("are listed to the root, each once, without silent wrappers", () => {
    const root = refused()
    const error = new Payment("outer", {
      cause: new Failed({ cause: new Cause.UnknownError(new Error("inner", { cause: root })), original: root })
    })
    assert.deepStrictEqual(of(error), {
      type: "Payment",
      message: "outer",
      causes: [
        { type: "Failed", message: "inner" },
        refusedRecord,
        { type: "Error", message: "inner" }
      ]
    })
  })

  it.each<readonly [what: string, error: unknown, messages: ReadonlyArray<string>]>([
    ["an AggregateError", new AggregateError([new Error("a"), "b"], "all", { cause: new Error("c") }), ["a", "b", "c"]],
    ["a SuppressedError", new SuppressedError(new Error("a"), new Error("b"), "both"), ["a", "b"]],
    ["a list of errors of a validator", { message: "invalid", errors: [{ message: "a" }, { message: "b" }] }, [
      "a",
      "b"
    ]],
    ["a cause in a cause", new Error("x", { cause: Cause.combine(Cause.fail(new Error("a")), Cause.die("b")) }), [
      "a",
      "b"
    ]],
    ["a text", new Error("x", { cause: "a" }), ["a"]],
    ["an object", new Error("x", { cause: { code: 5 } }), ["Object"]],
    ["fields of any name", Object.assign(new Error("x"), { originalError: new Error("a"), inner: new Error("b") }), [
      "a",
      "b"
    ]],
    ["errors by the names of fields", Object.assign(new Error("x"), { errors: { email: new Error("a"), at: 1 } }), [
      "a"
    ]],
    ["an event", new ErrorEvent("error", { message: "no", error: new Error("a") }), ["a"]],
    ["a reason in a reason", tagged("Outer", { ...tagged("Mid", { _tag: "Deep", message: "a" }), message: "b" }), [
      "a"
    ]],
    ["nothing", new Error("x", { cause: null }), []]
  ])("of %s", (_, error, messages) => {
    assert.deepStrictEqual((of(error).causes ?? []).map(({ message }) => message), messages)
  })

  it("are bounded, and the root is kept", () => {
    const deep = (depth: number): Error => new Error(`level ${depth}`, depth === 0 ? {} : { cause: deep(depth - 1) })
    assert.deepStrictEqual(of(deep(30)).causes?.map(({ message }) => message), [
      ...[29, 28, 27, 26, 25, 24, 23, 22].map((depth) => `level ${depth}`),
      "21 more causes",
      "level 0"
    ])
    const circular = new Error("a")
    circular.cause = new Error("b", { cause: circular })
    assert.deepStrictEqual(of(circular).causes?.map(({ message }) => message), ["b"])
  })
})

describe("a cause with several reasons", () => {
  it("says how many reasons are left out", () => {
    const reasons = Array.from({ length: 25 }, (_, index) => Cause.makeFailReason(`reason ${index}`))
    assert.deepStrictEqual(ofCause(Cause.fromReasons(reasons)).reasons?.map(({ message }) => message), [
      ...reasons.slice(0, 9).map(({ error }) => error),
      "16 more reasons"
    ])
  })

  it("is described by its first failure and lists all", () => {
    const { stack, ...rest } = ofCause(Cause.fromReasons([
      ...Cause.interrupt(1).reasons,
      ...Cause.die(new TypeError("while closing")).reasons,
      ...Cause.fail(new Failed({ orderId: "o-1", cause: refused() })).reasons
    ]))
    assert.deepStrictEqual(rest, {
      type: "Failed",
      message: refusedRecord.message,
      fields: { orderId: "o-1" },
      causes: [refusedRecord],
      reasons: [
        { kind: "interruption", type: "interrupted", message: "interrupted" },
        { kind: "defect", type: "TypeError", message: "while closing" },
        {
          kind: "failure",
          type: "Failed",
          message: refusedRecord.message,
          fields: { orderId: "o-1" },
          causes: [refusedRecord]
        }
      ]
    })
    assert.include(stack, `Failed: ${refusedRecord.message}\n    at `)
    assert.include(stack, `\n[cause] Error: ${refusedRecord.message}\n    at `)
    assert.include(stack, "\n[also] TypeError: while closing\n    at ")
  })

  it("is a defect, or an interruption, where it holds no failure", () => {
    assert.deepStrictEqual(ofCause(Cause.die("broken")), { type: "string", message: "broken", kind: "defect" })
    assert.deepInclude(ofCause(Cause.interrupt(1)), {
      type: "interrupted",
      message: "interrupted",
      kind: "interruption"
    })
  })
})

describe("a stack", () => {
  it("begins with type and message, whatever the class is called", () => {
    assert.match(
      withStack(new Payment("no money\n  at all")).stack ?? "",
      /^Payment: no money\n {2}at all\n {4}at .*ErrorRecord\.test\.ts/
    )
  })

  it.effect("ends with the functions and spans that Effect was in", () =>
    Effect.gen(function*() {
      const charge = Effect.fn("charge")(function*() {
        return yield* Effect.fail("no money")
      })
      const cause = yield* Effect.flip(Effect.sandbox(charge()))
      assert.match(ofCause(cause).stack ?? "", /^string: no money\n {4}at charge \(.*ErrorRecord\.test\.ts/)
    }))

  it("is bounded", () => {
    const error = new Error("x")
    error.stack = `Error: x\n${"    at somewhere (file.ts:1:1)\n".repeat(100_000)}`
    assert.isAtMost(withStack(error).stack?.length ?? 0, 8192)
  })

  it("is left out where there is none", () => {
    assert.deepStrictEqual(withStack("no"), { type: "string", message: "no" })
  })
})

describe("a record", () => {
  it("is redacted in every part", () => {
    const inner = new Error("token=hunter2", { cause: "password=hunter2" })
    const record = withStack(
      new Failed({
        message: "postgres://ada:hunter2@db",
        cause: inner,
        apiKey: "hunter2",
        note: "Bearer hunter2hunter2"
      })
    )
    assert.notInclude(JSON.stringify(record), "hunter2")
    assert.include(JSON.stringify(record), "[FILTERED]")
  })

  it.each(["exception.message", "errorMessage"])("has no message where the key %s is sensitive", (key) => {
    const error = new Error("of ada", { cause: new Error("of bob") })
    const record = ErrorRecord.make(Cause.fail(error), Redaction.make({ keys: [`=${key}`] }))
    assert.notMatch(JSON.stringify(record), /ada|bob/)
  })

  it("fits its schema, and the schema's JSON, for every hostile value", () => {
    const codec = Schema.toCodecJson(TaskRecord)
    for (const [what, value] of Object.entries(hostileValues())) {
      for (
        const cause of [
          Cause.fail(value),
          Cause.die(value),
          Cause.fail(new Failed({ value, cause: value, reason: value }))
        ]
      ) {
        const record = ofCause(cause)
        assert.isTrue(Schema.is(ErrorRecord.ErrorRecord)(record), what)
        assert.isAtMost(JSON.stringify(record).length, 40_000, what)
        const task: TaskRecord = {
          id: "1",
          name: "order",
          namespace: "default",
          version: "1",
          correlationId: "c",
          state: "error",
          createdAt: 0,
          startedAt: 0,
          endedAt: 0,
          durationSeconds: 0,
          error: record
        }
        const json = JSON.stringify(Schema.encodeUnknownSync(codec)(task))
        assert.deepStrictEqual(Schema.decodeUnknownSync(codec)(JSON.parse(json)), task, what)
      }
    }
  })

  it("says its fields under names of their own", () => {
    const fields = ErrorRecord.toFields(withStack(new Failed({ type: "card", kind: "soft", code: 5 })))
    assert.deepInclude(fields, {
      "exception.type": "Failed",
      "exception.fields.type": "card",
      "exception.fields.kind": "soft",
      "exception.code": 5
    })
  })

  it("has a headline with the root", () => {
    assert.strictEqual(
      ErrorRecord.headline(of(new TypeError("fetch failed", { cause: refused() }))),
      "fetch failed: connect ECONNREFUSED ::1:5432"
    )
    assert.strictEqual(ErrorRecord.headline(of(refused())), "connect ECONNREFUSED ::1:5432")
    assert.strictEqual(ErrorRecord.headline(of(new Error("cannot: no", { cause: new Error("no") }))), "cannot: no")
  })
})

import { assert, describe, it } from "@effect/vitest"
import {
  BigDecimal,
  Cause,
  Chunk,
  DateTime,
  Deferred,
  Duration,
  Exit,
  HashMap,
  HashSet,
  Option,
  Redacted,
  Ref,
  Result,
  Stream
} from "effect"
import { Headers as EffectHeaders, HttpClientRequest, UrlParams } from "effect/http"
import { Readable } from "node:stream"
import { runInNewContext } from "node:vm"
import { encodeJson } from "../../src/redaction/internal/encodeJson.ts"
import { AttributeRules } from "../../src/redaction/internal/keptAttributes.ts"
import * as Redaction from "../../src/redaction/Redaction.ts"
import * as OtlpSpans from "../../src/tracing/internal/OtlpSpans.ts"
import type { SpanData } from "../../src/tracing/SpanData.ts"

class Money {
  readonly #cents: number
  constructor(cents: number) {
    this.#cents = cents
  }
  get cents() {
    return this.#cents
  }
}

class Amount extends Money {
  override toString() {
    return `${this.cents / 100} €`
  }
}

class Account {
  readonly id = 1
  readonly #balance = 5
  get balance() {
    return this.#balance
  }
}

const form = new FormData()
form.set("name", "ada")
form.set("password", "hunter2")
form.append("tag", "a")
form.append("tag", "b")
form.set("photo", new File(["abc"], "ada.png", { type: "image/png" }))

const mask = "[FILTERED]"

const shown: ReadonlyArray<readonly [what: string, value: unknown, shown: unknown]> = [
  ["Headers", new Headers({ accept: "text/csv", authorization: "Bearer x" }), {
    accept: "text/csv",
    authorization: mask
  }],
  ["URLSearchParams", new URLSearchParams("a=1&b=2&b=3&token=x"), { a: "1", b: ["2", "3"], token: mask }],
  ["FormData", form, {
    name: "ada",
    password: mask,
    tag: ["a", "b"],
    photo: { name: "ada.png", size: 3, type: "image/png" }
  }],
  ["URL", new URL("https://ada:hunter2@shop.test/orders?page=2"), `https://${mask}@shop.test/orders?page=2`],
  ["RegExp", /a+/gi, "/a+/gi"],
  ["Response", Response.json({}, { status: 503, statusText: "Busy", headers: { "set-cookie": "s=1" } }), {
    status: 503,
    statusText: "Busy",
    headers: { "content-type": "application/json", "set-cookie": mask }
  }],
  ["Request", new Request("http://shop.test/orders", { method: "PUT", headers: { cookie: "s=1" } }), {
    method: "PUT",
    url: "http://shop.test/orders",
    headers: { cookie: mask }
  }],
  ["Blob", new Blob(["abcd"]), "[4 bytes]"],
  ["Uint8Array", new Uint8Array(3), "[3 bytes]"],
  ["Buffer", Buffer.from("abcd"), "[4 bytes]"],
  ["DataView", new DataView(new ArrayBuffer(2)), "[2 bytes]"],
  ["ArrayBuffer", new ArrayBuffer(5), "[5 bytes]"],
  ["SharedArrayBuffer", new SharedArrayBuffer(6), "[6 bytes]"],
  ["Float64Array", new Float64Array([1.5, 2]), [1.5, 2]],
  ["Int16Array", new Int16Array([-1, 2]), [-1, 2]],
  ["an instance with private state", new Money(5), "[Money]"],
  ["an instance that says itself what it is", new Amount(550), "5.5 €"],
  ["an instance with private and public state", new Account(), { id: 1 }],
  ["an iterator", [1][Symbol.iterator](), "[Array Iterator]"],
  ["an iterator of a map", new Map([[1, 2]]).entries(), "[Map Iterator]"],
  [
    "a generator",
    (function*() {
      yield 1
    })(),
    "[Generator]"
  ],
  ["a promise", Promise.resolve(1), "[Promise]"],
  ["a weak map", new WeakMap(), "[WeakMap]"],
  ["a weak set", new WeakSet(), "[WeakSet]"],
  ["a weak reference", new WeakRef({}), "[WeakRef]"],
  ["an abort signal", new AbortController().signal, "[AbortSignal]"],
  ["a stream of Node", Readable.from([]), "[Readable]"],
  ["a number format", new Intl.NumberFormat(), "[Intl.NumberFormat]"],
  ["boxed primitives", [Object("a"), Object(1), Object(true), Object(Symbol("s"))], ["a", 1, true, "Symbol(s)"]],
  ["a map", new Map<string, unknown>([["a", 1], ["token", "x"]]), { a: 1, token: mask }],
  ["a map with objects for keys", new Map([[{ id: 1 }, "one"]]), [[{ id: 1 }, "one"]]],
  ["a map of another realm", runInNewContext("new Map([['a', 1]])"), { a: 1 }],
  ["a set", new Set([1, "b"]), [1, "b"]],
  ["a set of another realm", runInNewContext("new Set([1, 'b'])"), [1, "b"]],
  ["bytes of another realm", runInNewContext("new Uint8Array(3)"), "[3 bytes]"],
  ["numbers of another realm", runInNewContext("new Int16Array([-1])"), [-1]],
  ["a decimal number", BigDecimal.fromStringUnsafe("-1.50"), "-1.5"],
  ["a symbol", Symbol("s"), "Symbol(s)"],
  ["a function", () => 1, "[function]"],
  ["a class", Money, "[function]"],
  ["some", Option.some({ password: "x", id: 1 }), { _id: "Option", _tag: "Some", value: { password: mask, id: 1 } }],
  ["none", Option.none(), { _id: "Option", _tag: "None" }],
  ["a success", Exit.succeed(Duration.seconds(2)), { _id: "Exit", _tag: "Success", value: "2s" }],
  ["a failure", Exit.fail("no"), { _id: "Exit", _tag: "Failure", cause: { name: "string", message: "no" } }],
  ["an interruption", Exit.interrupt(1), {
    _id: "Exit",
    _tag: "Failure",
    cause: { name: "interrupted", message: "interrupted" }
  }],
  ["a cause", Cause.combine(Cause.fail("no"), Cause.die("broken")), {
    name: "string",
    message: "no",
    reasons: [{ name: "string", message: "broken" }]
  }],
  ["a result", [Result.succeed(1), Result.fail("no")], [
    { _id: "Result", _tag: "Success", value: 1 },
    { _id: "Result", _tag: "Failure", failure: "no" }
  ]],
  ["a chunk", Chunk.fromIterable<unknown>([1, Redacted.make("x")]), [1, mask]],
  ["a hash map", HashMap.make(["a", 1], ["secret", 2]), { a: 1, secret: mask }],
  ["a hash set", HashSet.make(1), [1]],
  ["a date and time", DateTime.makeUnsafe(0), "1970-01-01T00:00:00.000Z"],
  [
    "a date and time with its zone",
    DateTime.makeZonedUnsafe(0, { timeZone: "Europe/Berlin" }),
    "1970-01-01T00:00:00.000Z"
  ],
  ["durations", [Duration.seconds(90), Duration.millis(1.5), Duration.infinity], [
    "1m 30s",
    "1ms 500000ns",
    "Infinity"
  ]],
  ["what is redacted", Redacted.make("x"), mask],
  ["what is redacted inside", Option.some({ a: [Redacted.make("x")] }), {
    _id: "Option",
    _tag: "Some",
    value: { a: [mask] }
  }],
  ["Effect's headers", EffectHeaders.fromInput({ a: "b", authorization: "x" }), { a: "b", authorization: mask }],
  ["Effect's URL parameters", UrlParams.fromInput({ a: "1", token: "x" }), { a: "1", token: mask }],
  ["Effect's requests", HttpClientRequest.get("http://shop.test/a", { headers: { authorization: "x" } }), {
    method: "GET",
    url: "http://shop.test/a",
    urlParams: {},
    headers: { authorization: mask }
  }]
]

describe("plainValue", () => {
  const redaction = Redaction.make()
  const rules = new AttributeRules({ attributeCount: 100, attributeValueLength: 1000 }, redaction)

  it.each(shown)("shows %s in a line", (_, value, expected) => {
    assert.deepStrictEqual(JSON.parse(encodeJson(value, redaction, ["value"])), expected)
  })

  it.each(shown)("shows %s in the policy's copy", (_, value, expected) => {
    assert.deepStrictEqual(redaction.apply("value", value), expected)
  })

  it.each(shown)("shows %s in an attribute that leaves", (_, value, expected) => {
    const kept = rules.of("value").keep(value)
    const encode = OtlpSpans.encoder("http/json", { name: "shop", version: undefined, attributes: {} })
    const body = new TextDecoder().decode(encode([{ ...emptySpan, attributes: new Map([["value", kept]]) }]))
    const { resourceSpans: [resource] } = JSON.parse(body) as Encoded
    const [attribute] = resource.scopeSpans[0].spans[0].attributes
    assert.deepStrictEqual(plain(attribute.value), expected)
  })

  it("says that a date is none in a line", () => {
    assert.strictEqual(encodeJson({ at: new Date(Number.NaN) }, redaction), "{\"at\":\"Invalid Date\"}")
  })

  it("shows dates as their texts in an attribute", () => {
    assert.strictEqual(rules.of("at").keep(new Date(0)), "1970-01-01T00:00:00.000Z")
    assert.deepStrictEqual(rules.of("at").keep({ a: [new Date(0), new Date(Number.NaN)] }), {
      a: ["1970-01-01T00:00:00.000Z", "Invalid Date"]
    })
  })

  it("never shows an empty object for one that is not empty", () => {
    const others: Readonly<Record<string, unknown>> = {
      event: new Event("x"),
      decoder: new TextDecoder(),
      timer: setTimeout(() => undefined, 0).unref(),
      stream: Stream.make(1),
      ref: Ref.makeUnsafe(1),
      deferred: Deferred.makeUnsafe(),
      webStream: new ReadableStream(),
      iterator: new Set([1]).values(),
      async: (async function*() {
        yield await Promise.resolve(1)
      })(),
      dom: new DOMException("no", "AbortError"),
      registry: new FinalizationRegistry(() => undefined),
      error: Object.create(Error.prototype) as unknown
    }
    for (const [what, value] of Object.entries(others)) {
      assert.notInclude(["{}", "[]", "\"\""], encodeJson(value, redaction, ["value"]), what)
    }
    assert.strictEqual(encodeJson([{}, Object.create(null)], redaction, ["value"]), "[{},{}]")
  })

  it("does not read an iterator", () => {
    const iterator = [1, 2][Symbol.iterator]()
    encodeJson(iterator, redaction, ["value"])
    redaction.apply("value", iterator)
    assert.deepStrictEqual([...iterator], [1, 2])
  })

  it("shows an error with its stack, its fields and what is behind it", () => {
    const error = Object.assign(new TypeError("no", { cause: new RangeError("behind") }), { code: "E_NO", apiKey: "x" })
    const { stack, ...rest } = JSON.parse(encodeJson({ err: error }, redaction)).err as Record<string, unknown>
    const expected = {
      name: "TypeError",
      message: "no",
      code: "E_NO",
      apiKey: mask,
      causes: [{ name: "RangeError", message: "behind" }]
    }
    assert.deepStrictEqual(rest, expected)
    assert.match(String(stack), /^TypeError: no\n {4}at .*plainValue\.test\.ts/)
    assert.deepStrictEqual(redaction.apply("err", error), expected)
  })

  it("marks what is beyond the limit of a collection", () => {
    const small = { depth: 4, nodes: 100, members: 2, text: 100, texts: 1000 }
    const encode = (value: unknown) => encodeJson(value, undefined, [], small)
    assert.strictEqual(encode(new Float32Array(5)), "[0,0,\"…[3 more]\"]")
    assert.strictEqual(encode(Chunk.make(1, 2, 3)), "[1,2,\"…[1 more]\"]")
    assert.strictEqual(encode(HashMap.make(["a", 1], ["b", 2], ["c", 3])).endsWith("\"…\":\"1 more\"}"), true)
  })
})

interface Encoded {
  readonly resourceSpans: readonly [{
    readonly scopeSpans: readonly [{
      readonly spans: readonly [{ readonly attributes: readonly [{ readonly value: AnyValue }] }]
    }]
  }]
}

interface AnyValue {
  readonly stringValue?: string
  readonly arrayValue?: { readonly values: ReadonlyArray<AnyValue> }
  readonly intValue?: string
  readonly doubleValue?: number
  readonly boolValue?: boolean
}

/** An attribute as a receiver gets it; an object is JSON in a text. */
const plain = (value: AnyValue): unknown => {
  if (value.arrayValue !== undefined) return value.arrayValue.values.map(plain)
  if (value.intValue !== undefined) return Number(value.intValue)
  if (value.stringValue === undefined) return value.doubleValue ?? value.boolValue
  return /^[{[]"|^\[\{|^\{\}$/.test(value.stringValue) ? JSON.parse(value.stringValue) as unknown : value.stringValue
}

const emptySpan: SpanData = {
  traceId: "0af7651916cd43dd8448eb211c80319c",
  spanId: "b7ad6b7169203331",
  parentSpanId: undefined,
  isParentRemote: false,
  traceState: "",
  sampled: true,
  name: "work",
  kind: "internal",
  startTimeNanos: 0n,
  endTimeNanos: 1n,
  attributes: new Map(),
  events: [],
  links: [],
  statusCode: "unset",
  statusMessage: undefined,
  droppedAttributes: 0,
  droppedEvents: 0,
  droppedLinks: 0
}

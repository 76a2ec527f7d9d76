import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import {
  LogDestination,
  type SpanData,
  Telemetry,
  type TelemetryConfig,
  TelemetryTracer,
  TraceCarrier
} from "tasker-telemetry"
import { devtools, jaeger, startDevtools, startJaeger } from "../support/receivers.ts"

const traceparent = "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01"

/** A trace that has everything a span can have. Its root continues a trace from elsewhere in the first variant. */
const work = Effect.gen(function*() {
  const root = yield* Effect.currentSpan
  root.event("queued", 1_700_000_000_000_000_003n, { ok: true, first: 1, second: 2 })
  root.event("dropped", 1_700_000_000_000_000_004n)
  yield* Effect.logInfo("line")
  yield* Effect.exit(Effect.withSpan(Effect.fail("nö"), "fails", { kind: "client" }))
  yield* Effect.withSpan(Effect.void, "linked", {
    kind: "producer",
    links: [{ span: root, attributes: { half: 0.5 } }, { span: root, attributes: {} }]
  })
}).pipe(Effect.withSpan("wörk", {
  kind: "consumer",
  attributes: {
    text: "a".repeat(200),
    yes: true,
    no: false,
    whole: -42,
    largest: 2n ** 63n - 1n,
    half: 0.5,
    nan: Number.NaN,
    list: ["a", 1, true],
    empty: "",
    dropped: 1
  }
}))

/** Runs the work; gives its spans as they were recorded. */
const recorded = (
  delivery: TelemetryConfig.Options["delivery"],
  isContinued: boolean,
  logs: "logs" | "no logs" = "logs"
) =>
  Effect.gen(function*() {
    const spans: Array<SpanData.SpanData> = []
    const { register } = yield* TelemetryTracer.TelemetryTracer
    yield* register({ name: "expected", onEnd: (span) => void spans.push(span) })
    yield* isContinued ? TraceCarrier.continueFrom({ traceparent, tracestate: "a=b" })(work) : work
    assert.deepStrictEqual(yield* Telemetry.flush, {
      spans: { exported: 3, dropped: 0, pending: 0 },
      ...(logs === "logs" ? { logs: { exported: 1, dropped: 0, pending: 0 } } : {})
    })
    return spans.toSorted((left, right) => left.name.localeCompare(right.name))
  }).pipe(
    Effect.scoped,
    Effect.provide(Telemetry.layer({
      service: { name: "shop" },
      metrics: { exporter: "none", runtime: false },
      logging: { exporter: logs === "logs" ? "otlp" : "none" },
      tracing: { limits: { attributeCount: 9, eventCount: 1, eventAttributeCount: 2, linkCount: 1 } },
      delivery
    }, { logDestination: LogDestination.layer(() => {}) }))
  )

const variants = (["http/protobuf", "http/json"] as const).flatMap((protocol) =>
  (["none", "gzip"] as const).map((compression) => ({ protocol, compression }))
)

const byKey = (pairs: ReadonlyArray<readonly [string, unknown]>) =>
  pairs.map(([key, value]) => ({ key, value: anyValue(value) })).toSorted((left, right) =>
    left.key < right.key ? -1 : 1
  )

const anyValue = (value: unknown): unknown =>
  typeof value === "boolean"
    ? { boolValue: value }
    : typeof value === "bigint" || Number.isInteger(value)
    ? { intValue: String(value) }
    : typeof value === "number"
    ? { doubleValue: Number.isFinite(value) ? value : String(value) }
    : Array.isArray(value)
    ? { arrayValue: { values: value.map(anyValue) } }
    : { stringValue: value }

const kinds = ["internal", "server", "client", "producer", "consumer"]

const present = (fields: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== 0 && value !== "" && value !== undefined))

/** Sampled, and bit 9 is known. */
const flagsOf = (isRemote: boolean) => 0x101 + (isRemote ? 0x200 : 0)

/** A span as the JSON of OTLP, without what is zero, with attributes by name: as Jaeger shows it. */
const expectedOfJaeger = (span: SpanData.SpanData) => ({
  ...present({
    traceId: span.traceId,
    spanId: span.spanId,
    traceState: span.traceState,
    parentSpanId: span.parentSpanId,
    flags: flagsOf(span.isParentRemote),
    name: span.name,
    kind: kinds.indexOf(span.kind) + 1,
    startTimeUnixNano: String(span.startTimeNanos),
    endTimeUnixNano: String(span.endTimeNanos),
    droppedAttributesCount: span.droppedAttributes,
    droppedEventsCount: span.droppedEvents,
    droppedLinksCount: span.droppedLinks
  }),
  attributes: byKey([...span.attributes]),
  events: span.events.map(({ attributes, droppedAttributes, name, timeNanos }) => ({
    ...present({ timeUnixNano: String(timeNanos), name, droppedAttributesCount: droppedAttributes }),
    attributes: byKey(Object.entries(attributes))
  })),
  links: span.links.map(({ attributes, isRemote, span: { spanId, traceId }, traceState }) => ({
    ...present({ traceId, spanId, traceState, flags: flagsOf(isRemote) }),
    attributes: byKey(Object.entries(attributes))
  })),
  status: span.statusCode === "error" ? { message: span.statusMessage, code: 2 } : {}
})

/** Jaeger leaves out what is empty, and adds its own remarks. */
const shownByJaeger = ({ attributes = [], events = [], links = [], status = {}, ...span }: any) => ({
  ...span,
  attributes: attributes.filter(({ key }: any) => !key.startsWith("@jaeger@")),
  events: events.map(({ attributes = [], ...event }: any) => ({ ...event, attributes: sorted(attributes) })),
  links: links.map(({ attributes = [], ...link }: any) => ({ ...link, attributes: sorted(attributes) })),
  status
})

const sorted = (pairs: ReadonlyArray<{ readonly key: string }>) =>
  pairs.toSorted((left, right) => left.key < right.key ? -1 : 1)

/** It has numbers of JavaScript, and shows no flags, no numbers of what was dropped, and no `NaN`. */
const expectedOfDevtools = (span: SpanData.SpanData) => ({
  traceId: span.traceId,
  spanId: span.spanId,
  ...(span.parentSpanId === undefined ? {} : { parentSpanId: span.parentSpanId }),
  name: span.name,
  kind: span.kind.toUpperCase(),
  attributes: Object.fromEntries(
    [...span.attributes].flatMap(([key, value]) =>
      Number.isNaN(value) ? [] : [[key, typeof value === "bigint" ? Number(value) : value]]
    )
  ),
  status: span.statusCode === "error" ? { code: "ERROR", message: span.statusMessage } : { code: "UNSET" },
  events: span.events.map(({ attributes, name }) => ({ name, attributes })),
  links: span.links.map(({ attributes, span: { spanId, traceId } }) => ({ traceId, spanId, attributes }))
})

/** The attributes of the resource are among those of each span. */
const ofResource = /^(service|telemetry|host|os|process|container|k8s)\./

const shownByDevtools = (
  { attributes, duration: _, endTime: _end, events = [], links = [], scope: _scope, startTime: _start, ...span }: any
) => ({
  ...span,
  attributes: Object.fromEntries(
    Object.entries(attributes).filter(([key, value]) => !ofResource.test(key) && value !== null && value !== "NaN")
  ),
  events: events.map(({ timestamp: _, ...event }: any) => event),
  links
})

/** Its times are milliseconds with a fraction. */
const timesOfDevtools = ({ endTime, events = [], startTime }: any): ReadonlyArray<number> => [
  startTime,
  endTime,
  ...events.map(({ timestamp }: any) => timestamp)
]

const expectedTimes = (span: SpanData.SpanData) =>
  [span.startTimeNanos, span.endTimeNanos, ...span.events.map(({ timeNanos }) => timeNanos)].map((nanos) =>
    Number(nanos) / 1e6
  )

const byName = (spans: ReadonlyArray<any>) => spans.toSorted((left, right) => left.name.localeCompare(right.name))

const missing = "not installed: bash .ci/peers installs it"

describe.skipIf(jaeger === undefined)(`Jaeger${jaeger === undefined ? ` (${missing})` : ""}`, () => {
  it.live("shows every span as it was recorded, in both protocols, compressed or not", () =>
    Effect.gen(function*() {
      const receiver = yield* startJaeger
      for (const [index, variant] of variants.entries()) {
        const spans = yield* recorded({ endpoint: receiver.endpoint, ...variant }, index === 0, "no logs")
        const shown = yield* receiver.spans(spans[0]!.traceId, spans.length)
        assert.deepStrictEqual(byName(shown).map(shownByJaeger), spans.map(expectedOfJaeger))
      }
    }))
})

describe.skipIf(devtools === undefined)(`autotel-devtools${devtools === undefined ? ` (${missing})` : ""}`, () => {
  it.live("shows every span as it was recorded, in both protocols, compressed or not", () =>
    Effect.gen(function*() {
      const receiver = yield* startDevtools
      for (const [index, variant] of variants.entries()) {
        const spans = yield* recorded({ endpoint: receiver.endpoint, ...variant }, index === 0)
        const shown = yield* receiver.spans(spans[0]!.traceId, spans.length)
        assert.deepStrictEqual(byName(shown).map(shownByDevtools), spans.map(expectedOfDevtools))
        const times = spans.flatMap(expectedTimes)
        byName(shown).flatMap(timesOfDevtools).forEach((time, at) => assert.closeTo(time, times[at]!, 0.001))
        assert.strictEqual(yield* receiver.logRecords, index + 1)
      }
    }))
})

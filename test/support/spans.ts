/**
 * A tracer with a memory of what it records, configured by options.
 */
import { Effect } from "effect"
import type * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import { SpanMemory } from "../../src/tracing/internal/SpanMemory.ts"
import type { SpanData } from "../../src/tracing/SpanData.ts"
import * as TestTelemetry from "./TestTelemetry.ts"

/** The tracer, its memory and its statistics. */
export const layer = (options: TelemetryConfig.Options = {}) => TestTelemetry.layer(TestTelemetry.tracing, options)

export const recorded = Effect.flatMap(SpanMemory, (memory) => memory.spans)

/** The one recorded span of this name. */
export const spanNamed = (name: string) =>
  Effect.map(recorded, (spans): SpanData => {
    const [span, ...others] = spans.filter((span) => span.name === name)
    if (span === undefined || others.length > 0) throw new Error(`${others.length + 1} spans are called ${name}`)
    return span
  })

export const attributesOf = (span: SpanData): Readonly<Record<string, unknown>> => Object.fromEntries(span.attributes)

/** Values that break what looks at them carelessly. */
export const hostileValues = (): Readonly<Record<string, unknown>> => {
  const circular: Record<string, unknown> = { name: "circular" }
  circular["self"] = circular
  const thrower = () => {
    throw new Error("hostile")
  }
  const trap = {
    get: thrower,
    has: thrower,
    ownKeys: thrower,
    getPrototypeOf: thrower,
    getOwnPropertyDescriptor: thrower
  }
  const revoked = Proxy.revocable({}, {})
  revoked.revoke()
  const getterInArray: Array<unknown> = [1, 2]
  Object.defineProperty(getterInArray, 1, { get: thrower, enumerable: true })
  return {
    proxy: new Proxy({}, trap),
    proxyOfArray: new Proxy([], { ...trap, get: thrower }),
    revoked: revoked.proxy,
    getter: Object.defineProperty({}, "boom", { get: thrower, enumerable: true }),
    getterInArray,
    toJSON: { toJSON: thrower },
    toJSONBigInt: { toJSON: () => 1n },
    toJSONSelf: { toJSON: () => circular },
    circular,
    bigint: 2n ** 70n,
    symbol: Symbol("s"),
    function: thrower,
    nan: Number.NaN,
    infinity: -Infinity,
    surrogate: "a\ud800b",
    long: "x".repeat(10_000_000),
    wide: Array.from({ length: 20_000 }, (_, index) => `item ${index}`),
    bytes: new Uint8Array(100_000),
    deep: Array.from({ length: 10_000 }).reduce<unknown>((inner) => ({ inner }), 1),
    map: new Map<unknown, unknown>([["a", 1], [{}, 2]]),
    set: new Set([1, circular]),
    invalidDate: new Date(Number.NaN),
    nullPrototype: Object.assign(Object.create(null) as object, { a: 1 }),
    holes: [1, , 3], // oxlint-disable-line eslint/no-sparse-arrays
    error: Object.defineProperty(new Error("e"), "message", { get: thrower }),
    undefined: undefined,
    null: null
  }
}

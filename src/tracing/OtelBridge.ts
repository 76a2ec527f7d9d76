/**
 * Joins a program that has an OpenTelemetry SDK: spans of both have each other as
 * parents, and span processors of the SDK get our spans.
 *
 * **When to use**
 *
 * Use with an exporter that a vendor ships for the SDK, or beside libraries that
 * the SDK instruments. Without an SDK, `delivery.endpoint` is enough.
 *
 * **Details**
 *
 * Our tracer goes on recording: names, limits, redaction and `tracing.keep` are
 * the same as without the bridge. The bridge installs no global provider. It
 * needs `@opentelemetry/api` 1.9, and version 2 of the SDK.
 *
 * @since 0.1.0
 */
import * as Otel from "@opentelemetry/api"
import { type Resource, resourceFromAttributes } from "@opentelemetry/resources"
import type { ReadableSpan, SpanProcessor } from "@opentelemetry/sdk-trace-base"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import type * as Otlp from "../delivery/Otlp.ts"
import * as configured from "../delivery/resource.ts"
import { encodeJson } from "../redaction/internal/encodeJson.ts"
import * as SpanIds from "./internal/SpanIds.ts"
import * as TraceState from "./internal/TraceState.ts"
import type { SpanData } from "./SpanData.ts"
import { TelemetryTracer } from "./TelemetryTracer.ts"

/**
 * What the bridge joins.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Processors of the SDK, such as a `BatchSpanProcessor`. Each gets `onEnd` with our kept spans. */
  readonly processors?: ReadonlyArray<SpanProcessor> | undefined
  /** The resource of the spans; by default made from the options `service`. */
  readonly resource?: Resource | undefined
}

/**
 * Gives our spans to processors of the SDK, and shares the active span with it.
 *
 * **Details**
 *
 * While a fiber runs in a span, the span is active in the SDK's context. So a
 * library that the SDK instruments opens its spans as children. A span of ours
 * without a parent becomes a child of the span that is active in the SDK.
 *
 * Closing the layer flushes the processors, within `delivery.shutdownTimeout`. It does not shut them down.
 *
 * **Gotchas**
 *
 * Provide the layer on top of the telemetry layer. Processors get no `onStart`,
 * because our spans are not spans of the SDK.
 *
 * **Example** (An exporter of the SDK)
 *
 * ```ts
 * import { BatchSpanProcessor, ConsoleSpanExporter } from "@opentelemetry/sdk-trace-base"
 * import * as Layer from "effect/Layer"
 * import * as Telemetry from "tasker-telemetry/Telemetry"
 * import * as OtelBridge from "tasker-telemetry/tracing/OtelBridge"
 *
 * const TelemetryLayer = OtelBridge.layer({
 *   processors: [new BatchSpanProcessor(new ConsoleSpanExporter())]
 * }).pipe(Layer.provideMerge(Telemetry.layer({ service: { name: "shop" } })))
 * ```
 *
 * @category layers
 * @since 0.1.0
 */
export const layer = (options: Options = {}): Layer.Layer<never, never, TelemetryTracer> =>
  Layer.effect(
    Tracer.Tracer,
    Effect.gen(function*() {
      const { register, tracer } = yield* TelemetryTracer
      const config = yield* TelemetryConfig.Current
      const resource = options.resource ?? resourceOf(yield* configured.current)
      for (const processor of options.processors ?? []) {
        const flush = Effect.tryPromise(() => processor.forceFlush()).pipe(
          Effect.timeoutOption(config.delivery.shutdownTimeout)
        )
        yield* Effect.addFinalizer(() => Effect.ignoreCause(Effect.interruptible(flush)))
        yield* register({
          name: "otel",
          onEnd: (span) => processor.onEnd(readable(span, resource))
        })
      }
      return joined(tracer)
    })
  )

const resourceOf = ({ attributes, name, version }: Otlp.Resource): Resource =>
  resourceFromAttributes({
    ...attributes,
    "service.name": name,
    ...(version === undefined ? {} : { "service.version": version })
  })

/** Marks the SDK's context in which a span of ours is active. */
const ownSpan = Otel.createContextKey("tasker-telemetry/tracing/OtelBridge/span")

const joined = (tracer: Tracer.Tracer): Tracer.Tracer =>
  Tracer.make({
    span: (given) =>
      tracer.span(Option.isNone(given.parent) && !given.root ? { ...given, parent: activeParent() } : given),
    context: (primitive, fiber) => {
      const span = fiber.cache.span
      if (span === undefined || !SpanIds.areValid(span)) return primitive["~effect/Effect/evaluate"](fiber)
      const active = Otel.context.active()
      const context = active.getValue(ownSpan) === span
        ? active
        : Otel.trace.setSpanContext(active, contextOf(span, TraceState.of(span))).setValue(ownSpan, span)
      return Otel.context.with(context, () => primitive["~effect/Effect/evaluate"](fiber))
    }
  })

/** The span that a library has opened with the SDK around this program. */
const activeParent = (): Option.Option<Tracer.AnySpan> => {
  const active = Otel.context.active()
  const span = Otel.trace.getSpan(active)?.spanContext()
  const own = active.getValue(ownSpan) as Tracer.AnySpan | undefined
  if (span === undefined || span.spanId === own?.spanId || !Otel.isSpanContextValid(span)) {
    return Option.none()
  }
  return Option.some(TraceState.external({
    traceId: span.traceId,
    spanId: span.spanId,
    sampled: (span.traceFlags & Otel.TraceFlags.SAMPLED) !== 0
  }, span.traceState?.serialize() ?? ""))
}

const contextOf = (
  span: Pick<Tracer.AnySpan, "traceId" | "spanId" | "sampled">,
  traceState: string,
  isRemote: boolean = false
): Otel.SpanContext => ({
  traceId: span.traceId,
  spanId: span.spanId,
  traceFlags: span.sampled ? Otel.TraceFlags.SAMPLED : Otel.TraceFlags.NONE,
  isRemote,
  ...(traceState === "" ? {} : { traceState: Otel.createTraceState(traceState) })
})

const kinds = {
  internal: Otel.SpanKind.INTERNAL,
  server: Otel.SpanKind.SERVER,
  client: Otel.SpanKind.CLIENT,
  producer: Otel.SpanKind.PRODUCER,
  consumer: Otel.SpanKind.CONSUMER
} as const

const readable = (span: SpanData, resource: Resource): ReadableSpan => {
  const context = contextOf(span, span.traceState)
  return {
    name: span.name,
    kind: kinds[span.kind],
    spanContext: () => context,
    ...(span.parentSpanId === undefined ? {} : {
      parentSpanContext: contextOf(
        { ...context, sampled: span.sampled, spanId: span.parentSpanId },
        "",
        span.isParentRemote
      )
    }),
    startTime: timeOf(span.startTimeNanos),
    endTime: timeOf(span.endTimeNanos),
    duration: timeOf(span.endTimeNanos - span.startTimeNanos),
    status: span.statusCode === "error"
      ? {
        code: Otel.SpanStatusCode.ERROR,
        ...(span.statusMessage === undefined ? {} : { message: span.statusMessage })
      }
      : { code: Otel.SpanStatusCode.UNSET },
    attributes: attributesOf(span.attributes),
    events: span.events.map((event) => ({
      name: event.name,
      time: timeOf(event.timeNanos),
      attributes: attributesOf(Object.entries(event.attributes)),
      droppedAttributesCount: event.droppedAttributes
    })),
    links: span.links.map((link) => ({
      context: contextOf(link.span, link.traceState, link.isRemote),
      attributes: attributesOf(Object.entries(link.attributes)),
      droppedAttributesCount: link.droppedAttributes
    })),
    ended: true,
    resource,
    instrumentationScope: { name: "tasker-telemetry" },
    droppedAttributesCount: span.droppedAttributes,
    droppedEventsCount: span.droppedEvents,
    droppedLinksCount: span.droppedLinks
  }
}

const timeOf = (nanos: bigint): Otel.HrTime => [Number(nanos / 1_000_000_000n), Number(nanos % 1_000_000_000n)]

/** The SDK's exporters take texts, numbers, booleans and arrays of one of these. */
const attributesOf = (attributes: Iterable<readonly [string, unknown]>): Otel.Attributes => {
  const converted: Otel.Attributes = {}
  for (const [key, value] of attributes) converted[key] = attributeOf(value)
  return converted
}

const attributeOf = (value: unknown): Otel.AttributeValue => {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value
  if (Array.isArray(value) && value.every((item) => typeof item === typeof value[0] && isPrimitive(item))) {
    return value as Array<string>
  }
  return typeof value === "bigint" ? String(value) : encodeJson(value)
}

const isPrimitive = (value: unknown): boolean =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean"

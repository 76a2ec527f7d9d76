/**
 * Turns published events into events of the span they happened in.
 *
 * **Details**
 *
 * A state transition becomes `tasker.state.transition` with the event's name and
 * both states as attributes: a span event, or a span of its own with
 * `tracing.stateTransitions: "span"`. Every other event keeps its name. With `tracing.planOperations`, some events are
 * also spans, with any route.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import * as TelemetryConfig from "../../config/TelemetryConfig.ts"
import { Attribute, PlanOperation, SpanName } from "../../Conventions.ts"
import { EventBus } from "../../events/EventBus.ts"
import { type EventEnvelope, isOfCatalog } from "../../events/EventEnvelope.ts"
import { orElse } from "../../internal/guard.ts"
import * as SnakeCase from "../../internal/snakeCase.ts"
import * as Fields from "../../redaction/internal/payloadFields.ts"
import * as Redaction from "../../redaction/Redaction.ts"
import { TelemetryTracer } from "../TelemetryTracer.ts"
import { RecordedSpan } from "./RecordedSpan.ts"

/** What the names of payload fields begin with. */
const prefix = "tasker.event."

/** Payload fields that are attributes of the span already. */
const known = new Set([
  "taskId",
  "taskName",
  "namespace",
  "version",
  "stepId",
  "stepName",
  "attempt",
  "fromState",
  "toState",
  // The span that failed has an event of its own for it.
  "error"
])

/**
 * Registers the sink.
 *
 * @category layers
 * @since 0.1.0
 */
export const layer: Layer.Layer<never, never, EventBus | TelemetryTracer> = Layer.effectDiscard(
  Effect.gen(function*() {
    const bus = yield* EventBus
    const { tracer } = yield* TelemetryTracer
    const { planOperations, stateTransitions } = (yield* TelemetryConfig.Current).tracing
    const asSpans = stateTransitions === "span"
    const redaction = yield* Redaction.Current
    const nameOf = SnakeCase.make(prefix)
    const readAttributes = (envelope: EventEnvelope) =>
      orElse(
        () => attributesOf(envelope, envelope.payload, nameOf, redaction),
        () => attributesOf(envelope, Fields.copyFields(envelope.payload), nameOf, redaction)
      )
    yield* bus.register({
      name: "trace",
      signal: "trace",
      handle: (envelope, fiber) => {
        const span = fiber.cache.span
        if (!(span instanceof RecordedSpan)) return
        const attributes = readAttributes(envelope)
        const toState = attributes[Attribute.stateTo]
        if (toState === undefined) span.event(envelope.name, span.now(), attributes)
        else if (asSpans) pointSpan(tracer, SpanName.stateTransition, span, fiber, attributes)
        // A new run has a transition to pending for each of its steps. That is too many to keep all of them.
        else if (toState === "pending") span.event(SpanName.stateTransition, span.now(), attributes)
        else span.keyEvent(SpanName.stateTransition, span.now(), attributes)
      }
    })
    if (!planOperations) return
    yield* bus.register({
      name: "plan operations",
      signal: "all",
      accepts: (name) => operations.has(name),
      handle: (envelope, fiber) => {
        const operation = operations.get(envelope.name)
        const span = fiber.cache.span
        if (operation === undefined || !(span instanceof RecordedSpan)) return
        pointSpan(tracer, operation, span, fiber, readAttributes(envelope))
      }
    })
  })
)

const operations: ReadonlyMap<string, string> = new Map(Object.entries(PlanOperation))

const attributesOf = (
  envelope: EventEnvelope,
  payload: Readonly<Record<string, unknown>>,
  nameOf: (member: string) => string,
  redaction: Redaction.Redaction
): Record<string, unknown> => {
  const isOwn = isOfCatalog(envelope)
  const attributes = Fields.ofPayload(
    { [Attribute.event]: envelope.name },
    payload,
    Object.keys(payload).filter((name) => !(isOwn && known.has(name))),
    nameOf,
    redaction,
    prefix
  )
  // An event of a program may have a field of that name without being a transition of ours.
  if (!isOwn || !("toState" in payload)) return attributes
  if (payload["fromState"] !== undefined) attributes[Attribute.stateFrom] = payload["fromState"]
  attributes[Attribute.stateTo] = payload["toState"]
  return attributes
}

/** Makes a span of something that takes no time. */
const pointSpan = (
  tracer: Tracer.Tracer,
  name: string,
  parent: RecordedSpan,
  fiber: Fiber.Fiber<unknown, unknown>,
  attributes: Readonly<Record<string, unknown>>
) => {
  const time = parent.now()
  const span = tracer.span({
    name,
    parent: Option.some(parent),
    annotations: Context.empty(),
    links: [],
    startTime: time,
    kind: "internal",
    root: false,
    sampled: true
  })
  for (const key of Object.keys(attributes)) span.attribute(key, attributes[key])
  span.end(fiber.getRef(Clock.Clock).currentTimeNanosUnsafe(), Exit.void)
}

/**
 * Carries trace, baggage and correlation id between processes: in HTTP headers,
 * in the payload of a queue, in the environment of a child process.
 *
 * **Details**
 *
 * `tracing.propagators` chooses the formats. The first of them that a carrier has
 * gives the parent. Effect's own HTTP client and server carry `traceparent` and
 * `b3`; this module adds `tracestate`, `baggage` and the correlation id.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as Tracer from "effect/Tracer"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import * as Correlation from "../Correlation.ts"
import { orElse } from "../internal/guard.ts"
import * as Baggage from "./Baggage.ts"
import * as Propagation from "./internal/propagation.ts"
import { RecordedSpan } from "./internal/RecordedSpan.ts"
import * as SpanIds from "./internal/SpanIds.ts"
import * as TraceState from "./internal/TraceState.ts"
import { UnsampledSpan } from "./internal/UnsampledSpan.ts"

/**
 * Texts by lower-case names, such as `traceparent`.
 *
 * @category models
 * @since 0.1.0
 */
export type Carrier = Readonly<Record<string, string>>

/**
 * What a carrier brought.
 *
 * @category models
 * @since 0.1.0
 */
export interface Extracted {
  /** The span of the sender; `undefined` if the carrier has none that is valid. */
  readonly parent: Tracer.ExternalSpan | undefined
  /** Empty if the carrier has none. */
  readonly baggage: Baggage.Baggage
  /** `undefined` if the carrier has none that is valid. */
  readonly correlationId: string | undefined
}

const isFormat = (name: string): name is Propagation.Format =>
  (Propagation.formats as ReadonlyArray<string>).includes(name)

/**
 * The current span, baggage and correlation id as a carrier; empty where there
 * is none of them.
 *
 * **Example** (Sending a job to a queue)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as TraceCarrier from "tasker-telemetry/tracing/TraceCarrier"
 *
 * const enqueue = (orderId: string) =>
 *   Effect.map(TraceCarrier.inject, (trace) => JSON.stringify({ orderId, trace }))
 * ```
 *
 * @category encoding
 * @since 0.1.0
 */
export const inject: Effect.Effect<Carrier> = Effect.withFiber((fiber) => {
  const { correlation, tracing: { propagators } } = fiber.getRef(TelemetryConfig.Current)
  const span = fiber.cache.span
  const carrier: Record<string, string> = {}
  if (span !== undefined && SpanIds.areValid(span)) {
    for (const name of propagators) {
      if (isFormat(name)) Object.assign(carrier, Propagation.write(name, span, TraceState.of(span)))
    }
  }
  const baggage = propagators.includes("baggage") ? Baggage.format(fiber.getRef(Baggage.Current)) : ""
  if (baggage !== "") carrier["baggage"] = baggage
  const id = fiber.getRef(Correlation.CorrelationId)
  if (id !== undefined && Correlation.isValid(id)) carrier[correlation.header.toLowerCase()] = id
  return Effect.succeed(carrier)
})

/**
 * Reads a carrier. Names may be in any case; what is malformed is left out.
 *
 * @category decoding
 * @since 0.1.0
 */
export const extract = (carrier: Readonly<Record<string, string | undefined>>): Effect.Effect<Extracted> =>
  Effect.map(TelemetryConfig.Current, ({ correlation, tracing: { propagators } }) => {
    const headers = lowerCase(carrier)
    const format = propagators.filter(isFormat).find((name) => Propagation.read(name, headers) !== undefined)
    const remote = format === undefined ? undefined : Propagation.read(format, headers)
    const state = format === "tracecontext" ? TraceState.parse(headers["tracestate"] ?? "") : ""
    const id = headers[correlation.header.toLowerCase()]?.trim()
    return {
      parent: remote && TraceState.external(remote, state),
      baggage: propagators.includes("baggage") ? Baggage.parse(headers["baggage"] ?? "") : {},
      correlationId: id !== undefined && Correlation.isValid(id) ? id : undefined
    }
  })

const lowerCase = (carrier: Readonly<Record<string, string | undefined>>): Propagation.Headers =>
  // A carrier comes from outside, so it may be anything.
  orElse(
    () =>
      Object.fromEntries(
        Object.entries(carrier).flatMap(([name, value]) =>
          typeof value === "string" ? [[name.toLowerCase(), value]] : []
        )
      ),
    () => ({})
  )

/**
 * Runs an effect as a part of the trace that a carrier brought, with its baggage
 * and correlation id.
 *
 * **Example** (Working on a job of a queue)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as TraceCarrier from "tasker-telemetry/tracing/TraceCarrier"
 *
 * const consume = (job: { readonly orderId: string; readonly trace: TraceCarrier.Carrier }) =>
 *   Effect.logInfo("consumed", { orderId: job.orderId }).pipe(
 *     Effect.withSpan("consume"),
 *     TraceCarrier.continueFrom(job.trace)
 *   )
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const continueFrom = (carrier: Readonly<Record<string, string | undefined>>) =>
<A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.flatMap(extract(carrier), ({ baggage, correlationId, parent }) => {
    const within = Baggage.withEntries(baggage)(effect)
    const correlated = correlationId === undefined ? within : Correlation.withCorrelationId(correlationId)(within)
    return parent === undefined ? correlated : Effect.withParentSpan(correlated, parent)
  })

/**
 * The carrier for the environment of a child process: `TRACEPARENT`,
 * `TRACESTATE`, `BAGGAGE`, `X_CORRELATION_ID`.
 *
 * @see https://opentelemetry.io/docs/specs/otel/context/env-carriers/
 * @category encoding
 * @since 0.1.0
 */
export const injectEnvironment: Effect.Effect<Carrier> = Effect.map(
  inject,
  (carrier) => Object.fromEntries(Object.entries(carrier).map(([name, value]) => [variableOf(name), value]))
)

const variableOf = (name: string): string => name.toUpperCase().replace(/[^A-Z0-9_]/g, "_")

/**
 * Runs an effect as a part of the trace that the parent process put into the
 * environment.
 *
 * **Example** (A child process)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as TraceCarrier from "tasker-telemetry/tracing/TraceCarrier"
 *
 * const main = (environment: Record<string, string | undefined>) =>
 *   Effect.logInfo("started").pipe(Effect.withSpan("child"), TraceCarrier.continueFromEnvironment(environment))
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const continueFromEnvironment = (environment: Readonly<Record<string, string | undefined>>) =>
<A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.flatMap(TelemetryConfig.Current, ({ correlation }) => {
    const names = [
      "traceparent",
      "tracestate",
      "baggage",
      "b3",
      "x-b3-traceid",
      "x-b3-spanid",
      "x-b3-sampled",
      "x-b3-flags"
    ]
    const carrier = orElse(
      () => Object.fromEntries([...names, correlation.header].map((name) => [name, environment[variableOf(name)]])),
      () => ({})
    )
    return continueFrom(carrier)(effect)
  })

/**
 * Adds what Effect's HTTP server did not read of a request: `tracestate` to the
 * server span, `baggage` to the fiber. `CorrelationMiddleware` does so for every
 * request.
 *
 * @category combinators
 * @since 0.1.0
 */
export const continueRequest = (
  headers: Readonly<Record<string, string | undefined>>
): Effect.Effect<Baggage.Baggage> =>
  Effect.flatMap(extract(headers), ({ baggage, parent }) =>
    Effect.withFiber((fiber) => {
      const span = fiber.cache.span
      // A server span whose parent was read from other headers keeps its own state.
      const isOurs = span instanceof RecordedSpan || span instanceof UnsampledSpan
      if (isOurs && parent !== undefined && span.traceId === parent.traceId) span.continueFrom(parent)
      return Effect.succeed(baggage)
    }))

/**
 * Sends baggage, `tracestate` and correlation id with each request of a client,
 * beside the headers that Effect's client sends.
 *
 * **Example** (A client that carries everything)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as HttpClient from "effect/http/HttpClient"
 * import * as TraceCarrier from "tasker-telemetry/tracing/TraceCarrier"
 *
 * const program = Effect.gen(function*() {
 *   const client = TraceCarrier.withHeaders(yield* HttpClient.HttpClient)
 *   return yield* client.get("http://127.0.0.1:8080/orders")
 * })
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const withHeaders = <E, R>(client: HttpClient.HttpClient.With<E, R>): HttpClient.HttpClient.With<E, R> =>
  HttpClient.mapRequestEffect(client, (request) =>
    Effect.map(inject, (carrier) => {
      // Effect's client writes the ids of its own span.
      const { b3: _b3, traceparent: _traceparent, ...others } = carrier
      return HttpClientRequest.setHeaders(request, others)
    }))

/**
 * Asks Jaeger's query API: version 3, and the older one where an installation has only that.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import type { HttpClient } from "effect/http/HttpClient"
import * as Probe from "./Probe.ts"
import * as storedSpans from "./storedSpans.ts"

/** How Jaeger is asked. */
export interface JaegerClient {
  /** `v3`, or `v1` for `/api`. */
  readonly api: "v3" | "v1"
  readonly skewMillis: number | undefined
  readonly services: Effect.Effect<ReadonlyArray<string>, Probe.NoAnswer, HttpClient>
  /** The spans of a trace; none if Jaeger does not have it. */
  readonly trace: (traceId: string) => Effect.Effect<ReadonlyArray<storedSpans.StoredSpan>, Probe.NoAnswer, HttpClient>
  /** The spans of the newest traces of a service that began between two epoch milliseconds. */
  readonly search: (
    service: string,
    from: number,
    to: number,
    options?: { readonly minimumSeconds?: number | undefined; readonly operation?: string | undefined }
  ) => Effect.Effect<ReadonlyArray<storedSpans.StoredSpan>, Probe.NoAnswer, HttpClient>
}

/** The most traces of one answer. */
const mostTraces = 1000
const fewerTraces = 100

/** Finds out which API answers. Fails if none does. */
export const connect = Effect.fnUntraced(function*(
  url: string
): Effect.fn.Return<JaegerClient, Probe.NoAnswer, HttpClient> {
  const base = url.replace(/\/+$/, "")
  const v3 = yield* Probe.send(`${base}/api/v3/services`)
  if (v3.status === 200 && servicesOf(v3) !== undefined) return make(base, "v3", v3.skewMillis)
  const v1 = yield* Probe.send(`${base}/api/services`)
  if (v1.status === 200 && servicesOf(v1) !== undefined) return make(base, "v1", v1.skewMillis)
  return yield* new Probe.NoAnswer({
    address: base,
    reason: `/api/v3/services answers ${v3.status} and /api/services ${v1.status}: this is no query API of Jaeger`
  })
})

const make = (base: string, api: "v3" | "v1", skewMillis: number | undefined): JaegerClient => {
  const root = api === "v3" ? `${base}/api/v3` : `${base}/api`
  const read = api === "v3" ? storedSpans.fromOtlp : storedSpans.fromJaeger
  const spans = (path: string, parameters: Readonly<Record<string, string>> = {}) =>
    Effect.map(Probe.send(`${root}${path}`, { parameters }), (answer) => read(Probe.jsonOf(answer)))
  return {
    api,
    skewMillis,
    services: Effect.map(Probe.send(`${root}/services`), (answer) => servicesOf(answer) ?? []),
    trace: (traceId) => spans(`/traces/${traceId}`),
    search: (service, from, to, { minimumSeconds, operation } = {}) => {
      const parametersOf = (most: number): Readonly<Record<string, string>> =>
        api === "v3"
          ? {
            "query.service_name": service,
            "query.start_time_min": new Date(from).toISOString(),
            "query.start_time_max": new Date(to).toISOString(),
            "query.num_traces": String(most),
            "query.search_depth": String(most),
            ...(operation === undefined ? {} : { "query.operation_name": operation }),
            ...(minimumSeconds === undefined ? {} : { "query.duration_min": `${minimumSeconds}s` })
          }
          : {
            service,
            start: String(from * 1000),
            end: String(to * 1000),
            limit: String(most),
            ...(operation === undefined ? {} : { operation }),
            ...(minimumSeconds === undefined ? {} : { minDuration: `${minimumSeconds}s` })
          }
      const ask = (most: number) => Probe.send(`${root}/traces`, { parameters: parametersOf(most) })
      // A store in memory refuses to look for more traces than it can hold.
      return ask(mostTraces).pipe(
        Effect.flatMap((answer) => answer.status === 500 ? ask(fewerTraces) : Effect.succeed(answer)),
        Effect.map((answer) => read(Probe.jsonOf(answer)))
      )
    }
  }
}

const servicesOf = (answer: Probe.Answer): ReadonlyArray<string> | undefined => {
  const body = Probe.jsonOf(answer)
  if (typeof body !== "object" || body === null) return undefined
  const found = "services" in body ? body.services : "data" in body ? body.data : undefined
  // An empty store has no list at all.
  if (found === null || found === undefined) {
    return "services" in body || "data" in body || Object.keys(body).length === 0 ? [] : undefined
  }
  return Array.isArray(found) ? found.filter((name): name is string => typeof name === "string") : undefined
}

/** Asks again until an answer holds what is waited for, or the time is over. Gives the last answer, and seconds. */
export const until = Effect.fnUntraced(function*<A, E, R>(
  ask: Effect.Effect<A, E, R>,
  holds: (answer: A) => boolean,
  seconds: number
): Effect.fn.Return<{ readonly answer: A; readonly seconds: number }, E, R> {
  const start = yield* Clock.currentTimeMillis
  while (true) {
    const answer = yield* ask
    const elapsed = ((yield* Clock.currentTimeMillis) - start) / 1000
    if (holds(answer) || elapsed >= seconds) return { answer, seconds: elapsed }
    yield* Effect.sleep("250 millis")
  }
})

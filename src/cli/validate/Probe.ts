/**
 * One HTTP request with its answer, its time and the clock of the other side. It judges nothing.
 */
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as FetchHttpClient from "effect/http/FetchHttpClient"
import * as HttpBody from "effect/http/HttpBody"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import type * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { orElse } from "../../internal/guard.ts"

/** What answers, and what it answers. */
export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly text: string
  /** Milliseconds that the clock of the other side is ahead of ours; `undefined` if it does not say its time. */
  readonly skewMillis: number | undefined
}

/** Nothing answers. */
export class NoAnswer extends Data.TaggedError("NoAnswer")<{
  readonly address: string
  readonly reason: string
}> {}

/** What to send. */
export interface Message {
  readonly method?: "GET" | "POST"
  readonly parameters?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly token?: Option.Option<Redacted.Redacted<string>> | undefined
  /** Sent as JSON if it is no bytes. */
  readonly body?: unknown
  readonly contentType?: string
}

const longestWait = "10 seconds"

/** Sends a request. Redirects and statuses are answers like others. */
export const send = Effect.fnUntraced(function*(
  url: string,
  { body, contentType = "application/json", headers = {}, method = "GET", parameters = {}, token }: Message = {}
): Effect.fn.Return<Answer, NoAnswer, HttpClient.HttpClient> {
  const address = url.replace(/[?#].*$/s, "")
  const bytes = body instanceof Uint8Array ? body : new TextEncoder().encode(JSON.stringify(body ?? null))
  const request = HttpClientRequest.make(method)(url, { headers, acceptJson: headers["accept"] === undefined }).pipe(
    HttpClientRequest.appendUrlParams(parameters),
    (request) =>
      body === undefined ? request : HttpClientRequest.setBody(request, HttpBody.uint8Array(bytes, contentType)),
    (request) => token?._tag === "Some" ? HttpClientRequest.bearerToken(request, Redacted.value(token.value)) : request
  )
  const before = yield* Clock.currentTimeMillis
  const response = yield* HttpClient.execute(request).pipe(
    Effect.flatMap((response) => Effect.map(response.text, (text) => ({ response, text }))),
    Effect.timeout(longestWait),
    // A span of the client would put its own `traceparent` in place of a given one.
    Effect.withTracerEnabled(false),
    Effect.provideService(HttpClient.TracerPropagationEnabled, false),
    // Delivery follows none either. Headers with credentials would go to another place.
    Effect.provideService(FetchHttpClient.RequestInit, { redirect: "manual" }),
    Effect.mapError((error) =>
      new NoAnswer({
        address,
        reason: error._tag === "TimeoutError"
          ? `no answer within ${longestWait}`
          : error.reason._tag === "TransportError"
          ? `the connection fails (${causeOf(error.reason.cause)})`
          : "the answer is no HTTP"
      })
    )
  )
  const after = yield* Clock.currentTimeMillis
  return {
    status: response.response.status,
    headers: response.response.headers,
    text: response.text,
    skewMillis: skewOf(response.response.headers["date"], before, after)
  }
})

/** The code of a failed connection, such as `ECONNREFUSED`. */
const causeOf = (error: unknown): string => {
  if (typeof error !== "object" || error === null) return "unknown"
  if ("code" in error && typeof error.code === "string") return error.code
  return "cause" in error ? causeOf(error.cause) : "unknown"
}

/**
 * How far the clock of the other side is ahead. The header has whole seconds, so the middle of the second is compared
 * with the middle of the request.
 */
const skewOf = (date: string | undefined, before: number, after: number): number | undefined => {
  const time = date === undefined ? Number.NaN : Date.parse(date)
  return Number.isNaN(time) ? undefined : Math.round(time + 500 - (before + after) / 2)
}

/** The body as JSON; `undefined` if it is none. */
export const jsonOf = ({ text }: Answer): unknown => orElse((): unknown => JSON.parse(text), () => undefined)

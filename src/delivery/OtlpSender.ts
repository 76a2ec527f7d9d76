/**
 * Sends an encoded OTLP request and tries again while that can help.
 *
 * **Details**
 *
 * Each attempt has a time limit. 429, 502, 503, 504 and transport errors are
 * tried again with exponential back-off and jitter, or after the answer's
 * `Retry-After`; any other answer is final. So is one that accepts a request
 * without some of its items: they are never sent again.
 *
 * @see https://opentelemetry.io/docs/specs/otlp/#failures-1
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HttpClient from "effect/http/HttpClient"
import * as HttpClientRequest from "effect/http/HttpClientRequest"
import * as Redacted from "effect/Redacted"
import type * as TelemetryConfig from "../config/TelemetryConfig.ts"
import { truncateAtWord } from "../internal/truncateAtWord.ts"
import * as Redaction from "../redaction/Redaction.ts"
import * as RetryPolicy from "../RetryPolicy.ts"
import * as PartialSuccess from "./PartialSuccess.ts"
import type { Outcome } from "./SendingQueue.ts"

/**
 * What is sent.
 *
 * @category models
 * @since 0.1.0
 */
export type Signal = "spans" | "metrics"

/**
 * Where requests go and how long an attempt may take.
 *
 * @category models
 * @since 0.1.0
 */
export interface Target {
  readonly signal: Signal
  readonly url: string
  readonly headers: Readonly<Record<string, Redacted.Redacted<string>>>
  readonly timeout: Duration.Duration
}

/**
 * Sends one request body; the small interface behind which delivery can grow.
 *
 * @category models
 * @since 0.1.0
 */
export type Send = (body: string) => Effect.Effect<Outcome>

const endpoints = {
  spans: { path: "v1/traces", url: "tracesEndpoint", headers: "tracesHeaders", timeout: "tracesTimeout" },
  metrics: { path: "v1/metrics", url: "metricsEndpoint", headers: "metricsHeaders", timeout: "metricsTimeout" }
} as const

/**
 * Where the configuration sends a signal; `undefined` where it is not sent.
 *
 * **Details**
 *
 * The address, the headers and the time limit of the signal take the place of the
 * general ones, so that a key for one receiver is never shown to another.
 *
 * @see https://opentelemetry.io/docs/specs/otel/protocol/exporter/#endpoint-urls-for-otlphttp
 * @category constructors
 * @since 0.1.0
 */
export const target = (
  { delivery }: TelemetryConfig.TelemetryConfig,
  signal: Signal
): Target | undefined => {
  const own = endpoints[signal]
  const url = delivery[own.url] ??
    (delivery.endpoint === undefined ? undefined : `${delivery.endpoint.replace(/\/+$/, "")}/${own.path}`)
  const headers = delivery[own.headers]
  return url === undefined ? undefined : {
    signal,
    url,
    headers: Object.keys(headers).length > 0 ? headers : delivery.headers,
    timeout: delivery[own.timeout] ?? delivery.timeout
  }
}

const retryableStatus = new Set([429, 502, 503, 504])

/** A message alone takes nothing from what arrived. */
const rejectedOf = (partial: PartialSuccess.PartialSuccess | undefined): Outcome =>
  partial === undefined || partial.rejected === 0 ? undefined : { rejected: partial.rejected }

const isSuccess = (status: number) => status >= 200 && status < 300

const retries: RetryPolicy.RetryPolicy = {
  maximumAttempts: 5,
  delays: [1000, 1500, 2250, 3400].map(Duration.millis),
  multiplier: 1.2,
  maximum: Duration.seconds(30),
  jitter: 0.2
}

/** A receiver may take exception to every request; the counters have all of it, the log an example. */
const betweenRemarks = 600_000_000_000n

/** Longest message of a receiver in the log. */
const longestMessage = 1024

type Answer =
  | { readonly _tag: "Accepted"; readonly partial: PartialSuccess.PartialSuccess | undefined }
  | { readonly _tag: "Rejected"; readonly status: number }
  | { readonly _tag: "TryAgain"; readonly after: Duration.Duration | undefined }

/**
 * Makes a sender of JSON bodies.
 *
 * **Details**
 *
 * An outage is reported once when it begins and once when it ends, to the
 * program's logger; what a receiver remarks on requests that it accepts, every ten
 * minutes at most. The requests themselves are not traced and carry no trace
 * of the caller.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = Effect.fnUntraced(function*(target: Target): Effect.fn.Return<Send, never, HttpClient.HttpClient> {
  const client = yield* HttpClient.HttpClient
  const headers = Object.fromEntries(
    Object.entries(target.headers).map(([name, value]) => [name, Redacted.value(value)])
  )
  // A query may hold a key.
  const receiver = target.url.replace(/[?#].*$/s, "")
  const redaction = yield* Redaction.Current
  let down = false
  let remarkedAt: bigint | undefined

  const attempt = Effect.fnUntraced(function*(body: string): Effect.fn.Return<Answer> {
    const request = HttpClientRequest.post(target.url).pipe(
      HttpClientRequest.bodyText(body, "application/json"),
      HttpClientRequest.setHeaders(headers)
    )
    let response = { status: 0, retryAfter: undefined as string | undefined }
    let partial: PartialSuccess.PartialSuccess | undefined
    // The status decides, also where the time is up before the body has ended.
    yield* client.execute(request).pipe(
      Effect.flatMap((answer) => {
        response = { status: answer.status, retryAfter: answer.headers["retry-after"] }
        return isSuccess(answer.status) ? PartialSuccess.read(answer, target.signal) : Effect.undefined
      }),
      Effect.tap((read) => Effect.sync(() => partial = read)),
      Effect.scoped,
      Effect.timeout(target.timeout),
      Effect.catchCause(() => Effect.void)
    )
    if (isSuccess(response.status)) return { _tag: "Accepted", partial }
    return response.status === 0 || retryableStatus.has(response.status)
      ? { _tag: "TryAgain", after: yield* RetryPolicy.parseRetryAfter(response.retryAfter) }
      : { _tag: "Rejected", status: response.status }
  })

  const remark = Effect.fnUntraced(function*({ message, rejected }: PartialSuccess.PartialSuccess) {
    const now = yield* Clock.monotonicTimeNanos
    if (remarkedAt !== undefined && now - remarkedAt < betweenRemarks) return
    remarkedAt = now
    const what = rejected > 0 ? `rejected ${rejected} of a request` : "has a remark"
    const why = message === "" ? "" : `: ${redaction.text(truncateAtWord(message, longestMessage))}`
    yield* Effect.logWarning(`${target.signal} were accepted by ${receiver}, which ${what}${why}`)
  })

  const report = Effect.fnUntraced(function*(answer: Answer) {
    if (answer._tag === "Rejected") {
      yield* Effect.logWarning(`${target.signal} were refused by ${receiver} with status ${answer.status}`)
    } else if (answer._tag === "TryAgain" && !down) {
      down = true
      yield* Effect.logWarning(`${target.signal} cannot be delivered to ${receiver}; trying again`)
    } else if (answer._tag === "Accepted" && down) {
      down = false
      yield* Effect.logInfo(`${target.signal} are delivered to ${receiver} again`)
    }
    if (answer._tag === "Accepted" && answer.partial !== undefined) yield* remark(answer.partial)
  })

  const send = Effect.fnUntraced(function*(body: string): Effect.fn.Return<Outcome> {
    for (let number = 1; number <= retries.maximumAttempts; number++) {
      const answer = yield* attempt(body)
      yield* report(answer)
      if (answer._tag === "Accepted") return rejectedOf(answer.partial)
      if (answer._tag === "Rejected") return "rejected"
      if (number < retries.maximumAttempts) {
        yield* Effect.flatMap(RetryPolicy.nextDelay(retries, number, answer.after), Effect.sleep)
      }
    }
    return "unreachable"
  })

  return (body) =>
    send(body).pipe(
      Effect.withTracerEnabled(false),
      Effect.provideService(HttpClient.TracerPropagationEnabled, false)
    )
})

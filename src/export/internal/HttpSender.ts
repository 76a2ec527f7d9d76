/**
 * Sends exports to an HTTP server, with the retries and the reports of delivery.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as TelemetryConfig from "../../config/TelemetryConfig.ts"
import { contentTypes } from "../../delivery/Otlp.ts"
import { type PlainRequests, type Receiver, shownUrl } from "../../delivery/Receiver.ts"
import * as RequestSender from "../../delivery/RequestSender.ts"
import type { Transport } from "../../delivery/Transport.ts"
import { TargetError } from "../ExportTarget.ts"

/** A secret, which a program may give as a plain text. */
export type Secret = string | Redacted.Redacted<string>

export interface Options {
  readonly url: string
  readonly method: PlainRequests["method"]
  readonly headers?: Readonly<Record<string, Secret>> | undefined
  /** User of HTTP's basic authentication, with a password. */
  readonly username?: string | undefined
  readonly password?: Secret | undefined
  /** A bearer token. */
  readonly token?: Secret | undefined
  readonly compression: "none" | "gzip"
  /** Limit of one attempt; `delivery.timeout` by default. */
  readonly timeout?: Duration.Duration | undefined
  readonly isRetryable: PlainRequests["isRetryable"]
}

/** Sends a body. `deadline` is in nanoseconds of the monotonic clock: no attempt begins after it. */
export type Send = (
  body: Uint8Array<ArrayBuffer>,
  contentType: string,
  deadline: bigint
) => Effect.Effect<void, TargetError>

const secretOf = (secret: Secret): string => typeof secret === "string" ? secret : Redacted.value(secret)

const authorizationOf = ({ password, token, username }: Options): Readonly<Record<string, string>> => {
  if (token !== undefined) return { authorization: `Bearer ${secretOf(token)}` }
  if (username === undefined) return {}
  const bytes = new TextEncoder().encode(`${username}:${password === undefined ? "" : secretOf(password)}`)
  return { authorization: `Basic ${btoa(String.fromCharCode(...bytes))}` }
}

/** Makes the sender, which lives as long as its scope. */
export const make = Effect.fnUntraced(function*(
  options: Options
): Effect.fn.Return<Send, never, Transport | Scope.Scope> {
  const { delivery } = yield* TelemetryConfig.Current
  const scope = yield* Effect.scope
  const context = yield* Effect.context<Transport>()
  const headers = Object.entries(options.headers ?? {}).map(([name, value]) =>
    [name.toLowerCase(), secretOf(value)] as const
  )
  const receiverOf = (contentType: string): Receiver => ({
    signal: "metrics",
    url: options.url,
    takesLines: false,
    headers: { ...authorizationOf(options), ...Object.fromEntries(headers) },
    ignoredHeaders: [],
    timeout: options.timeout ?? delivery.timeout,
    protocol: "http/protobuf",
    contentType: contentTypes["http/protobuf"],
    compression: options.compression,
    plain: { method: options.method, contentType, isRetryable: options.isRetryable },
    files: {
      certificate: delivery.certificate,
      clientKey: delivery.clientKey,
      clientCertificate: delivery.clientCertificate
    },
    optionOf: (name) => `delivery.${name}`
  })
  /** A receiver has one content type. The exporters of a format rarely give two. */
  const senders = new Map<string, RequestSender.RequestSender>()
  const senderOf = Effect.fnUntraced(function*(contentType: string) {
    const known = senders.get(contentType)
    if (known !== undefined) return known
    const sender = yield* RequestSender.make(receiverOf(contentType), delivery.retry)
    senders.set(contentType, sender)
    return sender
  })
  return Effect.fnUntraced(function*(body, contentType, deadline) {
    const sender = yield* senderOf(contentType).pipe(
      Effect.mapError(({ message }) => new TargetError({ message, errorType: "TelemetryConfigError" })),
      Effect.provideService(Scope.Scope, scope),
      Effect.provide(context)
    )
    const outcome = yield* sender.send(body, deadline)
    if (outcome._tag === "Accepted") return
    const [errorType, problem] = outcome._tag === "TooLarge"
      ? ["too_large", "the request is too large for it"]
      : [outcome.reason, outcome.problem ?? outcome.reason]
    return yield* new TargetError({ message: `${shownUrl(options)}: ${problem}`, errorType, isReported: true })
  })
})

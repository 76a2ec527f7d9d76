/**
 * Sends requests with `fetch`, for runtimes without Node's client and for programs that bring a `fetch` of their own,
 * such as one that goes through a proxy.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import * as networkFailure from "./networkFailure.ts"
import { contentTypes } from "./Otlp.ts"
import type { Receiver } from "./Receiver.ts"
import { type Answer, type AnswerBody, longestAnswer, type Post, Transport, type TransportError } from "./Transport.ts"

/** The part of `fetch` that is needed. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>

const tlsFiles = ["certificate", "clientKey", "clientCertificate"] as const

const refuse = (message: string) => Effect.fail(new TelemetryConfig.TelemetryConfigError({ message }))

const connect = (
  fetch: Fetch
) =>
  Effect.fnUntraced(function*(
    receiver: Receiver
  ): Effect.fn.Return<Post, TelemetryConfig.TelemetryConfigError> {
    const file = tlsFiles.find((name) => receiver.files[name] !== undefined)
    if (file !== undefined) {
      return yield* refuse(`${receiver.optionOf(file)}: fetch cannot use certificates of its caller; remove the option`)
    }
    const isCompressed = receiver.compression === "gzip"
    if (isCompressed && typeof CompressionStream === "undefined") {
      return yield* refuse(`${receiver.optionOf("compression")}: this runtime cannot compress; use "none"`)
    }
    const headers = {
      ...receiver.headers,
      ...(isCompressed ? { "content-encoding": "gzip" } : {})
    }
    return (body, protocol) =>
      Effect.flatMap(isCompressed ? compress(body) : Effect.succeed(body), (body) =>
        Effect.flatMap(aborter, (signal) =>
          Effect.map(
            Effect.tryPromise({
              try: () =>
                fetch(receiver.url, {
                  method: receiver.plain?.method ?? "POST",
                  headers: { ...headers, "content-type": receiver.plain?.contentType ?? contentTypes[protocol] },
                  body,
                  redirect: "manual",
                  signal
                }),
              catch: networkFailure.describe
            }),
            answerOf
          )))
  })

/** Ends the request with the scope. */
const aborter: Effect.Effect<AbortSignal, never, Scope.Scope> = Effect.map(
  Effect.acquireRelease(
    Effect.sync(() => new AbortController()),
    (controller) => Effect.sync(() => controller.abort())
  ),
  ({ signal }) => signal
)

const compress = (body: Uint8Array<ArrayBuffer>): Effect.Effect<Uint8Array<ArrayBuffer>, TransportError> =>
  Effect.tryPromise({
    try: () =>
      new Response(new Blob([body]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer().then((buffer) =>
        new Uint8Array(buffer)
      ),
    catch: networkFailure.describe
  })

/** Browsers hide the answer of a redirect: it has the status 0. */
const hiddenRedirect = 302

const answerOf = (response: Response): Answer => ({
  status: response.type === "opaqueredirect" ? hiddenRedirect : response.status,
  header: (name) => response.headers.get(name) ?? undefined,
  body: bodyOf(response)
})

const bodyOf = ({ body }: Response): Effect.Effect<AnswerBody> =>
  Effect.suspend(() => {
    const reader = body?.getReader()
    const chunks: Array<Uint8Array> = []
    let length = 0
    if (reader === undefined) return Effect.succeed(answerBody(chunks, false))
    const readOn: Effect.Effect<AnswerBody, TransportError> = Effect.flatMap(
      Effect.tryPromise({ try: () => reader.read(), catch: networkFailure.describe }),
      ({ done, value }) => {
        if (value !== undefined) chunks.push(value)
        length += value?.length ?? 0
        return done || length >= longestAnswer ? Effect.succeed(answerBody(chunks, false)) : readOn
      }
    )
    return Effect.catch(readOn, () => Effect.succeed(answerBody(chunks, true)))
  })

const answerBody = (chunks: ReadonlyArray<Uint8Array>, isBroken: boolean): AnswerBody => {
  const bytes = new Uint8Array(Math.min(longestAnswer, chunks.reduce((sum, { length }) => sum + length, 0)))
  let at = 0
  for (const chunk of chunks) {
    const part = chunk.subarray(0, bytes.length - at)
    bytes.set(part, at)
    at += part.length
  }
  return { bytes, isBroken }
}

/** Sends with the given function. */
export const layer = (fetch: Fetch): Layer.Layer<Transport> => Layer.succeed(Transport, { connect: connect(fetch) })

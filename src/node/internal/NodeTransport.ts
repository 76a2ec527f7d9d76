/**
 * Sends requests with Node's own client: connections are kept, files for TLS are read once, redirects are not followed.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import { Buffer } from "node:buffer"
import { createPrivateKey, X509Certificate } from "node:crypto"
import { readFileSync } from "node:fs"
import type * as Http from "node:http"
import { gzip } from "node:zlib"
import * as TelemetryConfig from "../../config/TelemetryConfig.ts"
import * as networkFailure from "../../delivery/networkFailure.ts"
import { contentTypes, type Protocol } from "../../delivery/Otlp.ts"
import type { Receiver, TlsFile } from "../../delivery/Receiver.ts"
import {
  type Answer,
  type AnswerBody,
  longestAnswer,
  type Post,
  Transport,
  TransportError
} from "../../delivery/Transport.ts"

// Node's HTTP modules are loaded with the first receiver. An import of them would load `fetch` and `WebSocket`, too.

/** Connections that wait for another request. One signal rarely has more than one request open. */
const mostFreeSockets = 4

const agentOptions = { keepAlive: true, maxFreeSockets: mostFreeSockets } as const

interface Client {
  readonly agent: Http.Agent
  readonly request: typeof Http.request
}

type Body = Uint8Array<ArrayBuffer>

const connect = Effect.fnUntraced(function*(
  receiver: Receiver
): Effect.fn.Return<Post, TelemetryConfig.TelemetryConfigError, Scope.Scope> {
  const ca = yield* readPem(receiver, "certificate")
  const cert = yield* readPem(receiver, "clientCertificate")
  const key = yield* readPem(receiver, "clientKey")
  const client = yield* Effect.acquireRelease(
    Effect.sync((): Client => {
      if (receiver.url.startsWith("https:")) {
        const { Agent, request } = process.getBuiltinModule("node:https")
        return { agent: new Agent({ ...agentOptions, ca, cert, key }), request }
      }
      const { Agent, request } = process.getBuiltinModule("node:http")
      return { agent: new Agent(agentOptions), request }
    }),
    ({ agent }) => Effect.sync(() => agent.destroy())
  )
  const isCompressed = receiver.compression === "gzip"
  const headers = {
    ...receiver.headers,
    ...(isCompressed ? { "content-encoding": "gzip" } : {})
  }
  const open = (body: Body, protocol: Protocol) =>
    Effect.acquireRelease(
      Effect.sync(() =>
        client.request(receiver.url, {
          method: receiver.plain?.method ?? "POST",
          agent: client.agent,
          headers: {
            ...headers,
            "content-type": receiver.plain?.contentType ?? contentTypes[protocol],
            "content-length": body.length
          }
        })
      ),
      (request) => Effect.sync(() => request.destroy())
    )
  const post = (body: Body, protocol: Protocol, mayBeStale: number): ReturnType<Post> =>
    Effect.flatMap(open(body, protocol), (request) => Effect.map(head(request, body), answerOf)).pipe(
      // The receiver has closed a kept connection before it read the request.
      Effect.catch((error) =>
        error === stale && mayBeStale > 0 ? post(body, protocol, mayBeStale - 1) : Effect.fail(error)
      )
    )
  return (body, protocol) =>
    Effect.flatMap(
      isCompressed ? compress(body) : Effect.succeed(body),
      (body) => post(body, protocol, mostFreeSockets)
    )
})

/** The file of an option. The option is named if the file cannot be read or is no PEM of its kind. */
const readPem = (
  { files, optionOf }: Receiver,
  name: TlsFile
): Effect.Effect<string | undefined, TelemetryConfig.TelemetryConfigError> => {
  const path = files[name]
  if (path === undefined) return Effect.undefined
  return Effect.try({
    try: () => {
      const pem = readFileSync(path, "utf8")
      checks[name](pem)
      return pem
    },
    catch: (error) =>
      new TelemetryConfig.TelemetryConfigError({
        message: `${optionOf(name)}: ${JSON.stringify(path)} cannot be used: ${String(error)}`
      })
  })
}

const checks: Readonly<Record<TlsFile, (pem: string) => unknown>> = {
  certificate: (pem) => new X509Certificate(pem),
  clientKey: (pem) => createPrivateKey(pem),
  clientCertificate: (pem) => new X509Certificate(pem)
}

const compress = (body: Body): Effect.Effect<Body, TransportError> =>
  Effect.callback((resume) =>
    gzip(
      body,
      (error, compressed) =>
        resume(error === null ? Effect.succeed(compressed) : Effect.fail(networkFailure.describe(error)))
    )
  )

/** A kept connection turned out to be closed. */
const stale = new TransportError({ reason: "reset", detail: "ECONNRESET" })

const head = (request: Http.ClientRequest, body: Body): Effect.Effect<Http.IncomingMessage, TransportError> =>
  Effect.callback((resume) => {
    // The process may end while a request is open. A flush keeps it alive by its time limit.
    request.once("socket", (socket) => socket.unref())
    request.once("response", (response) => {
      response.on("error", () => {})
      resume(Effect.succeed(response))
    })
    // This listener stays, because an error after the answer would end the process.
    request.on("error", (error) => {
      const failure = networkFailure.describe(error)
      resume(Effect.fail(request.reusedSocket && failure.reason === "reset" ? stale : failure))
    })
    request.once("close", () => resume(Effect.fail(new TransportError({ reason: "reset", detail: "no answer" }))))
    request.end(body)
  })

const answerOf = (response: Http.IncomingMessage): Answer => ({
  status: response.statusCode ?? 0,
  header: (name) => {
    const value = response.headers[name]
    return Array.isArray(value) ? value[0] : value
  },
  body: bodyOf(response)
})

const bodyOf = (response: Http.IncomingMessage): Effect.Effect<AnswerBody> =>
  Effect.callback((resume) => {
    const chunks: Array<Buffer> = []
    let length = 0
    const end = (isBroken: boolean) =>
      resume(Effect.succeed({ bytes: Buffer.concat(chunks).subarray(0, longestAnswer), isBroken }))
    if (response.destroyed && !response.complete) return end(true)
    response.on("data", (chunk: Buffer) => {
      chunks.push(chunk)
      length += chunk.length
      if (length >= longestAnswer) end(false)
    })
    response.once("end", () => end(!response.complete))
    response.once("close", () => end(!response.complete))
  })

/** Sends with Node's client. */
export const layer: Layer.Layer<Transport> = Layer.succeed(Transport, { connect })

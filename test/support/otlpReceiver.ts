/**
 * A real HTTP server on a free loopback port that answers as a test tells it, and a transport that says when an attempt
 * has ended, so that tests need not wait in real time.
 */
import { Context, Effect, Layer, Queue } from "effect"
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { gunzipSync } from "node:zlib"
import { Transport } from "../../src/delivery/Transport.ts"
import * as NodeTransport from "../../src/node/internal/NodeTransport.ts"
import * as otlpProtobuf from "./otlpProtobuf.ts"

export interface Received {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** The body as JSON, however it was encoded. */
  readonly body: string
}

const jsonOf = (headers: IncomingHttpHeaders, body: Buffer): string =>
  otlpProtobuf.jsonOf(headers["content-encoding"] === "gzip" ? gunzipSync(body) : body)
export interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
  /** Leaves the answer open after the body. */
  readonly endless?: boolean
}

export class OtlpReceiver extends Context.Service<OtlpReceiver, {
  readonly url: string
  /** Requests in the order of their arrival. */
  readonly received: ReadonlyArray<Received>
  /** Waits for the next request that no test has waited for yet. */
  readonly next: Effect.Effect<Received>
  /** Waits for the next attempt of the transport to end, however it ends. */
  readonly attemptEnded: Effect.Effect<void>
  /** Answers for the next requests; `hang` gives none. Afterwards every request is accepted. */
  readonly answer: (...answers: ReadonlyArray<Answer | "hang">) => void
  readonly connections: () => number
}>()("tasker-telemetry/test/support/OtlpReceiver") {
  static readonly layer: Layer.Layer<OtlpReceiver | Transport> = Layer.effectContext(
    Effect.gen(function*() {
      const received: Array<Received> = []
      const answers: Array<Answer | "hang"> = []
      const arrivals = yield* Queue.unbounded<Received>()
      const ends = yield* Queue.unbounded<void>()
      const sockets = new Set<Socket>()
      const server = createServer((request, response) => {
        const chunks: Array<Buffer> = []
        request.on("data", (chunk: Buffer) => void chunks.push(chunk))
        request.on("end", () => {
          const entry = {
            method: request.method!,
            path: request.url!,
            headers: request.headers,
            body: jsonOf(request.headers, Buffer.concat(chunks))
          }
          received.push(entry)
          const answer = answers.shift() ?? { status: 200, body: "{}" }
          if (answer !== "hang") {
            response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers })
            if (answer.endless === true) response.write(answer.body)
            else response.end(answer.body)
          }
          Queue.offerUnsafe(arrivals, entry)
        })
      })
      server.on("connection", (socket) => void sockets.add(socket))
      yield* Effect.acquireRelease(
        Effect.callback<void>((resume) => {
          server.listen(0, "127.0.0.1", () => resume(Effect.void))
        }),
        () =>
          Effect.callback<void>((resume) => {
            server.close(() => resume(Effect.void))
            for (const socket of sockets) socket.destroy()
          })
      )
      const transport = yield* Transport
      return Context.make(OtlpReceiver, {
        url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
        received,
        next: Queue.take(arrivals),
        attemptEnded: Queue.take(ends),
        answer: (...next) => void answers.push(...next),
        connections: () => sockets.size
      }).pipe(Context.add(Transport, {
        connect: (receiver) =>
          Effect.map(transport.connect(receiver), (post) => (body, protocol) =>
            Effect.andThen(
              Effect.addFinalizer(() => Effect.sync(() => void Queue.offerUnsafe(ends, undefined))),
              post(body, protocol)
            ))
      }))
    }).pipe(Effect.provide(NodeTransport.layer))
  )
}

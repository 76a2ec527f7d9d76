/**
 * A real HTTP server on a free loopback port that keeps what it is sent, and answers as a test tells it.
 */
import { Effect, Queue, type Scope } from "effect"
import { createServer, type IncomingHttpHeaders } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { gunzipSync } from "node:zlib"

export interface Pushed {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** Without the compression of HTTP. */
  readonly body: Buffer
}

export interface PushServer {
  readonly url: string
  readonly received: ReadonlyArray<Pushed>
  /** Waits for the next request that no test has waited for yet. */
  readonly next: Effect.Effect<Pushed>
  /** Statuses for the next requests. Afterwards every request gets 200. */
  readonly answer: (...statuses: ReadonlyArray<number>) => void
}

export const make: Effect.Effect<PushServer, never, Scope.Scope> = Effect.gen(function*() {
  const received: Array<Pushed> = []
  const statuses: Array<number> = []
  const sockets = new Set<Socket>()
  const arrivals = yield* Queue.unbounded<Pushed>()
  const server = createServer((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => void chunks.push(chunk))
    request.on("end", () => {
      const body = Buffer.concat(chunks)
      const pushed = {
        method: request.method!,
        path: request.url!,
        headers: request.headers,
        body: request.headers["content-encoding"] === "gzip" ? gunzipSync(body) : body
      }
      received.push(pushed)
      response.writeHead(statuses.shift() ?? 200).end("")
      Queue.offerUnsafe(arrivals, pushed)
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
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    next: Queue.take(arrivals),
    answer: (...next) => void statuses.push(...next)
  }
})

/**
 * A TCP server on a free loopback port that gives bytes as a test tells it, also such that are no HTTP.
 */
import { Effect, type Scope } from "effect"
import { type AddressInfo, createServer, type Socket } from "node:net"
import { createServer as createTlsServer, type TlsOptions } from "node:tls"

export interface RawServer {
  readonly port: number
  /** Connections that were opened, and that are open. */
  readonly opened: () => number
  readonly open: () => number
}

/** Calls `onRequest` with the whole text of each request (the body has the length that its header says). */
export const make = (
  onRequest: (socket: Socket, request: string, number: number) => void,
  tls?: TlsOptions
): Effect.Effect<RawServer, never, Scope.Scope> =>
  Effect.gen(function*() {
    const sockets = new Set<Socket>()
    let opened = 0
    let requests = 0
    const listen = (socket: Socket) => {
      opened++
      sockets.add(socket)
      let text = ""
      socket.on("error", () => {})
      socket.on("close", () => void sockets.delete(socket))
      socket.on("data", (chunk: Buffer) => {
        text += chunk.toString("latin1")
        const end = text.indexOf("\r\n\r\n")
        const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0)
        if (end < 0 || text.length < end + 4 + length) return
        const request = text.slice(0, end + 4 + length)
        text = text.slice(end + 4 + length)
        onRequest(socket, request, requests++)
      })
    }
    const server = tls === undefined ? createServer(listen) : createTlsServer(tls, listen)
    server.on("tlsClientError", () => {})
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
    return { port: (server.address() as AddressInfo).port, opened: () => opened, open: () => sockets.size }
  })

/** An answer with a body. */
export const answer = (status: string, body = "", headers: ReadonlyArray<string> = []): string =>
  [`HTTP/1.1 ${status}`, `content-length: ${Buffer.byteLength(body)}`, ...headers, "", body].join("\r\n")

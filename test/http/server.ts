/**
 * The routes on a real server, and a client that sends exactly what it is told.
 */
import { NodeHttpServer } from "@effect/platform-node"
import { Context, Effect, Layer } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { createServer, type IncomingHttpHeaders, request } from "node:http"
import { connect } from "node:net"
import { networkInterfaces } from "node:os"
import type * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import * as TelemetryRoutes from "../../src/http/TelemetryRoutes.ts"
import * as LogDestination from "../../src/logging/LogDestination.ts"
import type * as Task from "../../src/workflow/Task.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
  readonly bytes: Uint8Array
  readonly body: any
}

export interface Message {
  readonly headers?: Readonly<Record<string, string>>
  /** Text and bytes go as they are, anything else as JSON. */
  readonly body?: unknown
}

/** The port the server listens on, and the address that requests go to. */
export class Target extends Context.Service<Target, { readonly host: string; readonly port: number }>()(
  "tasker-telemetry/test/http/Target"
) {}

/** An address of this machine that is not loopback, if it has one. */
export const outerAddress = Object.values(networkInterfaces())
  .flatMap((found) => found ?? [])
  .find(({ family, internal }) => family === "IPv4" && !internal)?.address

/** Serves an app on a free port of an address. */
export const serve = <A, E, R>(app: Layer.Layer<A, E, R>, host = "127.0.0.1") =>
  Layer.effect(
    Target,
    Effect.map(HttpServer.HttpServer, ({ address }) => {
      const port = "port" in address ? address.port : 0
      return { host, port }
    })
  ).pipe(
    Layer.provideMerge(HttpRouter.serve(app, { disableListenLog: true })),
    Layer.provide(TelemetryRoutes.layerUntraced()),
    Layer.provide(NodeHttpServer.layer(createServer, { port: 0, host, gracefulShutdownTimeout: "1 second" }))
  )

/** All routes for the given tasks, with telemetry in memory. */
export const layer = <const Tasks extends ReadonlyArray<Task.Any>>(
  tasks: Tasks,
  options: TelemetryConfig.Options = {},
  host?: string
) => serve(TelemetryRoutes.layer({ tasks }), host).pipe(Layer.provideMerge(TestTelemetry.whole(options)))

const isJson = (headers: IncomingHttpHeaders) => headers["content-type"]?.startsWith("application/json") === true

const parsed = (status: number, headers: IncomingHttpHeaders, bytes: Buffer, text = bytes.toString()): Answer => ({
  status,
  headers,
  text,
  bytes,
  body: text !== "" && headers["content-encoding"] === undefined && isJson(headers) ? JSON.parse(text) : undefined
})

/** Sends a request and reads its answer. */
export const send = (method: string, path: string, { body, headers = {} }: Message = {}) =>
  Effect.flatMap(Target, ({ host, port }) =>
    Effect.callback<Answer>((resume) => {
      const text = body === undefined || typeof body === "string" || body instanceof Uint8Array
        ? body
        : JSON.stringify(body)
      // Node puts headers and a text into one buffer, and the headers' bytes are lost.
      const payload = typeof text === "string" ? Buffer.from(text) : text
      const sent = request({ host, port, method, path, headers, agent: false }, (response) => {
        const chunks: Array<Buffer> = []
        response.on("data", (chunk: Buffer) => chunks.push(chunk)).on("end", () =>
          resume(Effect.succeed(parsed(response.statusCode ?? 0, response.headers, Buffer.concat(chunks)))))
      })
      sent.on("error", (error) =>
        resume(Effect.die(error)))
      sent.end(payload)
      return Effect.sync(() => sent.destroy())
    }))

export const get = (path: string, headers: Readonly<Record<string, string>> = {}) => send("GET", path, { headers })

/** Sends JSON. */
export const post = (path: string, body: unknown, headers: Readonly<Record<string, string>> = {}) =>
  send("POST", path, { body, headers: { "content-type": "application/json", ...headers } })

/** Sends lines as they are and reads until the server closes. */
export const raw = (lines: ReadonlyArray<string>) =>
  Effect.flatMap(Target, ({ host, port }) =>
    Effect.callback<string>((resume) => {
      let text = ""
      const socket = connect(port, host, () => socket.write(`${lines.join("\r\n")}\r\n\r\n`))
      socket.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
      socket.on("close", () => resume(Effect.succeed(text)))
      socket.on("error", (error) => resume(Effect.die(error)))
      return Effect.sync(() => socket.destroy())
    }))

/** Log lines that a predicate picks. */
export const logged = (message: string) =>
  Effect.map(
    LogDestination.LogMemory.use(({ lines }) => lines),
    (lines) => lines.map((line): any => JSON.parse(line)).filter((line) => String(line.message).includes(message))
  )

/** Asks until a run has the status. */
export const awaitStatus = (taskId: string, status: string) =>
  Effect.repeat(get(`/tasker/tasks/${taskId}`), { until: ({ body }) => body.status === status, times: 2000 })

/**
 * A receiver of OTLP that keeps the truth about what arrived, and fails as it is told: `otlpSink.ts`, started with a
 * channel for messages. Records are told apart by their attribute `number`.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { gunzipSync } from "node:zlib"
import type { Fault, SinkMessage, SinkReport, Truth } from "../faults/messages.ts"
import * as otlpProtobuf from "../otlpProtobuf.ts"

interface Metric {
  readonly name: string
  readonly sum?: { readonly dataPoints: ReadonlyArray<{ readonly asDouble?: number }> }
}

interface Entry {
  readonly attributes: ReadonlyArray<{ readonly key: string; readonly value: { readonly intValue?: string | number } }>
  readonly endTimeUnixNano?: string
}

/** How often each record was accepted, by its number. */
class Ledger {
  #times = new Uint8Array(1 << 16)
  #accepted = 0
  #different = 0

  accept(number: number): void {
    if (number >= this.#times.length) {
      const larger = new Uint8Array(Math.max(number + 1, 2 * this.#times.length))
      larger.set(this.#times)
      this.#times = larger
    }
    this.#accepted++
    if (this.#times[number] === 0) this.#different++
    this.#times[number] = 1
  }

  get truth(): Truth {
    return { accepted: this.#accepted, different: this.#different }
  }
}

const signals = { "/v1/traces": "spans", "/v1/logs": "log records", "/v1/metrics": "metrics" } as const

type Signal = (typeof signals)[keyof typeof signals]

const lists = {
  spans: ["resourceSpans", "scopeSpans", "spans"],
  "log records": ["resourceLogs", "scopeLogs", "logRecords"],
  metrics: ["resourceMetrics", "scopeMetrics", "metrics"]
} as const

const ledgers = { spans: new Ledger(), "log records": new Ledger() }
const requests: Array<SinkReport["requests"][number]> = []
const metrics = { sum: 0, last: 0 }
const open = { spans: 0, "log records": 0, metrics: 0, other: 0 }
const sockets = new Set<Socket>()
let mostOpen = 0
let fault: Fault = { kind: "accept" }
let left = Number.POSITIVE_INFINITY
let faultEndedAt = 0
let recoveryMillis = 0

const signalOf = ({ url = "" }: IncomingMessage): keyof typeof open =>
  url in signals ? signals[url as keyof typeof signals] : "other"

/** The records or the metrics of a request. */
const entriesOf = (signal: Signal, body: Buffer): ReadonlyArray<any> => {
  const [resources, scopes, entries] = lists[signal]
  const json = JSON.parse(otlpProtobuf.jsonOf(body)) as Record<string, Array<Record<string, Array<any>>>>
  return (json[resources] ?? []).flatMap((resource) => (resource[scopes] ?? []).flatMap((scope) => scope[entries]))
}

const numberOf = ({ attributes }: Entry): number =>
  Number(attributes.find(({ key }) => key === "number")?.value.intValue)

const acceptRecord = (signal: keyof typeof ledgers, entry: Entry): void => {
  ledgers[signal].accept(numberOf(entry))
  if (Number(entry.endTimeUnixNano ?? Number.POSITIVE_INFINITY) / 1e6 < faultEndedAt) {
    recoveryMillis = Date.now() - faultEndedAt
  }
}

const acceptMetric = ({ name, sum }: Metric): void => {
  if (name !== "recorded_total") return
  for (const { asDouble = 0 } of sum?.dataPoints ?? []) {
    metrics.sum += asDouble
    metrics.last = asDouble
  }
}

const accept = (signal: Signal, entries: ReadonlyArray<any>): void => {
  for (const entry of entries) {
    if (signal === "metrics") acceptMetric(entry)
    else acceptRecord(signal, entry)
  }
}

/** The fault of the next request. */
const nextFault = (): Fault => {
  const now = fault
  if (fault.kind !== "accept" && --left <= 0) set({ kind: "accept" })
  return now
}

const set = (next: Fault, count = Number.POSITIVE_INFINITY): void => {
  if (fault.kind === "down" && next.kind !== "down") server.listen(port, "127.0.0.1")
  if (next.kind === "accept" && fault.kind !== "accept") faultEndedAt = Date.now()
  fault = next
  left = count
  if (next.kind !== "down") return
  server.close()
  for (const socket of sockets) socket.destroy()
}

const trickle = (socket: Socket, head: string, more: string): void => {
  socket.write(head)
  const timer = setInterval(() => socket.write(more), 100)
  socket.on("close", () => clearInterval(timer))
}

/** Answers, and says whether the receiver has accepted the request. */
const answer = (
  fault: Fault,
  records: number,
  { headers, socket }: IncomingMessage,
  response: ServerResponse
): boolean => {
  const type = headers["content-type"] ?? ""
  switch (fault.kind) {
    case "accept":
      response.writeHead(200, { "content-type": type }).end(type.endsWith("json") ? "{}" : "")
      return true
    case "status":
      response.writeHead(fault.status, { "content-type": "text/plain", ...fault.headers }).end(fault.body)
      return false
    case "small requests": {
      const isSmall = records <= fault.records
      response.writeHead(isSmall ? 200 : 413, { "content-type": type }).end(type.endsWith("json") ? "{}" : "")
      return isSmall
    }
    case "trickled head":
      trickle(socket, "HTTP/1.1 200 OK\r\n", "x: y\r\n")
      return false
    case "trickled body":
      trickle(socket, "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 10000\r\n\r\n{", " ")
      return true
    case "reset":
    case "early reset":
      socket.resetAndDestroy()
      return false
    case "half a head":
      socket.end("HTTP/1.1 200 OK\r\ncontent-ty")
      return false
    case "half a body":
      socket.end("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{\"partial")
      return true
    case "hang":
    case "down":
      return false
  }
}

const server = createServer((request, response) => {
  const signal = signalOf(request)
  if (signal !== "other") mostOpen = Math.max(mostOpen, ++open[signal])
  response.on("close", () => void open[signal]--)
  const fault = signal === "other" ? { kind: "accept" } as const : nextFault()
  const hasKey = Object.values(request.headers).some((value) => String(value).includes("secret-key"))
  const finish = (body: Buffer): void => {
    const isGzip = request.headers["content-encoding"] === "gzip"
    const entries = signal === "other" || body.length === 0 ? [] : entriesOf(signal, isGzip ? gunzipSync(body) : body)
    const at = Date.now()
    const accepted = answer(fault, entries.length, request, response)
    if (accepted && signal !== "other") accept(signal, entries)
    requests.push({ at, signal, records: entries.length, accepted, hasKey })
  }
  if (fault.kind === "early reset") return finish(Buffer.alloc(0))
  const chunks: Array<Buffer> = []
  request.on("data", (chunk: Buffer) => void chunks.push(chunk))
  request.on("end", () => finish(Buffer.concat(chunks)))
})

server.on("connection", (socket) => {
  sockets.add(socket)
  socket.on("error", () => {})
  socket.on("close", () => void sockets.delete(socket))
})
server.keepAliveTimeout = 600_000

let port = 0
server.listen(0, "127.0.0.1", () => {
  if (port === 0) {
    port = (server.address() as AddressInfo).port
    process.send?.({})
  }
})

const report = (): SinkReport => ({
  url: `http://127.0.0.1:${port}`,
  spans: ledgers.spans.truth,
  logRecords: ledgers["log records"].truth,
  metrics,
  requests,
  mostOpen,
  recoveryMillis
})

process.on("message", ({ fault }: SinkMessage) => {
  if (fault !== undefined) set(fault, fault.requests)
  process.send?.(report())
})
process.on("disconnect", () => process.exit())

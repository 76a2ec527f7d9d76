/**
 * A receiver in a process of its own. Answers each line with its port and the records it has got, by path: spans, log
 * records or metrics.
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { createInterface } from "node:readline"

/** Tells where the content of each field of a number begins and ends. */
function* fields(bytes: Uint8Array, start: number, end: number, wanted: number): Generator<[number, number], void> {
  let at = start
  const varint = (): number => {
    let value = 0
    for (let power = 1;; power *= 0x80) {
      const byte = bytes[at++] as number
      value += (byte & 0x7f) * power
      if (byte < 0x80) return value
    }
  }
  while (at < end) {
    const tag = varint()
    const wire = tag & 7
    if (wire === 0) varint()
    else if (wire === 2) {
      const length = varint()
      if (tag >> 3 === wanted) yield [at, at + length]
      at += length
    } else at += wire === 1 ? 8 : 4
  }
}

const countProtobuf = (bytes: Uint8Array): number => {
  let count = 0
  for (const [resource, resourceEnd] of fields(bytes, 0, bytes.length, 1)) {
    for (const [scope, scopeEnd] of fields(bytes, resource, resourceEnd, 2)) {
      for (const _ of fields(bytes, scope, scopeEnd, 2)) count++
    }
  }
  return count
}

type Json = Readonly<
  Record<string, ReadonlyArray<Readonly<Record<string, ReadonlyArray<Readonly<Record<string, unknown>>>>>>>
>

/** The names of the lists in the order in which they are inside of each other, by signal. */
const listNames = [
  ["resourceSpans", "scopeSpans", "spans"],
  ["resourceLogs", "scopeLogs", "logRecords"],
  ["resourceMetrics", "scopeMetrics", "metrics"]
] as const

const countJson = (text: string): number => {
  const body = JSON.parse(text) as Json
  let count = 0
  for (const [resources, scopes, records] of listNames) {
    for (const resource of body[resources] ?? []) {
      for (const scope of resource[scopes] ?? []) count += (scope[records] as ReadonlyArray<unknown>).length
    }
  }
  return count
}

const counts: Record<string, number> = {}

const server = createServer((request, response) => {
  const chunks: Array<Buffer> = []
  request.on("data", (chunk: Buffer) => chunks.push(chunk))
  request.on("end", () => {
    const type = request.headers["content-type"] ?? ""
    response.writeHead(200, { "content-type": type })
    response.end(type.includes("json") ? "{}" : "")
    const body = Buffer.concat(chunks)
    const path = request.url ?? ""
    counts[path] = (counts[path] ?? 0) + (type.includes("json") ? countJson(body.toString()) : countProtobuf(body))
  })
})

await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
for await (const _ of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify({ port: (server.address() as AddressInfo).port, counts }))
}
server.closeAllConnections()
server.close()

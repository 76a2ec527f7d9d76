/**
 * Sends the bytes of a connection, and reads the answers.
 */
import { Effect } from "effect"
import { connect } from "node:net"
import { gunzipSync } from "node:zlib"
import type { Connection } from "./requests.ts"

export interface Answer {
  readonly status: number
  readonly head: string
  readonly body: Buffer
}

export interface Exchange {
  readonly answers: ReadonlyArray<Answer>
  /** All that came, as text of one character a byte. */
  readonly received: string
  /** Whether the server still had the connection open after a long time. */
  readonly isHanging: boolean
  /** Whether the server closed while it was being sent more. Then the system drops answers that have not been read. */
  readonly isReset: boolean
}

const mostMillis = 30_000

/** Opens a connection, sends its bytes in its manner, and waits until the server closes it, or leaves it. */
export const exchange = (port: number, { bytes, manner, requests }: Connection): Effect.Effect<Exchange> =>
  Effect.callback<Exchange>((resume) => {
    const chunks: Array<Buffer> = []
    let isHanging = false
    let isReset = false
    const socket = connect(port, "127.0.0.1")
    const timer = setTimeout(() => {
      isHanging = true
      socket.destroy()
    }, mostMillis)
    const pieces = manner === "slowly" ? Math.min(8, bytes.length) : 1
    const size = Math.ceil(bytes.length / pieces)
    const write = (index: number): void => {
      if (socket.destroyed || index === pieces) return
      socket.write(bytes.subarray(index * size, (index + 1) * size), () => {
        if (index + 1 === pieces && manner === "broken off") socket.destroy()
        else setTimeout(() => write(index + 1), 3)
      })
    }
    socket.on("connect", () => write(0))
    socket.on("data", (chunk: Buffer) => {
      chunks.push(chunk)
      if (manner === "left while answered") socket.destroy()
    })
    socket.on("error", () => {
      isReset = true
    })
    socket.on("close", () => {
      clearTimeout(timer)
      const received = Buffer.concat(chunks)
      const answers = read(received, requests.map(({ method }) => method))
      resume(
        Effect.succeed({ answers, received: received.toString("latin1"), isHanging, isReset })
      )
    })
    return Effect.sync(() => {
      clearTimeout(timer)
      socket.destroy()
    })
  })

/** Reads answers that stand one behind the other. One that is cut off is the last. */
const read = (bytes: Buffer, methods: ReadonlyArray<string>): ReadonlyArray<Answer> => {
  const answers: Array<Answer> = []
  let at = 0
  while (at < bytes.length) {
    const end = bytes.indexOf("\r\n\r\n", at)
    if (end < 0) break
    const head = bytes.toString("latin1", at, end)
    const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(head)?.[1] ?? 0)
    at = end + 4
    if (status >= 100 && status < 200) continue
    const header = (name: string) => new RegExp(`^${name}: *(.*)$`, "im").exec(head)?.[1]?.trim()
    let body: Buffer = Buffer.alloc(0)
    if (methods[answers.length] !== "HEAD" && status !== 204 && status !== 304) {
      const length = header("content-length")
      if (header("transfer-encoding") === "chunked") [body, at] = readChunks(bytes, at)
      else {
        body = bytes.subarray(at, length === undefined ? bytes.length : at + Number(length))
        at += body.length
      }
    }
    answers.push({ status, head, body: header("content-encoding") === "gzip" ? gunzipped(body) : body })
  }
  return answers
}

const readChunks = (bytes: Buffer, start: number): [body: Buffer, end: number] => {
  const parts: Array<Buffer> = []
  let at = start
  while (true) {
    const line = bytes.indexOf("\r\n", at)
    const size = line < 0 ? 0 : Number.parseInt(bytes.toString("latin1", at, line), 16)
    if (line < 0 || !(size > 0)) return [Buffer.concat(parts), line < 0 ? bytes.length : line + 4]
    parts.push(bytes.subarray(line + 2, line + 2 + size))
    at = line + 2 + size + 2
  }
}

/** A client that left has a part. */
const gunzipped = (body: Buffer): Buffer => {
  try {
    return gunzipSync(body)
  } catch {
    return body
  }
}

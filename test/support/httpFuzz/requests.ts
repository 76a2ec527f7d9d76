/**
 * What a client writes to a connection: requests one behind the other, of which only the last may break the connection.
 */
import { type Choices, choices } from "./random.ts"
import { secrets } from "./secrets.ts"
import * as Values from "./values.ts"

export interface Route {
  readonly method: string
  readonly path: string
}

/** How the bytes are sent. */
export type Manner = "at once" | "slowly" | "broken off" | "left while answered"

export interface Connection {
  readonly manner: Manner
  readonly requests: ReadonlyArray<Message>
  readonly bytes: Buffer
}

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "QUERY"]

/** An answer to these has no end. */
const isStream = (path: string) => /event/i.test(path)

const pathOf = (draw: Choices, route: Route, ids: ReadonlyArray<string>): string => {
  const path = route.path.replaceAll(/:\w+/g, () =>
    draw.weighted<string>([
      [6, () => draw.oneOf([...ids, "x"])],
      [2, () => draw.oneOf(["greet", "nothing", "0.1.0", "latest"])],
      [1, () =>
        draw.oneOf([
          "%2e%2e",
          "__proto__",
          "%zz",
          "%00",
          "%ff",
          "x".repeat(3000),
          "%f0%9f%98%80",
          "a%2Fb",
          "*",
          ":id",
          "a;b"
        ])]
    ]))
  return draw.weighted<string>([
    [14, () => path],
    [1, () => `${path}/`],
    [1, () => path.replaceAll("/", "//")],
    [1, () => path.toUpperCase()],
    [1, () => `${path}/more`],
    [1, () => `/nothing${path}`],
    [
      1,
      () =>
        draw.oneOf([
          "/",
          "*",
          "/%",
          "//",
          "/tasker/../tasker/tasks",
          "/tasker/%2e/",
          "/tasker/tasks/%",
          `/${"x".repeat(5000)}`,
          "http://other.example/tasker/tasks"
        ])
    ]
  ])
}

const accepts = [
  "*/*",
  "application/json",
  "text/html",
  "text/plain; version=0.0.4",
  "application/openmetrics-text; version=1.0.0",
  "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
  "application/graphql-response+json",
  "text/html;q=2, */*;q=-1",
  ";;;",
  ",".repeat(500)
]

const headersOf = (draw: Choices): ReadonlyArray<string> => {
  const headers = [`host: ${draw.oneOf(["127.0.0.1", "127.0.0.1", "localhost", "other.example", "", "[::1"])}`]
  if (draw.happens(0.6)) {
    headers.push(`authorization: ${
      draw.weighted([
        [12, () => `Bearer ${secrets.token}`],
        [4, () => `Bearer ${secrets.readToken}`],
        [2, () =>
          draw.oneOf([
            `Bearer ${secrets.header}`,
            `Basic ${secrets.header}`,
            "Bearer",
            "bearer  ",
            `Bearer ${"x".repeat(4000)}`,
            "Bearer ÿ",
            secrets.header
          ])]
      ])
    }`)
  }
  if (draw.happens(0.5)) headers.push(`accept: ${draw.oneOf(accepts)}`)
  if (draw.happens(0.2)) {
    headers.push(`accept-encoding: ${draw.oneOf(["gzip", "br, gzip;q=0", "identity;q=0, *;q=0", "deflate"])}`)
  }
  if (draw.happens(0.2)) headers.push(`x-correlation-id: ${draw.oneOf(["req-1", "x".repeat(500), "a b", "ÿ", ""])}`)
  if (draw.happens(0.2)) {
    headers.push(
      `traceparent: ${
        draw.oneOf([
          `00-${"1".repeat(32)}-${"2".repeat(16)}-01`,
          `00-${"0".repeat(32)}-${"0".repeat(16)}-00`,
          "x",
          `ff-${"1".repeat(32)}-${"2".repeat(16)}-01`
        ])
      }`
    )
    headers.push(`baggage: ${draw.oneOf(["a=b", `token=${secrets.header}`, "=;=,,", "a=%zz"])}`)
  }
  if (draw.happens(0.1)) headers.push(`cookie: session=${secrets.header}`, `x-api-key: ${secrets.header}`)
  if (draw.happens(0.1)) {
    headers.push(
      draw.oneOf([
        "origin: https://other.example",
        "origin: null",
        "x-forwarded-for: 10.0.0.1, 127.0.0.1",
        "forwarded: for=;;",
        "via: 1.1 x",
        "range: bytes=0-1",
        "if-none-match: *",
        "x-http-method-override: DELETE",
        "expect: 100-continue"
      ])
    )
  }
  return headers
}

const breaking = [
  "GET /tasker/tasks/😀 HTTP/1.1\r\nhost: x\r\n\r\n",
  "GET /tasker/tasks\r\n\r\n",
  "FOO /tasker/tasks HTTP/1.1\r\nhost: x\r\n\r\n",
  "GET /tasker/tasks HTTP/9.9\r\n\r\n",
  "GET /tasker/tasks HTTP/1.1\r\nhost: x\r\nbad header: x\r\n\r\n",
  "GET /tasker/tasks HTTP/1.1\r\nhost: x\r\na: \u0000\r\n\r\n",
  `GET /tasker/tasks HTTP/1.1\r\nhost: x\r\n${"a: b\r\n".repeat(5000)}\r\n`,
  `GET /${"x".repeat(40_000)} HTTP/1.1\r\nhost: x\r\n\r\n`,
  "POST /tasker/tasks HTTP/1.1\r\nhost: x\r\ncontent-length: -5\r\n\r\n",
  "POST /tasker/tasks HTTP/1.1\r\nhost: x\r\ncontent-length: 3\r\ntransfer-encoding: chunked\r\n\r\n",
  "POST /tasker/tasks HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
  "CONNECT other.example:80 HTTP/1.1\r\nhost: x\r\n\r\n",
  "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  "\u0016\u0003\u0001\u0002\u0000\u0001\r\n\r\n"
]

const chunked = (draw: Choices, body: Buffer): Buffer => {
  const parts: Array<Buffer> = []
  const size = 1 + draw.below(Math.max(1, body.length))
  for (let from = 0; from < body.length; from += size) {
    const part = body.subarray(from, from + size)
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n"))
  }
  return Buffer.concat([...parts, Buffer.from("0\r\n\r\n")])
}

export interface Message {
  readonly method: string
  readonly bytes: Buffer
}

const messageOf = (
  draw: Choices,
  routes: ReadonlyArray<Route>,
  ids: ReadonlyArray<string>,
  isLast: boolean
): Message => {
  const route = draw.oneOf(routes)
  const method = draw.happens(0.85) ? route.method : draw.oneOf(methods)
  const path = pathOf(draw, route, ids)
  const target = `${path}${path === "*" ? "" : Values.query(draw, path)}`
  const headers = [...headersOf(draw), ...(isLast ? ["connection: close"] : [])]
  const hasBody = method !== "GET" && method !== "HEAD" && method !== "TRACE" || draw.happens(0.02)
  if (!hasBody) {
    return { method, bytes: Buffer.from(`${method} ${target} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`) }
  }
  const { bytes, type } = Values.body(draw, path)
  if (type !== "") headers.push(`content-type: ${type}`)
  const isChunked = draw.happens(0.2)
  headers.push(isChunked ? "transfer-encoding: chunked" : `content-length: ${bytes.length}`)
  return {
    method,
    bytes: Buffer.concat([
      Buffer.from(`${method} ${target} HTTP/1.1\r\n${headers.join("\r\n")}\r\n\r\n`),
      isChunked ? chunked(draw, bytes) : bytes
    ])
  }
}

/** The connection with this number: always the same for the same routes and ids. */
export const connection = (
  number: number,
  routes: ReadonlyArray<Route>,
  ids: ReadonlyArray<string>
): Connection => {
  const draw = choices(number)
  const manner = draw.weighted<Manner>([
    [88, () => "at once"],
    [4, () => "slowly"],
    [4, () => "broken off"],
    [4, () => "left while answered"]
  ])
  const isFinite = manner === "at once" || manner === "slowly"
  const allowed = isFinite ? routes.filter(({ path }) => !isStream(path)) : routes
  const count = manner === "at once" ? 1 + draw.below(16) : 1
  const requests = Array.from({ length: count }, (_, index) => messageOf(draw, allowed, ids, index === count - 1))
  if (isFinite && draw.happens(0.05)) {
    const text = draw.oneOf(breaking)
    requests.splice(-1, 1, { method: text.split(" ", 1)[0] ?? "", bytes: Buffer.from(text) })
  }
  const bytes = Buffer.concat(requests.map((request) => request.bytes))
  return {
    manner,
    requests,
    bytes: manner === "broken off" ? bytes.subarray(0, 1 + draw.below(bytes.length)) : bytes
  }
}

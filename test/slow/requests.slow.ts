/**
 * 50 000 random requests to the routes: wrong methods, paths, queries, headers and bodies, slow and aborted ones.
 */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { Agent, request } from "node:http"
import { scopes } from "../../src/config/internal/httpTokens.ts"
import * as server from "../http/server.ts"
import { Fail, order, ProcessOrder, Refuse } from "../http/tasks.ts"

const requests = 50_000
const atOnce = 24
const seed = 15

/** What no answer may have. */
const secret = "canary-7f3a"

const tasks = [ProcessOrder, Fail, Refuse] as const

const options = {
  http: {
    token: `${secret}-all`,
    tokens: scopes.map((scope) => ({ token: `${secret}-${scope}`, scopes: [scope] })),
    authRequired: true,
    writesPerMinute: 0
  },
  execution: { storedTasks: 200 },
  logging: { runtimeLevels: true, level: "None" }
} as const

/** Random numbers that are the same in each run of the test. */
const makeRandom = (seed: number) => {
  let state = seed
  const below = (limit: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor(state / 2 ** 32 * limit)
  }
  const pick = <A>(items: readonly [A, ...ReadonlyArray<A>]): A => items[below(items.length)] ?? items[0]
  return { below, pick }
}

type Random = ReturnType<typeof makeRandom>

const paths = [
  "/",
  "/docs",
  "/openapi.json",
  "/metrics",
  "/metrics/export",
  "/metrics/sync",
  "/metrics/status",
  "/health/live",
  "/health/ready",
  "/health/status",
  "/logging",
  "/tasks",
  "/tasks/none",
  "/tasks/%00",
  "/tasks/%E0%A4%A",
  `/tasks/${"x".repeat(3000)}`,
  "/analytics/performance",
  "/analytics/bottlenecks",
  "/analytics/runs/none",
  "/events/none",
  "/nothing",
  "//tasks//",
  "/../tasks"
] as const

const queries = [
  "",
  "?",
  "?limit=-1",
  "?limit=5&sort=slowest",
  "?state=error&state=complete",
  "?state=none",
  "?tag=a&tag=b:c",
  "?cursor=%7B%7D",
  "?period=1%20hour",
  "?period=-5",
  "?__proto__=1&constructor=2",
  `?task=${"y".repeat(2000)}`,
  `?${"a=1&".repeat(400)}`,
  "?%E0%A4%A=1"
] as const

const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth)

const bodies = [
  "",
  "{",
  "null",
  "[]",
  "\u0000",
  JSON.stringify({ name: "process_order", context: order }),
  JSON.stringify({ name: "fail", context: {} }),
  JSON.stringify({ name: "refuse", context: {} }),
  JSON.stringify({ name: `no ${secret}`, context: { password: secret } }),
  JSON.stringify({ level: "Debug", for: "1 second" }),
  JSON.stringify({ level: "Loud" }),
  JSON.stringify({ format: "json" }),
  JSON.stringify({ target: "none" }),
  JSON.stringify({ name: "process_order", context: JSON.parse(nested(90)) as unknown }),
  "{\"__proto__\":{\"polluted\":true},\"name\":\"process_order\"}",
  nested(5000),
  `{"name":"${"n".repeat(200_000)}"}`,
  Buffer.from([0xff, 0xfe, 0x22, 0xc3, 0x28])
] as const

/** Few, because each takes as long as hundreds of others. */
const largeBody = Buffer.alloc(1024 * 1024 + 1, 0x20)

const methods = ["GET", "GET", "POST", "POST", "PUT", "DELETE", "HEAD", "PATCH", "OPTIONS", "QUERY"] as const
const types = ["application/json", "application/json; charset=utf-8", "text/plain", "multipart/form-data", ""] as const
const accepts = ["*/*", "text/html", "application/openmetrics-text", "text/csv;q=2", ";;;", "a/b,".repeat(500)] as const

const bearerOf = ({ below, pick }: Random): string => {
  const kind = below(10)
  if (kind < 6) return `Bearer ${secret}-all`
  if (kind < 8) return `Bearer ${secret}-${pick(scopes)}`
  return pick(["", "Bearer", "Bearer x", "Basic eDp5", `Bearer ${"z".repeat(3000)}`])
}

type Outcome = { readonly status: number; readonly text: string } | "aborted"

const sendOne = (random: Random, agent: Agent) =>
  Effect.flatMap(server.Target, ({ host, port }) =>
    Effect.callback<Outcome>((resume) => {
      const { below, pick } = random
      const isLarge = below(2000) === 0
      const method = isLarge ? "POST" : pick(methods)
      const body = isLarge ? largeBody : pick(bodies)
      const isAborted = below(50) === 0
      const isSlow = below(500) === 0
      const sent = request({
        host,
        port,
        method,
        agent,
        path: isLarge ? "/tasker/tasks" : `/tasker${pick(paths)}${pick(queries)}`,
        headers: {
          authorization: isLarge ? `Bearer ${secret}-all` : bearerOf(random),
          accept: pick(accepts),
          "content-type": isLarge ? "application/json" : pick(types),
          "x-correlation-id": pick(["", "a", "x".repeat(2000), "no spaces, please"]),
          "accept-encoding": pick(["gzip", "identity", "br;q=1"])
        }
      }, (response) => {
        const chunks: Array<Buffer> = []
        response.on("data", (chunk: Buffer) => chunks.push(chunk))
        response.on("end", () =>
          resume(Effect.succeed({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() })))
        response.on("close", () =>
          resume(Effect.succeed("aborted")))
        if (isAborted) response.destroy()
      })
      // The server may close before a body is sent that it does not take.
      sent.on("error", () => resume(Effect.succeed("aborted")))
      sent.on("close", () => resume(Effect.succeed("aborted")))
      const payload = method === "GET" || method === "HEAD" ? Buffer.alloc(0) : Buffer.from(body)
      if (!isSlow) return void sent.end(payload)
      sent.write(payload.subarray(0, payload.length >> 1))
      setTimeout(() => isAborted ? sent.destroy() : sent.end(payload.subarray(payload.length >> 1)), 5)
    }))

it.live("50000 random requests get no answer of the 500s but 503, and no secret", () =>
  Effect.gen(function*() {
    const random = makeRandom(seed)
    const agent = new Agent({ keepAlive: true, maxSockets: atOnce })
    const statuses = new Map<number | "aborted", number>()
    const wrong: Array<string> = []
    const some = (count: number) =>
      Effect.forEach(
        Array.from({ length: count }, (_, index) => index),
        () =>
          Effect.map(sendOne(random, agent), (outcome) => {
            const status = outcome === "aborted" ? outcome : outcome.status
            statuses.set(status, (statuses.get(status) ?? 0) + 1)
            if (outcome === "aborted") return
            if (outcome.status >= 500 && outcome.status !== 503) wrong.push(`${outcome.status} ${outcome.text}`)
            if (outcome.text.includes(secret)) wrong.push(outcome.text)
          }),
        { concurrency: atOnce, discard: true }
      )
    yield* some(requests)
    agent.destroy()
    assert.deepStrictEqual(wrong.slice(0, 3), [])
    for (const status of [200, 201, 400, 401, 403, 404, 405, 413, 415] as const) {
      assert.isAbove(statuses.get(status) ?? 0, 0, `no answer was ${status}`)
    }
    assert.isAbove(statuses.get("aborted") ?? 0, requests / 200)
    assert.strictEqual((yield* server.get("/tasker/health/live")).status, 200)
    assert.notProperty({}, "polluted")
  }).pipe(Effect.provide(server.layer(tasks, options))))

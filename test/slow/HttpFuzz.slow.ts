/**
 * 50 000 requests of any kind to a service with all routes, in a process of its own: valid ones, wrong ones, and bytes that
 * are no request; one behind the other on a connection, slow, broken off, and left while they are answered.
 */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { fileURLToPath } from "node:url"
import { start } from "../support/faults/Child.ts"
import { exchange } from "../support/httpFuzz/connection.ts"
import { connection, type Route } from "../support/httpFuzz/requests.ts"
import { secretPattern, secrets } from "../support/httpFuzz/secrets.ts"

const most = 50_000
/** Requests after which everything that is bounded is full, and the heap is measured for the first time. */
const warm = 10_000
const mostGrowth = 4_000_000
const connections = 16

/** The answers of more than 499 that the routes document. */
const isIntended = (status: number): boolean => status === 503

const program = fileURLToPath(new URL("../support/httpFuzz/server.ts", import.meta.url))

it.live(`${most} requests of any kind meet no defect and no secret, and leave nothing behind`, () =>
  Effect.gen(function*() {
    const service = yield* start(program)
    const measure = service.ask<{ readonly port: number; readonly heap: number }>({})
    const { port } = yield* measure
    const authorization = `Bearer ${secrets.token}`
    const get = (path: string) =>
      Effect.promise(() =>
        fetch(`http://127.0.0.1:${port}/tasker${path}`, { headers: { authorization, accept: "application/json" } })
      )
    const startTask = Effect.promise(() =>
      fetch(`http://127.0.0.1:${port}/tasker/tasks`, {
        method: "POST",
        headers: { authorization, "content-type": "application/json" },
        body: JSON.stringify({ name: "greet", context: { password: secrets.context, number: 1 } })
      }).then((answer) => answer.json() as Promise<{ readonly taskId: string }>)
    )
    const { routes } = yield* Effect.flatMap(
      get("/"),
      (answer) => Effect.promise(() => answer.json() as Promise<{ readonly routes: ReadonlyArray<Route> }>)
    )

    const ids: Array<string> = []
    const statuses = new Map<number, number>()
    const wrong: Array<string> = []
    const heaps: Array<number> = []
    let sent = 0
    let next = 0

    const meet = Effect.fnUntraced(function*(number: number) {
      const { bytes, manner, requests } = connection(number, routes, ids)
      sent += requests.length
      const { answers, isHanging, isReset, received } = yield* exchange(port, { bytes, manner, requests })
      const note = (what: string, request = requests[0]) =>
        void wrong.push(`${number} (${manner}): ${what}\n${request?.bytes.toString("latin1").slice(0, 1000)}`)
      if (isHanging) note(`is open after ${answers.length} of ${requests.length} answers`, requests[answers.length])
      // Node closes the connection of a CONNECT without an answer, and at times one on which it cannot read a later request.
      const first = requests[0]
      if (
        manner === "at once" && answers.length === 0 && !isReset && first !== undefined && first.method !== "CONNECT"
      ) {
        const alone = yield* exchange(port, { bytes: first.bytes, manner, requests: [first] })
        if (alone.answers.length === 0) note("no answer")
      }
      answers.forEach(({ body, head, status }, index) => {
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
        const text = `${head}\n\n${body.toString("latin1")}`
        const request = requests[index]
        if (status === 0 || status >= 500 && !isIntended(status)) note(text.slice(0, 600), request)
        const at = text.search(secretPattern)
        if (at >= 0) note(`the answer has …${text.slice(Math.max(0, at - 200), at + 100)}`, request)
      })
      // Also of what could not be read as answers.
      if (secretPattern.test(received) && !wrong.some((note) => note.startsWith(`${number} `))) note(received)
    })

    const until = (count: number) =>
      Effect.whileLoop({
        while: () => sent < count && wrong.length < 20,
        body: () =>
          Effect.gen(function*() {
            ids.splice(0, ids.length, ...(yield* Effect.replicateEffect(startTask, 3)).map(({ taskId }) => taskId))
            const numbers = Array.from({ length: 64 }, () => next++)
            yield* Effect.forEach(numbers, meet, { concurrency: connections, discard: true })
          }),
        step: () => {}
      })

    const begun = performance.now()
    for (let count = warm; count <= most; count += warm) {
      yield* until(count)
      heaps.push((yield* measure).heap)
    }
    const seconds = (performance.now() - begun) / 1000
    const figures = [...statuses].toSorted(([left], [right]) => left - right).map(([status, count]) =>
      `${status}: ${count}`
    )
    console.log(
      `${sent} requests on ${next} connections in ${seconds.toFixed(1)} s; answers by status ${figures.join(", ")}; ` +
        `heap (MB) ${heaps.map((heap) => (heap / 1e6).toFixed(1)).join(" ")}`
    )
    assert.deepStrictEqual(wrong, [])
    assert.isAtMost(Math.max(...heaps.slice(1)) - heaps[0]!, mostGrowth)
    // The service is as it was.
    const { taskId } = yield* startTask
    const ended = yield* Effect.repeat(
      Effect.flatMap(get(`/tasks/${taskId}`), (answer) => Effect.promise(() => answer.json() as Promise<any>)),
      { until: ({ status }) => status === "complete", times: 1000 }
    )
    assert.strictEqual(ended.status, "complete")
  }).pipe(Effect.scoped))

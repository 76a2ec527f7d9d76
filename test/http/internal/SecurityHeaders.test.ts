import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as server from "../server.ts"
import { order, ProcessOrder } from "../tasks.ts"

const requests: ReadonlyArray<readonly [method: string, path: string]> = [
  ["GET", "/tasker/"],
  ["GET", "/tasker/metrics"],
  ["HEAD", "/tasker/metrics"],
  ["GET", "/tasker/health/live"],
  ["GET", "/tasker/tasks"],
  ["GET", "/tasker/tasks?wrong=1"],
  ["GET", "/tasker/tasks/none"],
  ["POST", "/tasker/tasks"],
  ["POST", "/tasker/health/live"],
  ["GET", "/tasker/none"]
]

describe("every answer", () => {
  it.effect("forbids browsers to guess its type, to keep it, to frame it and to run anything in it", () =>
    Effect.gen(function*() {
      for (const [method, path] of requests) {
        for (const accept of ["*/*", "text/html"]) {
          const { headers } = yield* server.send(method, path, { headers: { accept } })
          assert.strictEqual(headers["x-content-type-options"], "nosniff", path)
          assert.strictEqual(headers["referrer-policy"], "no-referrer", path)
          assert.strictEqual(headers["x-frame-options"], "DENY", path)
          assert.strictEqual(headers["cache-control"], "no-store", path)
          assert.match(
            headers["content-security-policy"] as string,
            /^default-src 'none';.* frame-ancestors 'none'/,
            path
          )
        }
      }
      const created = yield* server.post("/tasker/tasks", { name: "process_order", context: order })
      assert.deepStrictEqual([created.status, created.headers["x-content-type-options"]], [201, "nosniff"])
      assert.match(created.headers.location as string, /^\/tasker\/tasks\//)
    }).pipe(Effect.provide(server.layer([ProcessOrder]))))
})

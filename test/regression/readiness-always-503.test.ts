/**
 * D15: the readiness check gave a boolean and the route read it as a record, so it failed, was rescued, and answered
 * 503 for ever. The tests stubbed a record.
 */
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import * as HealthRoute from "../../src/http/HealthRoute.ts"
import * as server from "../http/server.ts"

it.effect("a process that is ready answers 200, and one whose check fails 503, as long as it does", () => {
  let up = true
  const database = Effect.suspend(() => up ? Effect.void : Effect.fail("no connection"))
  return Effect.gen(function*() {
    const ready = yield* server.get("/tasker/health/ready")
    assert.deepStrictEqual([ready.status, ready.body.ready], [200, true])
    up = false
    const down = yield* server.get("/tasker/health/ready")
    assert.deepStrictEqual([down.status, down.body.ready, down.body.failedChecks], [503, false, ["database"]])
    up = true
    assert.strictEqual((yield* server.get("/tasker/health/ready")).status, 200)
  }).pipe(Effect.provide(
    server.layer([]).pipe(Layer.provide(Layer.succeed(HealthRoute.ReadinessChecks, { database })))
  ))
})

it.effect("a process without checks of its own is ready", () =>
  Effect.gen(function*() {
    assert.strictEqual((yield* server.get("/tasker/health/ready")).status, 200)
  }).pipe(Effect.provide(server.layer([]))))

/**
 * Processes with a runtime that is never disposed end by themselves, and lose nothing.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { spawn } from "node:child_process"
import * as otlpDecoder from "../../support/otlpDecoder.ts"
import { OtlpReceiver } from "../../support/otlpReceiver.ts"
import { program } from "../../support/programs.ts"

const undisposed = await program("undisposed")

interface Ended {
  readonly code: number | null
  readonly seconds: number
}

const run = (endpoint: string, times = 0) =>
  Effect.callback<Ended>((resume) => {
    const start = performance.now()
    const child = spawn(process.execPath, [undisposed, endpoint, `${times}`], { stdio: ["ignore", "ignore", "pipe"] })
    child.stderr.resume()
    child.on("close", (code) => resume(Effect.succeed({ code, seconds: (performance.now() - start) / 1000 })))
    return Effect.sync(() => child.kill("SIGKILL"))
  })

/** Metrics wait for a minute, and a batch is tried for five. */
const soon = 20

const names = Effect.map(
  OtlpReceiver,
  ({ received }) =>
    received.filter(({ path }) => path === "/v1/traces").flatMap(({ body }) => otlpDecoder.decode(body).spans).map((
      { name }
    ) => name)
)

describe("A process whose runtime is not disposed", () => {
  it.live("ends once its work is done, and sends what is recorded", () =>
    Effect.gen(function*() {
      const { received, url } = yield* OtlpReceiver
      const { code, seconds } = yield* run(url)
      assert.strictEqual(code, 0)
      assert.isBelow(seconds, soon)
      assert.deepStrictEqual(yield* names, ["work"])
      assert.deepStrictEqual([...new Set(received.map(({ path }) => path))].toSorted(), [
        "/v1/logs",
        "/v1/metrics",
        "/v1/traces"
      ])
    }).pipe(Effect.provide(OtlpReceiver.layer)))

  it.live("sends what is recorded while it ends", () =>
    Effect.gen(function*() {
      const { url } = yield* OtlpReceiver
      const { code } = yield* run(url, 2)
      assert.strictEqual(code, 0)
      assert.deepStrictEqual((yield* names).toSorted(), ["work", "work 0", "work 1"])
    }).pipe(Effect.provide(OtlpReceiver.layer)))

  it.live("ends within the time limit of a flush though the receiver hangs", () =>
    Effect.gen(function*() {
      const { answer, url } = yield* OtlpReceiver
      answer("hang", "hang", "hang")
      const { code, seconds } = yield* run(url)
      assert.strictEqual(code, 0)
      assert.isBelow(seconds, soon)
    }).pipe(Effect.provide(OtlpReceiver.layer)))

  it.live("ends though nobody listens", () =>
    Effect.gen(function*() {
      const { code, seconds } = yield* run("http://127.0.0.1:9")
      assert.strictEqual(code, 0)
      assert.isBelow(seconds, soon)
    }))
})

/**
 * D13: remote write sent the text format and called it compressed Protocol Buffers; names got `_total` twice, labels were
 * lost, and an address that was a text threw. Here a request is what its headers say.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { uncompressSync } from "snappy"
import { ExportCoordinator, Telemetry } from "tasker-telemetry"
import * as exports from "../support/exports.ts"
import * as pushServer from "../support/pushServer.ts"
import * as remoteWriteDecoder from "../support/remoteWriteDecoder.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

describe("A request of remote write", () => {
  it.live.each(["1.0", "2.0"] as const)(
    "of version %s has Protocol Buffers in Snappy, each name and label once",
    (version) =>
      Effect.gen(function*() {
        const { received, url } = yield* pushServer.make
        const layer = Telemetry.layer({
          logging: { enabled: false },
          metrics: { runtime: false },
          export: { targets: [{ type: "remote_write", url, version, username: "me", password: "secret" }] }
        })
        yield* Effect.gen(function*() {
          yield* exports.countJobs(5)
          const { exportNow } = yield* ExportCoordinator.ExportCoordinator
          yield* exportNow({ target: "remote_write" })
        }).pipe(Effect.provide(Layer.provideMerge(layer, TestTelemetry.registry)))
        const [{ body, headers }] = received as [pushServer.Pushed]
        assert.strictEqual(headers["content-encoding"], "snappy")
        assert.strictEqual(headers.authorization, `Basic ${btoa("me:secret")}`)
        const bytes = new Uint8Array(uncompressSync(body) as Buffer)
        const { series } = version === "1.0" ? remoteWriteDecoder.first(bytes) : remoteWriteDecoder.second(bytes)
        const jobs = series.filter(({ labels }) => labels["__name__"]!.startsWith("jobs"))
        assert.deepStrictEqual(jobs.map(({ labels, samples }) => [labels, samples[0]![0]]), [
          [{ __name__: "jobs_total", kind: "mail" }, 5]
        ])
        assert.isFalse(series.some(({ labels }) => labels["__name__"]!.includes("_total_total")))
      })
  )
})

/**
 * D9: each synchronisation added the cumulative totals once more, so every count was counted again. Here an export has the
 * totals as they are, however often it is repeated and wherever it goes.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { uncompressSync } from "snappy"
import { ExportCoordinator, Telemetry } from "tasker-telemetry"
import * as exports from "../support/exports.ts"
import * as pushServer from "../support/pushServer.ts"
import * as remoteWriteDecoder from "../support/remoteWriteDecoder.ts"
import { temporaryFolder } from "../support/temporaryFile.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

describe("Totals that are exported twice", () => {
  it.live("are the same in a file and in remote write", () =>
    Effect.gen(function*() {
      const path = join(yield* temporaryFolder, "shop.prom")
      const { received, url } = yield* pushServer.make
      const layer = Telemetry.layer({
        logging: { enabled: false },
        export: { targets: [{ type: "file", path }, { type: "remote_write", url }] }
      })
      yield* Effect.gen(function*() {
        const { exportNow } = yield* ExportCoordinator.ExportCoordinator
        yield* exports.countJobs(5)
        for (const target of ["file", "remote_write", "file", "remote_write"]) yield* exportNow({ target })
      }).pipe(Effect.provide(Layer.provideMerge(layer, TestTelemetry.registry)))
      assert.include(readFileSync(path, "utf8"), "jobs_total{kind=\"mail\"} 5\n")
      const sent = received.map(({ body }) =>
        remoteWriteDecoder.first(new Uint8Array(uncompressSync(body) as Buffer)).series
          .filter(({ labels }) => labels["__name__"] === "jobs_total").map(({ samples }) => samples[0]![0])
      )
      assert.deepStrictEqual(sent, [[5], [5]])
    }))
})

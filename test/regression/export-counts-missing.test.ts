/**
 * D12: the event of a synchronisation had no count of metrics, because it read a field that nobody wrote; the event of an
 * export had the number of fields of its result. Here both have the metrics and series that there were.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { ExportCoordinator } from "tasker-telemetry"
import * as JsonFormat from "../../src/metrics/JsonFormat.ts"
import * as exports from "../support/exports.ts"

describe("The counts of an export", () => {
  it.effect("are those of its content, in its event and in its result", () =>
    Effect.gen(function*() {
      for (const kind of ["a", "b", "c"]) yield* exports.countJobs(1, kind)
      const { cacheSynced, exportNow } = yield* ExportCoordinator.ExportCoordinator
      const outcome = yield* exportNow({ format: "json" })
      if (outcome._tag !== "Exported") return assert.fail(outcome._tag)
      const { metrics } = yield* JsonFormat.decode(exports.text(outcome.body))
      const counts = {
        metricsCount: metrics.length,
        seriesCount: metrics.reduce((sum, { series }) => sum + series.length, 0)
      }
      assert.isAtLeast(counts.seriesCount, 3)
      assert.deepInclude(outcome, counts)
      yield* cacheSynced({ strategy: "redis", success: true, ...counts, durationSeconds: 0.1 })
      const [, completed, synced] = yield* exports.events
      assert.deepInclude(completed!.payload, counts)
      assert.deepInclude(synced!.payload, counts)
    }).pipe(Effect.provide(exports.layer())))
})

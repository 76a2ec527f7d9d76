/**
 * D28: the lock of exports was released without asking whose it was, and never extended. So an instance that was slow could
 * export beside its successor, and overwrite what the successor had written. Here a file keeps the number of the lease that
 * wrote it, and the instance with the lower number is refused.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Option, Scope } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { ExportCoordinator, ExportLock, Telemetry } from "tasker-telemetry"
import * as exports from "../support/exports.ts"
import { temporaryFolder } from "../support/temporaryFile.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

/** An instance whose lease has a number; it believes to have the lease still. */
const instance = (path: string, fencing: number) =>
  Telemetry.layer({ logging: { enabled: false }, export: { targets: [{ type: "file", path }] } }).pipe(
    Layer.provide(Layer.succeed(ExportLock.ExportLock, {
      withLease: () => (run) => Effect.map(run({ fencing, check: Effect.succeed(true) }), Option.some)
    })),
    Layer.provideMerge(TestTelemetry.registry),
    Layer.fresh
  )

const exportTotal = (total: number) =>
  Effect.gen(function*() {
    yield* exports.countJobs(total)
    return yield* ExportCoordinator.ExportCoordinator.use(({ exportNow }) => Effect.exit(exportNow({ target: "file" })))
  })

describe("An instance that goes on after its lease has ended", () => {
  it.live("does not overwrite the file of its successor", () =>
    Effect.gen(function*() {
      const path = join(yield* temporaryFolder, "shop.prom")
      const scope = yield* Effect.scope
      const build = (fencing: number) => Scope.provide(scope)(Layer.build(instance(path, fencing)))
      const [slow, successor] = [yield* build(1), yield* build(2)]
      assert.isTrue(Exit.isSuccess(yield* Effect.provide(exportTotal(1), slow)))
      assert.isTrue(Exit.isSuccess(yield* Effect.provide(exportTotal(20), successor)))
      const refused = yield* Effect.provide(exportTotal(2), slow)
      assert.isTrue(Exit.isFailure(refused))
      assert.include(readFileSync(path, "utf8"), "jobs_total{kind=\"mail\"} 20\n")
    }))
})

/**
 * A scrape, and an export to a target in the same format, in turn in one process, so that what the machine and the collector
 * do beside meets both alike. Arguments: the kind and number of series.
 */
import * as Effect from "effect/Effect"
import * as Scope from "effect/Scope"
import { ExportCoordinator, ExportTarget } from "tasker-telemetry"
import { answer, costOf } from "../support/answer.ts"
import * as Load from "../support/exportLoad.ts"
import * as Store from "../support/metricStore.ts"

const [kind, seriesCount] = process.argv.slice(2) as [Load.Kind, string]

const { recordAll, runtime, store } = await Load.make(kind, Number(seriesCount))
const coordinator = await runtime.runPromise(ExportCoordinator.ExportCoordinator)

let bytes = 0
const target = ExportTarget.make({
  name: "bench",
  format: "prometheus",
  send: ({ body }) =>
    Effect.sync(() => {
      bytes = body.length
    })
})
await runtime.runPromise(Effect.provideService(coordinator.add(target), Scope.Scope, Scope.makeUnsafe()))

const runs = {
  scrape: () => runtime.runPromise(Effect.flatMap(store.snapshot, Store.inPieces)),
  target: () => runtime.runPromise(Effect.map(coordinator.exportNow({ target: "bench" }), () => bytes))
}

/** The system counts processor time in steps, and collections come now and then, so a batch has several. */
const perBatch = 12

await answer(async () => {
  const sum = { scrapeCpuNs: 0, scrapeNs: 0, targetCpuNs: 0, targetNs: 0, textBytes: 0 }
  for (let number = 0; number < perBatch; number++) {
    for (const what of ["scrape", "target"] as const) {
      recordAll()
      const { cpuNs, ns } = await costOf(perBatch, async () => {
        sum.textBytes = await runs[what]()
      })
      sum[`${what}CpuNs`] += cpuNs
      sum[`${what}Ns`] += ns
    }
  }
  return sum
})
await runtime.dispose()

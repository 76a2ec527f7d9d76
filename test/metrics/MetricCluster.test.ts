/**
 * The metrics of real processes as one.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Metric } from "effect"
import * as MetricCluster from "../../src/metrics/MetricCluster.ts"
import * as MetricSnapshot from "../../src/metrics/MetricSnapshot.ts"
import { MetricStore } from "../../src/metrics/MetricStore.ts"
import { clusterWorkers } from "../support/clusterWorkers.ts"
import { live } from "./storeTest.ts"

const primary = (options?: MetricCluster.PrimaryOptions) =>
  Layer.provide(MetricCluster.layerPrimary(options), live)

const scrape = Effect.flatMap(MetricStore, (store) => store.snapshot)

const jobs = Effect.map(scrape, (snapshot) => MetricSnapshot.valueOf(snapshot, "jobs_total", { kind: "mail" }))

const missing = (snapshot: MetricSnapshot.MetricSnapshot) => ({
  workers: MetricSnapshot.valueOf(snapshot, "tasker_cluster_workers", {}),
  hung: MetricSnapshot.valueOf(snapshot, "tasker_cluster_workers_missing", { reason: "hung" }),
  unknown: MetricSnapshot.valueOf(snapshot, "tasker_cluster_workers_missing", { reason: "unknown" })
})

const isolated = Effect.provideService(Metric.MetricRegistry, new Map())

describe("MetricCluster", () => {
  it.live("adds up what three workers and the primary have counted", () =>
    Effect.gen(function*() {
      const [first, second, third] = yield* clusterWorkers(3)
      yield* first!.tell({ do: "count", amount: 3 })
      yield* second!.tell({ do: "count", amount: 5 })
      for (let i=0;i<8;i++) { const t=performance.now(); const s = yield* scrape; console.log(i, (performance.now()-t).toFixed(1), missing(s)) }
      const snapshot = yield* scrape
      console.log(JSON.stringify(snapshot.families.map(f=>[f.name,f.series.map((s:any)=>[s.attributes,s.value])]),null,0), missing(snapshot))
      yield* third!.tell({ do: "count", amount: 7 })
      assert.strictEqual(yield* jobs, 15)
    }).pipe(Effect.provide(primary()), isolated))
})

/**
 * The options of the analysis of performance.
 */
import * as Schema from "effect/Schema"
import * as Option from "./configOption.ts"

export const performanceOptions = Schema.Struct({
  bottlenecks: Option.boolean({
    default: true,
    doc: "Keeps records of runs, from which critical paths and bottlenecks are computed.",
    tasker: "telemetry.bottleneck_analysis_enabled"
  }),
  storedRuns: Option.integer({ minimum: 1, maximum: 1_000_000 }, {
    default: 1000,
    doc:
      "Number of ended runs whose records are kept for the analysis. Runs with very many attempts may be forgotten " +
      "earlier: the records hold 200000 attempts at most."
  })
})

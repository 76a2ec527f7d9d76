/**
 * Runs one suite of measurements: `npm run bench -- <suite> [--json]`.
 *
 * Exits with 1 if a bar does not hold.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Delivery from "./delivery.ts"
import * as Export from "./export.ts"
import * as Log from "./log.ts"
import * as Metrics from "./metrics.ts"
import * as Overhead from "./overhead.ts"
import * as Router from "./router.ts"
import * as Scale from "./scale.ts"
import * as Span from "./span.ts"
import * as Sql from "./sql.ts"
import type { Suite } from "./support/Suite.ts"
import * as Workflow from "./workflow.ts"

const suites = {
  delivery: Delivery.suite,
  export: Export.suite,
  log: Log.suite,
  metrics: Metrics.suite,
  overhead: Overhead.suite,
  router: Router.suite,
  scale: Scale.suite,
  span: Span.suite,
  sql: Sql.suite,
  workflow: Workflow.suite
}

const isSuite = (name: string | undefined): name is keyof typeof suites => name !== undefined && name in suites

const nanos = (value: number | undefined): string =>
  value === undefined
    ? "–"
    : value >= 1e9
    ? `${(value / 1e9).toFixed(2)} s`
    : value >= 1e6
    ? `${(value / 1e6).toFixed(2)} ms`
    : value >= 1e3
    ? `${(value / 1e3).toFixed(2)} µs`
    : `${value.toFixed(1)} ns`

const table = ({ bars, rows, suite }: Suite): string => {
  const width = Math.max(...rows.map((row) => row.name.length), ...bars.map((bar) => bar.name.length))
  return [
    `suite ${suite}`,
    "",
    ...rows.map((row) =>
      `  ${row.name.padEnd(width)}  ${nanos(row.medianNs).padStart(11)}  ${row.note ?? ""}`.trimEnd()
    ),
    "",
    ...bars.map((bar) =>
      `  ${bar.name.padEnd(width)}  ${bar.value.toFixed(3).padStart(11)}  at most ${bar.limit}  ${
        bar.ok ? "ok" : "MISSED"
      }`
    )
  ].join("\n")
}

const main = Effect.gen(function*() {
  const name = process.argv.slice(2).find((argument) => !argument.startsWith("--"))
  if (!isSuite(name)) {
    yield* Console.error(`expected the name of a suite: ${Object.keys(suites).join(", ")}`)
    process.exitCode = 2
    return
  }
  const result = yield* suites[name]
  yield* Console.log(process.argv.includes("--json") ? JSON.stringify(result) : table(result))
  if (result.bars.some((bar) => !bar.ok)) process.exitCode = 1
})

NodeRuntime.runMain(main)

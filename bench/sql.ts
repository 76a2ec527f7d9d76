/**
 * What observing a SQL statement costs, on a real PostgreSQL and on a database in memory, beside OpenTelemetry's
 * instrumentation of `pg`. Then what the summary of a long statement costs.
 *
 * A cost is the processor time of the client's process alone. Rounds are paired: each difference is taken within a round.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Effect from "effect/Effect"
import { startEmbedded } from "../examples/analyze-directory/EmbeddedPostgres.ts"
import { type Figures, pairedRounds } from "./support/paired.ts"
import * as Suite from "./support/Suite.ts"

/** Twelve rounds in one set of processes. */
const extent = { passes: 1, rounds: 12 }

const difference = (one: ReadonlyArray<Figures> | undefined, other: ReadonlyArray<Figures> | undefined): number =>
  Suite.median(
    (one ?? []).map((figure, round) => (figure["cpuNs"] ?? Number.NaN) - (other?.[round]?.["cpuNs"] ?? Number.NaN))
  )

const nanosPerMicro = 1e3
const nanosPerMilli = 1e6

const measured = Effect.gen(function*() {
  const { database, host, password, port, username } = yield* startEmbedded
  const url = `postgres://${username}:${password}@${host}:${port}/${database}`
  const [bare, observed, pg, otel2, otel3, memory, observedMemory] = yield* pairedRounds([
    { file: "sql-effect.ts", args: ["bare", url] },
    { file: "sql-effect.ts", args: ["observed", url] },
    { file: "sql-otel.ts", args: ["bare", url] },
    { file: "sql-otel.ts", args: ["instrumented", url] },
    { file: "../otel-3/sql.ts", args: [url] },
    { file: "sql-effect.ts", args: ["bare"] },
    { file: "sql-effect.ts", args: ["observed"] }
  ], extent)
  const costs = {
    ours: difference(observed, bare),
    otel2: difference(otel2, pg),
    otel3: difference(otel3, pg),
    memory: difference(observedMemory, memory)
  }
  const [long] = yield* Suite.rounds([{ file: "sql-long.ts", args: [] }], 1)
  const summary = { short: Suite.leastOf(long, "short"), long: Suite.leastOf(long, "long") }
  const row = (name: string, figures: ReadonlyArray<Figures> | undefined, cost?: number): Suite.Row => ({
    name,
    medianNs: Suite.medianOf(figures, "cpuNs"),
    note: cost === undefined ? undefined : `${(cost / nanosPerMicro).toFixed(2)} µs more`
  })
  return {
    suite: "sql",
    rows: [
      row("@effect/sql-pg, spans of effect/sql", bare),
      row("@effect/sql-pg, the same observed by SqlMonitor", observed, costs.ours),
      row("pg", pg),
      row("pg with @opentelemetry/instrumentation-pg, OTel JS 2", otel2, costs.otel2),
      row("pg with @opentelemetry/instrumentation-pg, OTel JS 3", otel3, costs.otel3),
      row("a database in memory, spans of effect/sql", memory),
      row("a database in memory, the same observed by SqlMonitor", observedMemory, costs.memory),
      { name: "summary of 100 kB, the slowest statement", medianNs: summary.short * nanosPerMilli },
      { name: "summary of 1 MB, the slowest statement", medianNs: summary.long * nanosPerMilli }
    ],
    bars: [
      Suite.atMost("SqlMonitor on PostgreSQL, µs a statement", 15, costs.ours / nanosPerMicro),
      Suite.atMost("SqlMonitor on a database in memory, µs a statement", 15, costs.memory / nanosPerMicro),
      Suite.atMost("summary and text without literals of any 100 kB, ms", 20, summary.short)
    ]
  }
})

export const suite: Effect.Effect<Suite.Suite, Suite.CaseFailed> = measured.pipe(
  Effect.scoped,
  Effect.provide(NodeServices.layer),
  Effect.catchTag("DemoError", ({ message }) => Effect.fail(new Suite.CaseFailed({ message })))
)

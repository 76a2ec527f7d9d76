/**
 * Reads one statement of 100 kB for each piece that it may consist of. Prints the milliseconds of the fastest round, and
 * those of one of 1 MB, for the slowest piece of each.
 */
import { QuerySummary } from "tasker-telemetry"
import { pieces } from "../../test/performance/longStatements.ts"
import { fastestMillis, repeated } from "../support/longTexts.ts"

const millisOf = (length: number) =>
  Math.max(...pieces.map((piece) => {
    const sql = repeated(piece, length)
    return fastestMillis(() => {
      QuerySummary.make(sql, "pg")
      QuerySummary.sanitize(sql, { dialect: "pg", maximumLength: Infinity })
    })
  }))

console.log(JSON.stringify({ short: millisOf(100_000), long: millisOf(1_000_000) }))

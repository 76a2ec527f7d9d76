/**
 * Searches one text of 8 KiB for each piece that it may consist of. Prints the milliseconds of the fastest round, and those
 * of one of 32 KiB, for the slowest piece of each.
 */
import { Redaction } from "tasker-telemetry"
import { pieces } from "../../test/redaction/longTexts.ts"
import { fastestMillis, repeated } from "../support/longTexts.ts"

const policy = Redaction.make({ patterns: [...Redaction.defaultPatterns, "email"] })

const millisOf = (length: number) =>
  Math.max(...pieces.map((piece) => {
    const text = repeated(piece, length)
    return fastestMillis(() => {
      policy.text(text)
      policy.sql(text)
    })
  }))

console.log(JSON.stringify({ short: millisOf(8192), long: millisOf(32_768) }))

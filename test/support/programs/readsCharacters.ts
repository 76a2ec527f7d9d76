/**
 * A worker thread that reads repeated texts of three lengths, each as much longer than the one before, and posts how many
 * characters it has looked at.
 */
import { parentPort, workerData } from "node:worker_threads"
import * as QuerySummary from "tasker-telemetry/performance/QuerySummary"
import * as Redaction from "tasker-telemetry/redaction/Redaction"
import * as charactersRead from "../charactersRead.ts"

interface Given {
  readonly reader: keyof typeof readers
  readonly pieces: ReadonlyArray<string>
  /** Characters of the shortest text. */
  readonly size: number
}

const { pieces, reader, size } = workerData as Given

const patterns = [...Redaction.defaultPatterns, "email"] as const

/** Policies of their own for each text, because they remember names. */
const redact = (text: string): void => {
  for (const options of [{ patterns }, { patterns, keys: ["iban", "/^x-.*key$/i"] }]) {
    const policy = Redaction.make(options)
    policy.text(text)
    policy.text(`token: x ${text}`)
    policy.sql(text)
    policy.isSensitive(text)
    policy.apply("value", { [text]: text })
  }
}

const summarise = (sql: string): void => {
  for (const dialect of ["pg", "mysql", "mssql"] as const) {
    QuerySummary.make(sql, dialect)
    QuerySummary.sanitize(sql, { dialect, maximumLength: Infinity })
  }
}

const readers = { redact, summarise }

charactersRead.start()
for (const piece of pieces) {
  const times = Math.ceil(size / piece.length)
  const counts = [1, 2, 3].map((factor) => {
    const text = piece.repeat(times * factor)
    return charactersRead.countOf(() => readers[reader](text))
  })
  parentPort?.postMessage({ piece, length: times * piece.length, counts })
}

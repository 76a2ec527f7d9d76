/**
 * Texts made of pieces of SQL, of every dialect and of none.
 */
import { assert } from "@effect/vitest"
import * as QuerySummary from "../../src/performance/QuerySummary.ts"

export const pieces = [
  ..."SELECT FROM WHERE INSERT INTO VALUES UPDATE SET DELETE MERGE USING WITH RECURSIVE AS JOIN ON UNION ALL".split(
    " "
  ),
  ..."CREATE TABLE IF NOT EXISTS INDEX PROCEDURE DROP CALL EXEC EXPLAIN ANALYZE DISTINCT IS ONLY LATERAL TOP".split(
    " "
  ),
  ..."a b1 größe _x t$1 \"a b\" `c` [d] 'e' $$f$$ $g$h$g$ E'\\' N'i' 1 -2.5e-3 .5 0xff ? $1 :j @k @@l :: #".split(" "),
  ..."( ) , ; . .. = < > + - * / % { } [ ] ' \" ` $ $$ $m$ -- /* */ \\ \u0000 \ud800 q'[ U&'".split(" "),
  "\n",
  "-- n\n",
  "/* o */"
] as const

const dialects: ReadonlyArray<QuerySummary.Dialect> = ["pg", "mysql", "sqlite", "mssql", "clickhouse", "other"]

/** The text, or none if a quote or comment of PostgreSQL is open at its end. */
export const closed = (sql: string): string =>
  QuerySummary.sanitize(`${sql} 1 'x'`, { dialect: "pg", maximumLength: Infinity }).endsWith(" ? ?") ? sql : ""

/** Pseudo-random numbers, the same at every run. */
const numbers = (seed: number) => () => {
  seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
  return seed
}

/** Reads so many texts in some dialect. */
export const check = (texts: number): void => {
  const next = numbers(7)
  for (let index = 0; index < texts; index++) {
    const length = next() % 40
    const space = next() % 3 === 0 ? "" : " "
    const sql = Array.from({ length }, () => pieces[(next() >>> 8) % pieces.length]).join(space)
    const dialect = dialects[index % dialects.length]!
    const { collection, operation, summary } = QuerySummary.make(sql, dialect)
    assert.isAtMost(summary.length, 255, sql)
    assert.isTrue(collection === "" || summary.includes(collection), sql)
    assert.isTrue(operation === "" || summary.toUpperCase().includes(operation), sql)
    assert.isAtMost(QuerySummary.sanitize(sql, { dialect, maximumLength: 100 }).length, 100, sql)
  }
}

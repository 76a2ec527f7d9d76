import { assert, describe, it } from "@effect/vitest"
import * as QuerySummary from "../../src/performance/QuerySummary.ts"
import * as SqlFuzz from "../performance/sqlFuzz.ts"

it("100 000 texts give a summary without an error", () => SqlFuzz.check(100_000))

/**
 * Milliseconds of the fastest of several rounds. Other work of the machine makes rounds slower, so more follow until one
 * is fast enough.
 */
const fastestMillis = (run: () => void, enough: number): number => {
  let fastest = Infinity
  for (let round = 0; round < 15 || (round < 150 && fastest > enough); round++) {
    const start = process.hrtime.bigint()
    run()
    fastest = Math.min(fastest, Number(process.hrtime.bigint() - start) / 1e6)
  }
  return fastest
}

const values = (length: number) =>
  `INSERT INTO t VALUES ${"(1, 'x', now()), ".repeat(Math.ceil(length / 17))}`.slice(0, length)
const repeated = (piece: string) => ({
  name: piece,
  make: (length: number) => piece.repeat(Math.ceil(length / piece.length)).slice(0, length)
})

describe("a statement of 100 kB", () => {
  it.each([
    { name: "VALUES (…), …", make: values },
    ...["(", "(select ", "a.", "'", "\"", "$a", "$a$", "/*", "--", "with a as (", "a, ", "select a from b join "].map(
      repeated
    )
  ])("of $name takes at most 20 ms, and one of 1 MB at most forty times as long", ({ make }) => {
    const [short, long] = [make(100_000), make(1_000_000)]
    const read = (sql: string) => () => {
      QuerySummary.make(sql, "pg")
      QuerySummary.sanitize(sql, { dialect: "pg", maximumLength: Infinity })
    }
    const ofShort = fastestMillis(read(short), 20)
    assert.isAtMost(ofShort, 20)
    // Ten times as much text does not fit into the caches; a quadratic reader would take a hundred times as long.
    const mostOfLong = Math.max(ofShort, 1) * 40
    assert.isAtMost(fastestMillis(read(long), mostOfLong), mostOfLong)
  })
})

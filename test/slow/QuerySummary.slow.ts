import { assert, describe, it } from "@effect/vitest"
import { threadCpuUsage } from "node:process"
import * as QuerySummary from "../../src/performance/QuerySummary.ts"
import * as SqlFuzz from "../performance/sqlFuzz.ts"

it("100 000 texts give a summary without an error", () => SqlFuzz.check(100_000))

/** The fastest of several rounds. Other work of the machine makes rounds slower, so more follow until one is fast enough. */
const micros = (run: () => void, enough: number): number => {
  let fastest = Infinity
  for (let round = 0; round < 15 || (round < 60 && fastest > enough); round++) {
    const before = threadCpuUsage()
    run()
    const { system, user } = threadCpuUsage(before)
    fastest = Math.min(fastest, system + user)
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
  ])("of $name takes at most 20 ms, and one of 1 MB at most twenty times as long", ({ make }) => {
    const [short, long] = [make(100_000), make(1_000_000)]
    const read = (sql: string, times: number) => () => {
      for (let time = 0; time < times; time++) {
        QuerySummary.make(sql, "pg")
        QuerySummary.sanitize(sql, { dialect: "pg", maximumLength: Infinity })
      }
    }
    // The clock of a thread has ticks of some milliseconds, so that a single short statement may seem to take no time.
    const shortMicros = micros(read(short, 10), 200_000)
    assert.isAtMost(shortMicros, 200_000)
    const longest = Math.max(shortMicros, 8000) * 2
    assert.isAtMost(micros(read(long, 1), longest), longest)
  })
})

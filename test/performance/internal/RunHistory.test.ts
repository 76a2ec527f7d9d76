import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Option } from "effect"
import { TestClock } from "effect/testing"
import * as RunHistory from "../../../src/performance/internal/RunHistory.ts"
import type { RunTable } from "../../../src/performance/internal/RunTable.ts"
import type { RunRecord } from "../../../src/performance/RunRecord.ts"

/** As much of a record as the history looks at. */
const record = (id: string, attempts: number): RunRecord =>
  ({ id, createdAt: 0, changedAt: 0, endedAt: 0, steps: [{ attempts: Array.from({ length: attempts }) }] }) as never

/** A history of a table that remembers the ids of each write. */
const recording = Effect.gen(function*() {
  const writes: Array<ReadonlyArray<string>> = []
  const table: RunTable = {
    write: (records) => Effect.sync(() => void writes.push(records.map(({ id }) => id))),
    removeOverflow: Effect.void,
    find: () => Effect.succeed([]),
    get: () => Effect.succeed(Option.none())
  }
  const history = yield* RunHistory.make(table, { timeout: Duration.seconds(5), mostFound: 10, local: () => [] })
  return { history, writes }
})

describe("RunHistory", () => {
  it.effect("writes no more attempts in a statement than it may, but at least one record", () =>
    Effect.gen(function*() {
      const { history, writes } = yield* recording
      yield* TestClock.adjust("1 millis")
      for (const [id, attempts] of [["a", 2000], ["b", 3000], ["c", 1], ["d", 9000], ["e", 1]] as const) {
        history.note(record(id, attempts))
      }
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(writes, [["a", "b"], ["c"], ["d"], ["e"]])
    }))

  it.effect("lets go of the oldest records where too many attempts wait", () =>
    Effect.gen(function*() {
      const { history, writes } = yield* recording
      yield* TestClock.adjust("1 millis")
      for (let index = 0; index < 70; index++) history.note(record(String(index), 3000))
      history.note(record("69", 3000))
      assert.strictEqual(history.lost(), 4)
      history.note(record("huge", 300_000))
      assert.strictEqual(history.lost(), 70)
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(writes, [["huge"]])
    }))
})

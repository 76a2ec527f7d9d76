import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { contain, orElse } from "../../src/internal/contain.ts"
import { SelfStatistics } from "../../src/internal/SelfStatistics.ts"

describe("SelfStatistics", () => {
  it.effect("adds up per attribute values, also where two declare the same counter", () =>
    Effect.gen(function*() {
      const statistics = yield* SelfStatistics
      const add = statistics.counter("drops_total", "Drops.", ["signal", "reason"])
      add(["trace", "full"])
      add(["trace", "full"], 4)
      add(["log", "full"])
      statistics.counter("drops_total", "Drops.", ["signal", "reason"])(["log", "full"])
      statistics.counter("quiet_total", "Never counted.", [])
      assert.deepStrictEqual(statistics.read(), [
        {
          name: "drops_total",
          help: "Drops.",
          attributes: ["signal", "reason"],
          values: [{ attributes: ["trace", "full"], value: 5 }, { attributes: ["log", "full"], value: 2 }]
        },
        { name: "quiet_total", help: "Never counted.", attributes: [], values: [] }
      ])
    }).pipe(Effect.provide(SelfStatistics.layer)))
})

describe("contain", () => {
  const error = new Error("no")
  const fail = () => {
    throw error
  }

  it("gives what is thrown to the handler and nothing to the caller", () => {
    const seen: Array<unknown> = []
    contain(fail, (thrown) => void seen.push(thrown))
    contain(() => {}, () => assert.fail("nothing was thrown"))
    assert.deepStrictEqual(seen, [error])
  })

  it("gives the value, or the fallback for what is thrown", () => {
    assert.strictEqual(orElse(() => 1, () => 2), 1)
    assert.strictEqual(orElse<unknown>(fail, (thrown) => thrown), error)
  })
})

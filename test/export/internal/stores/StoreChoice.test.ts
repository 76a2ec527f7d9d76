import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { choose, type Finding } from "../../../../src/export/internal/stores/StoreChoice.ts"

const absent: Finding = { _tag: "Absent" }
const usable: Finding = { _tag: "Usable" }
const silent: Finding = { _tag: "Unanswered", problem: "no answer" }
const forbidden: Finding = { _tag: "Unusable", problem: "NOPERM" }

describe("the store of instances", () => {
  it.each<readonly [redis: Finding, sql: Finding, strategy: string, reason: string]>([
    [usable, usable, "redis", "the program provides Redis"],
    [silent, usable, "redis", "the program provides Redis, which may answer later: no answer"],
    [forbidden, usable, "sql", "Redis cannot be used: NOPERM; the program provides PostgreSQL"],
    [absent, usable, "sql", "the program provides PostgreSQL"],
    [absent, forbidden, "local", "PostgreSQL cannot be used: NOPERM"],
    [absent, absent, "local", "the program provides neither Redis nor PostgreSQL"]
  ])("is chosen by what the program provides: %o and %o", (redis, sql, strategy, reason) => {
    assert.deepStrictEqual(Result.getOrThrow(choose("auto", { redis, sql })), { strategy, reason } as never)
  })

  it("is the one that the program asks for", () => {
    const reason = "the program asks for it"
    const all = { redis: usable, sql: silent }
    assert.deepStrictEqual(
      (["local", "redis", "sql"] as const).map((wanted) => Result.getOrThrow(choose(wanted, all))),
      [{ strategy: "local", reason }, { strategy: "redis", reason }, { strategy: "sql", reason }]
    )
  })

  it("is refused if the program asks for a store that it does not provide, or that cannot be used", () => {
    assert.deepStrictEqual(
      choose("redis", { redis: absent, sql: usable }),
      Result.fail(
        "store \"redis\" is wanted, but the program provides no Redis: provide effect/persistence/Redis"
      )
    )
    assert.deepStrictEqual(
      choose("sql", { redis: usable, sql: forbidden }),
      Result.fail(
        "store \"sql\" is wanted, but it cannot be used: NOPERM"
      )
    )
  })
})

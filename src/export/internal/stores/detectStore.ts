/**
 * Finds out which stores a program provides, and what they can do.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redis from "effect/persistence/Redis"
import * as Result from "effect/Result"
import * as SqlClient from "effect/sql/SqlClient"
import { choose, type Finding, type StoreChoice, type WantedStore } from "./StoreChoice.ts"
import { answered } from "./StoreFailure.ts"

/** A store, as far as a program provides it, and why it was chosen. */
export type Detected =
  | { readonly choice: StoreChoice; readonly strategy: "local" }
  | { readonly choice: StoreChoice; readonly strategy: "redis"; readonly redis: Redis.Redis["Service"] }
  | { readonly choice: StoreChoice; readonly strategy: "sql"; readonly sql: SqlClient.SqlClient }

const absent: Finding = { _tag: "Absent" }

/** The program starts only after the answer, so the time is short. */
const limit = Duration.seconds(2)

/** Redis needs to run scripts. A provider may forbid them. */
const probeRedis = (redis: Redis.Redis["Service"]): Effect.Effect<Finding> =>
  Effect.match(answered(redis.send("EVAL", "return 1", "0"), limit), {
    onFailure: ({ message, reason }): Finding => ({
      _tag: reason === "refused" ? "Unusable" : "Unanswered",
      problem: message
    }),
    onSuccess: (): Finding => ({ _tag: "Usable" })
  })

const probeSql = (sql: SqlClient.SqlClient): Finding =>
  sql.onDialectOrElse({
    pg: (): Finding => ({ _tag: "Usable" }),
    orElse: (): Finding => ({ _tag: "Unusable", problem: "the database is not PostgreSQL" })
  })

/** Finds and chooses a store. Dies if the program wants a store that it does not provide. */
export const detect = Effect.fnUntraced(function*(
  wanted: WantedStore
): Effect.fn.Return<Detected> {
  const redis = Option.getOrUndefined(yield* Effect.serviceOption(Redis.Redis))
  const sql = Option.getOrUndefined(yield* Effect.serviceOption(SqlClient.SqlClient))
  const choice = Result.getOrThrowWith(
    choose(wanted, {
      // A store that is not in question is not asked.
      redis: redis === undefined || wanted === "local" || wanted === "sql" ? absent : yield* probeRedis(redis),
      sql: sql === undefined ? absent : probeSql(sql)
    }),
    (problem) => new RangeError(problem)
  )
  if (choice.strategy === "redis" && redis !== undefined) return { choice, strategy: "redis", redis }
  return choice.strategy === "sql" && sql !== undefined
    ? { choice, strategy: "sql", sql }
    : { choice, strategy: "local" }
})

/**
 * Chooses where instances meet. Pure.
 */
import * as Result from "effect/Result"

/**
 * Where instances meet, and why there.
 *
 * @category models
 * @since 0.1.0
 */
export interface StoreChoice {
  /** `local`: in this process alone; `cluster`: by the shards of effect/cluster. */
  readonly strategy: "local" | "redis" | "sql" | "cluster"
  /** One sentence for people. */
  readonly reason: string
}

/**
 * Where a program wants its instances to meet. With `auto`, what the program provides decides.
 *
 * @category models
 * @since 0.1.0
 */
export type WantedStore = "auto" | "local" | "redis" | "sql"

/** What was found out about a kind of store. */
export type Finding =
  | { readonly _tag: "Absent" }
  | { readonly _tag: "Usable" }
  /** The store did not answer. It may be there later, and other instances may reach it. */
  | { readonly _tag: "Unanswered"; readonly problem: string }
  /** The store cannot do what is needed. */
  | { readonly _tag: "Unusable"; readonly problem: string }

export interface Findings {
  readonly redis: Finding
  readonly sql: Finding
}

const names = { redis: "Redis", sql: "PostgreSQL" } as const

const kinds = ["redis", "sql"] as const

/** Gives the choice, or what the program must do so that it gets the store it wants. */
export const choose = (wanted: WantedStore, findings: Findings): Result.Result<StoreChoice, string> => {
  if (wanted === "local") return Result.succeed({ strategy: "local", reason: "the program asks for it" })
  if (wanted !== "auto") {
    const found = findings[wanted]
    switch (found._tag) {
      case "Absent":
        return Result.fail(
          `store "${wanted}" is wanted, but the program provides no ${names[wanted]}: provide ` +
            (wanted === "redis" ? "effect/persistence/Redis" : "effect/sql/SqlClient")
        )
      case "Unusable":
        return Result.fail(`store "${wanted}" is wanted, but it cannot be used: ${found.problem}`)
      default:
        return Result.succeed({ strategy: wanted, reason: "the program asks for it" })
    }
  }
  const passed: Array<string> = []
  for (const kind of kinds) {
    const found = findings[kind]
    if (found._tag === "Absent") continue
    if (found._tag === "Unusable") {
      passed.push(`${names[kind]} cannot be used: ${found.problem}`)
      continue
    }
    const chosen = found._tag === "Usable"
      ? `the program provides ${names[kind]}`
      : `the program provides ${names[kind]}, which may answer later: ${found.problem}`
    return Result.succeed({ strategy: kind, reason: [...passed, chosen].join("; ") })
  }
  return Result.succeed({
    strategy: "local",
    reason: passed.length > 0 ? passed.join("; ") : "the program provides neither Redis nor PostgreSQL"
  })
}

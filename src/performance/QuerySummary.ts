/**
 * Summarises SQL: which operations a statement has, on which collections, in a text with few distinct values.
 *
 * **Details**
 *
 * The summary follows OpenTelemetry's conventions for databases: operations and targets in the order of the statement,
 * as the program wrote them, at most 255 characters. A tokenizer reads the statement in one pass. It knows comments,
 * quoted names, dollar quotes, common table expressions, sub-selects, joins, `UNION`, `INSERT … SELECT`, `MERGE` and
 * procedures. Every text gives a summary. Text that is no SQL gives an empty one.
 *
 * @see https://opentelemetry.io/docs/specs/semconv/db/database-spans/#generating-a-summary-of-the-query
 * @since 0.1.0
 */
import { type SqlDialect, withoutLiterals } from "./internal/sql/SqlTokens.ts"
import { SummaryReader } from "./internal/sql/SummaryReader.ts"

/**
 * What a statement does.
 *
 * @category models
 * @since 0.1.0
 */
export interface QuerySummary {
  /** Operations and targets: `SELECT orders customers`. Empty if the text has no operation that is known. */
  readonly summary: string
  /** The first operation, in upper case; `""` if there is none. It has few distinct values. */
  readonly operation: string
  /** The first collection, as it is written; `""` if there is none. */
  readonly collection: string
  /** `db.operation.name`: the operation as it is written, if the statement has one only. */
  readonly operationName: string | undefined
  /** `db.collection.name`: the collection as it is written, if the statement has one only. */
  readonly collectionName: string | undefined
  /** `db.stored_procedure.name`: the procedure that the statement calls. */
  readonly procedureName: string | undefined
}

/**
 * The dialects that differ in quotes and comments. `other` stands for a database that is not known.
 *
 * @category models
 * @since 0.1.0
 */
export type Dialect = SqlDialect

/**
 * Summarises a statement.
 *
 * **Example** (A statement with two operations)
 *
 * ```ts
 * import { QuerySummary } from "tasker-telemetry"
 *
 * const { summary } = QuerySummary.make("INSERT INTO shipping SELECT * FROM orders WHERE id = 7")
 * // "INSERT shipping SELECT orders"
 * ```
 *
 * @param sql the statement, or several divided by `;`
 * @param dialect whose quotes and comments the statement has; `other` by default
 * @category constructors
 * @since 0.1.0
 */
export const make = (sql: string, dialect: Dialect = "other"): QuerySummary => {
  const { collections, operations, procedure, summary } = new SummaryReader(sql, dialect).read()
  return {
    summary,
    operation: (operations[0] ?? "").toUpperCase(),
    collection: collections[0] ?? "",
    operationName: operations.length === 1 ? operations[0] : undefined,
    collectionName: new Set(collections).size === 1 ? collections[0] : undefined,
    procedureName: procedure
  }
}

/**
 * Replaces each literal of a statement by `?` and removes its comments. In doubt, more becomes `?` than is needed.
 *
 * **Example** (A statement that may be logged)
 *
 * ```ts
 * import { QuerySummary } from "tasker-telemetry"
 *
 * const text = QuerySummary.sanitize("SELECT * FROM users WHERE email = 'ada@example.com'")
 * // "SELECT * FROM users WHERE email = ?"
 * ```
 *
 * @param options `dialect`: whose quotes and comments the statement has, `other` by default; `maximumLength`: most
 * characters of the result, 8192 by default
 * @category computations
 * @since 0.1.0
 */
export const sanitize = (
  sql: string,
  options: { readonly dialect?: Dialect | undefined; readonly maximumLength?: number | undefined } = {}
): string => withoutLiterals(sql, options.dialect ?? "other", options.maximumLength ?? defaultLength)

const defaultLength = 8192

/**
 * Remembers what was made from a statement, by the statement's text.
 *
 * @category models
 * @since 0.1.0
 */
export interface Cache<A> {
  /** Gives what is remembered of the statement, or makes it. */
  readonly get: (sql: string) => A
  /** Number of statements that are remembered. */
  readonly size: () => number
}

/**
 * Makes a cache. It forgets the statements that were not asked for lately, and never remembers long ones.
 *
 * **Example** (Summaries of PostgreSQL statements)
 *
 * ```ts
 * import { QuerySummary } from "tasker-telemetry"
 *
 * const summaries = QuerySummary.cache((sql) => QuerySummary.make(sql, "pg"))
 * const { summary } = summaries.get("SELECT * FROM orders")
 * ```
 *
 * @param make makes what is remembered
 * @param options `capacity`: most statements, 2000 by default; `longestText`: most characters of a statement that is
 * remembered, 16384 by default
 * @category constructors
 * @since 0.1.0
 */
export const cache = <A>(
  make: (sql: string) => A,
  options: { readonly capacity?: number | undefined; readonly longestText?: number | undefined } = {}
): Cache<A> => {
  const half = Math.max(1, Math.floor((options.capacity ?? 2000) / 2))
  const longestText = options.longestText ?? 16_384
  // A statement that is asked for moves to the recent ones. When those are full, they become the older ones.
  let recent = new Map<string, A>()
  let older = new Map<string, A>()
  return {
    get: (sql) => {
      const known = recent.get(sql)
      if (known !== undefined) return known
      const made = older.get(sql) ?? make(sql)
      if (sql.length > longestText) return made
      if (recent.size >= half) {
        older = recent
        recent = new Map()
      }
      older.delete(sql)
      recent.set(sql, made)
      return made
    },
    size: () => recent.size + older.size
  }
}

/**
 * The search as SQL. It finds what `taskSearch.matches` says of the same records.
 */
import { type SqlTables, storable } from "../../../internal/SqlTables.ts"
import { isAscending, last, type Range, stateOrder } from "../taskSearch.ts"
import type { RowFilters } from "./taskRows.ts"

/** A found run as the database gives it. */
export interface FoundRow {
  readonly id: string
  readonly document: string
  readonly createdOrder: number
  readonly key: number
}

/** @param names of the two tables */
export const make = ({ dialect, sql }: SqlTables, names: { readonly tasks: string; readonly steps: string }) => {
  const steps = sql(names.steps)
  const contains = (line: string) =>
    dialect === "pg" ? sql`strpos(t.tags, ${line}) > 0` : sql`instr(t.tags, ${line}) > 0`
  const dependencies = sql.literal(
    dialect === "pg" ? "json_array_elements_text(s.depends_on::json) AS d(value)" : "json_each(s.depends_on) AS d"
  )

  const isRetrying = sql`(t.state IN ('pending', 'in_progress') AND EXISTS (
    SELECT 1 FROM ${steps} AS s WHERE s.task_id = t.id AND (
      (s.state = 'error' AND s.next_attempt_at IS NOT NULL)
      OR (s.state = 'pending' AND s.attempts > 0)
      OR (s.state = 'in_progress' AND s.attempts > 1)
    )
  ))`

  const isWaiting = sql`(t.state = 'in_progress'
    AND (
      SELECT count(*) FROM ${steps} AS s WHERE s.task_id = t.id AND s.state = 'in_progress'
    ) >= t.concurrency
    AND EXISTS (
      SELECT 1 FROM ${steps} AS s WHERE s.task_id = t.id AND s.state = 'pending' AND NOT EXISTS (
        SELECT 1 FROM ${dependencies}
        LEFT JOIN ${steps} AS n ON n.task_id = t.id AND n.name = d.value
        WHERE n.state IS NULL OR n.state NOT IN ('complete', 'resolved_manually')
      )
    ))`

  const conditionsOf = (filters: RowFilters) => [
    ...(filters.name === undefined ? [] : [sql`t.name = ${filters.name}`]),
    ...(filters.version === undefined ? [] : [sql`t.version = ${filters.version}`]),
    ...(filters.instance === undefined ? [] : [sql`t.instance = ${filters.instance}`]),
    ...(filters.initiator === undefined ? [] : [sql`t.initiator = ${filters.initiator}`]),
    ...(filters.reason === undefined ? [] : [sql`t.reason = ${filters.reason}`]),
    ...(filters.states === undefined
      ? []
      : [filters.states.length === 0 ? sql`1 = 0` : sql`t.state IN ${sql.in(filters.states)}`]),
    ...filters.tagLines.map(contains),
    ...(filters.errorType === undefined ? [] : [sql`(t.error_type = ${filters.errorType} OR EXISTS (
      SELECT 1 FROM ${steps} AS s WHERE s.task_id = t.id AND s.error_type = ${filters.errorType}
    ))`]),
    ...(filters.createdBefore === undefined ? [] : [sql`t.created_at <= ${number(filters.createdBefore)}`]),
    ...(filters.createdAfter === undefined ? [] : [sql`t.created_at >= ${number(filters.createdAfter)}`]),
    ...(filters.retrying === undefined ? [] : [filters.retrying ? isRetrying : sql`NOT ${isRetrying}`]),
    ...(filters.waiting === undefined ? [] : [filters.waiting ? isWaiting : sql`NOT ${isWaiting}`])
  ]

  const number = (value: number) => sql`CAST(${value} AS float8)`

  /** The columns of a place. Without a key, an index of the table has the order. */
  const columnsOf = (sort: Range["sort"]): ReadonlyArray<string> => {
    const key = keys[sort]
    return [...(key === undefined ? [] : [key]), "t.created_order", "t.id"]
  }

  const after = ({ after: place, sort }: Range) => {
    if (place === undefined) return []
    const columns = sql.literal(columnsOf(sort).join(", "))
    const others = sql`${number(place.order)}, ${storable(place.id)}`
    const values = keys[sort] === undefined ? others : sql`${number(place.key)}, ${others}`
    return [isAscending(sort) ? sql`(${columns}) > (${values})` : sql`(${columns}) < (${values})`]
  }

  const orderOf = (sort: Range["sort"]) =>
    sql.literal(columnsOf(sort).map((column) => isAscending(sort) ? column : `${column} DESC`).join(", "))

  /** One run more than the limit shows that there is a further page. */
  return (filters: RowFilters, range: Range) => {
    const conditions = [...conditionsOf(filters), ...after(range)]
    return sql<FoundRow>`
      SELECT t.id, t.document, t.created_order AS "createdOrder", CAST(${
      sql.literal(keys[range.sort] ?? "0")
    } AS float8) AS "key"
      FROM ${sql(names.tasks)} AS t
      ${conditions.length === 0 ? sql`` : sql`WHERE ${sql.and(conditions)}`}
      ORDER BY ${orderOf(range.sort)}
      LIMIT CAST(${bounded(range.limit + 1)} AS integer) OFFSET CAST(${bounded(range.offset)} AS integer)
    `
  }
}

/** What `taskSearch` sorts by first, as an expression of numbers. */
const keys: Readonly<Partial<Record<Range["sort"], string>>> = {
  slowest: "t.duration",
  fastest: `CASE WHEN t.duration < 0 THEN CAST(${last} AS float8) ELSE t.duration END`,
  latest_start: "COALESCE(t.started_at, CAST(-1 AS float8))",
  earliest_start: `COALESCE(t.started_at, CAST(${last} AS float8))`,
  state: `CAST(CASE t.state ${
    stateOrder.map((state, index) => `WHEN '${state}' THEN ${-index}`).join(" ")
  } END AS float8)`
}

/** The numbers of rows that both databases take. */
const bounded = (count: number): number => Math.min(count, 2_147_483_647)

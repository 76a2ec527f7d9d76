/**
 * The search as SQL. It finds what `taskSearch.matches` says of the same records.
 */
import { type SqlTables, storable } from "../../../internal/SqlTables.ts"
import type { Range } from "../taskSearch.ts"
import type { RowFilters } from "./taskRows.ts"

/** A found run as the database gives it. */
export interface FoundRow {
  readonly id: string
  readonly document: string
  readonly createdOrder: number
  readonly duration: number
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

  const placeOf = (sort: Range["sort"]) =>
    sql.literal(sort === "slowest" ? "t.duration, t.created_order, t.id" : "t.created_order, t.id")

  const after = ({ after: place, sort }: Range) => {
    if (place === undefined) return []
    const id = storable(place.id)
    const values = sort === "slowest"
      ? sql`(${number(place.duration)}, ${number(place.order)}, ${id})`
      : sql`(${number(place.order)}, ${id})`
    return [
      sort === "oldest"
        ? sql`(${placeOf(sort)}) > ${values}`
        : sql`(${placeOf(sort)}) < ${values}`
    ]
  }

  const orderOf = (sort: Range["sort"]) =>
    sql.literal(
      sort === "slowest"
        ? "t.duration DESC, t.created_order DESC, t.id DESC"
        : sort === "oldest"
        ? "t.created_order, t.id"
        : "t.created_order DESC, t.id DESC"
    )

  /** One run more than the limit shows that there is a further page. */
  return (filters: RowFilters, range: Range) => {
    const conditions = [...conditionsOf(filters), ...after(range)]
    return sql<FoundRow>`
      SELECT t.id, t.document, t.created_order AS "createdOrder", t.duration FROM ${sql(names.tasks)} AS t
      ${conditions.length === 0 ? sql`` : sql`WHERE ${sql.and(conditions)}`}
      ORDER BY ${orderOf(range.sort)}
      LIMIT CAST(${bounded(range.limit + 1)} AS integer) OFFSET CAST(${bounded(range.offset)} AS integer)
    `
  }
}

/** The numbers of rows that both databases take. */
const bounded = (count: number): number => Math.min(count, 2_147_483_647)

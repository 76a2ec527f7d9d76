/**
 * Which runs a search finds, and in which order. Every store finds the same ones.
 */
import * as Duration from "effect/Duration"
import * as Option from "effect/Option"
import type { DurationSuchAs } from "../../internal/typeMessages.ts"
import { satisfiesDependants } from "./StepState.ts"
import type { StepRecord, TaskRecord, TaskSnapshot } from "./taskRecords.ts"
import { hasEnded, type TaskState } from "./TaskState.ts"

/** The orders of a search. */
export const sorts = ["newest", "oldest", "slowest", "fastest", "latest_start", "earliest_start", "state"] as const

export type Sort = (typeof sorts)[number]

/** The states in the order of `state`. */
export const stateOrder: ReadonlyArray<TaskState> = [
  "pending",
  "in_progress",
  "complete",
  "error",
  "cancelled",
  "resolved_manually"
]

/** What a run without an end or a start has in place of it, in an order in which the highest value comes last. */
export const last = 1e15

/** Whether an order goes from the lowest key to the highest one. */
export const isAscending = (sort: Sort): boolean => sort === "oldest" || sort === "fastest" || sort === "earliest_start"

/** The number by which an order sorts first. `newest` and `oldest` have none: they go by the place in the store. */
const keyOf = (sort: Sort, { durationSeconds, startedAt, state }: TaskRecord): number => {
  switch (sort) {
    case "slowest":
      return durationSeconds ?? -1
    case "fastest":
      return durationSeconds ?? last
    case "latest_start":
      return startedAt ?? -1
    case "earliest_start":
      return startedAt ?? last
    case "state":
      return -stateOrder.indexOf(state)
    default:
      return 0
  }
}

/** What a search looks for. A run is found if it fits all that is given. */
export interface SearchOptions {
  /** Name of the task. */
  readonly task?: string | undefined
  /** Version of the task. */
  readonly version?: string | undefined
  /** A state, or several of which the run has one. */
  readonly state?: TaskState | ReadonlyArray<TaskState> | undefined
  /** Tags that the run has, all of them. */
  readonly tags?: Readonly<Record<string, string>> | undefined
  /** Type of the error that ended the run, or that a step of it failed with last. */
  readonly errorType?: string | undefined
  /** The process that runs or ran it: its attribute `service.instance.id`. */
  readonly instance?: string | undefined
  /** Who started the run, as `RunOptions.initiator` says. */
  readonly initiator?: string | undefined
  /** Why the run was started, as `RunOptions.reason` says. */
  readonly reason?: string | undefined
  /** The run was created at least so long ago. */
  readonly olderThan?: DurationSuchAs<"1 hour"> | undefined
  /** The run was created at most so long ago. */
  readonly newerThan?: DurationSuchAs<"1 hour"> | undefined
  /** Whether a step is tried again now: it waits for its next attempt, or is at a later attempt than the first one. */
  readonly retrying?: boolean | undefined
  /** Whether a step is ready, and as many steps of the run work as may. */
  readonly waiting?: boolean | undefined
  /**
   * `newest` and `oldest` go by the time at which the store got the run, `slowest` and `fastest` by its duration,
   * `latest_start` and `earliest_start` by its start. A run without an end or a start is last there. `state` has those
   * that wait first, then those in progress, then the ended ones by their state; each the newest first. `newest` by
   * default.
   */
  readonly sort?: Sort | undefined
  /** The highest number of runs, 20 by default. */
  readonly limit?: number | undefined
  /** The number of runs to leave out at the beginning, 0 by default. */
  readonly offset?: number | undefined
  /** The runs after those of an earlier page with the same `sort`. */
  readonly cursor?: string | undefined
}

/** A part of what a search finds. */
export interface SearchPage {
  /** Without their steps. */
  readonly tasks: ReadonlyArray<TaskRecord>
  /** For the next page; `undefined` if this one is the last. */
  readonly cursor: string | undefined
}

export const defaultLimit = 20

// --- What a run is doing ---

/** Whether a step of the run is tried again now. */
const isRetrying = ({ state, steps }: TaskSnapshot): boolean =>
  !hasEnded(state) && steps.some((step) =>
    step.state === "error"
      ? step.nextAttemptAt !== undefined
      : step.state === "pending"
      ? step.attempts > 0
      : step.state === "in_progress" && step.attempts > 1
  )

/** Whether a step of the run is ready, and as many work as may. */
const isWaiting = ({ concurrency = 1, state, steps }: TaskSnapshot): boolean => {
  if (state !== "in_progress") return false
  if (steps.filter((step) => step.state === "in_progress").length < concurrency) return false
  const satisfied = new Set(steps.filter((step) => satisfiesDependants(step.state)).map(({ name }) => name))
  return steps.some((step) => step.state === "pending" && step.dependsOn.every((name) => satisfied.has(name)))
}

// --- Filters ---

/** The filters as a store compares them. Instants are epoch milliseconds. */
export interface Filters
  extends
    Pick<SearchOptions, "task" | "version" | "errorType" | "instance" | "initiator" | "reason" | "retrying" | "waiting">
{
  readonly states: ReadonlyArray<TaskState> | undefined
  readonly tags: ReadonlyArray<readonly [name: string, value: string]>
  readonly createdBefore: number | undefined
  readonly createdAfter: number | undefined
}

/** @param now epoch milliseconds */
export const filtersOf = (options: SearchOptions, now: number): Filters => {
  const { newerThan, olderThan, state, tags = {} } = options
  return {
    task: options.task,
    version: options.version,
    errorType: options.errorType,
    instance: options.instance,
    initiator: options.initiator,
    reason: options.reason,
    retrying: options.retrying,
    waiting: options.waiting,
    states: state === undefined ? undefined : typeof state === "string" ? [state] : state,
    tags: Object.entries(tags),
    createdBefore: olderThan === undefined ? undefined : now - millisOf(olderThan),
    createdAfter: newerThan === undefined ? undefined : now - millisOf(newerThan)
  }
}

const millisOf = (duration: Duration.Input): number => Duration.toMillis(Duration.fromInputUnsafe(duration))

/** Whether a run fits the filters. */
export const matches = (run: TaskSnapshot, filters: Filters): boolean =>
  (filters.task === undefined || run.name === filters.task) &&
  (filters.version === undefined || run.version === filters.version) &&
  (filters.instance === undefined || run.instance === filters.instance) &&
  (filters.initiator === undefined || run.initiator === filters.initiator) &&
  (filters.reason === undefined || run.reason === filters.reason) &&
  (filters.states === undefined || filters.states.includes(run.state)) &&
  filters.tags.every(([name, value]) => Object.hasOwn(run.tags ?? {}, name) && run.tags?.[name] === value) &&
  (filters.errorType === undefined || hasError(run, filters.errorType)) &&
  (filters.createdBefore === undefined || run.createdAt <= filters.createdBefore) &&
  (filters.createdAfter === undefined || run.createdAt >= filters.createdAfter) &&
  (filters.retrying === undefined || isRetrying(run) === filters.retrying) &&
  (filters.waiting === undefined || isWaiting(run) === filters.waiting)

const hasError = (run: TaskSnapshot, type: string): boolean =>
  run.error?.type === type || run.steps.some(({ error }: StepRecord) => error?.type === type)

// --- Order and pages ---

/** The place of a run in an order. `order` grows with each run that a store gets. */
export interface Place {
  /** By which the order sorts first; 0 if the order has no key. */
  readonly key: number
  readonly order: number
  readonly id: string
}

export const placeOf = (sort: Sort, task: TaskRecord, order: number): Place => ({
  key: keyOf(sort, task),
  order,
  id: task.id
})

/** Compares places: below zero if the first one comes first. Ids decide between runs that two processes save at once. */
export const compare = (sort: Sort) => (left: Place, right: Place): number => {
  const ascending = left.key - right.key || left.order - right.order ||
    (left.id < right.id ? -1 : left.id > right.id ? 1 : 0)
  return isAscending(sort) ? ascending : -ascending
}

/** A text that stands for a place. */
const cursorOf = (sort: Sort, { id, key, order }: Place): string => `${sort}~${key}~${order}~${id}`

/** The place that a text stands for, if it is a cursor of this order. */
export const readCursor = (sort: Sort, cursor: string): Option.Option<Place> => {
  const [ofSort, key = "", order = "", ...id] = cursor.split("~")
  const place = { key: Number(key), order: Number(order), id: id.join("~") }
  return ofSort === sort && id.length > 0 && isNumber(key) && isNumber(order) ? Option.some(place) : Option.none()
}

const isNumber = (text: string): boolean => text !== "" && Number.isFinite(Number(text))

/** The part of an order that a search asks for. */
export interface Range {
  readonly sort: Sort
  readonly limit: number
  readonly offset: number
  readonly after: Place | undefined
}

/** Throws a `RangeError` for a text that is no cursor of the order. */
export const rangeOf = ({ cursor, limit = defaultLimit, offset = 0, sort = "newest" }: SearchOptions): Range => ({
  sort,
  limit,
  offset,
  after: cursor === undefined ? undefined : Option.getOrThrowWith(
    readCursor(sort, cursor),
    () => new RangeError(`"${cursor}" is no cursor of a search with the sort "${sort}": take it from a page of one`)
  )
})

/** A found run with its place. `undefined` stands for a record that cannot be read. */
export interface Found {
  readonly task: TaskRecord | undefined
  readonly place: Place
}

/** Makes a page of runs in their order, of which there is one more than the limit if there is a further page. */
export const pageOf = (found: ReadonlyArray<Found>, { limit, sort }: Range): SearchPage => {
  const shown = found.slice(0, limit)
  const end = shown.at(-1)
  return {
    tasks: shown.flatMap(({ task }) => task ?? []),
    cursor: end === undefined || found.length <= limit ? undefined : cursorOf(sort, end.place)
  }
}

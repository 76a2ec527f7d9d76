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
export const sorts = ["newest", "oldest", "slowest"] as const

export type Sort = (typeof sorts)[number]

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
  /** The run was created at least so long ago. */
  readonly olderThan?: DurationSuchAs<"1 hour"> | undefined
  /** The run was created at most so long ago. */
  readonly newerThan?: DurationSuchAs<"1 hour"> | undefined
  /** Whether a step is tried again now: it waits for its next attempt, or is at a later attempt than the first one. */
  readonly retrying?: boolean | undefined
  /** Whether a step is ready, and as many steps of the run work as may. */
  readonly waiting?: boolean | undefined
  /**
   * `newest` and `oldest` go by the time at which the store got the run, `slowest` by its duration. A run that has not
   * ended is last there. `newest` by default.
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
  extends Pick<SearchOptions, "task" | "version" | "errorType" | "instance" | "retrying" | "waiting">
{
  readonly states: ReadonlyArray<TaskState> | undefined
  readonly tags: ReadonlyArray<readonly [name: string, value: string]>
  readonly createdBefore: number | undefined
  readonly createdAfter: number | undefined
}

/** @param now epoch milliseconds */
export const filtersOf = (options: SearchOptions, now: number): Filters => {
  const { errorType, instance, newerThan, olderThan, retrying, state, tags = {}, task, version, waiting } = options
  return {
    task,
    version,
    errorType,
    instance,
    retrying,
    waiting,
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
  /** Seconds; -1 of a run that has not ended. */
  readonly duration: number
  readonly order: number
  readonly id: string
}

export const placeOf = ({ durationSeconds, id }: TaskRecord, order: number): Place => ({
  duration: durationSeconds ?? -1,
  order,
  id
})

/** Compares places: below zero if the first one comes first. Ids decide between runs that two processes save at once. */
export const compare = (sort: Sort) => (left: Place, right: Place): number => {
  const byDuration = sort === "slowest" ? right.duration - left.duration : 0
  if (byDuration !== 0) return byDuration
  const ascending = left.order - right.order || (left.id < right.id ? -1 : left.id > right.id ? 1 : 0)
  return sort === "oldest" ? ascending : -ascending
}

/** A text that stands for a place. */
const cursorOf = (sort: Sort, { duration, id, order }: Place): string => `${sort}~${duration}~${order}~${id}`

/** The place that a text stands for, if it is a cursor of this order. */
export const readCursor = (sort: Sort, cursor: string): Option.Option<Place> => {
  const [ofSort, duration = "", order = "", ...id] = cursor.split("~")
  const place = { duration: Number(duration), order: Number(order), id: id.join("~") }
  return ofSort === sort && id.length > 0 && isNumber(duration) && isNumber(order) ? Option.some(place) : Option.none()
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
  const last = shown.at(-1)
  return {
    tasks: shown.flatMap(({ task }) => task ?? []),
    cursor: last === undefined || found.length <= limit ? undefined : cursorOf(sort, last.place)
  }
}

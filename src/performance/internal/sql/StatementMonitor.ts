/**
 * Observes the statements of one client: measures them, tells their spans, publishes their events.
 */
import * as Clock from "effect/Clock"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type { Connection } from "effect/sql/SqlConnection"
import type * as Tracer from "effect/Tracer"
import { SqlAttribute } from "../../../Conventions.ts"
import * as Correlation from "../../../Correlation.ts"
import type { EventBus } from "../../../events/EventBus.ts"
import { guard, orElse } from "../../../internal/guard.ts"
import type { BoundHistogram } from "../../../metrics/MetricInstrument.ts"
import type * as QuerySummary from "../../QuerySummary.ts"
import type { RunningStatements } from "./DatabaseLocks.ts"
import { CurrentTransactions, type OpenTransaction, type OpenTransactions, type Waiter } from "./OpenTransactions.ts"
import type { Query, SqlInstruments } from "./Queries.ts"
import type { RepeatedQueries } from "./RepeatedQueries.ts"
import type { SlowQueries } from "./SlowQueries.ts"
import * as sqlError from "./sqlError.ts"
import { callerOf, publishFinding } from "./SqlEvents.ts"
import type { Execution, StatementObserver } from "./StatementObserver.ts"
import type { UsedConnections } from "./UsedConnections.ts"

const nanosPerSecond = 1e9

export interface Parts {
  /** What the transactions of the fiber are kept by. */
  readonly key: object
  readonly queries: QuerySummary.Cache<Query>
  readonly bus: EventBus["Service"]
  readonly instruments: SqlInstruments
  readonly wait: BoundHistogram
  readonly used: UsedConnections
  readonly transactions: OpenTransactions
  /** What runs on which connection; `undefined` if no one asks for locks of the database. */
  readonly statements: RunningStatements | undefined
  readonly repeated: RepeatedQueries
  readonly slow: SlowQueries
  /** Whether it is known when a statement gets its connection. */
  readonly splits: boolean
  /** The connection to the database that a connection stands for. */
  readonly physicalOf: (connection: Connection) => object
  readonly plain: (connection: Connection) => Connection
  readonly slowSeconds: number
  readonly manyRows: number
  /** Called if the monitor itself fails. */
  readonly onError: () => void
}

const unobserved: Execution = { acquired: () => {}, arrived: () => {}, ended: () => {} }

export const make = (parts: Parts): StatementObserver => {
  /** When the last statement of a connection has ended. The next one did not run before. */
  const lastEnds = new WeakMap<object, number>()
  return {
    spanName: (sql) => parts.queries.get(sql).spanName,
    plain: parts.plain,
    start: (sql, fiber, span) =>
      orElse(() => new StatementRun(parts, lastEnds, parts.queries.get(sql), fiber, span), () => {
        parts.onError()
        return unobserved
      })
  }
}

class StatementRun implements Execution, Waiter {
  readonly startNanos: number
  readonly workflow: Correlation.WorkflowContext | undefined
  readonly #parts: Parts
  readonly #lastEnds: WeakMap<object, number>
  readonly #query: Query
  readonly #fiber: Fiber.Fiber<unknown, unknown>
  readonly #span: Tracer.Span | undefined
  readonly #clock: Clock.Clock
  readonly #transaction: OpenTransaction | undefined
  #acquiredNanos: number | undefined
  #connection: object | undefined
  #params: ReadonlyArray<unknown> | undefined
  #rows: number | undefined
  #hasEnded = false
  #endUse: (() => void) | undefined

  constructor(
    parts: Parts,
    lastEnds: WeakMap<object, number>,
    query: Query,
    fiber: Fiber.Fiber<unknown, unknown>,
    span: Tracer.Span | undefined
  ) {
    this.#parts = parts
    this.#lastEnds = lastEnds
    this.#query = query
    this.#fiber = fiber
    this.#span = span
    this.#clock = fiber.getRef(Clock.Clock)
    this.workflow = fiber.getRef(Correlation.CurrentWorkflow)
    this.#transaction = fiber.getRef(CurrentTransactions).get(parts.key)
    this.startNanos = this.#now()
    if (span !== undefined) { for (const [name, value] of query.spanAttributes) span.attribute(name, value) }
    if (this.#transaction !== undefined) this.#transaction.statementStarted(this.startNanos)
    else if (parts.splits) parts.transactions.wait(this)
  }

  readonly acquired = (connection: Connection, params: ReadonlyArray<unknown>): void => {
    guard(() => {
      const { physicalOf, plain, slow, statements, transactions, used } = this.#parts
      this.#acquiredNanos = this.#now()
      if (this.#connection !== undefined) used.release(this.#connection)
      this.#connection = physicalOf(plain(connection))
      used.take(this.#connection)
      if (slow.explains) this.#params = params
      transactions.endWait(this, this.#acquiredNanos)
      this.#endUse = statements?.start(this.#connection, this.workflow, this.#query.summary.summary)
    }, this.#parts.onError)
  }

  readonly arrived = (rows: number): void => {
    this.#rows = (this.#rows ?? 0) + rows
  }

  readonly ended = (exit: Exit.Exit<unknown, unknown>): void => {
    if (this.#hasEnded) return
    this.#hasEnded = true
    if (this.#connection !== undefined) this.#parts.used.release(this.#connection)
    guard(() => this.#record(exit), this.#parts.onError)
  }

  #now(): number {
    return Number(this.#clock.monotonicTimeNanosUnsafe())
  }

  #record(exit: Exit.Exit<unknown, unknown>): void {
    const { bus, instruments, manyRows, slowSeconds, splits, transactions, wait } = this.#parts
    const query = this.#query
    const now = this.#now()
    this.#endUse?.()
    this.#transaction?.statementEnded(now)
    transactions.endWait(this, now)
    const durationSeconds = (now - this.startNanos) / nanosPerSecond
    const waitSeconds = splits ? this.#waitNanos(now) / nanosPerSecond : undefined
    const isStream = this.#rows !== undefined
    const rows = this.#rows ?? (Exit.isSuccess(exit) ? countRows(exit.value) : undefined)
    const failure = Exit.isFailure(exit) ? sqlError.failureOf(exit.cause) : undefined

    if (failure === undefined) query.success.observe(durationSeconds)
    else {
      instruments.operationDuration.observe({
        ...query.attributes,
        db_response_status_code: failure.statusCode ?? "",
        error_type: failure.errorType
      }, durationSeconds)
    }
    query.duration.observe(durationSeconds)
    query.queries.inc()
    if (rows !== undefined) query.rows.observe(rows)
    if (waitSeconds !== undefined && this.#transaction === undefined) wait.observe(waitSeconds)

    this.#tellSpan(rows, waitSeconds, durationSeconds, failure)

    const { collection, operation, summary } = query.summary
    const times = waitSeconds === undefined
      ? { durationSeconds }
      : { durationSeconds, waitSeconds, runSeconds: durationSeconds - waitSeconds }
    const caller = callerOf(this.workflow)
    if (bus.enabled) {
      bus.publishUnsafe(this.#fiber, "database.query_executed", {
        summary,
        operation,
        collection,
        ...times,
        outcome: Exit.isSuccess(exit) ? "success" : failure === undefined ? "interruption" : "failure",
        ...(rows === undefined ? {} : { rows }),
        ...(failure === undefined ? {} : { errorType: failure.errorType }),
        ...caller
      })
    }
    if (durationSeconds > slowSeconds) this.#publishSlow({ ...times, thresholdSeconds: slowSeconds, ...caller })
    if (rows !== undefined && rows > manyRows && !isStream) {
      const elapsed = { totalSeconds: durationSeconds, elapsedSeconds: durationSeconds }
      const finding = { kind: "many_rows", summary, count: rows, ...elapsed } as const
      publishFinding(bus, instruments, this.#fiber, this.workflow, finding)
    }
    if (this.workflow !== undefined) {
      this.#parts.repeated.add(this.workflow, this.#fiber, summary, this.startNanos, now)
    }
  }

  #publishSlow(slow: Parameters<SlowQueries["publish"]>[2]): void {
    this.#parts.slow.publish(this.#fiber, this.#query, slow, this.#params)
  }

  /** The wait for the connection, and behind the statement before this one on the connection. */
  #waitNanos(now: number): number {
    if (this.#connection === undefined) return now - this.startNanos
    const earlierEnd = this.#lastEnds.get(this.#connection) ?? 0
    this.#lastEnds.set(this.#connection, now)
    return Math.max(this.#acquiredNanos ?? now, earlierEnd) - this.startNanos
  }

  #tellSpan(
    rows: number | undefined,
    waitSeconds: number | undefined,
    durationSeconds: number,
    failure: sqlError.SqlFailure | undefined
  ): void {
    const span = this.#span
    if (span === undefined) return
    if (rows !== undefined) span.attribute(SqlAttribute.returnedRows, rows)
    if (waitSeconds !== undefined) {
      span.attribute(SqlAttribute.waitSeconds, waitSeconds)
      span.attribute(SqlAttribute.runSeconds, durationSeconds - waitSeconds)
    }
    if (failure === undefined) return
    if (failure.statusCode !== undefined) span.attribute(SqlAttribute.statusCode, failure.statusCode)
    span.attribute(SqlAttribute.errorType, failure.errorType)
  }
}

/** The rows of a result, `undefined` if it is in a form of its driver that has none to count. */
const countRows = (value: unknown): number | undefined => {
  if (Array.isArray(value)) return value.length
  const rows: unknown = typeof value === "object" && value !== null && "rows" in value ? value.rows : undefined
  return Array.isArray(rows) ? rows.length : undefined
}

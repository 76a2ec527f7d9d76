/**
 * Tells which statements of steps wait for a lock of PostgreSQL, and what holds the lock. The server is asked only when
 * a caller asks for a run that has a statement on its way.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as References from "effect/References"
import type { SqlClient } from "effect/sql/SqlClient"
import type { WorkflowContext } from "../../../Correlation.ts"
import type * as LockWaits from "../LockWaits.ts"
import { callerName } from "./callerName.ts"

/** The most processes of servers that are remembered. The oldest ones are forgotten first. */
const mostProcesses = 10_000

/** The longest time to wait for the answer of the server. */
const longestAnswer = "1 second"

/** The last statement of a process of the server. */
interface Use {
  readonly workflow: WorkflowContext | undefined
  readonly summary: string
  isRunning: boolean
}

/** The statements on the connections of a client, by the process of the server that runs them. */
export class RunningStatements {
  readonly #uses = new Map<number, Use>()

  /** A statement starts on a connection. The given function is to be called at its end. */
  start(connection: object, workflow: WorkflowContext | undefined, summary: string): (() => void) | undefined {
    const process = processOf(connection)
    if (process === undefined) return undefined
    const use = { workflow, summary, isRunning: true }
    if (!this.#uses.has(process) && this.#uses.size >= mostProcesses) this.#uses.delete(this.#uses.keys().next().value!)
    this.#uses.set(process, use)
    return () => {
      use.isRunning = false
    }
  }

  useOf(process: number): Use | undefined {
    return this.#uses.get(process)
  }

  /** The processes that run a statement of a step of the run now. */
  processesOf(taskId: string): ReadonlyArray<number> {
    return Array.from(this.#uses).flatMap(([process, { isRunning, workflow }]) =>
      isRunning && workflow?.taskId === taskId ? [process] : []
    )
  }
}

const processOf = (connection: object): number | undefined =>
  Predicate.hasProperty(connection, "processId") && Number.isSafeInteger(connection.processId)
    ? connection.processId as number
    : undefined

/** Makes the source of a client. If the server does not answer in time, nothing is known. */
export const make = (client: SqlClient, statements: RunningStatements): LockWaits.Source => (taskId) => {
  const processes = statements.processesOf(taskId)
  if (processes.length === 0) return Effect.succeed([])
  return Effect.gen(function*() {
    const rows = yield* client.unsafe(
      "SELECT pid, array_to_string(pg_blocking_pids(pid), ' '), " +
        "extract(epoch FROM clock_timestamp() - query_start)::float8 " +
        `FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND pid IN (${processes.join(", ")})`
    ).values
    const now = yield* Clock.monotonicTimeNanos
    return rows.flatMap(([process, holders, seconds]): ReadonlyArray<LockWaits.Waiting> => {
      const use = statements.useOf(Number(process))
      if (use?.workflow === undefined) return []
      const { summary, workflow } = use
      return [{
        workflow,
        lock: summary === "" ? "a lock of the database" : `a lock that ${summary} needs`,
        sinceNanos: now - BigInt(Math.round(Number(seconds) * 1e9)),
        heldBy: String(holders).split(" ").filter((holder) => holder !== "").map((holder) => {
          const holding = statements.useOf(Number(holder))
          return holding === undefined ? `process ${holder} of the database` : callerName(holding.workflow, workflow)
        })
      }]
    })
  }).pipe(
    // In a transaction of the caller, a question that fails or takes too long would end the transaction.
    Effect.updateContext((context: Context.Context<never>) => Context.omit(client.transactionService)(context)),
    Effect.provideService(References.TracerEnabled, false),
    Effect.timeout(longestAnswer),
    Effect.catchCause(() => Effect.succeed([]))
  )
}

/**
 * Follows the transactions of a client: how long no statement runs in one, and how long others wait for a connection
 * meanwhile.
 */
import * as Context from "effect/Context"
import type { WorkflowContext } from "../../../Correlation.ts"
import { areApart } from "./SqlEvents.ts"

/** Waits that are shorter, in nanoseconds, are no waits. */
const shortestWait = 1e6

/** Something that waits for a connection. */
export interface Waiter {
  readonly startNanos: number
  readonly workflow: WorkflowContext | undefined
}

/** A transaction that has begun. Times are nanoseconds of the monotonic clock. */
export class OpenTransaction {
  readonly startNanos: number
  readonly workflow: WorkflowContext | undefined
  /** Periods in which no statement ran, longest and together. */
  longestIdleNanos = 0
  idleNanos = 0
  idlePeriods = 0
  /** Time that others waited, together, and how many. */
  blockedNanos = 0
  blocked = 0
  #running = 0
  #idleSince: number

  constructor(startNanos: number, workflow: WorkflowContext | undefined) {
    this.startNanos = startNanos
    this.workflow = workflow
    this.#idleSince = startNanos
  }

  statementStarted(now: number): void {
    if (this.#running++ === 0) this.#endIdle(now)
  }

  statementEnded(now: number): void {
    if (--this.#running === 0) this.#idleSince = now
  }

  bodyEnded(now: number): void {
    if (this.#running === 0) this.#endIdle(now)
  }

  waitedFor(waiter: Waiter, now: number): void {
    const nanos = now - Math.max(waiter.startNanos, this.startNanos)
    if (nanos < shortestWait || !areApart(waiter.workflow, this.workflow)) return
    this.blockedNanos += nanos
    this.blocked++
  }

  #endIdle(now: number): void {
    const nanos = now - this.#idleSince
    this.idleNanos += nanos
    this.idlePeriods++
    if (nanos > this.longestIdleNanos) this.longestIdleNanos = nanos
  }
}

/** The transaction that the current fiber runs in, by client. */
export const CurrentTransactions: Context.Reference<ReadonlyMap<object, OpenTransaction>> = Context.Reference<
  ReadonlyMap<object, OpenTransaction>
>(
  "tasker-telemetry/performance/internal/sql/OpenTransactions/CurrentTransactions",
  { defaultValue: () => new Map<object, OpenTransaction>() }
)

/** The transactions of one client, and what waits for a connection of it. */
export class OpenTransactions {
  readonly #open = new Set<OpenTransaction>()
  readonly #waiting = new Set<Waiter>()

  wait(waiter: Waiter): void {
    this.#waiting.add(waiter)
  }

  /** The waiter has got a connection, or has given up. */
  endWait(waiter: Waiter, now: number): void {
    if (!this.#waiting.delete(waiter) || now - waiter.startNanos < shortestWait) return
    for (const transaction of this.#open) transaction.waitedFor(waiter, now)
  }

  /** What waits for a connection for steps of a run. */
  waitersOf(taskId: string): ReadonlyArray<Waiter & { readonly workflow: WorkflowContext }> {
    return [...this.#waiting].filter((waiter): waiter is Waiter & { readonly workflow: WorkflowContext } =>
      waiter.workflow?.taskId === taskId
    )
  }

  /** The steps whose transactions are open, without a step itself. */
  holders(except: WorkflowContext): ReadonlyArray<WorkflowContext | undefined> {
    return [...this.#open].map(({ workflow }) => workflow).filter((workflow) => areApart(workflow, except))
  }

  begin(transaction: OpenTransaction): void {
    this.#open.add(transaction)
  }

  /** What still waits has waited for this transaction, too. */
  end(transaction: OpenTransaction, now: number): void {
    this.#open.delete(transaction)
    for (const waiter of this.#waiting) transaction.waitedFor(waiter, now)
  }
}

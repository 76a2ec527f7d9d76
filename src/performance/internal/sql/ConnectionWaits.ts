/**
 * Tells which steps wait for a connection of a client, and which transactions hold one meanwhile.
 */
import type { WorkflowContext } from "../../../Correlation.ts"
import type * as LockWaits from "../LockWaits.ts"
import type { OpenTransactions } from "./OpenTransactions.ts"

/** @param pool name of the pool of connections */
export const make = (transactions: OpenTransactions, pool: string): LockWaits.Source => (taskId) =>
  transactions.waitersOf(taskId).map(({ startNanos, workflow }) => ({
    workflow,
    lock: pool === "" ? "a connection to the database" : `a connection to ${pool}`,
    sinceNanos: BigInt(Math.round(startNanos)),
    heldBy: [...new Set(transactions.holders(workflow).map((holder) => nameOf(holder, workflow)))]
  }))

const nameOf = (holder: WorkflowContext | undefined, waiting: WorkflowContext): string => {
  if (holder === undefined) return "a transaction outside of tasks"
  const step = holder.stepName === undefined ? `task ${holder.taskName}` : `step "${holder.stepName}"`
  return holder.taskId === waiting.taskId ? step : `${step} of run ${holder.taskId}`
}

/**
 * Tells which steps wait for a connection of a client, and which transactions hold one meanwhile.
 */
import * as Effect from "effect/Effect"
import type * as LockWaits from "../LockWaits.ts"
import { callerName } from "./callerName.ts"
import type { OpenTransactions } from "./OpenTransactions.ts"

/** @param pool name of the pool of connections */
export const make = (transactions: OpenTransactions, pool: string): LockWaits.Source => (taskId) =>
  Effect.sync(() =>
    transactions.waitersOf(taskId).map(({ startNanos, workflow }) => ({
      workflow,
      lock: pool === "" ? "a connection to the database" : `a connection to ${pool}`,
      sinceNanos: BigInt(Math.round(startNanos)),
      heldBy: [...new Set(transactions.holders(workflow).map((holder) => callerName(holder, workflow)))]
    }))
  )

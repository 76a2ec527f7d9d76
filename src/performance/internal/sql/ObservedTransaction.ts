/**
 * Measures transactions and savepoints: before their body, in it, and after it.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import * as Correlation from "../../../Correlation.ts"
import type { EventBus } from "../../../events/EventBus.ts"
import { guard } from "../../../internal/guard.ts"
import type { BoundHistogram } from "../../../metrics/MetricInstrument.ts"
import { CurrentTransactions, OpenTransaction, type OpenTransactions } from "./OpenTransactions.ts"
import type { SqlInstruments } from "./Queries.ts"
import { publishFinding } from "./SqlEvents.ts"
import { physicalOf } from "./StatementHooks.ts"
import type { UsedConnections } from "./UsedConnections.ts"

const nanosPerSecond = 1e9

export interface Options {
  readonly client: SqlClient
  readonly bus: EventBus["Service"]
  readonly instruments: SqlInstruments
  readonly wait: BoundHistogram
  readonly used: UsedConnections
  readonly transactions: OpenTransactions
  /** What the transactions of the fiber are kept by. */
  readonly key: object
  readonly idleSeconds: number
  readonly blockedSeconds: number
  readonly onError: () => void
}

export const make = (options: Options): SqlClient["withTransaction"] => {
  const { client, instruments, key, onError, transactions, used } = options
  const phase = {
    begin: instruments.transactionControl.bind({ phase: "begin" }),
    commit: instruments.transactionControl.bind({ phase: "commit" }),
    rollback: instruments.transactionControl.bind({ phase: "rollback" }),
    savepoint: instruments.transactionControl.bind({ phase: "savepoint" }),
    release: instruments.transactionControl.bind({ phase: "release" })
  }

  /** Records the end of a transaction. `bodyEnd` is `undefined` if its body never started. */
  const record = (
    fiber: Fiber.Fiber<unknown, unknown>,
    transaction: OpenTransaction | undefined,
    startNanos: number,
    body: { start: number; end: number; succeeded: boolean } | undefined,
    exit: Exit.Exit<unknown, unknown>,
    now: number
  ): void => {
    const committed = body?.succeeded === true
    if (body !== undefined) {
      const ending = (now - body.end) / nanosPerSecond
      if (transaction === undefined) phase.release.observe(ending)
      else (committed ? phase.commit : phase.rollback).observe(ending)
    }
    if (transaction === undefined) return
    const outcome = body === undefined || (committed && Exit.isFailure(exit))
      ? "failed"
      : committed
      ? "commit"
      : "rollback"
    instruments.transactionDuration.observe({ outcome }, (now - startNanos) / nanosPerSecond)
    transactions.end(transaction, now)
    const find = (kind: "idle_in_transaction" | "blocking_transaction", count: number, nanos: number) =>
      publishFinding(options.bus, instruments, fiber, transaction.workflow, {
        kind,
        summary: "",
        count,
        totalSeconds: nanos / nanosPerSecond
      })
    if (transaction.longestIdleNanos > options.idleSeconds * nanosPerSecond) {
      find("idle_in_transaction", transaction.idlePeriods, transaction.idleNanos)
    }
    if (transaction.blockedNanos > options.blockedSeconds * nanosPerSecond) {
      find("blocking_transaction", transaction.blocked, transaction.blockedNanos)
    }
  }

  return <R, E, A>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E | SqlError, R> =>
    Effect.withFiber<A, E | SqlError, R>((fiber) => {
      const clock = fiber.getRef(Clock.Clock)
      const read = () => Number(clock.monotonicTimeNanosUnsafe())
      const workflow = fiber.getRef(Correlation.CurrentWorkflow)
      const isNested = Context.getOption(fiber.context, client.transactionService)._tag === "Some"
      const startNanos = read()
      const waiter = { startNanos, workflow }
      let transaction: OpenTransaction | undefined
      let body: { start: number; end: number; succeeded: boolean } | undefined
      let connection: object | undefined

      const begun = Effect.suspend(() => {
        const now = read()
        body = { start: now, end: now, succeeded: false }
        guard(() => {
          const seconds = (now - startNanos) / nanosPerSecond
          if (isNested) return phase.savepoint.observe(seconds)
          const held = Context.getOption(fiber.context, client.transactionService)
          if (held._tag === "Some") used.take(connection = physicalOf(held.value[0]))
          transactions.endWait(waiter, now)
          transaction = new OpenTransaction(now, workflow)
          transactions.begin(transaction)
          phase.begin.observe(seconds)
          options.wait.observe(seconds)
        }, onError)
        const inside = transaction === undefined
          ? self
          : Effect.updateService(self, CurrentTransactions, (all) => new Map(all).set(key, transaction!))
        return Effect.onExitPrimitive(inside, (exit) => {
          const end = read()
          body = { start: now, end, succeeded: Exit.isSuccess(exit) }
          transaction?.bodyEnded(end)
          return undefined
        })
      })

      if (!isNested) transactions.wait(waiter)
      return Effect.onExitPrimitive(client.withTransaction(begun), (exit) => {
        if (connection !== undefined) used.release(connection)
        guard(() => {
          const now = read()
          transactions.endWait(waiter, now)
          const ended = isNested ? undefined : transaction ?? new OpenTransaction(startNanos, workflow)
          record(fiber, ended, startNanos, body, exit, now)
        }, onError)
        return undefined
      })
    })
}

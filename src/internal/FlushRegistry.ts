/**
 * Registers everything that collects telemetry, so that all of it can be flushed.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"

/** What became of the records that were recorded before a flush. */
export interface FlushNumbers {
  readonly exported: number
  readonly dropped: number
  /** Records that still wait, because the time of the flush was up. */
  readonly pending: number
}

/** The numbers of a flush by signal; a signal that is not sent has none. */
export type FlushReport = { readonly [Signal in "spans" | "logs" | "metrics"]?: FlushNumbers }

export class FlushRegistry extends Context.Service<FlushRegistry, {
  /** Adds a flush until the scope closes. */
  readonly register: (flush: Effect.Effect<FlushReport | void>) => Effect.Effect<void, never, Scope.Scope>
  /** Runs all registered flushes at the same time. A slow one does not delay the others. Never fails. */
  readonly flush: Effect.Effect<FlushReport>
}>()("tasker-telemetry/internal/FlushRegistry") {
  static readonly layer: Layer.Layer<FlushRegistry> = Layer.sync(FlushRegistry, () => {
    const registered = new Set<Effect.Effect<FlushReport | void>>()
    return FlushRegistry.of({
      register: (flush) =>
        Effect.acquireRelease(
          Effect.sync(() => {
            registered.add(flush)
          }),
          () => Effect.sync(() => registered.delete(flush))
        ),
      // Each flush has a fiber of its own. A flush that is no Effect, or interrupts its fiber, ends the fiber without
      // any handler.
      flush: Effect.suspend(() =>
        Effect.forEach([...registered], (flush) => Effect.forkChild(Effect.suspend(() => flush)))
      ).pipe(
        Effect.flatMap((fibers) => Effect.onInterrupt(Fiber.awaitAll(fibers), () => Fiber.interruptAll(fibers))),
        Effect.map((exits) => mergeReports(exits.map((exit) => Exit.isSuccess(exit) ? exit.value : undefined)))
      )
    })
  })
}

const signals = ["spans", "logs", "metrics"] as const

/** One signal may have several exporters. */
const mergeReports = (reports: ReadonlyArray<FlushReport | void>): FlushReport => {
  const merged: { -readonly [Signal in keyof FlushReport]: FlushReport[Signal] } = {}
  for (const report of reports) {
    for (const signal of signals) {
      const [sum, numbers] = [merged[signal], report?.[signal]]
      if (numbers === undefined) continue
      merged[signal] = sum === undefined ? numbers : {
        exported: sum.exported + numbers.exported,
        dropped: sum.dropped + numbers.dropped,
        pending: sum.pending + numbers.pending
      }
    }
  }
  return merged
}

/**
 * The side of a program under test: records, flushes, measures and closes as the test says.
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import * as Scope from "effect/Scope"
import { createHook } from "node:async_hooks"
import type { Closed, Measured, SubjectMessage } from "./messages.ts"

export interface Subject<in out R> {
  readonly layer: Layer.Layer<R, unknown>
  /** Records a span, and perhaps more, with the attribute `number`. */
  readonly record: (number: number) => Effect.Effect<void, never, R>
  readonly flush: Effect.Effect<unknown, never, R>
  readonly accounts: Effect.Effect<Measured["accounts"], never, R>
  readonly reports: () => ReadonlyArray<string>
}

/** Timers and sockets that were made from now on and are not destroyed. */
const watchResources = (): () => ReadonlyArray<string> => {
  const watched = new Set(["Timeout", "TCPWRAP", "TLSWRAP", "TCPCONNECTWRAP", "HTTPCLIENTREQUEST"])
  const alive = new Map<number, string>()
  createHook({
    init: (id, type) => void (watched.has(type) && alive.set(id, type)),
    destroy: (id) => void alive.delete(id)
  }).enable()
  return () => [...alive.values()]
}

const heap = (): number => {
  globalThis.gc?.()
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}

const nextTurn = Effect.callback<void>((resume) => void setImmediate(() => resume(Effect.void)))

export const serve = <R>(subject: Subject<R>): Effect.Effect<void, unknown> =>
  Effect.gen(function*() {
    const left = watchResources()
    const messages = yield* Queue.unbounded<SubjectMessage>()
    process.on("message", (message: SubjectMessage) => void Queue.offerUnsafe(messages, message))
    const scope = yield* Scope.make()
    const context = yield* Layer.buildWithScope(subject.layer, scope)
    const say = (answer: object) => Effect.sync(() => void process.send?.(answer))
    yield* say({})

    let next = 0
    const record = Effect.fnUntraced(function*(count: number, perSecond = Number.POSITIVE_INFINITY) {
      const end = next + count
      const first = next
      const start = performance.now()
      while (next < end) {
        const seconds = (performance.now() - start) / 1000
        const due = perSecond === Number.POSITIVE_INFINITY ? end : Math.min(end, first + Math.ceil(seconds * perSecond))
        while (next < due) yield* subject.record(next++)
        if (next < end) yield* Effect.sleep("10 millis")
      }
    })

    const close = Effect.gen(function*() {
      const start = performance.now()
      yield* Scope.close(scope, Exit.void)
      const millis = performance.now() - start
      // A handle is destroyed some turns after it was closed.
      for (let turn = 0; turn < 10; turn++) yield* nextTurn
      const reports = subject.reports()
      return { millis, reports, left: left() } satisfies Closed
    })

    const answers = {
      record: ({ count, perSecond }: Extract<SubjectMessage, { readonly do: "record" }>) =>
        Effect.as(record(count, perSecond), {}),
      flush: () => Effect.map(subject.flush, (numbers) => ({ numbers })),
      measure: () =>
        Effect.map(subject.accounts, (accounts): Measured => ({ heap: heap(), accounts, reports: subject.reports() }))
    }
    while (true) {
      const message = yield* Queue.take(messages)
      if (message.do === "close") break
      const answer = message.do === "record" ? answers.record(message) : answers[message.do]()
      yield* say(yield* Effect.provideContext(answer as Effect.Effect<object, never, R>, context))
    }
    yield* say(yield* close)
  }).pipe(Effect.tapCause((cause) => Effect.sync(() => process.stderr.write(Cause.pretty(cause)))))

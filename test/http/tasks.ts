/**
 * Tasks that the tests serve.
 */
import { Context, Data, Deferred, Effect, Layer, Schema } from "effect"
import * as Correlation from "../../src/Correlation.ts"
import * as Step from "../../src/workflow/Step.ts"
import * as Task from "../../src/workflow/Task.ts"

const Order = Schema.Struct({
  orderId: Schema.String,
  lines: Schema.Array(Schema.Struct({ sku: Schema.String, quantity: Schema.Int }))
})

const load = Step.make("load", { input: Order, run: ({ input }) => Effect.succeed(input.lines.length) })
const charge = Step.make("charge", {
  dependsOn: [load],
  run: ({ results }) => Effect.as(Effect.logInfo("charging"), results.load * 10)
})
export const ProcessOrder = Task.make("process_order", { input: Order, steps: [load, charge] })
export const order = { orderId: "o-1", lines: [{ sku: "a", quantity: 2 }] }

const Nothing = Schema.Struct({})

const hang = Step.make("hang", { input: Nothing, run: () => Effect.never })
export const Hang = Task.make("hang", { input: Nothing, steps: [hang] })

class Refused extends Data.TaggedError("Refused") {
  override readonly message = "the secret of postgres://user:hunter2@db"
}

const refuse = Step.make("refuse", {
  input: Nothing,
  retry: { maximumAttempts: 1 },
  run: () =>
    Effect.tryPromise(() =>
      Promise.reject(
        new TypeError("fetch failed", {
          cause: Object.assign(new Error("connect ECONNREFUSED ::1:1"), { code: "ECONNREFUSED", apiKey: "hunter2" })
        })
      )
    )
})
export const Refuse = Task.make("refuse", { input: Nothing, steps: [refuse] })

const fail = Step.make("fail", {
  input: Nothing,
  retry: { maximumAttempts: 1 },
  run: () => Effect.fail(new Refused())
})
export const Fail = Task.make("fail", { input: Nothing, steps: [fail] })

/** Says who it works for. */
export class Seen extends Context.Service<Seen, {
  readonly id: Deferred.Deferred<string | undefined>
}>()("tasker-telemetry/test/http/Seen") {
  static readonly layer = Layer.effect(Seen, Effect.map(Deferred.make<string | undefined>(), (id) => ({ id })))
}
const look = Step.make("look", {
  input: Nothing,
  run: () =>
    Effect.gen(function*() {
      const seen = yield* Seen
      yield* Deferred.succeed(seen.id, yield* Correlation.CorrelationId)
    })
})
export const Look = Task.make("look", { input: Nothing, steps: [look] })

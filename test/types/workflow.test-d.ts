/**
 * What the types of steps, tasks and runs promise and refuse.
 */
import { Context, Duration, Effect, Schema } from "effect"
import * as Step from "../../src/workflow/Step.ts"
import * as Task from "../../src/workflow/Task.ts"
import type { TaskError } from "../../src/workflow/TaskError.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false
const check = <_ extends true>() => {}

class Carts extends Context.Service<Carts, { readonly load: Effect.Effect<number, "cart"> }>()("test/Carts") {}
class Payments
  extends Context.Service<Payments, { readonly pay: Effect.Effect<string, "payment"> }>()("test/Payments")
{}

const Order = Schema.Struct({ id: Schema.String, quantity: Schema.FiniteFromString })

const cart = Step.make("cart", {
  input: Order,
  run: ({ input }) => Effect.as(Carts.use((carts) => carts.load), input.quantity)
})
const charge = Step.make("charge", {
  dependsOn: [cart],
  run: ({ attempt, input, results }) => {
    check<Equal<typeof results, { readonly cart: number }>>()
    check<Equal<typeof attempt, number>>()
    check<Equal<typeof input, unknown>>()
    return Payments.use((payments) => payments.pay)
  }
})
const lonely = Step.make("lonely", { run: () => Effect.succeed(true) })

Step.make("stray", {
  dependsOn: [cart],
  // @ts-expect-error `charge` is not among the dependencies
  run: ({ results }) => Effect.succeed(results.charge)
})
Step.make("none", {
  // @ts-expect-error a step without dependencies has no results to use
  run: ({ results }) => Effect.succeed(results.cart)
})

const Shop = Task.make("shop", { input: Order, steps: [cart, charge, lonely] })
const run = TaskRunner.run(Shop, { id: "1", quantity: "2" })

check<Equal<Effect.Error<typeof run>, "cart" | "payment" | TaskError>>()
check<Equal<Effect.Services<typeof run>, Carts | Payments | TaskRunner.TaskRunner>>()
export const typed = Effect.map(run, ({ results, taskId }) => {
  check<Equal<typeof results, { readonly cart: number; readonly charge: string; readonly lonely: boolean }>>()
  check<Equal<typeof taskId, string>>()
  // @ts-expect-error the task has no such step
  return results.stray as unknown
})

const started = TaskRunner.start(Shop, { id: "1", quantity: "2" })
check<Equal<Effect.Error<typeof started>, TaskError>>()

// @ts-expect-error the input is given in its encoded form: a text
export const call1 = TaskRunner.run(Shop, { id: "1", quantity: 2 })
// @ts-expect-error a field is missing
export const call2 = TaskRunner.run(Shop, { id: "1" })

// @ts-expect-error the step needs an order, the task is run with a number
Task.make("wrong", { input: Schema.Finite, steps: [cart] })

export const call3 = TaskRunner.resolveStep("1", cart, 5)
// @ts-expect-error the step gives a number
export const call4 = TaskRunner.resolveStep("1", cart, "five")

// @ts-expect-error a step depends on steps, not on names
Step.make("named", { dependsOn: ["cart"], run: () => Effect.void })
// @ts-expect-error a step runs an effect
Step.make("plain", { run: () => 1 })

// --- Skipping ---

const skippable = Step.make("skippable", {
  input: Order,
  dependsOn: [cart],
  skipWhen: ({ input, results }) => {
    check<Equal<typeof results, { readonly cart: number }>>()
    check<Equal<typeof input, typeof Order.Type>>()
    return Payments.use((payments) => Effect.as(payments.pay, true))
  },
  run: () => Effect.succeed("run")
})
check<Equal<Step.Success<typeof skippable>, string | undefined>>()
check<Equal<Step.Error<typeof skippable>, "payment">>()
check<Equal<Step.Services<typeof skippable>, Payments>>()
const substituted = Step.make("substituted", {
  skipWhen: () => true,
  whenSkipped: () => 0,
  run: () => Effect.succeed("run")
})
check<Equal<Step.Success<typeof substituted>, string | number>>()
// @ts-expect-error a substitute without a question
Step.make("odd", { whenSkipped: () => 0, run: () => Effect.succeed("run") })
Step.make("after", {
  dependsOn: [skippable],
  // @ts-expect-error a skipped step gives nothing
  run: ({ results }) => Effect.succeed(results.skippable.length)
})

// --- Dependencies in other forms than a list of names ---

const pair = [cart, lonely] as const
Step.make("of_pair", {
  dependsOn: pair,
  run: ({ results }) => {
    check<Equal<typeof results, { readonly cart: number; readonly lonely: boolean }>>()
    return Effect.void
  }
})
Step.make("of_more", {
  dependsOn: [...pair, skippable],
  skipWhen: ({ results }) => results.cart > 1,
  whenSkipped: ({ results }) => results.lonely,
  run: ({ results }) => {
    check<
      Equal<
        typeof results,
        { readonly cart: number; readonly lonely: boolean; readonly skippable: string | undefined }
      >
    >()
    return Effect.void
  }
})
export const dependent = (steps: ReadonlyArray<Step.Any>) =>
  Step.make("of_any", { dependsOn: steps, run: ({ results }) => Effect.succeed(results) })
check<Equal<Step.Success<ReturnType<typeof dependent>>, { readonly [x: string]: unknown }>>()
check<Equal<Step.Error<typeof charge>, "payment">>()
check<Equal<Step.Services<typeof charge>, Payments>>()

declare const untyped: any
const asked = Step.make("asked", { skipWhen: () => untyped, run: () => Effect.succeed(1) })
check<Equal<Step.Success<typeof asked>, number | undefined>>()

Step.make("waiting", {
  timeout: "10 seconds",
  retry: { maximumAttempts: 2, maximum: "5 minutes" },
  run: () => Effect.void
})
Step.make("waiting", { timeout: 500, retry: { maximum: Duration.seconds(3) }, run: () => Effect.void })
Step.make("waiting", { timeout: { minutes: 1 }, run: () => Effect.void })
// @ts-expect-error a time-out has a unit of Effect's
Step.make("waiting", { timeout: "10 sec", run: () => Effect.void })

// --- A task that is made where its steps are ---

Task.make("inner", {
  input: Order,
  steps: [
    Step.make("inline", {
      run: ({ input }) => {
        check<Equal<typeof input, unknown>>()
        return Effect.void
      }
    })
  ]
})

// --- Tags of a run ---

const Tagged = Task.make("tagged", { input: Schema.Void, steps: [lonely] })
export const tagged = [
  TaskRunner.run(Tagged, undefined, { tags: { region: "eu", tier: "gold" } }),
  // @ts-expect-error a tag holds no id
  TaskRunner.run(Tagged, undefined, { tags: { orderId: "o-1" } }),
  // @ts-expect-error a tag holds no id
  TaskRunner.run(Tagged, undefined, { tags: { id: "o-1" } }),
  // @ts-expect-error a tag is a text
  TaskRunner.run(Tagged, undefined, { tags: { attempts: 3 } })
]

// --- Runs that start later ---

export const later = [
  TaskRunner.start(Tagged, undefined, { startAfter: "10 minutes", reason: "month end", initiator: "billing" }),
  TaskRunner.amend("t-1", { tags: { region: "eu" }, reason: "audit" }),
  // @ts-expect-error a duration has a unit
  TaskRunner.start(Tagged, undefined, { startAfter: "soon" }),
  // @ts-expect-error only the start says who starts a run
  TaskRunner.amend("t-1", { initiator: "ada" })
]

/**
 * What code without types gives where an Effect is expected.
 *
 * @internal
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { orElse } from "./guard.ts"

/** The Effect that `given` is; otherwise one that dies of a `TypeError` which says who gave what. */
export const expectEffect = (giver: string, given: unknown): Effect.Effect<unknown, unknown, unknown> =>
  Effect.isEffect(given) ? given : Effect.die(unexpectedValue(giver, given, "an Effect"))

/** Says who gave what in place of what. */
export const unexpectedValue = (giver: string, given: unknown, expected: string): TypeError => {
  const isPromise = orElse(() => Predicate.hasProperty(given, "then") && Predicate.isFunction(given.then), () => false)
  if (isPromise) waitFor(given as PromiseLike<unknown>)
  const kind = isPromise ? "a promise" : given === null ? "null" : kinds[typeof given]
  const hint = isPromise ? "; wrap the call that makes it in Effect.tryPromise" : ""
  return new TypeError(`${giver} gave ${kind} where ${expected} is expected${hint}`)
}

const kinds = {
  bigint: "a bigint",
  boolean: "a boolean",
  function: "a function",
  number: "a number",
  object: "an object",
  string: "a string",
  symbol: "a symbol",
  undefined: "undefined"
} as const

/** A rejection that nothing waits for would end the process. */
const waitFor = (promise: PromiseLike<unknown>) => orElse<unknown>(() => promise.then(() => {}, () => {}), () => {})

/**
 * Checks a value of code without types, where an Effect is expected.
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { orElse } from "./guard.ts"

/** Gives `given` if it is an Effect. Otherwise gives an Effect that dies with {@link unexpectedValue}. */
export const expectEffect = (giver: string, given: unknown): Effect.Effect<unknown, unknown, unknown> =>
  Effect.isEffect(given) ? given : Effect.die(unexpectedValue(giver, given, "an Effect"))

/** Makes an error that names the giver, the kind of the value, and the expected kind. */
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

/** A rejection without a handler would end the process. */
const waitFor = (promise: PromiseLike<unknown>) => orElse<unknown>(() => promise.then(() => {}, () => {}), () => {})

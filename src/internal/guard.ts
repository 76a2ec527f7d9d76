/**
 * Keeps what a function throws from the program that is observed.
 */

/** Runs `f`. If it throws, `onError` gets the error. */
export const guard = (f: () => void, onError: (error: unknown) => void): void => {
  try {
    f()
  } catch (error) {
    onError(error)
  }
}

/** {@link guard} for a function of one argument. It makes no closure, for hot paths. */
export const guardCall = <A>(f: (argument: A) => void, argument: A, onError: (argument: A) => void): void => {
  try {
    f(argument)
  } catch {
    onError(argument)
  }
}

/** {@link guard} for a function of two arguments, of which `onError` gets the first. It makes no closure, for hot paths. */
export const guardCallback = <A, B>(
  target: A,
  argument: B,
  f: (target: A, argument: B) => void,
  onError: (target: A) => void
): void => {
  try {
    f(target, argument)
  } catch {
    onError(target)
  }
}

/** Gives the value of `f`, or of `fallback` if `f` throws. It makes no closure, for hot paths. */
export const callOr = <A, B>(f: (argument: A) => B, argument: A, fallback: (argument: A) => B): B => {
  try {
    return f(argument)
  } catch {
    return fallback(argument)
  }
}

/** Gives the value of `f`, or of `fallback` if `f` throws, for getters and `toJSON` of foreign values. */
export const orElse = <A>(f: () => A, fallback: (error: unknown) => A): A => {
  try {
    return f()
  } catch (error) {
    return fallback(error)
  }
}

/** Gives a field of a foreign object, or `fallback` if it throws. It makes no closure, for hot paths. */
export const readOr = (object: object, key: string, fallback: unknown): unknown => {
  try {
    return (object as Readonly<Record<string, unknown>>)[key]
  } catch {
    return fallback
  }
}

/** Gives a field of a foreign object, or `undefined` if it throws. */
export const fieldOf = (object: object, key: string): unknown => readOr(object, key, undefined)

/** Gives the keys of a foreign object, or none if it throws. It makes no closure, for hot paths. */
export const keysOf = (object: object): Array<string> => callOr(Object.keys, object, noKeys)

const noKeys = (): Array<string> => []

/** Whether a value is a plain object, for hot paths. A proxy that throws is none. */
export const isPlainObject = (value: unknown): value is Readonly<Record<string, unknown>> => {
  if (typeof value !== "object" || value === null) return false
  try {
    const prototype: unknown = Object.getPrototypeOf(value)
    return prototype === Object.prototype || prototype === null
  } catch {
    return false
  }
}

/** A function that takes an event, as a method. */
export interface Handler<A, B, C> {
  readonly handle: (a: A, b: B, c: C) => void
}

/** Calls a handler as {@link guard} does, without a closure per call. */
export const callHandler = <H extends Handler<A, B, C>, A, B, C>(
  handler: H,
  a: A,
  b: B,
  c: C,
  onError: (handler: H, error: unknown) => void
): void => {
  try {
    const given: unknown = handler.handle(a, b, c)
    // An unhandled rejection would end the process.
    if (given instanceof Promise) given.catch((error: unknown) => onError(handler, error))
  } catch (error) {
    onError(handler, error)
  }
}

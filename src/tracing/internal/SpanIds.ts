/**
 * The ids of spans: which a receiver accepts, and how new ones are made.
 *
 * @see https://www.w3.org/TR/trace-context/#trace-id
 */
import * as Context from "effect/Context"
import * as Hex from "effect/encoding/Hex"
import * as Random from "effect/Random"

const traceId = /^(?!0{32})[0-9a-f]{32}$/i
const spanId = /^(?!0{16})[0-9a-f]{16}$/i

/** Whether both ids are valid hexadecimal and not zero. With one invalid id, a receiver refuses the whole batch. */
export const areValid = (span: { readonly traceId: string; readonly spanId: string }): boolean =>
  traceId.test(span.traceId) && spanId.test(span.spanId)

/** Makes a random id of 16 or 32 hexadecimal digits. */
export type Generator = (length: 16 | 32) => string

/**
 * The generator for a `Random`. If the program has its own `Random`, the generator takes a seed from it once, and
 * nothing later. Otherwise each id would change the numbers that the program draws.
 */
export const generator = (random: Random.Random): Generator =>
  random === Context.get(Context.empty(), Random.Random) ? Hex.random : seeded(random)

const seeded = (random: Random.Random): Generator => {
  const word = () => Math.floor(random.nextDoubleUnsafe() * 2 ** 32)
  const next = smallFastCounter(word(), word(), word(), word())
  const digits = () => next().toString(16).padStart(8, "0")
  return (length) => length === 16 ? digits() + digits() : digits() + digits() + digits() + digits()
}

/**
 * The 32-bit generator `sfc32`. Its counter makes each of the first 2³² numbers come from another state.
 *
 * @see https://pracrand.sourceforge.net/RNG_engines.txt
 */
const smallFastCounter = (a: number, b: number, c: number, counter: number): () => number => () => {
  const drawn = (a + b + counter) | 0
  counter = (counter + 1) | 0
  a = b ^ (b >>> 9)
  b = (c + (c << 3)) | 0
  c = (((c << 21) | (c >>> 11)) + drawn) | 0
  return drawn >>> 0
}

/**
 * Makes random identifiers with the platform's secure generator.
 */
import * as Context from "effect/Context"
import * as SecureRandom from "effect/crypto/SecureRandom"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/** Bytes from this value on would make the first symbols more likely than the others. */
const unbiasedLimit = 256 - 256 % alphabet.length

const platformRandom = SecureRandom.make(SecureRandom.randomBytesUnsafe)

/** The `SecureRandom` of the context, which tests provide, or the platform's. */
const secureRandom: Effect.Effect<SecureRandom.SecureRandom["Service"]> = Effect.map(
  Effect.serviceOption(SecureRandom.SecureRandom),
  Option.getOrElse(() => platformRandom)
)

/** Bytes that are asked for at once: to ask the platform takes longer than to make a byte. */
const poolSize = 1024

/** Makes a `SecureRandom` of the platform that asks it for many bytes at once, for a caller that makes many ids. */
export const makePool = (): SecureRandom.SecureRandom["Service"] => {
  let pool: Uint8Array = new Uint8Array()
  let used = 0
  return SecureRandom.make((size) => {
    if (size > poolSize) return SecureRandom.randomBytesUnsafe(size)
    if (used + size > pool.length) {
      pool = SecureRandom.randomBytesUnsafe(poolSize)
      used = 0
    }
    used += size
    return pool.slice(used - size, used)
  })
}

/** Lets identifiers come from a source, if the context has none. */
export const withDefaultSource = <A, E>(
  effect: Effect.Effect<A, E>,
  source: SecureRandom.SecureRandom["Service"]
): Effect.Effect<A, E> =>
  Effect.updateContext(
    effect,
    (context: Context.Context<never>) =>
      Context.getOrUndefined(context, SecureRandom.SecureRandom) === undefined
        ? Context.add(context, SecureRandom.SecureRandom, source)
        : context
  )

/** Makes a text of `length` characters of `A-Za-z0-9`, each equally likely. */
export const alphanumeric = Effect.fnUntraced(function*(length: number): Effect.fn.Return<string> {
  const random = yield* secureRandom
  let text = ""
  while (text.length < length) {
    for (const byte of yield* random.randomBytes(length)) {
      if (byte < unbiasedLimit && text.length < length) text += alphabet[byte % alphabet.length]
    }
  }
  return text
})

/** Makes a UUID of version 7, whose order is the order of time. */
export const uuid: Effect.Effect<string> = Effect.flatMap(secureRandom, (random) => random.uuidV7())

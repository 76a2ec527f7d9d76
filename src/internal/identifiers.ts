/**
 * Makes random identifiers with the platform's secure generator.
 */
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

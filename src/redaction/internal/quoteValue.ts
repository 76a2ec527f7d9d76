/**
 * Refused values in messages: without their secrets, on one line, bounded.
 */
import * as Duration from "effect/Duration"
import { orElse } from "../../internal/guard.ts"
import { truncateAtWord } from "../../internal/truncateAtWord.ts"
import { withoutSecrets } from "./secretPatterns.ts"

/** Characters that JSON writes as they are and that a terminal or a reader of lines would act on. */
const active = /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g

/** Characters of a text that are looked at. */
const mostLooked = 4096

/** Members of a list that are looked at. */
const mostMembers = 20

/** Masks the secrets of a text and puts it into quotes, on one line. It shows at most `longest` characters. */
export const quote = (text: string, longest = 80): string => {
  const quoted = JSON.stringify(withoutSecrets(text.length > mostLooked ? truncateAtWord(text, mostLooked) : text))
    .replace(
      active,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
    )
  return quoted.length > longest ? `${quoted.slice(0, longest)}…` : quoted
}

/** Gives a value of any type as {@link quote} gives a text. What an object holds is not shown. */
export const quoteValue = (value: unknown, longest = 80): string => {
  const shown = orElse(() => describe(value), () => "a value that cannot be read")
  return shown.length > longest ? `${shown.slice(0, longest)}…` : shown
}

const describe = (value: unknown, isMember = false): string => {
  if (Duration.isDuration(value)) return Duration.format(value)
  if (typeof value === "string") return quote(value, Infinity)
  if (typeof value === "number" || typeof value === "boolean" || value === null) return String(value)
  if (typeof value === "bigint") return `${value}n`
  if (Array.isArray(value)) {
    if (isMember) return "a list"
    const members = value.slice(0, mostMembers).map((member) => describe(member, true)).join(", ")
    return `[${members}${value.length > mostMembers ? ", …" : ""}]`
  }
  if (value === undefined || typeof value === "object" && Object.keys(value).length === 0) return "nothing"
  return typeof value === "object" ? "an object" : `a ${typeof value}`
}

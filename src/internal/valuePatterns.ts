/**
 * Secrets recognised by their shape, wherever they stand in a text.
 *
 * Each pattern matches whole secrets only, in a time linear in the length of the
 * text, and `hint` is a cheap sign that one of the patterns may match at all.
 *
 * @internal
 */

import { assignedValue, restOfList } from "./assignedValue.ts"
import * as ConnectionFields from "./connectionFields.ts"
import * as FormParts from "./formParts.ts"
import { endsPair, isSensitivePair } from "./sensitiveKeys.ts"
import * as UrlCredentials from "./urlCredentials.ts"

export type PatternName =
  | "assignment"
  | "aws_key"
  | "bearer"
  | "card_number"
  | "email"
  | "jwt"
  | "private_key"
  | "url_credentials"

export interface ValuePattern {
  readonly name: PatternName
  /** Whether what it replaces may have a single quote in it. */
  readonly takesQuotes: boolean
  /**
   * Source of a case-insensitive expression that every match contains a match of; `keys` is that of sensitive words.
   * Empty if every match goes with one of another pattern, or with a sign of one.
   */
  readonly hint: (keys: string) => string
  /** Replaces every secret in the text; `masked` stands for one and counts it, `mask` is what it gives. */
  readonly replace: (text: string, masked: () => string, isSensitive: (key: string) => boolean, mask: string) => string
}

const simple = (name: PatternName, hint: string, pattern: RegExp): ValuePattern => ({
  name,
  takesQuotes: false,
  hint: () => hint,
  replace: (text, masked) => text.replace(pattern, masked)
})

/** A part of Digest credentials; the scheme's name alone is an English word. */
const digestPart = "(?:username|realm|nonce|response|cnonce|opaque|qop|userhash)\\*?\\s*="
const digest = new RegExp(`\\b(digest\\s+)${digestPart}${restOfList}`, "gi")

/** The scheme stays readable, the credentials do not; `basic` is an English word, so base64 has to follow it. */
const bearer: ValuePattern = {
  name: "bearer",
  takesQuotes: true,
  hint: () => `\\b(?:(?:bearer|basic)\\s|digest\\s+${digestPart})`,
  replace: (text, masked) =>
    text.replace(digest, (_match, scheme: string) => scheme + masked()).replace(
      /\b(bearer|basic)(\s+)([A-Za-z0-9._~+/=-]{4,})/gi,
      (match: string, scheme: string, space: string, credentials: string) =>
        scheme.toLowerCase() === "bearer" || looksEncoded.test(credentials) ? `${scheme}${space}${masked()}` : match
    )
}

const looksEncoded = /[A-Z0-9+/=]/

const urlCredentials: ValuePattern = {
  name: "url_credentials",
  takesQuotes: true,
  hint: () => UrlCredentials.hint,
  replace: UrlCredentials.replace
}

/**
 * A key with its `=`, `:`, `=>`, `:=` or `==`, in quotes of several words; quotes around the key may be escaped, and a
 * `]` may follow it. A value on the next line is quoted or indented, or an object. What may not stand before a key is
 * all that a key is made of: else each mark within a word would be another place to begin.
 */
const assigned =
  /(?:(?<![\p{L}\p{N}\p{M}_.-])([\p{L}\p{N}\p{M}_.-]+)\]?\\{0,8}["']?|(?<=["'])([\p{L}\p{N}\p{M}_.-]+(?: +[\p{L}\p{N}\p{M}_.-]+)+)\\{0,8}["'])\s*(?:={1,3}>?|:(?::|={1,3})?|[?+|]{1,2}={1,3})(?:\s*(?=["'`{(\\])|[ \t]*(?:\r?\n[ \t]+)?)/gu
const assigns = /[=:]|<\//
/** The word before, of the last characters before a word. */
const wordBefore = /([A-Za-z]+)[ \t]{1,4}$/
const longestBefore = 24
/** An element of XML whose content is a text. */
const element = /<([\w.:-]+)(?:\s[^<>]*)?>([^<>]+)(?=<\/)/g

/**
 * `password=…`, `token: "…"`, `?api_key=…`, `"secret":"…"`, `Cookie: …`: the key decides, by the rules for keys. The
 * value of any other key is searched in turn.
 */
const assignment: ValuePattern = {
  name: "assignment",
  takesQuotes: true,
  // Its key alone: how far off the value begins is not known, and looking for it would take time.
  hint: (keys) => keys === "" ? "[=:]|</" : `(?:${keys})`,
  replace: (text, masked, isSensitive) => {
    // A word of a key is in many a sentence.
    if (!assigns.test(text)) return text
    let result = ""
    let done = 0
    assigned.lastIndex = 0
    for (let found = assigned.exec(text); found !== null; found = assigned.exec(text)) {
      const [match, word, words = ""] = found
      const key = word ?? words
      const start = found.index + match.length
      if (text.startsWith("://", found.index + key.length)) continue
      if (!isSensitive(key) && !isPhrase(text, found.index, key)) continue
      const { end, from } = assignedValue(text, start, key)
      if (end === start) continue
      result += text.slice(done, from) + masked()
      done = end
      assigned.lastIndex = end
    }
    assigned.lastIndex = 0
    const rest = done === 0 ? text : result + text.slice(done)
    return rest.includes("</")
      ? rest.replace(
        element,
        (match: string, name: string, content: string) =>
          content.trim() !== "" && isSensitive(name) ? match.slice(0, -content.length) + masked() : match
      )
      : rest
  }
}

/** Whether a word and the one before it are a sensitive key, as in `API key: …`. */
const isPhrase = (text: string, at: number, word: string): boolean => {
  if (!endsPair(word)) return false
  const before = wordBefore.exec(text.slice(Math.max(at - longestBefore, 0), at))
  return before !== null && isSensitivePair(before[1] as string, word)
}

/** Values that other text is part of: only after everything else is it known what the rest of them is. */
const longValue: ValuePattern = {
  name: "assignment",
  takesQuotes: true,
  hint: () => "",
  replace: (text, masked, isSensitive, mask) =>
    ConnectionFields.replace(FormParts.replace(text, masked, isSensitive), masked, mask)
}

/** Three parts in base64url, the first of them a JSON object; found from the start of its run of characters. */
const jwt: ValuePattern = {
  name: "jwt",
  takesQuotes: false,
  hint: () => "eyJ",
  replace: (text, masked) =>
    text.replace(
      /(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)*/g,
      (match: string) => {
        const start = match.search(/(?<![A-Za-z0-9])eyJ[A-Za-z0-9_-]{5}/)
        return start < 0 ? match : match.slice(0, start) + masked()
      }
    )
}

/** In one run, or in the groups in which cards show them; ids and times in digits hardly ever look so. */
const cardNumber: ValuePattern = {
  name: "card_number",
  takesQuotes: false,
  hint: () => "[2-6]\\d{3}[ -]?\\d{4}[ -]?\\d|3\\d{3}[ -]\\d{6}",
  replace: (text, masked) =>
    text.replace(
      /(?<![\w.-])(?:[2-6]\d{12,18}|[2-6]\d{3}([ -])\d{4}\1\d{4}\1\d{4}|3\d{3}([ -])\d{6}\2\d{5})(?![\w-])/g,
      (match) => isCardNumber(match) ? masked() : match
    )
}

/** The Luhn check: of 16 random digits nine in ten fail it. */
const isCardNumber = (text: string): boolean => {
  let sum = 0
  let double = false
  let digits = 0
  for (let index = text.length - 1; index >= 0; index--) {
    const digit = text.charCodeAt(index) - 48
    if (digit < 0 || digit > 9) continue
    const value = double ? digit * 2 : digit
    sum += value > 9 ? value - 9 : value
    double = !double
    digits++
  }
  return digits >= 13 && sum % 10 === 0
}

/** Found from the start of its run of characters, with what the last word goes on with and every further address. */
const email = simple(
  "email",
  "@",
  /(?<![\p{L}\p{N}._%+-])[\p{L}\p{N}._%+-]+@[\p{L}\p{N}.-]+\.\p{L}{2,}[\p{L}\p{N}_-]*(?:[\p{L}\p{N}._%+-]*@[\p{L}\p{N}.-]+\.\p{L}{2,}[\p{L}\p{N}_-]*)*/gu
)

/** In the order in which they are applied: what a larger secret contains must not be masked before it. */
const all: ReadonlyArray<ValuePattern> = [
  simple(
    "private_key",
    "-----BEGIN ",
    /-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|$)/g
  ),
  urlCredentials,
  assignment,
  bearer,
  jwt,
  simple("aws_key", "A(?:KIA|SIA|GPA|IDA|ROA)[0-9A-Z]{16}", /\b(?:AKIA|ASIA|AGPA|AIDA|AROA)[0-9A-Z]{16}\b/g),
  cardNumber,
  email,
  longValue
]

/** The patterns of these names. */
export const select = (names: ReadonlyArray<PatternName>): ReadonlyArray<ValuePattern> =>
  all.filter((pattern) => names.includes(pattern.name))

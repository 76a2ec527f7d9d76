/**
 * Secrets recognised by their shape, wherever they stand in a text.
 *
 * Each pattern matches whole secrets in a time that is linear in the length of the
 * text. `hint` is a cheap test whether a pattern can match.
 */

import { restOfList } from "./assignedValue.ts"
import * as Assignments from "./assignments.ts"
import * as CommandLine from "./commandLine.ts"
import { isCommonWord } from "./harmlessValue.ts"
import * as LongValues from "./longValues.ts"
import * as NamedValue from "./namedValue.ts"
import * as SecretSigns from "./secretSigns.ts"
import * as SecretTokens from "./secretTokens.ts"
import { hintSource, hintWords, type Sensitivity, sensitivityByDefault } from "./sensitiveKeys.ts"
import * as SqlText from "./sqlText.ts"

export const defaultMask = "[FILTERED]"

export type PatternName =
  | "assignment"
  | "aws_key"
  | "bearer"
  | "card_number"
  | "email"
  | "jwt"
  | "private_key"
  | "url_credentials"
  | "vendor_token"
  | "web_hook"

export interface ValuePattern {
  readonly name: PatternName
  /** Whether what it replaces may have a single quote in it. */
  readonly takesQuotes: boolean
  /**
   * Source of a case-insensitive expression that matches within every match; `keys` is the source for sensitive words.
   * Empty if another pattern's hint matches wherever this pattern does.
   */
  readonly hint: (keys: string) => string
  /**
   * Texts of which the hint matches one, in any case. `keys` are those for sensitive words. {@link SecretSigns} knows
   * what else a hint matches.
   */
  readonly words?: (keys: ReadonlyArray<string>) => ReadonlyArray<string>
  /** Whether a text without a {@link sign} has no match even if the hint matches. */
  readonly needsSign?: boolean
  /** A sign that is no expression, beside that of the hint. */
  readonly mayMatch?: (text: string) => boolean
  /** Replaces every secret in the text; `masked` stands for one and counts it, `mask` is what it gives. */
  readonly replace: (
    text: string,
    masked: () => string,
    sensitivity: (key: string) => Sensitivity,
    mask: string
  ) => string
}

const simple = (
  name: PatternName,
  hint: string,
  pattern: RegExp,
  words: ReadonlyArray<string> = [hint]
): ValuePattern => ({
  name,
  takesQuotes: false,
  hint: () => hint,
  words: () => words,
  replace: (text, masked) => text.replace(pattern, masked)
})

/** A part of Digest credentials; the scheme's name alone is an English word. */
const digestPart = "(?:username|realm|nonce|response|cnonce|opaque|qop|userhash)\\*?\\s*="
const digest = new RegExp(`\\b(digest\\s+)${digestPart}${restOfList}`, "gi")

/** The scheme stays readable, the credentials do not; `basic` is an English word, so base64 has to follow it. */
const bearer: ValuePattern = {
  name: "bearer",
  takesQuotes: true,
  hint: () => `\\b(?:(?:bearer|basic)(?:\\s|%20|\\+)|digest\\s+${digestPart})`,
  words: () => ["bearer", "basic", "digest"],
  replace: (text, masked) =>
    text.replace(digest, (_match, scheme: string) => scheme + masked()).replace(
      /\b(bearer|basic)(\s+|%20|\+)([A-Za-z0-9._~+/=-]{4,})/gi,
      (match: string, scheme: string, space: string, credentials: string, at: number) =>
        isCredentials(scheme, credentials, text.charAt(at + match.length)) ? `${scheme}${space}${masked()}` : match
    )
}

const looksEncoded = /[A-Z0-9+/=]/
/** `realm="…"` is what a server asks for, and `Bearer token` is English. */
const isCredentials = (scheme: string, credentials: string, next: string): boolean =>
  !(credentials.endsWith("=") && next === "\"") && !/^-{2,}/.test(credentials) &&
  (scheme.toLowerCase() === "bearer"
    ? !isWord(credentials)
    : looksEncoded.test(credentials) && !/^[A-Z]?[a-z]+[.:]?$/.test(credentials))

const isWord = (credentials: string): boolean =>
  isCommonWord(credentials.replace(/[.,:;]+$/, "")) ||
  /^(?:tokens?|credentials?|auth|bonds|schemes?|methods?)\b/i.test(credentials)

/** A user and what is no port, from the two slashes on. */
const urlUser = ":\\/\\/[^\\s/?#:@\"'<>\\\\[\\]]*:(?!\\d{1,5}(?:[/?#]|$)|/)"

/** Source of an expression that matches where there may be credentials. */
const urlHint = `//[^\\s/]+@|${urlUser}`

const urlUserStart = new RegExp(urlUser)

/** All that may be of one URL, or of several without a space between. */
const urlRun = /:\/\/[^\s"'<>\\]+/g

/**
 * Replaces credentials up to the last `@` before the path, because a password can contain `@`. If the password contains
 * `/`, `?` or `#`, replaces up to the last `@`. A run of characters is searched once, with all the URLs in it.
 */
const replaceUrls = (text: string, masked: () => string): string =>
  text.replace(/(\/\/)[^\s/?#"<>\\]+(?=@)/g, (_match, start: string) => `${start}${masked()}`).replace(
    urlRun,
    (url) => {
      const end = url.lastIndexOf("@")
      const start = end < 0 ? -1 : url.search(urlUserStart)
      return start < 0 || url.indexOf(":", start + 1) >= end
        ? url
        : `${url.slice(0, start)}://${masked()}${url.slice(end)}`
    }
  )

/** Credentials in URLs, also in those that are no valid ones. */
const urlCredentials: ValuePattern = {
  name: "url_credentials",
  takesQuotes: true,
  hint: () => urlHint,
  replace: replaceUrls
}

/** What a value is assigned with, in any notation. */
const sign = /[=:;<%$"'\uff1a\uff1d]|(?<![\w.])-/

/** What a key, an option, an element or a statement gives a value to: the key decides, by the rules for keys. */
const assignment: ValuePattern = {
  name: "assignment",
  takesQuotes: true,
  needsSign: true,
  // Only the key: the value can begin far from it, and a search for the value would take time.
  hint: (keys) => keys === "" ? sign.source : `(?:${keys})|${CommandLine.hint}`,
  words: (keys) => [...keys, ...CommandLine.words],
  replace: (text, masked, sensitivity, mask) =>
    CommandLine.replace(
      Assignments.replaceElements(
        Assignments.replaceCodes(
          Assignments.replaceAssigned(NamedValue.replace(text, masked, sensitivity, mask), masked, sensitivity, mask),
          masked
        ),
        masked,
        sensitivity,
        mask
      ),
      masked,
      sensitivity,
      mask
    )
}

/** Values that other text is part of: only after everything else is it known what the rest of them is. */
const longValue: ValuePattern = {
  name: "assignment",
  takesQuotes: true,
  hint: () => "",
  replace: (text, masked, sensitivity, mask) =>
    LongValues.replaceFields(
      LongValues.replaceParts(text, masked, (key) => sensitivity(key) !== "none"),
      masked,
      mask
    )
}

/**
 * A JWT has three or five parts in base64url. The first part is a JSON object, later ones may be empty. The search
 * begins at the start of a run of such characters.
 */
const jwt: ValuePattern = {
  name: "jwt",
  takesQuotes: false,
  hint: () => "eyJ",
  words: () => ["eyJ"],
  replace: (text, masked) =>
    text.replace(
      /(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{8,}\.(?:[A-Za-z0-9_-]{5,}|(?=\.[A-Za-z0-9_-]))(?:\.[A-Za-z0-9_-]*)*/g,
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
  {
    name: "web_hook",
    takesQuotes: false,
    hint: () => SecretTokens.hint,
    words: () => SecretTokens.words,
    replace: SecretTokens.replaceWebHooks
  },
  urlCredentials,
  assignment,
  bearer,
  jwt,
  simple(
    "aws_key",
    "A(?:KIA|SIA|GPA|IDA|ROA|BIA|CCA)[0-9A-Z]{16}",
    /\bA(?:KIA|SIA|GPA|IDA|ROA|BIA|CCA)[0-9A-Z]{16}\b/g,
    ["AKIA", "ASIA", "AGPA", "AIDA", "AROA", "ABIA", "ACCA"]
  ),
  {
    name: "vendor_token",
    takesQuotes: false,
    hint: () => "whsec_|sntry|glc_|ABSK|1//0|FlyV1 ",
    words: () => ["whsec_", "sntry", "glc_", "ABSK", "1//0", "FlyV1 "],
    mayMatch: SecretTokens.mayHaveToken,
    replace: SecretTokens.replaceTokens
  },
  cardNumber,
  email,
  longValue
]

/** A text without the secrets that the built-in rules find, for sentences that are said before there is a policy. */
export const withoutSecrets = (text: string): string =>
  all.filter(({ name }) => name !== "email").reduce(
    (current, { replace }) => replace(current, () => defaultMask, sensitivityByDefault, defaultMask),
    text
  )

/** How a text is searched for secrets. */
export interface Search {
  /** Whether any pattern is looked for. */
  readonly searches: boolean
  /** Whether a text may hold a secret; cheap, and never wrongly `false`. */
  readonly mayHold: (text: string) => boolean
  /** The text with every secret in it masked. */
  readonly search: (text: string) => string
  /** The same for SQL, which loses its literals and comments as well. */
  readonly searchSql: (text: string) => string
}

/** Compiles the search for the patterns of these names; `keys` are the configured rules for keys. */
export const compile = (options: {
  readonly names: ReadonlyArray<PatternName>
  readonly keys: ReadonlyArray<string>
  readonly sensitivity: (key: string) => Sensitivity
  readonly mask: string
  readonly count: (pattern: PatternName) => void
}): Search => {
  const { count, mask, sensitivity } = options
  const patterns = all.filter(({ name }) => options.names.includes(name))
  const hintOf = (pattern: ValuePattern) => pattern.hint(hintSource(options.keys))
  const hintOfAll = (some: typeof patterns) => {
    const sources = some.map(hintOf).filter((source) => source !== "")
    // Matches nothing where there is no source.
    return new RegExp(sources.length === 0 ? "(?!)" : sources.join("|"), "i")
  }
  const hintWithoutSign = hintOfAll(patterns.filter(({ needsSign }) => needsSign !== true))
  const hint = hintOfAll(patterns)
  const hinted = patterns.map((pattern) => ({ pattern, hint: new RegExp(hintOf(pattern), "i") }))
  const hasToken = patterns.find(({ mayMatch }) => mayMatch !== undefined)?.mayMatch ?? (() => false)
  const keyWords = hintWords(options.keys)
  const hasSign = keyWords && SecretSigns.compile(patterns.flatMap(({ words }) => words?.(keyWords) ?? []))
  const mayHold = (text: string): boolean =>
    patterns.length > 0 &&
    ((hasSign?.(text) !== false && (sign.test(text) ? hint : hintWithoutSign).test(text)) || hasToken(text))
  const searchWith = (wanted: typeof hinted, source: string): string =>
    wanted.reduce((current, { hint, pattern }) =>
      hint.test(current) || pattern.mayMatch?.(current) === true
        ? pattern.replace(
          current,
          () => {
            count(pattern.name)
            return mask
          },
          sensitivity,
          mask
        )
        : current, source)
  // Most texts that may hold a secret have a word of a key in them, and no other sign.
  const assignments = hinted.filter(({ pattern }) => pattern.name === "assignment")
  const hintOfOthers = hintOfAll(patterns.filter(({ name }) => name !== "assignment"))
  const search = (source: string): string =>
    !mayHold(source)
      ? source
      : searchWith(hintOfOthers.test(source) || hasToken(source) ? hinted : assignments, source)
  const quoteless = hinted.filter(({ pattern }) => !pattern.takesQuotes)
  return {
    searches: patterns.length > 0,
    mayHold,
    search,
    // Patterns that remove a quote run after the literals. Earlier they would swap inside and outside of literals.
    searchSql: (source) => search(SqlText.withoutLiterals(searchWith(quoteless, source)))
  }
}

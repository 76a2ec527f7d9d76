/**
 * Secrets recognised by their shape, wherever they stand in a text.
 *
 * Each pattern matches whole secrets only and never a quote or backslash, and
 * `hint` is a cheap sign that one of the patterns may match at all.
 *
 * @internal
 */

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
  /** Source of a case-insensitive expression that every match contains a match of; `keys` is that of sensitive words. */
  readonly hint: (keys: string) => string
  /** Replaces every secret in the text; `masked` stands for one and counts it. */
  readonly replace: (text: string, masked: () => string, isSensitive: (key: string) => boolean) => string
}

const simple = (name: PatternName, hint: string, pattern: RegExp): ValuePattern => ({
  name,
  hint: () => hint,
  replace: (text, masked) => text.replace(pattern, masked)
})

/** The scheme stays readable, the credentials do not. */
const bearer: ValuePattern = {
  name: "bearer",
  hint: () => "bearer |basic ",
  replace: (text, masked) =>
    text.replace(/\b(bearer|basic)(\s+)[A-Za-z0-9._~+/=-]{4,}/gi, (_match, scheme, space) => `${scheme}${space}${masked()}`)
}

const urlCredentials: ValuePattern = {
  name: "url_credentials",
  hint: () => "://[^\\s/]*@",
  replace: (text, masked) => text.replace(/(:\/\/)[^\s/@?#]*(?=@)/g, (_match, start) => `${start}${masked()}`)
}

/**
 * `password=…`, `token: "…"`, `?api_key=…`, `"secret":"…"`, `Cookie: …`: the key decides, by the rules for keys. A
 * quoted value goes to its closing quote, that of a cookie to the end of the line, any other to the next delimiter.
 */
const assignment: ValuePattern = {
  name: "assignment",
  hint: (keys) => `(?:${keys})[\\w.-]*\\\\?["']?\\s*[=:]`,
  replace: (text, masked, isSensitive) =>
    text
      .replace(/\b((?:set-)?cookie\s*[=:]\s*)[^\r\n"'\\]+/gi, (_match, start) => `${start}${masked()}`)
      .replace(
        /(?<![\w.-])([A-Za-z][\w.-]*)(\\?["']?\s*[=:]\s*)(?:(\\?["'])((?:(?!\3)[\s\S])+)|((?:(?:bearer|basic)\s+)?[^\s"'\\&;,<>(){}[\]]+))/gi,
        (match, key: string, separator: string, quote: string | undefined) =>
          isSensitive(key) && !match.startsWith("://", key.length) ? `${key}${separator}${quote ?? ""}${masked()}` : match
      )
}

/** In one run, or in the groups in which cards show them; ids and times in digits hardly ever look so. */
const cardNumber: ValuePattern = {
  name: "card_number",
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

/** In the order in which they are applied: what a larger secret contains must not be masked before it. */
const all: ReadonlyArray<ValuePattern> = [
  simple("private_key", "-----BEGIN ", /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g),
  urlCredentials,
  assignment,
  bearer,
  simple("jwt", "eyJ", /\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)?/g),
  simple("aws_key", "A[KS]IA[0-9A-Z]{4}", /\b(?:AKIA|ASIA|AGPA|AIDA|AROA)[0-9A-Z]{16}\b/g),
  cardNumber,
  simple("email", "@", /(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}\b/g)
]

/** The patterns of these names. */
export const select = (names: ReadonlyArray<PatternName>): ReadonlyArray<ValuePattern> =>
  all.filter((pattern) => names.includes(pattern.name))

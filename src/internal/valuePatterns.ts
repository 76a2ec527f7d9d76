/**
 * Secrets recognised by their shape, wherever they stand in a text.
 *
 * Each pattern matches whole secrets only, in a time linear in the length of the
 * text, and `hint` is a cheap sign that one of the patterns may match at all.
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

/** The rest of a list that has quotes in it: to the end of the line, and on where a line ends with a comma. */
const restOfList = "[^\\r\\n]*(?:(?<=,[ \\t]*)\\r?\\n[ \\t]+[^\\r\\n]*)*"

/** A part of Digest credentials; the scheme's name alone is an English word. */
const digestPart =
  "(?:username|realm|nonce|uri|response|algorithm|cnonce|opaque|qop|nc|charset|userhash|domain|stale)\\*?\\s*="
const digest = new RegExp(`\\b(digest\\s+)${digestPart}${restOfList}`, "gi")

/** The scheme stays readable, the credentials do not; `basic` is an English word, so base64 has to follow it. */
const bearer: ValuePattern = {
  name: "bearer",
  hint: () => `\\b(?:(?:bearer|basic)\\s|digest\\s+${digestPart})`,
  replace: (text, masked) =>
    text.replace(digest, (_match, scheme: string) => scheme + masked()).replace(
      /\b(bearer|basic)(\s+)([A-Za-z0-9._~+/=-]{4,})/gi,
      (match: string, scheme: string, space: string, credentials: string) =>
        scheme.toLowerCase() === "bearer" || looksEncoded.test(credentials) ? `${scheme}${space}${masked()}` : match
    )
}

const looksEncoded = /[A-Z0-9+/=]/

/** Up to the last `@` before the path: a password may hold one. */
const urlCredentials: ValuePattern = {
  name: "url_credentials",
  hint: () => "//[^\\s/]*@",
  replace: (text, masked) => text.replace(/(\/\/)[^\s/?#"<>\\]*(?=@)/g, (_match, start) => `${start}${masked()}`)
}

/** A key with its `=` or `:`, in quotes of several words; quotes around the key may be escaped. */
const assigned = /(?:(?<![\w.-])([\w.-]+)\\{0,8}["']?|(?<=["'])([\w.-]+(?: +[\w.-]+)+)\\{0,8}["'])\s*[=:]\s*/g
const quotedValue = /"(?:[^"\\]|\\[\s\S])*|'(?:[^'\\]|\\[\s\S])*/y
/** From an escaped quote to the next with as many backslashes before it: quotes inside of the value have more of them. */
const escapedValue = /(\\+["'])(?:(?!(?<!\\)\1)[\s\S])*/y
/** In quotes that are not those of its parts, too; what has its own quotes escaped is a quoted text as any other. */
const digestValue = new RegExp(
  `(?:digest\\s+[\\w-]+\\*?\\s*=|(["'])digest\\s[^\\r\\n"'\\\\]*=\\s*\\1)${restOfList}`,
  "iy"
)
const plainValue = /(?:(?:bearer|basic|digest|negotiate|token|apikey)\s+)?[^\s"'\\&;,<>(){}[\]]+/iy
const cookieValue = /[^\r\n"'\\]+/y

/**
 * `password=…`, `token: "…"`, `?api_key=…`, `"secret":"…"`, `Cookie: …`: the key decides, by the rules for keys. A
 * quoted value goes to its closing quote, that of a cookie and Digest credentials to the end of the line, any other to
 * the next delimiter. The value of any other key is searched in turn.
 */
const assignment: ValuePattern = {
  name: "assignment",
  hint: (keys) =>
    keys === ""
      ? "[=:]"
      : `(?:${keys})(?:[\\w.-]{0,40}\\\\{0,8}["']?\\s{0,8}[=:]|[\\w. -]{0,128}\\\\{0,8}["']\\s{0,8}[=:]|[\\w. -]{128}|\\\\?["']?\\s{8})`,
  replace: (text, masked, isSensitive) => {
    let result = ""
    let done = 0
    assigned.lastIndex = 0
    for (let found = assigned.exec(text); found !== null; found = assigned.exec(text)) {
      const [match, word, words = ""] = found
      const key = word ?? words
      const start = found.index + match.length
      if (text.startsWith("://", found.index + key.length) || !isSensitive(key)) continue
      const list = matchAt(digestValue, text, start)
      const value = list === "" ? valueAt(text, start, /^(?:set-)?cookie$/i.test(key)) : list
      if (value === "") continue
      const quote = list === "" ? /^\\*["']/.exec(value)?.[0] ?? "" : ""
      result += text.slice(done, start) + quote + masked()
      done = start + value.length
      assigned.lastIndex = done
    }
    assigned.lastIndex = 0
    return done === 0 ? text : result + text.slice(done)
  }
}

const valueAt = (text: string, start: number, isCookie: boolean): string => {
  for (const kind of [quotedValue, escapedValue, isCookie ? cookieValue : plainValue]) {
    const found = matchAt(kind, text, start)
    if (found !== "") return found
  }
  return /[[{]/.test(text.charAt(start)) ? text.slice(start, closingAt(text, start)) : ""
}

const matchAt = (sticky: RegExp, text: string, start: number): string => {
  sticky.lastIndex = start
  return sticky.exec(text)?.[0] ?? ""
}

/** Where the object or array that starts here ends. */
const closingAt = (text: string, start: number): number => {
  let depth = 0
  for (let index = start; index < text.length; index++) {
    const character = text.charAt(index)
    if (character === "{" || character === "[") depth++
    else if ((character === "}" || character === "]") && --depth === 0) return index + 1
  }
  return text.length
}

/** Three parts in base64url, the first of them a JSON object; found from the start of its run of characters. */
const jwt: ValuePattern = {
  name: "jwt",
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
  /(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,}\w*(?:[A-Za-z0-9._%+-]*@[A-Za-z0-9.-]+\.[A-Za-z]{2,}\w*)*/g
)

/** In the order in which they are applied: what a larger secret contains must not be masked before it. */
const all: ReadonlyArray<ValuePattern> = [
  simple(
    "private_key",
    "-----BEGIN ",
    /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g
  ),
  urlCredentials,
  assignment,
  bearer,
  jwt,
  simple("aws_key", "A(?:KIA|SIA|GPA|IDA|ROA)[0-9A-Z]{16}", /\b(?:AKIA|ASIA|AGPA|AIDA|AROA)[0-9A-Z]{16}\b/g),
  cardNumber,
  email
]

/** The patterns of these names. */
export const select = (names: ReadonlyArray<PatternName>): ReadonlyArray<ValuePattern> =>
  all.filter((pattern) => names.includes(pattern.name))

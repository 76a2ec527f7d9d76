/**
 * Which keys name secrets.
 *
 * @internal
 */
import * as Everyday from "./everydayKeys.ts"

/** Words that make a key sensitive, in the singular, though longer words may end with them. */
const sensitiveWords = new Set(["authorization", "cvc", "cvv", "salt"])

/** Pairs of words that make a key sensitive wherever they stand in it, joined in any way or written as one. */
const sensitivePairs = [
  "access_key",
  "api_key",
  "credit_card",
  "e_mail",
  "email_address",
  "encryption_key",
  "pass_phrase",
  "pass_word",
  "private_key",
  "secret_key",
  "signing_key"
]
const pairs = new Set(sensitivePairs)
const seconds = new Set(sensitivePairs.map((pair) => pair.slice(pair.indexOf("_") + 1)))
const longestSecond = 12

/** Word stems: any word that starts with one of them is sensitive. */
const sensitiveStems = ["passw", "encrypt", "decrypt", "creditcard", "otp"]

/** Any word that is one of them or ends with one is sensitive, as in `PGPASSWORD` and `accesstoken`. */
const sensitiveEndings = [
  "certificate",
  "cookie",
  "credential",
  "crypt",
  "email",
  "otp",
  "passphrase",
  "passwd",
  "password",
  "pwd",
  "secret",
  "ssn",
  "token",
  ...sensitivePairs.map((pair) => pair.replace("_", ""))
]

/** Every sensitive key has one of them in it; a longer list would be a slower expression. */
const hints = [
  "authorization",
  "card",
  "certificate",
  "cookie",
  "credential",
  "crypt",
  "cvc",
  "cvv",
  "key",
  "mail",
  "otp",
  "pass",
  "pwd",
  "salt",
  "secret",
  "ssn",
  "token"
]
const hint = new RegExp(hints.join("|"), "i")

/** Capitals with an `s` behind them are a plural: `OTPs`. */
const words = (key: string): ReadonlyArray<string> =>
  key
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])(?=[A-Z](?!s(?![a-z]))[a-z])/g, "$1_")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "")

const digits = /^\d+$/

/** Without the number at its end and the `s` of a plural. A loop: an expression would try each digit in turn. */
const singular = (word: string): string => {
  let end = word.length
  while (end > 0 && isDigit(word.charCodeAt(end - 1))) end--
  const isPlural = word.charAt(end - 1) === "s" && word.charAt(end - 2) !== "s"
  return word.slice(0, isPlural ? end - 1 : end)
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57

const isSensitiveWord = (word: string): boolean =>
  sensitiveWords.has(word) || sensitiveStems.some((stem) => word.startsWith(stem)) ||
  sensitiveEndings.some((ending) => word.endsWith(ending))

/** Whether a key is sensitive by the built-in rules. */
export const isSensitiveByDefault = (key: string): boolean => {
  if (!hint.test(key)) return false
  const found = words(key)
  let last = found.length - 1
  while (last > 0 && digits.test(found[last] as string)) last--
  return found.some((given, index) => {
    const word = singular(given)
    const before = found[index - 1]
    const isPair = before !== undefined && pairs.has(`${before}_${word}`)
    if (!isPair && !isSensitiveWord(word)) {
      return word === "key" && index === last && before !== undefined && !Everyday.isNameOfKey(found.slice(0, index))
    }
    return !Everyday.isMeasured(found, isPair ? index - 1 : index, index)
  })
}

/** Whether a word is the second one of a sensitive pair. */
export const endsPair = (word: string): boolean =>
  word.length <= longestSecond && seconds.has(singular(word.toLowerCase()))

/** Whether two words that follow each other in a text name a secret. */
export const isSensitivePair = (before: string, word: string): boolean =>
  pairs.has(`${before.toLowerCase()}_${singular(word.toLowerCase())}`)

/** A rule of the configuration: `iban` a part of a name, `=pin` a whole name, `/^x-.*key$/i` an expression. */
export type KeyRule = (key: string) => boolean

/** Reads a rule; `undefined` if it is no valid expression. */
export const parseRule = (rule: string): KeyRule | undefined => {
  if (rule.startsWith("=") && rule.length > 1) {
    const name = rule.slice(1).toLowerCase()
    return (key) => key.toLowerCase() === name
  }
  const expression = /^\/(.+)\/([a-z]*)$/.exec(rule)
  if (expression === null) {
    const part = rule.toLowerCase()
    return (key) => key.toLowerCase().includes(part)
  }
  const compiled = compile(expression[1] as string, (expression[2] as string).replace(/[gy]/g, ""))
  return compiled === undefined ? undefined : (key) => compiled.test(key)
}

const compile = (source: string, flags: string): RegExp | undefined => {
  try {
    return new RegExp(source, flags)
  } catch {
    return undefined
  }
}

/**
 * Source of an expression that matches in every sensitive key, by the built-in rules and the plain rules given; empty
 * if an expression is among the rules, as then any key may be one.
 */
export const hintSource = (rules: ReadonlyArray<string>): string =>
  rules.some((rule) => rule.startsWith("/"))
    ? ""
    : [...hints, ...rules.map((rule) => escape(rule.replace(/^=/, "")))].join("|")

const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

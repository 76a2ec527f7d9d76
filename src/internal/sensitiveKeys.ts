/**
 * Which keys name secrets.
 *
 * @internal
 */

/** Whole words that make a key sensitive. */
const sensitiveWords = [
  "authorization",
  "certificate",
  "cookie",
  "credential",
  "credentials",
  "crypt",
  "cvc",
  "cvv",
  "email",
  "otp",
  "passwd",
  "password",
  "passphrase",
  "pwd",
  "salt",
  "secret",
  "secrets",
  "ssn",
  "token"
]

/** Runs of words that make a key sensitive, joined by `_` or written as one. */
const sensitivePhrases = ["access_key", "api_key", "encryption_key", "private_key", "signing_key", "credit_card"]

/** Word stems: any word that starts with one of them is sensitive. */
const sensitiveStems = ["passw", "encrypt", "decrypt"]

const words = (key: string): ReadonlyArray<string> =>
  key
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])(?=[A-Z][a-z])/g, "$1_")
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "")

/** Whether a key is sensitive by the built-in rules. */
export const isSensitiveByDefault = (key: string): boolean => {
  const found = words(key)
  const joined = `_${found.join("_")}_`
  return found.some((word) => sensitiveWords.includes(word) || sensitiveStems.some((stem) => word.startsWith(stem))) ||
    sensitivePhrases.some((phrase) => joined.includes(`_${phrase}_`) || joined.includes(`_${phrase.replace("_", "")}_`))
}

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
 * Source of an expression that finds any sensitive word of the built-in rules and the plain rules given; empty if an
 * expression is among the rules, as then any word may be one.
 */
export const hintSource = (rules: ReadonlyArray<string>): string =>
  rules.some((rule) => rule.startsWith("/"))
    ? ""
    : [
      ...sensitiveWords,
      ...sensitiveStems,
      ...sensitivePhrases.map((phrase) => phrase.replace("_", "[_. -]{0,8}")),
      ...rules.map((rule) => escape(rule.replace(/^=/, "")))
    ].join("|")

const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

/**
 * Which keys name secrets, and what kind of value is a secret under them.
 */
import { orElse } from "../../internal/guard.ts"
import * as NonSecretKeys from "./nonSecretKeys.ts"

/**
 * What is masked under a key.
 *
 * - `none` and `all`: nothing, and everything.
 * - `any`: every text and every number.
 * - `text`: every text. A number is a quantity.
 * - `code`: a text with digits in it, such as a PIN.
 * - `pass`: a text, or a number of four digits.
 * - `opaque`: a text that looks random, such as a signature.
 */
export type Sensitivity = "none" | "all" | "any" | "text" | "code" | "pass" | "opaque"

const setOf = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/))

/** Words, in the singular, that make a key sensitive. A longer word that ends with one of them does not. */
const sensitiveWords = setOf("bearer csrf cvc cvv passcode passkey psk salt xsrf jwt cred")

/** Words whose secrets are texts; a number under such a key is a quantity. */
const textWords = setOf("authorization bearer certificate cookie credential cred crypt email jwt salt")

/** Pairs of words that make a key sensitive at any place in it, joined in any way or written as one word. */
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

/** Pairs that make a key sensitive at its end. */
const lastPairs = setOf(`
  2fa_code access_code activation_code auth_code authentication_code authorization_code backup_code bearer_auth
  client_assertion code_verifier confirmation_code device_code factor_code key_data login_code mfa_code otp_code pass_code
  pin_code recovery_code recovery_phrase reset_code saml_assertion saml_response security_code seed_phrase session_id
  sms_code unlock_code verification_code
`)
const pairs = new Set(sensitivePairs)
const seconds = new Set(
  [...sensitivePairs, ...lastPairs].map((pair) => pair.slice(pair.indexOf("_") + 1)).filter((word) => word !== "id")
)
const longestSecond = 12

/** Word stems: any word that starts with one of them is sensitive. */
const sensitiveStems = ["passw", "encrypt", "decrypt", "creditcard", "otp", "aspsessionid", "jsessionid"]

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
  "sessid",
  "sessionid",
  "ssn",
  "token",
  ...sensitivePairs.map((pair) => pair.replace("_", ""))
]

/** Words that make a key sensitive at its end, if the value looks random. */
const opaqueWords = setOf("assertion auth hmac sess session sig signature")

/** Whole names of cookies and parameters without a telling word. */
const sensitiveNames = setOf("_auth cfid cftoken connect.sid express.sid koa.sess koa.sid sails.sid samlresponse")

/** Names of OpenTelemetry's conventions with a telling word but no secret: there a session is a visit. */
const conventionNames = setOf("session.id session.previous_id session.previous.id mcp.session.id")

/** Each sensitive key contains one of them. The list is short because it becomes one expression. */
const hints = [
  "assert",
  "auth",
  "bearer",
  "card",
  "certificate",
  "cftoken",
  "cfid",
  "code",
  "cookie",
  "cred",
  "crypt",
  "csrf",
  "cvc",
  "cvv",
  "hmac",
  "jwt",
  "key",
  "mail",
  "otp",
  "pass",
  "phrase",
  "hmac_?sha",
  "pin(?![a-z])",
  "psk",
  "pwd",
  "salt",
  "saml_?res",
  "secret",
  "sess(?:id|ion)",
  "\\.sess",
  "wordpress_",
  "\\.sid",
  "sig(?![a-z])",
  "signature",
  "ssn",
  "token",
  "srf"
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

/** Removes the number at the end and the plural's `s`. An expression would try each digit in turn. */
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

const isTextWord = (word: string): boolean =>
  textWords.has(word) || word.endsWith("email") || word.endsWith("cookie") || word.endsWith("certificate") ||
  /^(?:encrypt|decrypt)/.test(word)

/** Parameters of a query to a database, by OpenTelemetry's names and those of libraries. */
const queryParameter =
  /(?:^|[._])db[._](?:(?:query|operation|statement|sql)[._])?(?:param(?:eter)?s?|bindings?)(?:$|[._])/i

/** Whether a path with this key may be one of {@link isQueryParameterAt}. */
export const mayBeQueryParameter = (key: string): boolean => /param|binding/i.test(key)

/** Whether a value at this path is a query's parameter, which is a literal of SQL in another place. */
export const isQueryParameterAt = (path: ReadonlyArray<string>): boolean =>
  path.some(mayBeQueryParameter) && queryParameter.test(path.join("."))

/** What the built-in rules mask under a key. */
export const sensitivityByDefault = (key: string): Sensitivity => {
  if (!hint.test(key)) return isQueryParameterAt([key]) ? "any" : "none"
  if (isQueryParameterAt([key])) return "any"
  if (key.length <= 64) {
    const name = key.toLowerCase()
    if (sensitiveNames.has(name)) return "text"
    if (conventionNames.has(name)) return "none"
  }
  const found = words(key)
  let last = found.length - 1
  while (last > 0 && digits.test(found[last] as string)) last--
  const ending = singular(found[last] ?? "")
  const before = found[last - 1]
  if (before !== undefined && lastPairs.has(`${before}_${ending}`)) {
    return ending === "id" ? "text" : "any"
  }
  if (oneTime.test(key) || loggedIn.test(key)) return "any"
  if (NonSecretKeys.isAbout(key, found, last)) return "none"
  const strong = strongWord(found, last)
  if (strong !== undefined) {
    const given = found[strong] as string
    const isPlural = strong === last && given.endsWith("s") && singular(given) !== given && !digits.test(given)
    return isPlural || isTextWord(singular(given)) ? "text" : "any"
  }
  if (ending === "pass" && !NonSecretKeys.isPassing(before)) return "pass"
  if (ending === "pin" && found[last] === "pin") return "code"
  if (isSignatureOfVendor(found, last)) return "any"
  if (opaqueWords.has(ending)) return "opaque"
  return "none"
}

const oneTime = /one[_-]?time[_-]?(?:code|pin)/i
/** The cookie of a user in WordPress ends with a hash of the site. */
const loggedIn = /^wordpress_(?:logged_in|sec)_/i
const signers = setOf("amz goog hub slack shopify twilio stripe line webhook svix github gitea x")

/** The header or parameter that signs a request: `X-Amz-Signature`, `X-Shopify-Hmac-Sha256`. */
const isSignatureOfVendor = (found: ReadonlyArray<string>, last: number): boolean =>
  last > 0 && (/^(?:signature|sig|hmac)$/.test(found[last] as string) || found[last - 1] === "hmac" ||
    found[last - 1] === "signature") &&
  found.some((word) => signers.has(word))

/** Place of the word that makes a key sensitive. */
const strongWord = (found: ReadonlyArray<string>, last: number): number | undefined => {
  const at = found.findIndex((given, index) => {
    const word = singular(given)
    const before = found[index - 1]
    const isPair = before !== undefined && pairs.has(`${before}_${word}`)
    if (!isPair && !isSensitiveWord(word) && word !== "authorization") {
      return word === "key" && index === last && before !== undefined &&
        !NonSecretKeys.isNameOfKey(found.slice(0, index))
    }
    return !NonSecretKeys.isMeasured(found, isPair ? index - 1 : index, index)
  })
  return at < 0 ? undefined : at
}

/** Whether a word is the second one of a sensitive pair. */
export const endsPair = (word: string): boolean =>
  word.length <= longestSecond && seconds.has(singular(word.toLowerCase()))

/** Whether two words that follow each other in a text name a secret. */
export const isSensitivePair = (before: string, word: string): boolean => {
  const pair = `${before.toLowerCase()}_${singular(word.toLowerCase())}`
  return pairs.has(pair) || lastPairs.has(pair)
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

const compile = (source: string, flags: string): RegExp | undefined =>
  orElse(() => new RegExp(source, flags), () => undefined)

/**
 * Source of an expression that matches somewhere in every sensitive key, by the built-in rules and the given ones. It
 * is empty if one of the rules is an expression, because then any key may be sensitive.
 */
export const hintSource = (rules: ReadonlyArray<string>): string =>
  rules.some((rule) => rule.startsWith("/"))
    ? ""
    : [...hints, ...rules.map((rule) => escape(rule.replace(/^=/, "")))].join("|")

/** Texts of which every sensitive key contains one; `undefined` if one of the rules is an expression. */
export const hintWords = (rules: ReadonlyArray<string>): ReadonlyArray<string> | undefined =>
  rules.some((rule) => rule.startsWith("/"))
    ? undefined
    : [...hints.map(beforeOperator), ...rules.map((rule) => rule.replace(/^=/, ""))]

/** The characters of an expression that stand before its first operator. */
const beforeOperator = (source: string): string => source.replace(/(?:.\?|\(|\[).*$/, "").replaceAll("\\", "")

const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

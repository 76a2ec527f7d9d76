/**
 * Values whose name is another value beside them, in objects, lists and texts: `{ name: "password", value: "…" }`,
 * `["Authorization", "…"]`.
 */
import { assignedValue } from "./assignedValue.ts"
import { isHarmlessText } from "./harmlessValue.ts"
import { keyExpressions } from "./keyExpressions.ts"
import { isHarmlessBeside } from "./maskedParts.ts"
import type { Sensitivity } from "./sensitiveKeys.ts"

const valueKeys = new Set(["value", "val", "content", "data", "code"])
const nameKeys = ["name", "key", "header", "field", "param", "parameter", "variable", "option"]
const ofTokenRequest = ["grant_type", "grantType", "code_verifier", "codeVerifier"]

/** Whether a member of this name may be the value of another one. */
export const isValueKey = (key: string): boolean => key.length <= 7 && valueKeys.has(key.toLowerCase())

/** The name that an object gives to its member `key`; `undefined` if it gives none. Throws what a getter throws. */
export const nameOf = (siblings: object, key: string): string | undefined => {
  const members = siblings as Readonly<Record<string, unknown>>
  if (key === "code") return ofTokenRequest.some((name) => Object.hasOwn(members, name)) ? "auth_code" : undefined
  for (const name of nameKeys) {
    const given = members[name] ?? members[name.charAt(0).toUpperCase() + name.slice(1)]
    if (typeof given === "string" && given.length <= 256) return given
  }
  return undefined
}

/**
 * The name of an element of a list, if the element before it is a name, as in `["authorization", "Bearer x"]`. An
 * element of lower-case letters has no name: such a list is a list of words.
 */
export const nameInList = (items: ReadonlyArray<unknown>, index: number): string | undefined => {
  const name = index > 0 ? items[index - 1] : undefined
  const value = items[index]
  return typeof name === "string" && name.length <= 64 && typeof value === "string" && /[^a-z_-]/i.test(value)
    ? name
    : undefined
}

/** A name, and what comes between it and its value: `{ name: "password", value: …`, `<add key="password" value=…`. */
const namedIn = keyExpressions(
  (letters) =>
    `\\b(?:name|key|header|field|param(?:eter)?|variable|option|k|n)\\\\{0,4}["']?\\s{0,4}(?:=>?|:)\\s{0,4}\\\\{0,4}["']?([${letters}]+)` +
    `\\\\{0,4}["']?(?:\\s{0,64}|\\s{0,4}[,;]\\s{0,64}(?:["']?type["']?\\s?[=:]\\s?["']?[\\w-]{1,24}["']?[,;]\\s{0,8})?)[\\\\]{0,4}["']?(?:value|val|v|content|data)\\\\{0,4}["']?\\s{0,4}(?:=>?|:)\\s{0,4}`,
  "gi"
)
/** The same the other way round, each of the two in quotes. */
const namedBehindIn = keyExpressions(
  (letters) =>
    `\\b(?:value|val|content)\\\\{0,4}["']?\\s{0,4}(?:=>?|:)\\s{0,4}(\\\\{0,4}["'])([^"'\\\\\\r\\n]{1,512})\\1\\s{0,4}[,;]?\\s{0,64}` +
    `\\\\{0,4}["']?(?:name|key|header|field|param(?:eter)?|variable)\\\\{0,4}["']?\\s{0,4}(?:=>?|:)\\s{0,4}\\\\{0,4}["']([${letters}]+)`,
  "gi"
)
/** `["Authorization", "…"]`, as the headers of a request are listed. */
const listedIn = keyExpressions(
  (letters) =>
    `(?<=[\\[,]\\s{0,8})(["'])([${letters}]{1,64})\\1\\s{0,4},\\s{0,4}(["'])((?:(?!\\3)[^\\\\\\r\\n]){1,512})\\3`,
  "g"
)
/** `<key>Password</key><string>…</string>`, `<name>…</name><value>…</value>`. */
const elementsIn = keyExpressions(
  (letters) => `<(?:key|name)>([ ${letters}]{1,64})</(?:key|name)>\\s{0,64}<(?:string|value)>([^<>]{1,2048})(?=</|$)`,
  "gi"
)

const valueName = /\b(?:value|val|v|content|data)\b/i

/** Masks the values of pairs of a name and a value in a text. */
export const replace = (
  text: string,
  masked: () => string,
  sensitivity: (key: string) => Sensitivity,
  mask: string
): string => {
  const isSecret = (name: string, value: string) => {
    const kind = sensitivity(name)
    return kind !== "none" && !isHarmlessBeside(value, mask, (value) => isHarmlessText(value, kind))
  }
  const paired = valueName.test(text)
    ? replaceBehind(replaceBefore(text, masked, sensitivity, isSecret), masked, isSecret)
    : text
  const listed = text.includes(",")
    ? paired.replace(
      listedIn(text),
      (match: string, _quote: string, name: string, _other: string, value: string) =>
        isSecret(name, value) && (!/^[\w-]+$/.test(value) || /\d/.test(value))
          ? `${match.slice(0, -value.length - 1)}${masked()}${match.slice(-1)}`
          : match
    )
    : paired
  return text.includes("</")
    ? listed.replace(
      elementsIn(text),
      (match: string, name: string, value: string) =>
        isSecret(name, value) ? match.slice(0, -value.length) + masked() : match
    )
    : listed
}

/** Masks values that stand after their names. */
const replaceBefore = (
  text: string,
  masked: () => string,
  sensitivity: (key: string) => Sensitivity,
  isSecret: (name: string, value: string) => boolean
): string => {
  const named = namedIn(text)
  let result = ""
  let done = 0
  named.lastIndex = 0
  for (let found = named.exec(text); found !== null; found = named.exec(text)) {
    const start = found.index + found[0].length
    const name = found[1] as string
    if (sensitivity(name) === "none") continue
    const { end, from } = assignedValue(text, start, name)
    if (end === from || !isSecret(name, text.slice(from, end))) continue
    result += text.slice(done, from) + masked()
    done = end
    named.lastIndex = end
  }
  return result + text.slice(done)
}

/** Masks values that stand before their names. */
const replaceBehind = (
  text: string,
  masked: () => string,
  isSecret: (name: string, value: string) => boolean
): string =>
  text.replace(
    namedBehindIn(text),
    (match: string, _quote: string, value: string, name: string) =>
      isSecret(name, value) ? match.replace(value, masked) : match
  )

/**
 * Values that a text assigns to sensitive keys, in every notation.
 */
import { assignedValue } from "./assignedValue.ts"
import { isHarmlessText, isProse, isTypeName } from "./harmlessValue.ts"
import { keyExpressions } from "./keyExpressions.ts"
import { isHarmlessBeside } from "./maskedParts.ts"
import { endsPair, isSensitivePair, type Sensitivity } from "./sensitiveKeys.ts"

/** What is masked under a key. */
export type SensitivityOf = (key: string) => Sensitivity

/** Spaces of every width, without line breaks. */
const space = "[^\\S\\r\\n]"
/**
 * A key with its `=`, `:`, `=>`, `:=` or `==`. A key in quotes may have several words. Its quotes may be escaped, and a
 * `]` may follow it. A value on the next line is quoted, indented, a list or a single word. No character of a key may
 * stand before the key. Otherwise the search would begin again at each mark within a word.
 */
const assignedIn = keyExpressions(
  (letters) =>
    `(?:(?<![${letters}])([${letters}]+)(?:\\]|%5[dD]|%22|\\)(?==\\())?\\??\\\\{0,8}["']?|(?<=["'])([${letters}]+(?: +[${letters}]+)+)\\\\{0,8}["'])` +
    "\\s*(?:={1,3}>?|[:\uff1a\uff1d](?::|={1,3})?|[?+|]{1,2}={1,3}|%3[AaDd])" +
    `(?:\\s*(?=["'\`{(\\\\])|${space}*(?:\\r?\\n(?:${space}+|(?=-${space}|[^\\s:=<>\\[({]+${space}*(?:\\r?\\n|$))))?)`,
  "g"
)
const assigns = /[=:\uff1a\uff1d]|%3[ad]/i
/** Characters before a word that tell what it is. */
const longestBefore = 24

/** The values of `password=…`, `token: "…"`, `?api_key=…`, `"secret":"…"`, `Cookie: …`. */
export const replaceAssigned = (
  text: string,
  masked: () => string,
  sensitivity: SensitivityOf,
  mask: string
): string => {
  // Many sentences have a word that a key can have.
  if (!assigns.test(text)) return text
  const isTokenRequest = text.includes("grant_type") || text.includes("authorization_code")
  let result = ""
  let done = 0
  const assigned = assignedIn(text)
  assigned.lastIndex = 0
  for (let found = assigned.exec(text); found !== null; found = assigned.exec(text)) {
    const [match, word, words = ""] = found
    const key = word ?? words
    const start = found.index + match.length
    if (text.startsWith("://", found.index + key.length)) continue
    const kind = isTokenRequest && key === "code" ? "text" : kindOf(text, found.index, key, sensitivity)
    if (kind === "none") continue
    const { end, from } = assignedValue(text, start, key)
    if (end === start) continue
    const keyEnd = found.index + key.length
    const isHarmless = (value: string) => isHarmlessAt(text, key, keyEnd, start, from, end, kind, value)
    if (kind !== "all" && isHarmlessBeside(text.slice(from, end), mask, isHarmless)) continue
    result += text.slice(done, from) + masked()
    done = end
    assigned.lastIndex = end
  }
  assigned.lastIndex = 0
  return done === 0 ? text : result + text.slice(done)
}

/** After these words, `token` means a part of a program's source text. */
const parsing = /\b(?:unexpected|illegal|expected|reserved|lookahead)\s+$/i

const kindOf = (text: string, at: number, given: string, sensitivity: SensitivityOf): Sensitivity => {
  // The letter of an escaped line break (`\\n`) does not belong to the key.
  const before = text.charAt(at - 1)
  const known = sensitivity(given)
  // Most keys are of this kind.
  if (known === "none" && before !== "\\" && before !== "%" && !endsPair(given)) return "none"
  const key = before === "\\" && /^[nrt][A-Za-z]/.test(given)
    ? given.slice(1)
    : before === "%" && /^[0-9A-F]{2}[A-Za-z]/i.test(given)
    ? given.slice(2)
    : given
  // A selector of CSS.
  if (before === "=" && text.startsWith("]:", at + given.length)) return "none"
  if (isEndOfPath(text, at, given.length)) return "none"
  let kind = key === given ? known : sensitivity(key)
  if (kind === "none" && key !== given) kind = known
  if (kind === "none") return isPhrase(text, at, key) ? "any" : "none"
  if (kind === "all") return kind
  if (before === ":" && isOfResource(text.slice(Math.max(at - longestPath, 0), at))) return "none"
  if (kind === "opaque" && (before === "?" || before === "&")) return "text"
  if (key === "PASS" && text.startsWith(": ", at + 4)) return "none"
  return /^tokens?$/i.test(key) && parsing.test(text.slice(Math.max(at - longestBefore, 0), at)) ? "none" : kind
}

/** Whether the text before the key is a cloud resource's name (`arn:…`) without its last part. */
const isOfResource = (before: string): boolean => {
  const start = before.lastIndexOf("arn:")
  return start >= 0 && /^[\w:-]+$/.test(before.slice(start))
}

const pathStart =
  /(?:^|[\s"'`=(,:[])(?:(?:~|\.{1,2}|[A-Za-z]:)?[\\/](?:[\w@.+[\]-]+[\\/])+|(?:~|\.{1,2}|[A-Za-z]:)[\\/]|\/)$/
const longestPath = 200
/** A colon and a word with letters and digits, or with signs that no word of a message has. */
const unlikeMessage = /^["']?:\s+["']?(?:[^\s/]*(?:\d[^\s/]*\p{L}|\p{L}[^\s/]*\d)|\S*[!@#$%^&*+=~|][^\s"'])/u

/** Whether the word ends a path, and a message about the path follows. */
const isEndOfPath = (text: string, at: number, length: number): boolean => {
  const before = text.charAt(at - 1)
  if (before !== "/" && before !== "\\") return false
  const behind = text.slice(at + length, at + length + longestPath)
  if (!/^["']?:(?:\s|\d+:|$)/.test(behind)) return false
  // `grep` and `head` show the content of a file behind its path.
  if (unlikeMessage.test(behind)) return false
  return pathStart.test(text.slice(Math.max(at - longestPath, 0), at))
}

/** Whether a word and the one before it are a sensitive key, as in `API key: …`. */
const isPhrase = (text: string, at: number, word: string): boolean => {
  if (!endsPair(word)) return false
  let end = at
  while (end > 0 && at - end < mostSpaces && isSpace(text.charCodeAt(end - 1))) end--
  let start = end
  while (start > 0 && at - start < longestBefore && isLetterOrDigit(text.charCodeAt(start - 1))) start--
  return end < at && start < end && isSensitivePair(text.slice(start, end), word)
}

const mostSpaces = 4

const isSpace = (code: number): boolean => code === 32 || code === 9 || code === 0xa0

const isLetterOrDigit = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || (code >= 48 && code <= 57)

/** A colon, behind the quote of a key. */
const colon = /^["']?\s*[:\uff1a]\s/

const longestHarmless = 260
const quotedTexts = /"([^"]*)"|'([^']*)'/g

/**
 * Whether the assigned value cannot be a secret. `keyEnd` is the place after the key, `from` after an opening quote.
 */
const isHarmlessAt = (
  text: string,
  key: string,
  keyEnd: number,
  start: number,
  from: number,
  end: number,
  kind: Sensitivity,
  value: string
): boolean => {
  if (value.length > longestHarmless) return false
  const next = text.slice(end, end + longestBefore)
  if (from === start && colon.test(text.slice(keyEnd, keyEnd + 8)) && isProse(value, next)) return true
  if (from === start && (memberSign.test(value) || ofObject.test(key)) && isOfProgram(text, keyEnd, value)) return true
  // A type continues with brackets where a value would end: `token: Option<String>`.
  if (from === start && isOpening.test(next)) return isTypeName(`${value}${typeArguments.exec(next)?.[0] ?? ""}`)
  if (isHarmlessText(value, kind, from === start)) return true
  if (from > start) return false
  return (value.startsWith("[") || value.startsWith("{")) && isHarmlessList(value, kind)
}

const memberSign = /[.(]/
const ofObject = /^(?:this|self)\./
const isOpening = /^[<[]/
const typeArguments = /^[^\s"'`;,)]*/

const longestDeclaration = 48
const declaration = /(?:\b(?:const|let|var|val|auto|final|String)\s+[\w$]+|\b(?:this|self)\.[\w$.]+)$/
const expression = /^[A-Za-z_$][\w$]*(?:[?!]?\.[A-Za-z_$][\w$]*)*(?:\(.*\))?$/

/** Whether source text gives a variable the value of another variable; a literal text would be in quotes. */
const isOfProgram = (text: string, keyEnd: number, value: string): boolean => {
  if (!/^\s*=\s/.test(text.slice(keyEnd, keyEnd + 8)) || !expression.test(value)) return false
  const before = declaration.exec(text.slice(Math.max(keyEnd - longestDeclaration, 0), keyEnd))
  return before !== null && (memberSign.test(value) || ofObject.test(before[0]))
}

/** Whether a list has only messages, states and numbers in it. The part of an object is the value after its key. */
const isHarmlessList = (value: string, kind: Sensitivity): boolean => {
  if (!/[\]}]$/.test(value)) return false
  let harmless = true
  const rest = value.replace(quotedTexts, (match, double?: string, single?: string, at: number = 0) => {
    if (/^\s*:/.test(value.slice(at + match.length))) return ""
    if (!isHarmlessText(double ?? single ?? "", kind)) harmless = false
    return "true"
  })
  const parts = rest.slice(1, -1).split(/[[\]{},]/).map((part) => part.trim())
  return harmless && parts.some((part) => part !== "") &&
    parts.every((part) => isHarmlessText(part.slice(part.indexOf(":") + 1), kind))
}

/** An XML element whose content is a text. The second expression finds an element that is escaped itself. */
const element = /<([\w.:-]+)(?:\s[^<>]*)?>(?:(\s*<!\[CDATA\[)([\s\S]*?)(?:\]\]>|$)|([^<>]+(?=<\/)|[^<>\s]+$))/g
const escapedElement = /&lt;([\w.:-]{1,64})(?:\s[^&<>]{0,256})?&gt;([^&<>]+)(?=&lt;\/|$)/g

/** The contents of elements of XML. */
export const replaceElements = (
  text: string,
  masked: () => string,
  sensitivity: SensitivityOf,
  mask: string
): string => {
  const isSecret = (name: string, value: string) => {
    const kind = sensitivity(name.slice(name.indexOf(":") + 1))
    return kind !== "none" && !isHarmlessBeside(value, mask, (value) => isHarmlessText(value, kind))
  }
  const shown = text.includes("<")
    ? text.replace(
      element,
      (
        match: string,
        name: string,
        _start: string | undefined,
        data: string | undefined,
        content: string | undefined
      ) => {
        const value = data ?? content ?? ""
        if (value.trim() === "" || !isSecret(name, value)) return match
        const at = match.lastIndexOf(value)
        return match.slice(0, at) + masked() + match.slice(at + value.length)
      }
    )
    : text
  return shown.includes("&lt;")
    ? shown.replace(
      escapedElement,
      (match: string, name: string, value: string) =>
        isSecret(name, value) ? match.slice(0, -value.length) + masked() : match
    )
    : shown
}

/** The code that OAuth sends back in a query, next to what else the query has. */
const codeInQuery = /([?&]code=)([^&\s"'<>\\#]{6,})/g
const oauthQuery = /[?&](?:state|session_state|client_id|redirect_uri|code_verifier|grant_type|iss|scope|authuser)=/
const oauthPath = /callback|oauth|oidc|authorize|sign-?in|login|sso/i
const longestQuery = 2048

/** The `code` of OAuth in the address of a callback. */
export const replaceCodes = (text: string, masked: () => string): string =>
  text.includes("code=")
    ? text.replace(codeInQuery, (match: string, start: string, code: string, at: number) => {
      const before = /\S*$/.exec(text.slice(Math.max(0, at - longestQuery), at))?.[0] ?? ""
      const behind = /^\S*/.exec(text.slice(at + match.length, at + match.length + longestQuery))?.[0] ?? ""
      const isOAuth = oauthQuery.test(before) || oauthQuery.test(behind) || oauthPath.test(before)
      return isOAuth && !/^\d{1,5}$/.test(code) ? start + masked() : match
    })
    : text

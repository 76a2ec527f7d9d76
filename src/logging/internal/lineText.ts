/**
 * Texts of JSON lines, within their limits.
 */
import { encodeText } from "../../redaction/internal/jsonText.ts"

/** Longest text, in characters. */
export const longestText = 16_384

/** Characters of a text that are searched for signs of a secret: some more than are written. */
const mostLooked = longestText + 1024

/** After so many characters of a line, further fields are left out. */
export const longestLine = 65_536

/** Joins texts into one flat string. V8 would walk through the parts of a concatenation again with every line. */
export const join = (...parts: ReadonlyArray<string>): string => parts.join("")

/**
 * Quotes, backslashes, control characters, line separators and surrogates need escaping. Most texts have none of them.
 */
// oxlint-disable-next-line eslint/no-control-regex
const needsEscaping = /["\\\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff]/

/** Up to this length, a loop over the characters is faster than the expression. */
const shortText = 40

/** DEL, C1, the two separators and surrogates. */
const isSpecial = (code: number): boolean =>
  code < 0xa0 || code === 0x2028 || code === 0x2029 || (code >= 0xd800 && code <= 0xdfff)

/** Whether a text needs no escaping. */
const isPlain = (text: string): boolean => {
  const { length } = text
  if (length > shortText) return length <= longestText && !needsEscaping.test(text)
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index)
    if (code < 32 || code === 34 || code === 92 || (code >= 127 && isSpecial(code))) return false
  }
  return true
}

const escaped = (text: string): string => encodeText(text, longestText)

export const quote = (text: string): string => isPlain(text) ? `"${text}"` : escaped(text)

/** Gives a JSON string without its quotes. */
export const unquoted = (text: string): string => isPlain(text) ? text : escaped(text).slice(1, -1)

/** The part of a text that is searched. */
export const searchable = (text: string): string => text.length > mostLooked ? text.slice(0, mostLooked) : text

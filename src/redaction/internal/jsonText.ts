/**
 * Texts as JSON strings of one line.
 */

/** A text that UTF-8 can hold. A text above the limit ends with the number of missing characters. */
export const shownText = (text: string, limit: number): string =>
  (text.length > limit ? `${text.slice(0, limit)}…[${text.length - limit} more]` : text).toWellFormed()

/** {@link shownText} as a JSON string. */
export const encodeText = (text: string, limit: number): string => quote(shownText(text, limit))

/** Characters that a terminal obeys or that end a line for a reader; `JSON.stringify` does not escape them. */
const controls = /[\u007f-\u009f\u2028\u2029]/g

/** Quotes, backslashes, {@link controls}, other control characters and surrogates. Most texts have none of them. */
// oxlint-disable-next-line eslint/no-control-regex
const needsEscaping = /["\\\u0000-\u001f\u007f-\u009f\u2028\u2029\ud800-\udfff]/

/** Up to this length, a loop over the characters is faster than the expression. */
const shortText = 40

/** DEL, C1, the two separators and surrogates. */
const isSpecial = (code: number): boolean =>
  code < 0xa0 || code === 0x2028 || code === 0x2029 || (code >= 0xd800 && code <= 0xdfff)

/** Whether a text needs no escaping. */
export const isPlain = (text: string): boolean => {
  const { length } = text
  if (length > shortText) return !needsEscaping.test(text)
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index)
    if (code < 32 || code === 34 || code === 92 || (code >= 127 && isSpecial(code))) return false
  }
  return true
}

/** A JSON string of one line for every reader: the control characters that JSON allows are escaped, too. */
export const quote = (text: string): string =>
  isPlain(text)
    ? `"${text}"`
    : JSON.stringify(text.toWellFormed()).replace(
      controls,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
    )

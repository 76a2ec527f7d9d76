/**
 * Cuts a text without leaving half a secret at its end.
 */

/** A cut moves back to the end of a word, at most by so many characters. */
const longestWord = 256
/** Characters beyond a limit that are searched, too, because masking makes a text shorter. */
const overlap = 1024
/** Digits and spaces of a card number. */
const longestCard = 24

/**
 * Cuts a text to at most `limit` characters, at a place where no secret can be cut.
 *
 * A word at the limit is left out, because half a secret is not recognised as a secret. So are groups of digits, a URL
 * of any length, and a list of fields in which a name may follow its value.
 */
export const truncateAtWord = (text: string, limit: number): string => {
  if (text.length <= limit) return text
  return text.slice(0, beforeFields(text, beforeDigits(text, beforeWord(text, limit))))
}

/**
 * Masks a text and cuts it to at most `limit` characters. `search` masks secrets. It gets more characters than are
 * shown.
 */
export const truncateMasked = (text: string, limit: number, search: (text: string) => string): string => {
  const shown = search(text.length > limit ? truncateAtWord(text, limit + overlap) : text)
  return shown.length > limit ? shown.slice(0, limit) : shown
}

const beforeWord = (text: string, limit: number): number => {
  const least = Math.max(0, limit - longestWord)
  for (let end = limit; end > least; end--) if (isBoundary(text.charCodeAt(end))) return end
  // A known secret has its prefix within these characters. Credentials in a URL are known only by the text after them.
  let start = least
  while (start > 0 && !isBoundary(text.charCodeAt(start - 1))) start--
  const url = text.indexOf("//", start)
  return url < 0 || url > least ? least : url
}

const beforeDigits = (text: string, end: number): number => {
  let start = end
  let digits = 0
  while (start > 0 && end - start < longestCard) {
    const code = text.charCodeAt(start - 1)
    if (code >= 48 && code <= 57) digits++
    else if (code !== 32 && code !== 45) break
    start--
  }
  return digits < 4 ? end : start
}

const beforeFields = (text: string, end: number): number => {
  const tail = text.slice(Math.max(0, end - longestWord), end)
  for (const [opening, closing] of [["{", "}"], ["<", ">"]] as const) {
    const start = tail.lastIndexOf(opening)
    if (start > tail.lastIndexOf(closing) && /\bval/i.test(tail.slice(start))) return end - tail.length + start
  }
  return end
}

/**
 * Whether a character is a space, a quote, an angle bracket or East Asian punctuation. Credentials in a URL have none
 * of these.
 */
const isBoundary = (code: number): boolean =>
  code === 32 || (code >= 9 && code <= 13) || code === 34 || code === 39 || code === 60 || code === 62 ||
  code === 0xa0 || code === 0x2028 || code === 0x2029 || (code >= 0x3000 && code <= 0x3002) || code === 0xff0c

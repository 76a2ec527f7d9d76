/**
 * Cuts a text so that no half of a secret is left at its end.
 *
 * @internal
 */

/** Characters that are given up so that the text ends between two words. */
const longestWord = 256
/** Characters beyond a limit that are searched too: masking shortens a text. */
const overlap = 1024
/** Digits and spaces of a card number. */
const longestCard = 24

/**
 * At most `limit` characters that end where no secret can begin and not end.
 *
 * A word that the limit would cut is left out, because half a secret is not recognised as a secret. The same holds for
 * groups of digits, for a URL of any length, and for a list of fields whose name may come behind its value.
 */
export const truncateAtWord = (text: string, limit: number): string => {
  if (text.length <= limit) return text
  return text.slice(0, beforeFields(text, beforeDigits(text, beforeWord(text, limit))))
}

/** At most `limit` characters of a text without its secrets. `search` masks them; it gets some more than is shown. */
export const truncateMasked = (text: string, limit: number, search: (text: string) => string): string => {
  const shown = search(text.length > limit ? truncateAtWord(text, limit + overlap) : text)
  return shown.length > limit ? shown.slice(0, limit) : shown
}

const beforeWord = (text: string, limit: number): number => {
  const least = Math.max(0, limit - longestWord)
  for (let end = limit; end > least; end--) if (isBoundary(text.charCodeAt(end))) return end
  // No known secret has so long a part without its prefix, but credentials in a URL are known by what follows them.
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

/** Spaces, quotes, angle brackets, and the punctuation of languages without spaces: no URL has one in its credentials. */
const isBoundary = (code: number): boolean =>
  code === 32 || (code >= 9 && code <= 13) || code === 34 || code === 39 || code === 60 || code === 62 ||
  code === 0xa0 || code === 0x2028 || code === 0x2029 || (code >= 0x3000 && code <= 0x3002) || code === 0xff0c

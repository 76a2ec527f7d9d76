/**
 * Cuts a text before it is searched for secrets.
 *
 * @internal
 */

/** Characters that are given up so that the text ends between two words. */
const longestWord = 256

/**
 * At most `limit` characters, without a word that the limit would cut in two: half a secret is not recognised as one,
 * as a password in a URL whose `@` is missing.
 */
export const cut = (text: string, limit: number): string => {
  if (text.length <= limit) return text
  const least = Math.max(0, limit - longestWord)
  for (let end = limit; end > least; end--) {
    if (isSpace(text.charCodeAt(end))) return text.slice(0, end)
  }
  return text.slice(0, least)
}

const isSpace = (code: number) => code === 32 || (code >= 9 && code <= 13)

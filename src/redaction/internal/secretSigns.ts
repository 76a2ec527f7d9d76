/**
 * A quick look at a text for what every secret has within it or before it: a word, or characters in a row.
 *
 * **Details**
 *
 * It reads each character once, and says `true` too often rather than too rarely. Words are found by their first three
 * letters in a table; the case of letters in ASCII does not matter.
 */

/** Letters of both cases have the same five bits. */
const bits = 5
const mask = (1 << bits) - 1
const tableMask = (1 << (3 * bits)) - 1

/** No card number has fewer digits, with nothing but one separator between them. */
const fewestCardDigits = 9

const fold = (code: number): number => code >= 65 && code <= 90 ? code + 32 : code

const isWord = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || code === 95

/** Whether a user or a port comes after the two slashes before `start`. */
const hasUser = (text: string, start: number): boolean => {
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 64 || code === 58) return true
    if (code <= 32 || code === 47) return false
  }
  return false
}

/** Whether an option of one letter ends at `at`, as in `mysql -p secret`. */
const isOption = (text: string, at: number, code: number): boolean => {
  const letter = fold(code)
  if (letter !== 117 && letter !== 112 && letter !== 97 && letter !== 119) return false
  const before = at < 2 ? 32 : text.charCodeAt(at - 2)
  return before !== 45 && !isWord(before)
}

const isAt = (text: string, start: number, codes: ReadonlyArray<number>): boolean => {
  for (let index = 0; index < codes.length; index++) {
    if (fold(text.charCodeAt(start + index)) !== codes[index]) return false
  }
  return true
}

/**
 * Makes the look for words, user names in URLs, options and card numbers. Gives `undefined` if a word is not made of at
 * least three characters of ASCII.
 */
export const compile = (words: ReadonlyArray<string>): ((text: string) => boolean) | undefined => {
  if (words.some((word) => !/^[\x20-\x7e]{3,}$/.test(word))) return undefined
  /** The place in `lists` for the first three letters; 0 for none. */
  const table = new Uint8Array(tableMask + 1)
  const lists: Array<Array<ReadonlyArray<number>>> = [[]]
  for (const word of words) {
    const codes = Array.from(word, (character) => fold(character.charCodeAt(0)))
    const start = codes.slice(0, 3).reduce((index, code) => (index << bits) | (code & mask), 0)
    if (table[start] === 0) {
      if (lists.length > 255) return undefined
      table[start] = lists.push([]) - 1
    }
    lists[table[start] as number]?.push(codes)
  }
  return (text) => {
    const { length } = text
    let index = 0
    let digits = 0
    let before = 0
    for (let at = 0; at < length; at++) {
      const code = text.charCodeAt(at)
      index = ((index << bits) | (code & mask)) & tableMask
      const list = table[index] as number
      if (list !== 0 && at > 1) {
        for (const codes of lists[list] as Array<ReadonlyArray<number>>) if (isAt(text, at - 2, codes)) return true
      }
      if (code >= 48 && code <= 57) {
        if (++digits === fewestCardDigits) return true
      } else if (code === 47 && before === 47) {
        if (hasUser(text, at + 1)) return true
        digits = 0
      } else if (code !== 32 && code !== 45) {
        if (before === 45 && isOption(text, at, code)) return true
        digits = 0
      }
      before = code
    }
    return false
  }
}

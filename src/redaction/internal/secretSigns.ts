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

/** No card number has fewer digits, with nothing but separators between them. */
const fewestCardDigits = 13

const fold = (code: number): number => code >= 65 && code <= 90 ? code + 32 : code

const isWord = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 48 && code <= 57) || (code >= 65 && code <= 90) || code === 95

/** Whether a user or a port comes after the two slashes before `start`. */
const hasUser = (bytes: Uint8Array, start: number, end: number): boolean => {
  for (let at = start; at < end; at++) {
    const code = bytes[at] as number
    if (code === 64 || code === 58) return true
    if (code <= 32 || code === 47) return false
  }
  return false
}

/** Whether an option of one letter ends at `at`, as in `mysql -p secret`. */
const isOption = (bytes: Uint8Array, at: number): boolean => {
  const letter = fold(bytes[at] as number)
  if (letter !== 117 && letter !== 112 && letter !== 97 && letter !== 119) return false
  const before = at < 2 ? 32 : bytes[at - 2] as number
  return before !== 45 && !isWord(before)
}

const isAt = (bytes: Uint8Array, start: number, end: number, codes: ReadonlyArray<number>): boolean => {
  if (start + codes.length > end) return false
  for (let index = 0; index < codes.length; index++) {
    if (fold(bytes[start + index] as number) !== codes[index]) return false
  }
  return true
}

/** Bytes that are looked at; a longer text is searched anyway. */
const capacity = 8192
/** A longer text may consist of pieces, of which the engine reads single characters slowly. */
const shortText = 12

const encoder = new TextEncoder()

/** Puts a text into bytes. A character outside of ASCII becomes any bytes outside of ASCII. Gives `undefined` if it is too long. */
const load = (text: string, bytes: Uint8Array<ArrayBuffer>): number | undefined => {
  const { length } = text
  if (length > shortText) {
    const { read, written } = encoder.encodeInto(text, bytes)
    return read === length ? written : undefined
  }
  for (let at = 0; at < length; at++) {
    const code = text.charCodeAt(at)
    bytes[at] = code > 0x7f ? 0xff : code
  }
  return length
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
  const bytes = new Uint8Array(capacity)
  return (text) => {
    const length = load(text, bytes)
    if (length === undefined) return true
    let index = 0
    let digits = 0
    let before = 0
    for (let at = 0; at < length; at++) {
      const code = bytes[at] as number
      index = ((index << bits) | (code & mask)) & tableMask
      const list = table[index] as number
      if (list !== 0 && at > 1) {
        for (const codes of lists[list] as Array<ReadonlyArray<number>>) {
          if (isAt(bytes, at - 2, length, codes)) return true
        }
      }
      // Most characters are letters.
      if (code > 57) {
        if (before === 45 && isOption(bytes, at)) return true
        digits = 0
      } else if (code >= 48) {
        // The first digit of a card number is one of these.
        if ((digits > 0 || (code >= 50 && code <= 54)) && ++digits === fewestCardDigits) return true
      } else if (code !== 32 && code !== 45) {
        if (code === 47 && before === 47 && hasUser(bytes, at + 1, length)) return true
        digits = 0
      }
      before = code
    }
    return false
  }
}

/**
 * Texts that were searched and have no secret in them. Most texts of a program repeat: names, methods, states, queries.
 *
 * **Details**
 *
 * It has a fixed number of places. The place of a text follows from its length and three of its characters, so a fresh
 * text need not be hashed. A text that repeats keeps its place against others that do not.
 */

const places = 256
const longest = 256
/** A place is given up after so many texts more than repetitions. */
const mostCredit = 8

const placeOf = (text: string, length: number): number =>
  (length + 7 * text.charCodeAt(0) + 13 * text.charCodeAt(length >>> 1) + 31 * text.charCodeAt(length - 1)) &
  (places - 1)

export class CleanTexts {
  readonly #texts: Array<string> = Array.from({ length: places }, () => "")
  readonly #credit = new Uint8Array(places)

  /** Gives what `search` makes of a text. It is not asked for a text that it gave back unchanged before. */
  search(text: string, search: (text: string) => string): string {
    const { length } = text
    if (length === 0 || length > longest) return search(text)
    const place = placeOf(text, length)
    const credit = this.#credit[place] as number
    if (this.#texts[place] === text) {
      if (credit < mostCredit) this.#credit[place] = credit + 1
      return text
    }
    const shown = search(text)
    if (credit > 0) this.#credit[place] = credit - 1
    else if (shown === text) this.#texts[place] = text
    return shown
  }
}

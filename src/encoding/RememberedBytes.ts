/**
 * The bytes of texts that repeat, such as the keys of attributes. It remembers a bounded number of them.
 */

const mostTexts = 4096
const longestText = 256

export class RememberedBytes {
  readonly #known = new Map<string, Uint8Array>()
  readonly #make: (text: string) => Uint8Array

  /** Remembers what `make` gives for a text. */
  constructor(make: (text: string) => Uint8Array) {
    this.#make = make
  }

  of(text: string): Uint8Array {
    const known = this.#known.get(text)
    if (known !== undefined) return known
    const made = this.#make(text)
    if (this.#known.size < mostTexts && text.length <= longestText) this.#known.set(text, made)
    return made
  }
}

/** A key as it is written. One that is not UTF-8 is escaped, so that it stays unique. */
export const keyText = (key: string): string => key.isWellFormed() ? key : JSON.stringify(key)

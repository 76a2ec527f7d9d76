/**
 * The attributes of a series, with a place for their text in an exposition.
 *
 * **Details**
 *
 * Most of a scrape's time goes into rendering attributes, and they never change
 * while a series lives. So the attributes keep their text in a private field. With
 * a `WeakMap` in its place, a scrape of 100 000 counters takes 1.4 times as long:
 * `npm run bench -- metrics` measures it.
 *
 * @internal
 */
import { setField } from "../../../internal/setField.ts"

/** Attribute values by key, as a snapshot shows them. */
export type Attributes = Readonly<Record<string, string>>

/** Returns the given object, so that a subclass puts its private fields on it. */
class Given {
  readonly [key: string]: string
  constructor(attributes: Attributes) {
    return attributes
  }
}

/**
 * Makes the `attributes` of series and remembers one text for each.
 *
 * **Details**
 *
 * What {@link SeriesAttributes.make} gives is a plain object with plain
 * properties: it prints, compares and serialises as one. The remembered text is a
 * private field, out of sight of all of them.
 */
export class SeriesAttributes extends Given {
  #exposition: string | undefined = undefined

  /**
   * Attributes with the given values, in the order of the keys.
   *
   * @param keys names of the attributes; a key that occurs twice keeps its last value
   * @param values one for each key
   */
  static make(keys: ReadonlyArray<string>, values: ReadonlyArray<string>): Attributes {
    const attributes: Record<string, string> = {}
    for (let index = 0; index < keys.length; index++) {
      setField(attributes, keys[index] as string, values[index] ?? "")
    }
    return new SeriesAttributes(attributes)
  }

  /**
   * What `render` gives for the attributes, rendered at the first call only. For
   * objects of other origin it is rendered every time.
   *
   * **Gotchas**
   *
   * One text is kept, so every caller must render the same text. A text with
   * U+FFFD is not kept: two different values may have the same text, and `render`
   * has to notice that.
   */
  static memo(attributes: Attributes, render: (attributes: Attributes) => string): string {
    if (!(#exposition in attributes)) return render(attributes)
    if (attributes.#exposition !== undefined) return attributes.#exposition
    const text = render(attributes)
    if (!text.includes("\ufffd")) attributes.#exposition = text
    return text
  }
}

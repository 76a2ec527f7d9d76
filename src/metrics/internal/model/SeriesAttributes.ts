/**
 * The attributes of a series, with a place for their text in an exposition.
 *
 * **Details**
 *
 * Most of a scrape's time goes into rendering attributes, and they never change
 * while a series lives. So the attributes keep their text in a private field. With
 * a `WeakMap` in its place, a scrape of 100 000 counters takes 1.4 times as long:
 * `npm run bench -- metrics` measures it.
 */
import { setField } from "../../../internal/setField.ts"

/** Attribute values by key, as a snapshot shows them. */
export type Attributes = Readonly<Record<string, string>>

/** The constructor returns the given object, so a subclass adds its private fields to that object. */
class Given {
  readonly [key: string]: string
  constructor(attributes: Attributes) {
    return attributes
  }
}

/**
 * Makes the `attributes` of a series, and remembers one text for them.
 *
 * **Details**
 *
 * {@link SeriesAttributes.make} gives a plain object: it prints, compares and
 * serialises as one. None of these sees the private field with the text.
 */
export class SeriesAttributes extends Given {
  #exposition: string | undefined = undefined

  /**
   * Makes attributes with the given values, in the order of the keys.
   *
   * @param keys names of the attributes; a key that occurs twice keeps its last
   * value
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
   * Gives the text of `render`, which is called only once for the attributes. For
   * any other object, it is called every time.
   *
   * **Gotchas**
   *
   * Only one text is kept, so every caller must use the same `render`. A text
   * with U+FFFD is not kept, because two different values may have the same text,
   * and `render` must notice that.
   */
  static memo(attributes: Attributes, render: (attributes: Attributes) => string): string {
    if (!(#exposition in attributes)) return render(attributes)
    if (attributes.#exposition !== undefined) return attributes.#exposition
    const text = render(attributes)
    if (!text.includes("\ufffd")) attributes.#exposition = text
    return text
  }
}

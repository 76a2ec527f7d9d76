/**
 * The attributes of a span while it is recorded: a list, because most spans have few and are read once, when they are
 * encoded. It is a `Map` from the moment that a reader asks for one.
 *
 * **Details**
 *
 * Most attributes are texts, and many spans are never read: they are sampled out, or dropped. So a text waits as it was
 * given, and is searched for secrets when it is read, before the reader gets it.
 */
import type { AttributeRule } from "../../redaction/internal/keptAttributes.ts"

/** A name, whether it is the only object for that name, and a bit that few other names have. */
export type Name = Pick<AttributeRule, "name" | "isOnly"> & Partial<Pick<AttributeRule, "bit">>

/** A name that knows what is to be made of a text under it. */
export type TextName = Name & Pick<AttributeRule, "text">

/** A text that a reader may have, while others wait. */
class Readable {
  readonly text: string

  constructor(text: string) {
    this.text = text
  }
}

/**
 * Room for the names and values of eight attributes. A list is a copy of it: the engine moves list literals to the memory
 * of old objects when many of them live long, and what they refer to lives as long as they do.
 */
const room: ReadonlyArray<unknown> = Array.from({ length: 16 }, () => undefined)

export class SpanAttributes {
  /** A name and its value, one after the other. Until it is read, a string is a text that waits. */
  #list = room as Array<unknown>
  /** Places of the list that are taken. */
  #end = 0
  /** Whether names are to be compared by their texts. */
  #hasOthers = false
  /** The bits of all names. */
  #bits = 0
  /** Whether no text waits. */
  #isRead = false
  #map: Map<string, unknown> | undefined = undefined

  get size(): number {
    return this.#end >> 1
  }

  /** Whether there is an attribute of this name. */
  has(name: string): boolean {
    return this.#placeOf(name) >= 0
  }

  /** Sets a value that a reader may have. */
  set(name: Name, value: unknown): void {
    this.#put(name, typeof value === "string" && !this.#isRead ? new Readable(value) : value)
  }

  /** Sets a text that a reader may have as `name.text` gives it. */
  setText(name: TextName, text: string): void {
    this.#put(name, this.#isRead ? name.text(text) : text)
  }

  /** Removes the newest attribute whose name is none of these. Gives whether there was one. */
  dropNewest(except: ReadonlySet<string>): boolean {
    for (let place = this.#end - 2; place >= 0; place -= 2) {
      const { name } = this.#list[place] as Name
      if (except.has(name)) continue
      this.#list.copyWithin(place, place + 2, this.#end)
      this.#end -= 2
      this.#map?.delete(name)
      return true
    }
    return false
  }

  forEach(each: (value: unknown, name: string) => void): void {
    this.#read()
    const list = this.#list
    const end = this.#end
    for (let place = 0; place < end; place += 2) each(list[place + 1], (list[place] as Name).name)
  }

  /** The attributes for a reader. They stay up to date. */
  get map(): ReadonlyMap<string, unknown> {
    if (this.#map !== undefined) return this.#map
    const map = new Map<string, unknown>()
    this.forEach((value, name) => map.set(name, value))
    return this.#map = map
  }

  #put(name: Name, value: unknown): void {
    const bit = name.bit ?? -1
    let place = this.#hasOthers || !name.isOnly
      ? this.#placeOf(name.name)
      : (this.#bits & bit) === 0
      ? -1
      : this.#placeOfOnly(name)
    this.#bits |= bit
    if (!name.isOnly) this.#hasOthers = true
    if (place < 0) {
      if (this.#list === room) this.#list = room.slice()
      place = this.#end
      this.#end += 2
    }
    // A waiting text is looked at by the name that it came with.
    this.#list[place] = name
    this.#list[place + 1] = value
    this.#map?.set(name.name, value)
  }

  #read(): void {
    if (this.#isRead) return
    this.#isRead = true
    const list = this.#list
    for (let place = 1; place < this.#end; place += 2) {
      const value = list[place]
      if (typeof value === "string") list[place] = (list[place - 1] as TextName).text(value)
      else if (value instanceof Readable) list[place] = value.text
    }
  }

  #placeOfOnly(name: Name): number {
    const list = this.#list
    const end = this.#end
    for (let place = 0; place < end; place += 2) if (list[place] === name) return place
    return -1
  }

  #placeOf(name: string): number {
    const list = this.#list
    for (let place = 0; place < this.#end; place += 2) if ((list[place] as Name).name === name) return place
    return -1
  }
}

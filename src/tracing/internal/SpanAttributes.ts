/**
 * The attributes of a span while it is recorded: a list, because most spans have few and are read once, when they are
 * encoded. It is a `Map` from the moment that a reader asks for one.
 */
import type { AttributeRule } from "../../redaction/internal/keptAttributes.ts"

/** A name, and whether it is the only object for that name. */
export type Name = Pick<AttributeRule, "name" | "isOnly">

export class SpanAttributes {
  /** A name and its value, one after the other. */
  readonly #list: Array<unknown> = []
  /** Whether names are to be compared by their texts. */
  #hasOthers = false
  #map: Map<string, unknown> | undefined = undefined

  get size(): number {
    return this.#list.length >> 1
  }

  /** Whether there is an attribute of this name. */
  has(name: string): boolean {
    return this.#placeOf(name) >= 0
  }

  set(name: Name, value: unknown): void {
    const list = this.#list
    const place = this.#hasOthers || !name.isOnly ? this.#placeOf(name.name) : this.#placeOfOnly(name)
    if (!name.isOnly) this.#hasOthers = true
    if (place < 0) list.push(name, value)
    else list[place + 1] = value
    this.#map?.set(name.name, value)
  }

  /** Removes the newest attribute whose name is none of these. Gives whether there was one. */
  dropNewest(except: ReadonlySet<string>): boolean {
    for (let place = this.#list.length - 2; place >= 0; place -= 2) {
      const { name } = this.#list[place] as Name
      if (except.has(name)) continue
      this.#list.splice(place, 2)
      this.#map?.delete(name)
      return true
    }
    return false
  }

  forEach(each: (value: unknown, name: string) => void): void {
    const list = this.#list
    for (let place = 0; place < list.length; place += 2) each(list[place + 1], (list[place] as Name).name)
  }

  /** The attributes for a reader. They stay up to date. */
  get map(): ReadonlyMap<string, unknown> {
    if (this.#map !== undefined) return this.#map
    const map = new Map<string, unknown>()
    this.forEach((value, name) => map.set(name, value))
    return this.#map = map
  }

  #placeOfOnly(name: Name): number {
    const list = this.#list
    for (let place = 0; place < list.length; place += 2) if (list[place] === name) return place
    return -1
  }

  #placeOf(name: string): number {
    const list = this.#list
    for (let place = 0; place < list.length; place += 2) if ((list[place] as Name).name === name) return place
    return -1
  }
}

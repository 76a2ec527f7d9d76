/**
 * Finds the series of a metric by attribute values, in a hash table.
 *
 * **Details**
 *
 * A program often makes its values at run time. To look such a text up in a `Map`, the engine reads all of it to hash it,
 * and reads it again to compare it. This table hashes the length and a few characters of each value and then compares
 * the values, so that the text is read once; of a constant, which the engine compares by its address, nothing more is
 * read. If many values differ only in other places, the table hashes all characters.
 */
import type { Series } from "./Series.ts"

export type Attributes = Readonly<Record<string, unknown>>

const fewestPlaces = 16
/** Series with the same place, one of which is found by comparing with all before it. */
const longestChain = 8

export class SeriesTable {
  /** Finds the series of these attributes, or has it created. */
  readonly find: (attributes: Attributes) => Series
  /** The first series with each place. The others follow as {@link Series.sibling}. */
  places = new Array<Series | undefined>(fewestPlaces).fill(undefined)
  hashesAll = false
  #count = 0

  /** @param create makes a series that is not there */
  constructor(keys: ReadonlyArray<string>, create: (attributes: Attributes) => Series) {
    this.find = finder(keys, this, create)
  }

  /** Finds the series of these values, in the order of the keys. */
  get(values: ReadonlyArray<string>): Series | undefined {
    let series = this.places[this.#placeOf(values)]
    while (series !== undefined && !series.values?.every((value, position) => value === values[position])) {
      series = series.sibling
    }
    return series
  }

  add(series: Series): void {
    this.#count++
    if (this.#count > this.places.length) this.#rebuild(this.places.length * 2)
    this.#put(series)
    if (this.hashesAll || chainOf(series).length <= longestChain) return
    this.hashesAll = true
    this.#rebuild(this.places.length)
  }

  remove(series: Series): void {
    const place = this.#placeOf(series.values as ReadonlyArray<string>)
    const chain = chainOf(this.places[place])
    if (!chain.includes(series)) return
    this.#count--
    this.places[place] = undefined
    for (const other of chain) if (other !== series) this.#put(other)
    series.sibling = undefined
  }

  #placeOf(values: ReadonlyArray<string>): number {
    let hash = 0
    for (const value of values) hash = this.hashesAll ? hashOfAll(hash, value) : hashOfSome(hash, value)
    return spread(hash) & (this.places.length - 1)
  }

  #put(series: Series): void {
    const place = this.#placeOf(series.values as ReadonlyArray<string>)
    series.sibling = this.places[place]
    this.places[place] = series
  }

  #rebuild(size: number): void {
    const all = this.places.flatMap((first) => chainOf(first))
    this.places = new Array<Series | undefined>(size).fill(undefined)
    for (const series of all) this.#put(series)
  }
}

const chainOf = (first: Series | undefined): ReadonlyArray<Series> => {
  const chain: Array<Series> = []
  for (let series = first; series !== undefined; series = series.sibling) chain.push(series)
  return chain
}

/** The values are read at places of their own in the code, without a loop, which is twice as fast. */
const finder = (
  keys: ReadonlyArray<string>,
  table: SeriesTable,
  create: (attributes: Attributes) => Series
): SeriesTable["find"] => {
  const [first, second, third] = keys as [string, string, string]
  switch (keys.length) {
    case 1:
      return (attributes) => {
        const a = attributes[first]
        if (typeof a !== "string") return create(attributes)
        const { hashesAll, places } = table
        const hash = hashesAll ? hashOfAll(0, a) : hashOfSome(0, a)
        let series = places[spread(hash) & (places.length - 1)]
        while (series !== undefined) {
          if ((series.values as ReadonlyArray<string>)[0] === a) return series
          series = series.sibling
        }
        return create(attributes)
      }
    case 2:
      return (attributes) => {
        const a = attributes[first]
        const b = attributes[second]
        if (typeof a !== "string" || typeof b !== "string") return create(attributes)
        const { hashesAll, places } = table
        const hash = hashesAll ? hashOfAll(hashOfAll(0, a), b) : hashOfSome(hashOfSome(0, a), b)
        let series = places[spread(hash) & (places.length - 1)]
        while (series !== undefined) {
          const values = series.values as ReadonlyArray<string>
          if (values[0] === a && values[1] === b) return series
          series = series.sibling
        }
        return create(attributes)
      }
    case 3:
      return (attributes) => {
        const a = attributes[first]
        const b = attributes[second]
        const c = attributes[third]
        if (typeof a !== "string" || typeof b !== "string" || typeof c !== "string") return create(attributes)
        const { hashesAll, places } = table
        const hash = hashesAll
          ? hashOfAll(hashOfAll(hashOfAll(0, a), b), c)
          : hashOfSome(hashOfSome(hashOfSome(0, a), b), c)
        let series = places[spread(hash) & (places.length - 1)]
        while (series !== undefined) {
          const values = series.values as ReadonlyArray<string>
          if (values[0] === a && values[1] === b && values[2] === c) return series
          series = series.sibling
        }
        return create(attributes)
      }
    default:
      return (attributes) => {
        const { hashesAll, places } = table
        let hash = 0
        for (const key of keys) {
          const value = attributes[key]
          if (typeof value !== "string") return create(attributes)
          hash = hashesAll ? hashOfAll(hash, value) : hashOfSome(hash, value)
        }
        let series = places[spread(hash) & (places.length - 1)]
        while (series !== undefined) {
          if (matches(keys, series.values as ReadonlyArray<string>, attributes)) return series
          series = series.sibling
        }
        return create(attributes)
      }
  }
}

const matches = (keys: ReadonlyArray<string>, values: ReadonlyArray<string>, attributes: Attributes): boolean => {
  for (let position = 0; position < keys.length; position++) {
    if (values[position] !== attributes[keys[position] as string]) return false
  }
  return true
}

/** 2^32 divided by the golden ratio: multiplied by it, numbers that are close come far apart. */
const golden = 0x9e3779b1

/** Values of one attribute mostly differ in their length, their last characters or their first. */
const hashOfSome = (hash: number, value: string): number => {
  const { length } = value
  if (length < 4) return hashOfAll(hash, value)
  return Math.imul(
    hash ^ length ^ (value.charCodeAt(length - 1) << 4) ^ (value.charCodeAt(length - 2) << 11) ^
      (value.charCodeAt(length - 3) << 18) ^ (value.charCodeAt(0) << 24),
    golden
  )
}

const hashOfAll = (hash: number, value: string): number => {
  let all = hash ^ value.length
  for (let index = 0; index < value.length; index++) all = Math.imul(all ^ value.charCodeAt(index), golden)
  return all
}

/** The high bits of a product depend on all bits of its factors, the low bits do not. */
const spread = (hash: number): number => hash ^ (hash >>> 15)

/**
 * Finds a series by its attribute values, in a tree that branches only where series differ.
 *
 * **Details**
 *
 * A branch is a map from the values of one attribute. A leaf is a short list of series, whose values are compared. So
 * mostly one value is looked up, and the others are compared once. To find an existing series, no text is built. A
 * program makes its values at run time, so a look-up has to hash each of them, and a comparison need not. A map for
 * each attribute would also take more memory than the series.
 */
import type { Series } from "./Series.ts"

type Attributes = Readonly<Record<string, unknown>>
type Matches = (attributes: Attributes, values: ReadonlyArray<string>) => boolean

/** A branch, or the first series of a leaf. The others follow as {@link Series.sibling}. */
type Node = Branch | Series

/** A longer leaf becomes a branch. */
const longestLeaf = 4

class Branch {
  readonly position: number
  readonly key: string
  /** Positions of the attributes that no branch on the way has looked up. */
  readonly rest: ReadonlyArray<number>
  /** Compares the attributes of {@link rest}. */
  readonly matches: Matches
  readonly next = new Map<unknown, Node>()

  constructor(keys: ReadonlyArray<string>, position: number, above: ReadonlyArray<number>) {
    this.position = position
    this.key = keys[position] as string
    this.rest = above.filter((other) => other !== position)
    this.matches = matcher(keys, this.rest)
  }
}

export interface SeriesIndex {
  /** Finds or makes the series for these attributes. It never throws, even for wrong values. */
  readonly find: (attributes: Attributes) => Series
  /** All series, including the overflow series. */
  readonly all: ReadonlySet<Series>
  readonly remove: (series: Series) => void
  /** Finds the series of these values, in the order of these keys. For `undefined` it is the overflow series. */
  readonly get: (keys: ReadonlyArray<string>, values: ReadonlyArray<string> | undefined) => Series | undefined
  /** Finds or makes the overflow series, for a worker thread that has reported its overflow already. */
  readonly overflow: () => Series
}

export interface IndexOptions {
  readonly keys: ReadonlyArray<string>
  /** Whether there is room for another series. If not, the series becomes part of the overflow series. */
  readonly hasRoom: (values: ReadonlyArray<string>) => boolean
  /** Redacts an attribute value of a new series. */
  readonly redact: (key: string, value: string) => string
  /** Makes a series; `values` is `undefined` for the overflow series. Gives `undefined` if there is no room. */
  readonly make: (values: ReadonlyArray<string> | undefined) => Series | undefined
  /** Called at the first overflow, with the number of series, and the attribute with the most distinct values. */
  readonly onOverflow: (count: number, widestKey: string) => void
}

export const make = (options: IndexOptions): SeriesIndex => {
  const { keys } = options
  const all = new Set<Series>()
  const positions = [...keys.keys()]
  const matchesAll = matcher(keys, positions)
  /** With one key, no leaf has two series. So the tree is always one branch. */
  const emptyRoot = () => keys.length === 1 ? new Branch(keys, 0, positions) : undefined
  let root: Node | undefined = emptyRoot()
  let overflowSeries: Series | undefined
  let reported = false

  const overflow = (): Series => {
    if (overflowSeries === undefined) {
      overflowSeries = options.make(undefined)
      if (overflowSeries === undefined) throw new RangeError("no room for the overflow series")
      all.add(overflowSeries)
    }
    return overflowSeries
  }

  const overflowOwn = (): Series => {
    if (!reported) options.onOverflow(all.size + (overflowSeries === undefined ? 1 : 0), widestKey(keys, all))
    reported = true
    return overflow()
  }

  const get = (values: ReadonlyArray<string>): Series | undefined => {
    let node = root
    while (node instanceof Branch) node = node.next.get(values[node.position])
    while (node !== undefined && !node.values?.every((value, position) => value === values[position])) {
      node = node.sibling
    }
    return node
  }

  /** Rare: a combination of values that the index does not have yet. */
  const create = (attributes: Attributes): Series => {
    const values = keys.map((key) => options.redact(key, textOf(attributes[key])))
    const found = get(values)
    if (found !== undefined) return found
    const series = options.hasRoom(values) ? options.make(values) : undefined
    if (series === undefined) return overflowOwn()
    all.add(series)
    root = inserted(root, series, keys, positions)
    return series
  }

  let only: Series | undefined
  const [first] = keys as [string]
  const findByOne = (attributes: Attributes): Series =>
    (root as Branch).next.get(attributes[first]) as Series | undefined ?? create(attributes)

  const find = (attributes: Attributes): Series => {
    let node = root
    let matches = matchesAll
    while (node instanceof Branch) {
      ;({ matches } = node)
      node = node.next.get(attributes[node.key])
    }
    while (node !== undefined) {
      if (matches(attributes, node.values as ReadonlyArray<string>)) return node
      node = node.sibling
    }
    return create(attributes)
  }

  const findOnly = (): Series => {
    if (only === undefined) {
      only = options.make([]) ?? overflowOwn()
      all.add(only)
    }
    return only
  }

  return {
    find: keys.length === 0 ? findOnly : keys.length === 1 ? findByOne : find,
    all,
    get: (given, values) => {
      if (values === undefined) return overflowSeries
      if (keys.length === 0) return only
      return get(keys.map((key) => values[given.indexOf(key)] ?? ""))
    },
    overflow,
    remove: (series) => {
      all.delete(series)
      if (series === only) only = undefined
      if (series === overflowSeries) overflowSeries = undefined
      else if (series.values !== undefined) root = without(root, series) ?? emptyRoot()
    }
  }
}

/** Compares the values at some positions. Up to three, the code has no loop, which is twice as fast. */
const matcher = (keys: ReadonlyArray<string>, positions: ReadonlyArray<number>): Matches => {
  const [p0, p1, p2] = positions as [number, number, number]
  const [k0, k1, k2] = positions.map((position) => keys[position]) as [string, string, string]
  switch (positions.length) {
    case 0:
      return () => true
    case 1:
      return (attributes, values) => values[p0] === attributes[k0]
    case 2:
      return (attributes, values) => values[p0] === attributes[k0] && values[p1] === attributes[k1]
    case 3:
      return (attributes, values) =>
        values[p0] === attributes[k0] && values[p1] === attributes[k1] && values[p2] === attributes[k2]
    default:
      return (attributes, values) => {
        for (let index = 0; index < positions.length; index++) {
          const position = positions[index] as number
          if (values[position] !== attributes[keys[position] as string]) return false
        }
        return true
      }
  }
}

const inserted = (
  node: Node | undefined,
  series: Series,
  keys: ReadonlyArray<string>,
  positions: ReadonlyArray<number>
): Node => {
  if (node instanceof Branch) {
    const value = series.values?.[node.position]
    node.next.set(value, inserted(node.next.get(value), series, keys, node.rest))
    return node
  }
  series.sibling = node
  const leaf = leafOf(series)
  return leaf.length <= longestLeaf ? series : split(leaf, keys, positions)
}

const leafOf = (first: Series): ReadonlyArray<Series> => {
  const leaf: Array<Series> = []
  for (let series: Series | undefined = first; series !== undefined; series = series.sibling) leaf.push(series)
  return leaf
}

/** Branches by the attribute with the most distinct values. */
const split = (leaf: ReadonlyArray<Series>, keys: ReadonlyArray<string>, positions: ReadonlyArray<number>): Branch => {
  const distinct = distinctValues(keys, leaf)
  const branch = new Branch(keys, distinct.indexOf(Math.max(...distinct)), positions)
  for (const series of leaf) {
    const value = series.values?.[branch.position]
    // There are fewer series here than a leaf may have.
    series.sibling = branch.next.get(value) as Series | undefined
    branch.next.set(value, series)
  }
  return branch
}

/** Removes a series, and the branches that become empty. */
const without = (node: Node | undefined, series: Series): Node | undefined => {
  if (node instanceof Branch) {
    const value = series.values?.[node.position]
    const rest = without(node.next.get(value), series)
    if (rest === undefined) node.next.delete(value)
    else node.next.set(value, rest)
    return node.next.size === 0 ? undefined : node
  }
  if (node === undefined) return undefined
  if (node === series) return node.sibling
  node.sibling = without(node.sibling, series) as Series | undefined
  return node
}

/** Texts that are equal in UTF-8 are one value. Values of code without types become text. */
const textOf = (value: unknown): string =>
  typeof value === "string"
    ? value.toWellFormed()
    : typeof value === "number" || typeof value === "boolean" || typeof value === "bigint"
    ? String(value)
    : value === undefined || value === null
    ? ""
    : `[${typeof value}]`

/** The key with the most distinct values among the series. */
const widestKey = (keys: ReadonlyArray<string>, series: ReadonlySet<Series>): string => {
  const distinct = distinctValues(keys, [...series])
  return keys[distinct.indexOf(Math.max(...distinct))] ?? ""
}

/** The number of distinct values of each key. */
const distinctValues = (keys: ReadonlyArray<string>, series: ReadonlyArray<Series>): ReadonlyArray<number> =>
  keys.map((_, position) => new Set(series.map(({ values }) => values?.[position])).size)

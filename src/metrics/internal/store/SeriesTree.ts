/**
 * Finds series of many attributes, in a tree that branches only where series differ.
 *
 * **Details**
 *
 * A branch is a map from the values of one attribute. A leaf is a short list of series, whose values are compared. So
 * mostly one value is looked up, and the others are compared once. A program makes its values at run time, so a look-up
 * has to hash each of them, and a comparison need not. A map for each attribute would take more memory than the series.
 */
import type { Series } from "./Series.ts"
import { type Attributes, distinctValues, type SeriesLookup } from "./seriesLookup.ts"

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

/** @param create makes a series that is not there */
export const make = (keys: ReadonlyArray<string>, create: (attributes: Attributes) => Series): SeriesLookup => {
  const positions = [...keys.keys()]
  const matchesAll = matcher(keys, positions)
  let root: Node | undefined
  return {
    find: (attributes) => {
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
    },
    get: (values) => {
      let node = root
      while (node instanceof Branch) node = node.next.get(values[node.position])
      while (node !== undefined && !node.values?.every((value, position) => value === values[position])) {
        node = node.sibling
      }
      return node
    },
    add: (series) => {
      root = inserted(root, series, keys, positions)
    },
    remove: (series) => {
      root = without(root, series)
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

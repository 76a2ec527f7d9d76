/**
 * The aggregation of gauges and infos, which keep the last value.
 */
import { matches } from "../model/namePattern.ts"
import type { Aggregation, Merge } from "./Aggregation.ts"

/**
 * How the gauges of several snapshots are merged. `last` takes the value of the
 * last snapshot that has the series.
 *
 * @category models
 * @since 0.1.0
 */
export type GaugeMerge = "sum" | "max" | "min" | "last"

const adds: Readonly<Record<GaugeMerge, (left: number, right: number) => number>> = {
  sum: (left, right) => left + right,
  max: Math.max,
  min: Math.min,
  last: (_, right) => right
}

export const make = (how: GaugeMerge): Aggregation<number> => {
  const add = adds[how]
  const merge: Merge = (values, at, from, fromAt) => {
    const other = from[fromAt] as number
    // The number before the value tells whether the series has one. A maximum with 0 would hide a negative gauge.
    const isFirst = how !== "sum" && values[at - 1] === 0
    values[at] = isFirst ? other : add(values[at] as number, other)
  }
  return {
    size: 1,
    count: (values, at, value) => {
      values[at] = value
      return 0
    },
    read: (values, at) => values[at] as number,
    merge,
    accumulates: false,
    add,
    subtract: (current) => current,
    amountOf: (value) => value,
    positionOf: () => 0
  }
}

/** Units for which a sum has no meaning. */
const notAdditive = new Set(["seconds", "milliseconds", "timestamp", "ratio", "percent", "celsius", "hertz", "volts"])

/** How the gauges of a metric are merged. A matching pattern of `chosen` decides first. */
export const gaugeMerge = (
  { name, unit }: { readonly name: string; readonly unit: string | undefined },
  chosen: Readonly<Record<string, GaugeMerge>> = {}
): GaugeMerge => {
  const pattern = Object.keys(chosen).find((pattern) => matches(pattern, name))
  if (pattern !== undefined) return chosen[pattern] as GaugeMerge
  return notAdditive.has(unit ?? name.slice(name.lastIndexOf("_") + 1)) ? "max" : "sum"
}

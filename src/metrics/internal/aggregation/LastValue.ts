/**
 * The aggregation of gauges and infos: the value that was set last.
 *
 * @internal
 */
import { matches } from "../model/namePattern.ts"
import type { Aggregation, Merge } from "./Aggregation.ts"

/**
 * How the gauges of several snapshots become one value; `last` is the one of the
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
    // The number before says whether the series has a value: a maximum of 0 would hide a gauge below zero.
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

/** Units of quantities of which two do not make twice as much. */
const notAdditive = new Set(["seconds", "milliseconds", "timestamp", "ratio", "percent", "celsius", "hertz", "volts"])

/** How the gauges of a metric are added up, if no pattern of `chosen` fits its name. */
export const gaugeMerge = (
  { name, unit }: { readonly name: string; readonly unit: string | undefined },
  chosen: Readonly<Record<string, GaugeMerge>> = {}
): GaugeMerge => {
  const pattern = Object.keys(chosen).find((pattern) => matches(pattern, name))
  if (pattern !== undefined) return chosen[pattern] as GaugeMerge
  return notAdditive.has(unit ?? name.slice(name.lastIndexOf("_") + 1)) ? "max" : "sum"
}

/** Attribute sets as programs have them: values made at run time, some sets far more often than others. */
import { setCount } from "./measure.ts"

const allKeys = ["task", "step", "status", "region", "queue", "tenant"]
const callsInTurn = 4096

/** Distinct values of each attribute; an attribute more divides the sets further. */
const spread = [50, 25, 4, 3, 5, 20]

export interface Shape {
  readonly keys: Array<string>
  /** Records `repeats` times as many calls as {@link setCount}; gives the nanoseconds that they took. */
  readonly record: (increment: (attributes: Record<string, string>) => void, repeats: number) => number
  /** Each set once, with values of its own. */
  readonly each: (increment: (attributes: Record<string, string>) => void) => void
}

export const make = ({ isFresh, keys: count, sets }: {
  readonly keys: number
  readonly sets: number
  readonly isFresh: boolean
}): Shape => {
  const keys = allKeys.slice(0, count)
  const parts = Array.from({ length: sets }, (_, set) => {
    let rest = set
    return keys.map((key, position) => {
      const isLast = position === keys.length - 1
      const number = isLast ? rest : rest % (spread[position] as number)
      rest = isLast ? 0 : Math.floor(rest / (spread[position] as number))
      return [`bench_${key}_`, `number_${number}`] as const
    })
  })
  const constants = parts.map((set) => set.map(([head, tail]) => `${head}${tail}`))
  const valueOf = isFresh
    ? (set: number, position: number) => {
      const [head, tail] = (parts[set] as ReadonlyArray<readonly [string, string]>)[position] as readonly [
        string,
        string
      ]
      return head + tail
    }
    : (set: number, position: number) => constants[set]?.[position] as string
  const order = zipf(sets)
  let call = 0
  const literal = literals[count] as Literal
  return {
    keys,
    record: (increment, repeats) => {
      const start = process.hrtime.bigint()
      for (let left = repeats * setCount; left > 0; left--) {
        call++
        increment(literal(valueOf, order[call % callsInTurn] as number, call % 2 === 0))
      }
      return Number(process.hrtime.bigint() - start)
    },
    each: (increment) => {
      for (let set = 0; set < sets; set++) increment(literal(valueOf, set, true))
    }
  }
}

type Literal = (
  value: (set: number, position: number) => string,
  set: number,
  isInOrder: boolean
) => Record<string, string>

/** Object literals, as a program has them at a call. */
const literals: Readonly<Record<number, Literal>> = {
  1: (value, set) => ({ task: value(set, 0) }),
  3: (value, set, isInOrder) =>
    isInOrder
      ? { task: value(set, 0), step: value(set, 1), status: value(set, 2) }
      : { status: value(set, 2), task: value(set, 0), step: value(set, 1) },
  6: (value, set, isInOrder) =>
    isInOrder
      ? {
        task: value(set, 0),
        step: value(set, 1),
        status: value(set, 2),
        region: value(set, 3),
        queue: value(set, 4),
        tenant: value(set, 5)
      }
      : {
        tenant: value(set, 5),
        status: value(set, 2),
        queue: value(set, 4),
        task: value(set, 0),
        step: value(set, 1),
        region: value(set, 3)
      }
}

/** Sets in a fixed order in which the set of rank n occurs about 1/n as often as the first. */
const zipf = (sets: number): ReadonlyArray<number> => {
  const sums: Array<number> = []
  for (let rank = 1, sum = 0; rank <= sets; rank++) sums.push(sum += 1 / rank)
  const total = sums.at(-1) as number
  let state = 1
  return Array.from({ length: callsInTurn }, () => {
    // A linear congruential generator: each process has the same order.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    const wanted = (state / 2 ** 32) * total
    return sums.findIndex((sum) => sum >= wanted)
  })
}

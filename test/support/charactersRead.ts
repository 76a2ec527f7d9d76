/**
 * Counts the characters that code reads of texts: with the methods of texts, and with expressions.
 *
 * It changes the prototypes of the thread for good, so only programs of their own use it.
 */
import * as regexSteps from "./regexSteps.ts"

let read = 0
/** Whether reads count. What counts itself reads texts, too. */
let isCounting = false

/** What a method of texts reads, by its result: at the most the rest of the text. */
type Cost = (text: string, result: unknown, given: ReadonlyArray<unknown>) => number

const one: Cost = () => 1
const all: Cost = (text) => text.length
const argument: Cost = (_text, _result, [given]) => String(given).length
const forward: Cost = (text, result, [given, from]) =>
  (Number(result) < 0 ? text.length : Number(result) + String(given).length) - (from === undefined ? 0 : Number(from))
const backward: Cost = (text, result, [, from]) =>
  Math.min(text.length, from === undefined ? text.length : Number(from)) - Math.max(0, Number(result))

/** A slice is no reading: it shares the characters. */
const costs: Readonly<Record<string, Cost>> = {
  at: one,
  charAt: one,
  charCodeAt: one,
  codePointAt: one,
  endsWith: argument,
  includes: all,
  indexOf: forward,
  lastIndexOf: backward,
  localeCompare: all,
  normalize: all,
  startsWith: argument,
  toLowerCase: all,
  toUpperCase: all,
  toWellFormed: all,
  trim: all,
  trimEnd: all,
  trimStart: all
}

const uncounted = <A>(compute: () => A): A => {
  const before = isCounting
  isCounting = false
  const result = compute()
  isCounting = before
  return result
}

const countMethods = (): void => {
  const prototype = String.prototype as unknown as Record<string, (...given: ReadonlyArray<unknown>) => unknown>
  for (const [name, cost] of Object.entries(costs)) {
    const native = prototype[name]!
    prototype[name] = function(this: unknown, ...given) {
      const result = Reflect.apply(native, this, given)
      if (isCounting) {
        const text = String(this)
        uncounted(() => void (read += cost(text, result, given)))
      }
      return result
    }
  }
}

/** Expressions whose own result was not that of Node. */
const differences = new Set<string>()

const expressions = new Map<string, regexSteps.Expression>()

const expressionOf = ({ flags, source }: RegExp): regexSteps.Expression => {
  const key = `${flags}/${source}`
  const known = expressions.get(key)
  if (known !== undefined) return known
  const made = regexSteps.compile(source, flags)
  expressions.set(key, made)
  return made
}

/** The codes of the texts that were searched last. */
const codes = new Map<string, Uint16Array>()
const codesOf = (text: string): Uint16Array => {
  const known = codes.get(text)
  if (known !== undefined) return known
  const made = Uint16Array.from({ length: text.length }, (_, index) => text.charCodeAt(index))
  if (codes.size > 20) codes.clear()
  codes.set(text, made)
  return made
}

const countExpressions = (): void => {
  const prototype = RegExp.prototype
  const native = prototype.exec
  prototype.exec = function(this: RegExp, text: string) {
    if (!isCounting) return Reflect.apply(native, this, [text])
    return uncounted(() => {
      const from = this.global || this.sticky ? this.lastIndex : 0
      const found = Reflect.apply(native, this, [text])
      if (from > text.length) return found
      const { places, steps } = expressionOf(this)(codesOf(text), from, this.sticky)
      read += steps
      const groups = places === undefined ? [] : Array.from(
        { length: places.length / 2 },
        (_, index) => places[2 * index]! < 0 ? undefined : text.slice(places[2 * index], places[2 * index + 1])
      )
      const isSame = found === null
        ? places === undefined
        : places?.[0] === found.index && groups.length === found.length &&
          groups.every((group, index) => group === found[index])
      if (!isSame) differences.add(String(this))
      return found
    })
  }
}

/** Lets the reads of this thread be counted. */
export const start = (): void => {
  countMethods()
  countExpressions()
}

/** Runs and gives the number of characters that were read. Throws if an expression gave another result than Node. */
export const countOf = (run: () => unknown): number => {
  read = 0
  isCounting = true
  run()
  isCounting = false
  if (differences.size > 0) throw new Error(`these are not counted right: ${[...differences].join("  ")}`)
  return read
}

/**
 * `TASKER_…` variables that no option has: most are misspelt.
 *
 * @internal
 */
import type * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"

const prefix = "TASKER"

/** Names looked at, and sentences given; a program may have variables of its own with our prefix. */
const mostNames = 1000
const mostSentences = 20

/**
 * A sentence for each variable that is set and not known, with the known name
 * that is nearest to it; the value is not shown. A provider that cannot list its
 * names gives none.
 */
export const find = (
  provider: ConfigProvider.ConfigProvider,
  known: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<string>> => {
  const names = new Set(known)
  return namesOf(provider).pipe(
    Effect.orElseSucceed((): ReadonlyArray<string> => []),
    Effect.map((found) => found.filter((name) => !names.has(name)).slice(0, mostSentences)),
    Effect.map((unknown) => unknown.map((name) => sentence(name, known)))
  )
}

const namesOf = Effect.fnUntraced(function*(provider: ConfigProvider.ConfigProvider) {
  const found: Array<string> = []
  const open: Array<ReadonlyArray<string>> = [[prefix]]
  for (let looked = 0; looked < mostNames; looked++) {
    const path = open.shift()
    if (path === undefined) break
    const node = yield* provider.load(path)
    if (node === undefined) continue
    if (path.length > 1 && node.value !== undefined && node.value.trim() !== "") found.push(path.join("_"))
    if (node._tag === "Record") { for (const key of node.keys) open.push([...path, key]) }
  }
  return found
})

const sentence = (name: string, known: ReadonlyArray<string>): string => {
  const nearest = nearestOf(name, known)
  return `no option has the variable ${name}, which is ignored` +
    (nearest === undefined ? "" : `; the nearest known one is ${nearest}`)
}

/** The known name with the fewest letters to change, unless that is most of them. */
const nearestOf = (name: string, known: ReadonlyArray<string>): string | undefined => {
  let nearest: string | undefined
  let least = Math.max(name.length - prefix.length, 0) / 2
  for (const candidate of known) {
    const distance = distanceOf(name.slice(0, longestCompared), candidate)
    if (distance <= least && (nearest === undefined || distance < least)) {
      nearest = candidate
      least = distance
    }
  }
  return nearest
}

const longestCompared = 100

/** Letters to insert, remove or replace to come from one text to the other (Levenshtein). */
const distanceOf = (from: string, to: string): number => {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let index = 0; index < from.length; index++) {
    const next = [index + 1]
    for (let column = 0; column < to.length; column++) {
      const replaced = (row[column] as number) + (from[index] === to[column] ? 0 : 1)
      next.push(Math.min(replaced, (row[column + 1] as number) + 1, (next[column] as number) + 1))
    }
    row = next
  }
  return row[to.length] as number
}

/**
 * Variables that are set and that nothing reads: most are misspelt.
 *
 * @internal
 */
import type * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import { nearestName } from "./nearestName.ts"

/** What a variable of ours begins with. */
const ours = "TASKER"
/** What the variables of OpenTelemetry begin with; other programs of the machine have variables of this kind, too. */
const standard = "OTEL"

/** Names looked at, and sentences given; a program may have variables of its own with our prefix. */
const mostNames = 1000
const mostSentences = 20

/**
 * Finds `TASKER_…` variables that no option has, and `OTEL_…` variables that are
 * up to two letters away from one that is read. Gives a sentence for each, with
 * the known name that is nearest to it; the value is not shown. A provider that
 * cannot list its names gives none.
 */
export const find = (
  provider: ConfigProvider.ConfigProvider,
  known: { readonly tasker: ReadonlyArray<string>; readonly otel: ReadonlyArray<string> }
): Effect.Effect<ReadonlyArray<string>> =>
  Effect.zipWith(
    unread(provider, ours, known.tasker),
    unread(provider, standard, known.otel),
    (tasker, otel) =>
      [
        ...tasker.map((name) => sentence(name, nearestName(name, known.tasker, (name.length - ours.length) / 2))),
        ...otel.flatMap((name) => {
          const nearest = nearestName(name, known.otel, lettersOfMistake)
          return nearest === undefined ? [] : [sentence(name, nearest)]
        })
      ].slice(0, mostSentences)
  )

const lettersOfMistake = 2

const unread = (provider: ConfigProvider.ConfigProvider, prefix: string, known: ReadonlyArray<string>) => {
  const names = new Set(known)
  return namesOf(provider, prefix).pipe(
    Effect.orElseSucceed((): ReadonlyArray<string> => []),
    Effect.map((found) => found.filter((name) => !names.has(name)))
  )
}

const namesOf = Effect.fnUntraced(function*(provider: ConfigProvider.ConfigProvider, prefix: string) {
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

const sentence = (name: string, nearest: string | undefined): string =>
  `no option has the variable ${name}, which is ignored` +
  (nearest === undefined ? "" : `; the nearest known one is ${nearest}`)

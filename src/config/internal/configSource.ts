/**
 * Finds the value of each option: in code, in `TASKER_…` variables, in `OTEL_…`
 * variables.
 */
import type * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import { quoteValue } from "../../redaction/internal/quoteValue.ts"
import { fromInput, fromText, type OptionLeaf, variable } from "./configOption.ts"
import { nearestName } from "./configProblem.ts"
import * as declarativeFile from "./declarativeFile.ts"
import { configFile, otelVariables, readOtel, type Standard, type Warning } from "./otelVariables.ts"

export interface Environment {
  readonly tasker: Readonly<Record<string, string>>
  readonly otel: Readonly<Record<string, string>>
  /** The document that `OTEL_CONFIG_FILE` names, in place of the other variables of OpenTelemetry. */
  readonly file?: declarativeFile.ConfigFile | undefined
}

export interface Resolved {
  readonly values: Record<string, unknown>
  /** Where the value of an option comes from, by path: a variable, `code` or a part of the file. None for defaults. */
  readonly sources: Readonly<Record<string, string>>
  /** Sentences about values that make the layer fail. */
  readonly problems: ReadonlyArray<string>
  /** `OTEL_…` values that were replaced. */
  readonly warnings: ReadonlyArray<Warning>
}

/** Reads a variable. An empty variable counts as unset. */
export const readVariable = (provider: ConfigProvider.ConfigProvider, name: string) =>
  Effect.map(provider.load(name.split("_")), (node) => node?.value?.trim() === "" ? undefined : node?.value)

/** Reads the variables of all options. An empty variable counts as unset, as the specification asks. */
export const readEnvironment = Effect.fnUntraced(function*(
  provider: ConfigProvider.ConfigProvider,
  leaves: ReadonlyArray<OptionLeaf>
) {
  const read = Effect.fnUntraced(function*(names: ReadonlyArray<string>) {
    const found: Record<string, string> = {}
    for (const name of names) {
      const value = yield* readVariable(provider, name)
      if (value !== undefined) found[name] = value
    }
    return found
  })
  return {
    tasker: yield* read(leaves.map((leaf) => variable(leaf.path))),
    otel: yield* read(otelVariables)
  }
})

/** Puts the configuration together. The first of code, `TASKER_…`, `OTEL_…` and default wins. */
export const resolve = (
  leaves: ReadonlyArray<OptionLeaf>,
  given: object,
  environment: Environment
): Resolved => {
  const problems: Array<string> = unknownOptions(leaves, given)
  const warnings: Array<Warning> = []
  const values: Record<string, unknown> = {}
  const sources: Record<string, string> = {}
  const { file } = environment
  const otel = file === undefined
    ? readOtel(environment.otel, warnings)
    : declarativeFile.read(file.document, warnings)
  if (file !== undefined) warnIgnored(environment.otel, file, warnings)
  for (const leaf of leaves) {
    const path = leaf.path.join(".")
    const option = at(given, leaf.path)
    const text = environment.tasker[variable(leaf.path)]
    const [value, variableName] = option !== undefined
      ? [fromInput(leaf.meta, option), undefined]
      : text !== undefined
      ? [fromText(leaf.meta, text), variable(leaf.path)]
      : [undefined, undefined]
    if (value !== undefined) {
      if (leaf.isValid(value)) {
        set(values, leaf.path, value)
        sources[path] = variableName ?? "code"
      } else {
        problems.push(...problemsOf(leaf, value, path, variableName))
        set(values, leaf.path, leaf.meta.default)
      }
      continue
    }
    const standard = standardOf(leaf, otel[path] ?? [], warnings)
    set(values, leaf.path, standard.value)
    if (standard.source !== undefined) sources[path] = standard.source
  }
  return { values, sources, problems, warnings }
}

/** Names the variables of OpenTelemetry that are set beside the file, and that the file does not refer to. */
const warnIgnored = (
  otel: Environment["otel"],
  { variables }: declarativeFile.ConfigFile,
  warnings: Array<Warning>
): void => {
  const ignored = Object.keys(otel).filter((name) => name !== configFile && !variables.includes(name))
  if (ignored.length === 0) return
  warnings.push({ problem: `${configFile} is set, so these variables are not used: ${ignored.join(", ")}` })
}

/** Gives the first usable value of an option's standard variables, or the default. */
const standardOf = (
  leaf: OptionLeaf,
  found: ReadonlyArray<Standard>,
  warnings: Array<Warning>
): { readonly value: unknown; readonly source: string | undefined } => {
  const values = found.map(({ value }) => fromInput(leaf.meta, value))
  const usable = values.findIndex(leaf.isValid)
  const used = usable < 0 ? leaf.meta.default : values[usable]
  const unusable = usable < 0 ? found : found.slice(0, usable)
  unusable.forEach(({ text, variable }, index) => {
    const [rule = `expected ${leaf.meta.expected}`] = (leaf.meta.explain?.(values[index]) ?? []).map(({ rule }) => rule)
    const problem = `${variable}=${shown(leaf, text)} is not usable: ${rule}`
    const instead = `using ${usable < 0 ? quoteValue(used, Infinity) : shown(leaf, used)}`
    // One variable may be of two options.
    if (!warnings.some((other) => other.problem === problem)) warnings.push({ problem, instead })
  })
  return { value: used, source: found[usable]?.variable }
}

const problemsOf = (
  leaf: OptionLeaf,
  value: unknown,
  path: string,
  variableName: string | undefined
): ReadonlyArray<string> => {
  const source = variableName === undefined ? "" : ` (${variableName})`
  const explained = leaf.meta.explain?.(value) ?? []
  return explained.length === 0
    ? [`expected ${leaf.meta.expected} at ${path}${source}, got ${shown(leaf, value)}`]
    : explained.map(({ at: place, hint, rule, value: part }) =>
      `${rule} at ${path}${place}${source}${hint === undefined ? `, got ${shown(leaf, part)}` : `; ${hint}`}`
    )
}

const at = (value: unknown, path: ReadonlyArray<string>): unknown =>
  path.reduce<unknown>(
    (current, key) => typeof current === "object" && current !== null ? (current as never)[key] : undefined,
    value
  )

const set = (target: Record<string, unknown>, path: ReadonlyArray<string>, value: unknown): void => {
  const [head, ...rest] = path
  if (head === undefined) return
  if (rest.length === 0) target[head] = value
  else set((target[head] ??= {}) as Record<string, unknown>, rest, value)
}

const longestShown = 80

/** Everything before the host of a URL, even of a malformed one. */
const credentials = /^".*@/s
const isAddress = /endpoint|url/i
const query = /([?#]).*"$/s

const shown = (leaf: OptionLeaf, value: unknown): string => {
  if (leaf.meta.kind === "secret" || Redacted.isRedacted(value)) return "a value that is not shown"
  const whole = quoteValue(value, Infinity).replace(credentials, "\"…@")
  // A query may hold a key.
  const text = isAddress.test(leaf.path.at(-1) ?? "") ? whole.replace(query, "$1…\"") : whole
  return text.length > longestShown ? `${text.slice(0, longestShown)}…` : text
}

const unknownOptions = (
  leaves: ReadonlyArray<OptionLeaf>,
  given: unknown,
  path: ReadonlyArray<string> = []
): Array<string> => {
  if (typeof given !== "object" || given === null || Array.isArray(given)) return ["expected groups of options"]
  return Object.entries(given).flatMap(([key, value]) => {
    const here = [...path, key]
    if (value === undefined || leaves.some((leaf) => samePath(leaf.path, here))) return []
    if (!leaves.some((leaf) => samePath(leaf.path.slice(0, here.length), here))) {
      const known = [
        ...new Set(
          leaves.filter((leaf) => samePath(leaf.path.slice(0, path.length), path)).map((leaf) => leaf.path[path.length])
        )
      ]
      return [`unknown option ${here.join(".")}; known there: ${known.join(", ")}`]
    }
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      return [`expected a group of options at ${here.join(".")}`]
    }
    return unknownOptions(leaves, value, here)
  })
}

const samePath = (left: ReadonlyArray<string>, right: ReadonlyArray<string>) =>
  left.length === right.length && left.every((key, index) => key === right[index])

// --- Variables that no option has ---

/** The prefix of our variables. */
const ours = "TASKER"
/** The prefix of OpenTelemetry's variables. Other programs on the machine may have variables with this prefix, too. */
const standard = "OTEL"

/** The highest number of names that are checked. A program may have variables of its own with our prefix. */
const mostNames = 1000
const mostSentences = 20

/**
 * Finds `TASKER_…` variables that no option has, and `OTEL_…` variables that
 * differ from a known one by up to two letters. Gives a sentence for each, with
 * the nearest known name and without the value. If a provider cannot list its
 * names, there are no sentences.
 */
export const findUnknownVariables = (
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

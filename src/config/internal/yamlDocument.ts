/**
 * Parses a configuration file of OpenTelemetry: YAML whose values refer to variables, as in `${NAME:-default}`. Pure.
 *
 * **Details**
 *
 * The text is parsed with a mark in place of each reference. So the value of a variable can be no YAML. The type of a
 * value is decided after the substitution: `${PORT}` is a number if the variable has one, `"${PORT}"` is a text.
 *
 * @see https://opentelemetry.io/docs/specs/otel/configuration/data-model/#environment-variable-substitution
 */
import * as Yaml from "effect/encoding/Yaml"

/** `$$`, or a reference that may be malformed. */
const references = /\$\$|\$\{((?:(?!\$\$)[^}\n])*)\}/g

const wellFormed = /^(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s

/** Characters of the private use area, which no configuration has. */
const mark = (index: number): string => `\uE000${index}\uE001`
const marks = /\uE000(\d+)\uE001/g

/** No two references have the same number. No number begins with 0, because such a text is no number. */
const numberOf = (index: number): string => String(index + 1)

/** Gives the names of the variables that a text refers to. */
export const referredVariables = (text: string): ReadonlyArray<string> => [
  ...new Set(
    Array.from(text.matchAll(references), ([, inner]) => wellFormed.exec(inner ?? "")?.[1]).flatMap((name) =>
      name === undefined ? [] : [name]
    )
  )
]

/** Parses a text; throws an `Error` that says what is malformed. */
export const parse = (text: string, variables: Readonly<Record<string, string>>): unknown => {
  const found = Array.from(text.matchAll(references), ([whole]) => whole)
  const marked = (replacement: (index: number) => string): unknown => {
    let index = 0
    return Yaml.parse(text.replace(references, () => replacement(index++)))
  }
  const original = (value: string) => value.replace(marks, (_, index: string) => found[Number(index)] ?? "")
  const substituted = (value: string) =>
    value.replace(marks, (_, index: string) => valueOf(found[Number(index)] ?? "", variables))
  // With a number for each reference, a text without quotes can be a number. A text in quotes stays a text.
  const hints = marked(numberOf)
  const hintOf = (key: string) => key.replace(marks, (_, index: string) => numberOf(Number(index)))
  const resolve = (value: unknown, hint: unknown): unknown => {
    if (Array.isArray(value)) {
      return value.map((item, index) => resolve(item, Array.isArray(hint) ? hint[index] : undefined))
    }
    if (typeof value === "object" && value !== null) {
      const hintsOf = new Map(typeof hint === "object" && hint !== null ? Object.entries(hint) : [])
      return Object.fromEntries(
        Object.entries(value).map(([key, item]) => [original(key), resolve(item, hintsOf.get(hintOf(key)))])
      )
    }
    if (typeof value !== "string" || !value.includes("\uE000")) return value
    const text = substituted(value)
    return typeof hint === "number" ? typed(text) : text
  }
  return resolve(marked(mark), hints)
}

const valueOf = (reference: string, variables: Readonly<Record<string, string>>): string => {
  if (reference === "$$") return "$"
  const [, name, otherwise = ""] = wellFormed.exec(reference.slice(2, -1)) ?? []
  if (name === undefined) throw new Error(`${reference} refers to no variable: expected \${NAME} or \${NAME:-default}`)
  return variables[name] ?? otherwise
}

const numbers = /^(?:[-+]?\d+|0o[0-7]+|0x[0-9a-fA-F]+|[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?)$/

/** Gives a text without quotes the type that YAML's core schema has for it. */
const typed = (text: string): unknown => {
  if (/^(?:|~|null|Null|NULL)$/.test(text)) return null
  if (/^(?:true|True|TRUE)$/.test(text)) return true
  if (/^(?:false|False|FALSE)$/.test(text)) return false
  return numbers.test(text) ? Number(text) : text
}

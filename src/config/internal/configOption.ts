/**
 * One option of the configuration: its schema, and what the loader, the error
 * messages and the reference page need.
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { orElse } from "../../internal/guard.ts"
import { parseRule } from "../../redaction/internal/sensitiveKeys.ts"
import {
  expectedToken,
  explainHeaders,
  explainRecord,
  explainText,
  isHeaderName,
  isHeaderValue,
  isPlain,
  isToken,
  type Problem
} from "./configProblem.ts"
import { toDuration } from "./durationInput.ts"
import * as ExportTarget from "./exportTarget.ts"
import * as HttpTokens from "./httpTokens.ts"
import * as MetricView from "./metricView.ts"
import { attributePairs, items, pairs } from "./otelVariables.ts"

/** How the text of an environment variable becomes a value of the option. */
export type OptionKind =
  | "boolean"
  | "number"
  | "string"
  | "choice"
  | "list"
  | "durations"
  | "record"
  | "duration"
  | "secret"
  | "views"
  | "targets"
  | "tokens"

export interface OptionMeta {
  readonly kind: OptionKind
  /** Describes a valid value, for the message "expected … at …". */
  readonly expected: string
  readonly default: unknown
  readonly doc: string
  /** The attribute of the original Tasker configuration that became this option. */
  readonly tasker?: string | undefined
  /** Standard variables that set this option, for the reference page. */
  readonly otel?: ReadonlyArray<string> | undefined
  /** The words that an option or the items of a list may be; the case of letters does not matter. */
  readonly choices?: ReadonlyArray<string> | undefined
  /** Says what is wrong with a value, if a message can say more than `expected`. */
  readonly explain?: ((value: unknown) => ReadonlyArray<Problem>) | undefined
}

const metaKey = "tasker-telemetry/option"

const option = <S extends Schema.Top>(schema: S, meta: OptionMeta) =>
  Schema.withDecodingDefaultTypeKey<S>(Effect.succeed(meta.default))(
    schema.annotate({ [metaKey]: meta }) as S
  )

/** What the declaration of an option says. Its constructor adds everything else. */
type Describe<A> = Pick<OptionMeta, "doc" | "tasker" | "otel"> & { readonly default: A }

const headerKey = Schema.String.check(Schema.makeFilter(isHeaderName))
const headerValue = Schema.String.check(Schema.makeFilter(isHeaderValue))
const plainText = Schema.NonEmptyString.check(Schema.makeFilter(isPlain))

export const boolean = (meta: Describe<boolean>) =>
  option(Schema.Boolean, { ...meta, kind: "boolean", expected: "true or false" })

export const text = (meta: Describe<string>) =>
  option(plainText, { ...meta, kind: "string", expected: "a text that is not empty", explain: explainText })

/** A header name. */
export const headerName = (meta: Describe<string>) =>
  option(headerKey, {
    ...meta,
    kind: "string",
    expected: "the name of a header"
  })

export const optionalText = (meta: Describe<string | undefined>) =>
  option(Schema.UndefinedOr(plainText), {
    ...meta,
    kind: "string",
    expected: "a text that is not empty",
    explain: explainText
  })

/** Where requests go: to a receiver, into a file or to standard output. */
export const optionalEndpoint = (meta: Describe<string | undefined>) =>
  option(Schema.UndefinedOr(Schema.String.check(Schema.makeFilter(isEndpoint))), {
    ...meta,
    kind: "string",
    expected: "an http or https URL without credentials, `file:` with a path, or `stdout:`"
  })

const isEndpoint = (url: string): boolean => {
  if (url === "stdout:" || /^file:(?!\/\/)./.test(url)) return true
  if (!URL.canParse(url)) return false
  const { host, password, protocol, username } = new URL(url)
  return protocol === "file:" ? host === "" : /^https?:$/.test(protocol) && username === "" && password === ""
}

export const choice = <const L extends ReadonlyArray<string>>(
  choices: L,
  meta: Describe<L[number]>
) =>
  option(Schema.Literals(choices), {
    ...meta,
    kind: "choice",
    choices,
    expected: `one of ${choices.map((choice) => JSON.stringify(choice)).join(", ")}`
  })

export const optionalChoice = <const L extends ReadonlyArray<string>>(
  choices: L,
  meta: Describe<L[number] | undefined>
) =>
  option(Schema.UndefinedOr(Schema.Literals(choices)), {
    ...meta,
    kind: "choice",
    choices,
    expected: `one of ${choices.map((choice) => JSON.stringify(choice)).join(", ")}`
  })

/** Rules for sensitive keys, see `sensitiveKeys`. */
export const keyRules = (meta: Describe<ReadonlyArray<string>>) =>
  option(Schema.Array(Schema.NonEmptyString.check(Schema.makeFilter((rule) => parseRule(rule) !== undefined))), {
    ...meta,
    kind: "list",
    expected: "a list of parts of names, =names and /expressions/"
  })

/** Any number of the choices, in a list. */
export const choices = <const L extends ReadonlyArray<string>>(all: L, meta: Describe<ReadonlyArray<L[number]>>) =>
  option(Schema.Array(Schema.Literals(all)), {
    ...meta,
    kind: "list",
    choices: all,
    expected: `a list of ${all.map((choice) => JSON.stringify(choice)).join(", ")}`
  })

export const number = (range: { readonly minimum: number; readonly maximum: number }, meta: Describe<number>) =>
  option(Schema.Finite.check(Schema.isBetween(range)), {
    ...meta,
    kind: "number",
    expected: `a number between ${range.minimum} and ${range.maximum}`
  })

export const integer = (range: { readonly minimum: number; readonly maximum: number }, meta: Describe<number>) =>
  option(Schema.Int.check(Schema.isBetween(range)), {
    ...meta,
    kind: "number",
    expected: `a whole number between ${range.minimum} and ${range.maximum}`
  })

export const optionalInteger = (
  range: { readonly minimum: number; readonly maximum: number },
  meta: Describe<number | undefined>
) =>
  option(Schema.UndefinedOr(Schema.Int.check(Schema.isBetween(range))), {
    ...meta,
    kind: "number",
    expected: `a whole number between ${range.minimum} and ${range.maximum}`
  })

export const list = (meta: Describe<ReadonlyArray<string>>) =>
  option(Schema.Array(Schema.NonEmptyString), {
    ...meta,
    kind: "list",
    expected: "a list of texts (comma-separated in a variable)"
  })

export const durations = (maximum: Duration.Input, meta: Describe<ReadonlyArray<Duration.Duration>>) => {
  const limit = Duration.fromInputUnsafe(maximum)
  const isWithin = (value: Duration.Duration) => !Duration.isNegative(value) && !Duration.isGreaterThan(value, limit)
  return option(Schema.Array(Schema.Duration.check(Schema.makeFilter(isWithin))).check(Schema.isMinLength(1)), {
    ...meta,
    kind: "durations",
    expected: `a list of at least one duration up to ${Duration.format(limit)} (such as "5 seconds", or milliseconds)`
  })
}

export const record = (meta: Describe<Readonly<Record<string, string>>>) =>
  option(Schema.Record(plainText, Schema.String.check(Schema.makeFilter(isPlain))), {
    ...meta,
    kind: "record",
    expected: "texts by key (key=value,key=value in a variable)",
    explain: explainRecord
  })

export const views = (meta: Describe<ReadonlyArray<typeof MetricView.MetricView.Type>>) =>
  option(Schema.Array(MetricView.MetricView), {
    ...meta,
    kind: "views",
    expected: "a list of views, each with a metric and what changes about it (as JSON in a variable)",
    explain: MetricView.explain
  })

export const targets = (meta: Describe<ReadonlyArray<ExportTarget.ExportTarget>>) =>
  option(Schema.Array(ExportTarget.ExportTarget), {
    ...meta,
    kind: "targets",
    expected: "a list of targets, each with its type (as JSON in a variable)",
    explain: ExportTarget.explain
  })

export const tokens = (meta: Describe<ReadonlyArray<HttpTokens.HttpToken>>) =>
  option(Schema.Array(HttpTokens.HttpToken), {
    ...meta,
    kind: "tokens",
    expected: "a list of tokens, each with its scopes (as JSON in a variable)",
    explain: HttpTokens.explain
  })

export const secret = (meta: Describe<undefined>) =>
  option(
    Schema.UndefinedOr(Schema.Redacted(Schema.String.check(Schema.makeFilter(isToken)))),
    { ...meta, kind: "secret", expected: expectedToken }
  )

export const headers = (meta: Describe<Readonly<Record<string, Redacted.Redacted<string>>>>) =>
  option(Schema.Record(headerKey, Schema.Redacted(headerValue)), {
    ...meta,
    kind: "secret",
    expected: "secret texts by key (key=value,key=value in a variable)",
    explain: explainHeaders
  })

/** A duration of at least `minimum`. */
export const duration = (minimum: Duration.Input, meta: Describe<Duration.Duration>) =>
  option(atLeast(minimum), { ...meta, kind: "duration", expected: expectedDuration(minimum) })

export const optionalDuration = (minimum: Duration.Input, meta: Describe<Duration.Duration | undefined>) =>
  option(Schema.UndefinedOr(atLeast(minimum)), { ...meta, kind: "duration", expected: expectedDuration(minimum) })

const atLeast = (minimum: Duration.Input) => {
  const limit = Duration.fromInputUnsafe(minimum)
  return Schema.Duration.check(
    Schema.makeFilter((value) => Duration.isFinite(value) && Duration.isGreaterThanOrEqualTo(value, limit))
  )
}

const expectedDuration = (minimum: Duration.Input) =>
  `a duration of at least ${Duration.format(Duration.fromInputUnsafe(minimum))} (such as "5 seconds", or milliseconds)`

/** An option in the schema: its path, and a check of its values. */
export interface OptionLeaf {
  readonly path: ReadonlyArray<string>
  readonly meta: OptionMeta
  readonly isValid: (value: unknown) => boolean
}

/** The `TASKER_…` variable of an option: `tracing.sampler.ratio` is `TASKER_TRACING_SAMPLER_RATIO`. */
export const variable = (path: ReadonlyArray<string>): string =>
  ["TASKER", ...path.map((key) => key.replace(/([a-z])([A-Z])/g, "$1_$2").toUpperCase())].join("_")

/** All options of a schema of nested structs, in the order of their declaration. */
export const leaves = (schema: Schema.Top, path: ReadonlyArray<string> = []): ReadonlyArray<OptionLeaf> => {
  const fields = "fields" in schema ? schema.fields as Record<string, Schema.Top> : {}
  return Object.entries(fields).flatMap(([key, field]) => {
    const meta = metaOf(field)
    if (meta === undefined) return leaves(structOf(field), [...path, key])
    const decoded = Schema.toType(field) as unknown as Schema.Codec<unknown>
    const isOfSchema = Schema.is(decoded)
    const isValid = (value: unknown) => isOfSchema(value) && (meta.explain?.(value) ?? []).length === 0
    return [{ path: [...path, key], meta, isValid }]
  })
}

const metaOf = (schema: Schema.Top): OptionMeta | undefined => {
  const found = schema.ast.annotations?.[metaKey] ?? Schema.toType(schema).ast.annotations?.[metaKey] ??
    schema.ast.checks?.at(-1)?.annotations?.[metaKey] ??
    Schema.toType(schema).ast.checks?.at(-1)?.annotations?.[metaKey]
  return found as OptionMeta | undefined
}

const structOf = (schema: Schema.Top): Schema.Top =>
  "fields" in schema ? schema : "schema" in schema ? schema.schema as Schema.Top : Schema.toType(schema)

/**
 * Converts an option given in code to the form that the schema checks. A value that cannot be converted stays as it is.
 */
export const fromInput = (meta: OptionMeta, value: unknown): unknown => {
  if (meta.choices !== undefined) return chosen(meta.choices, value)
  switch (meta.kind) {
    case "duration":
      return toDuration(value) ?? value
    case "durations":
      return Array.isArray(value) ? value.map((item: unknown) => toDuration(item) ?? item) : value
    case "secret":
      // A text is no record of secrets. It stays a text, so that the schema refuses it.
      if (typeof meta.default === "object") return secretsOf(value)
      return typeof value === "string" ? Redacted.make(value) : value
    case "targets":
      return ExportTarget.withSecrets(value)
    case "tokens":
      return HttpTokens.withSecrets(value)
    default:
      return value
  }
}

/** Spells the words as the option does. */
const chosen = (choices: ReadonlyArray<string>, value: unknown): unknown => {
  if (Array.isArray(value)) return value.map((item) => chosen(choices, item))
  if (typeof value !== "string") return value
  const lowerCase = value.toLowerCase()
  return choices.find((choice) => choice.toLowerCase() === lowerCase) ?? value
}

const secretsOf = (value: unknown): unknown =>
  typeof value !== "object" || value === null || Array.isArray(value) || Redacted.isRedacted(value)
    ? "not a record"
    : Object.fromEntries(
      Object.entries(value).map(([key, text]) => [key, typeof text === "string" ? Redacted.make(text) : text])
    )

/** Reads the text of a variable. A text that cannot be read stays a text, and the schema refuses it. */
export const fromText = (meta: OptionMeta, source: string): unknown => {
  const text = source.trim()
  switch (meta.kind) {
    case "boolean":
      return /^(true|yes|on|1)$/i.test(text) ? true : /^(false|no|off|0)$/i.test(text) ? false : text
    case "number":
      return numberOr(text)
    case "list":
      return fromInput(meta, items(text))
    case "durations":
      return items(text).map(durationOr)
    case "record":
      return attributePairs(text) ?? text
    case "duration":
      return durationOr(text)
    case "secret":
      return typeof meta.default === "object" ? fromInput(meta, pairs(text) ?? text) : Redacted.make(text)
    case "targets":
    case "tokens":
      // A text that is no JSON may have secrets, too.
      return fromInput(meta, orElse((): unknown => JSON.parse(text), () => Redacted.make(text)))
    case "views":
      return orElse((): unknown => JSON.parse(text), () => text)
    case "choice":
      return fromInput(meta, text)
    case "string":
      return text
  }
}

const millisOf: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1 }
const shortPart = /(\d+(?:\.\d+)?)(ms|[dhms])(?:\s+|$)/gy

/** Reads the form in which durations are shown: `30s`, `1m 30s`. */
const shortDuration = (text: string): Duration.Duration | undefined => {
  const parts = [...text.matchAll(shortPart)]
  return parts.length === 0 || parts.map(([part]) => part).join("") !== text
    ? undefined
    : Duration.millis(
      parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * (millisOf[unit as string] ?? 0), 0)
    )
}

const durationOr = (text: string): unknown =>
  shortDuration(text) ?? toDuration(/^\d+(\.\d+)?$/.test(text) ? Number(text) : text) ?? text

const numberOr = (text: string): unknown => {
  const value = Number(text)
  return text !== "" && Number.isFinite(value) ? value : text
}

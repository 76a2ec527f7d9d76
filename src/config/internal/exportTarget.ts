/**
 * The declaration of a target of exported metrics, and what is wrong with an
 * invalid one.
 */
import * as Duration from "effect/Duration"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { isHeaderName, isHeaderValue, isPlain, nearestName, type Problem } from "./configProblem.ts"
import { toDuration } from "./durationInput.ts"

/** A duration as a program and a variable write it. */
const Time = Schema.Union([Schema.String, Schema.Finite]).check(Schema.makeFilter(isTime))

/** A function declaration, because the schemas above use it. */
function isTime(value: string | number): boolean {
  const time = toDuration(value)
  return time !== undefined && Duration.isFinite(time) && !Duration.isNegative(time)
}

const Name = Schema.String.check(Schema.isPattern(/^[\w.-]{1,64}$/))
const Text = Schema.NonEmptyString.check(Schema.makeFilter(isPlain))
const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(1))

const Secret = Schema.Union([
  Schema.NonEmptyString.check(Schema.makeFilter(isHeaderValue)),
  Schema.Redacted(Schema.NonEmptyString.check(Schema.makeFilter(isHeaderValue)))
])

const Url = Schema.String.check(Schema.makeFilter((url) => {
  if (!URL.canParse(url)) return false
  const { password, protocol, username } = new URL(url)
  return /^https?:$/.test(protocol) && username === "" && password === ""
}))

/** Texts by names. A record with a wrong name would be read without it. */
const recordOf = <S extends Schema.Codec<unknown, unknown>>(isName: (name: string) => boolean, value: S) =>
  Schema.Record(Schema.String, value).check(Schema.makeFilter((record) => Object.keys(record).every(isName)))

const Labels = recordOf(
  (name) => /^(?!__)[a-zA-Z_][a-zA-Z0-9_]*$/.test(name),
  Schema.String.check(Schema.makeFilter(isPlain))
)

const Crossing = Schema.Struct({
  metric: Text,
  above: Schema.optionalKey(Schema.Finite),
  below: Schema.optionalKey(Schema.Finite)
})

const Change = Schema.Struct({ metric: Text, percent: Schema.Finite.check(Schema.isGreaterThan(0)) })

const optional = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(schema)

/** What every target has: its name, and when metrics are exported to it. */
const common = {
  name: optional(Name),
  isShared: optional(Schema.Boolean),
  instances: optional(Schema.Literals(["aggregated", "separate"])),
  interval: optional(Time),
  cron: optional(Text),
  timeZone: optional(Text),
  samples: optional(Count),
  crossing: optional(Crossing),
  change: optional(Change),
  bytes: optional(Count),
  checkInterval: optional(Time),
  debounce: optional(Time),
  beforeExpiry: optional(Schema.Boolean),
  onShutdown: optional(Schema.Boolean)
}

/** What every target behind HTTP has. */
const http = {
  url: Url,
  headers: optional(recordOf(isHeaderName, Secret)),
  username: optional(Text),
  password: optional(Secret),
  token: optional(Secret),
  timeout: optional(Time)
}

const fields = {
  file: {
    path: Text,
    format: optional(Name),
    keep: optional(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1000 })))
  },
  http: {
    ...http,
    format: optional(Name),
    method: optional(Schema.Literals(["POST", "PUT", "PATCH"])),
    compression: optional(Schema.Literals(["none", "gzip"]))
  },
  pushgateway: {
    ...http,
    job: Text,
    grouping: optional(Labels),
    method: optional(Schema.Literals(["PUT", "POST"])),
    deleteOnShutdown: optional(Schema.Boolean)
  },
  remote_write: {
    ...http,
    version: optional(Schema.Literals(["1.0", "2.0"])),
    labels: optional(Labels),
    maximumSeries: optional(Count)
  },
  console: { format: optional(Name) }
}

export const ExportTarget = Schema.Union([
  Schema.Struct({ type: Schema.Literal("file"), ...fields.file, ...common }),
  Schema.Struct({ type: Schema.Literal("http"), ...fields.http, ...common }),
  Schema.Struct({ type: Schema.Literal("pushgateway"), ...fields.pushgateway, ...common }),
  Schema.Struct({ type: Schema.Literal("remote_write"), ...fields.remote_write, ...common }),
  Schema.Struct({ type: Schema.Literal("console"), ...fields.console, ...common })
])

export type ExportTarget = typeof ExportTarget.Type

const types = Object.keys(fields) as ReadonlyArray<keyof typeof fields>

const secrets = new Set(["headers", "password", "token"])

/** What a field must be, if the name of the field does not say it. */
const expected: Readonly<Record<string, string>> = {
  name: "1 to 64 letters, digits, _, - and .",
  format: "the name of a format, such as \"prometheus\" or \"json\"",
  interval: "a duration (such as \"5 seconds\", or milliseconds)",
  checkInterval: "a duration (such as \"5 seconds\", or milliseconds)",
  debounce: "a duration (such as \"5 seconds\", or milliseconds)",
  timeout: "a duration (such as \"5 seconds\", or milliseconds)",
  cron: "a cron expression",
  timeZone: "a time zone, such as \"Europe/Berlin\"",
  samples: "a whole number of at least 1",
  bytes: "a whole number of at least 1",
  maximumSeries: "a whole number of at least 1",
  keep: "a whole number between 0 and 1000",
  crossing: "a metric, and a number at above or at below",
  change: "a metric, and a number above 0 at percent",
  isShared: "true or false",
  instances: "\"aggregated\" or \"separate\"",
  beforeExpiry: "true or false",
  onShutdown: "true or false",
  deleteOnShutdown: "true or false",
  path: "a text that is not empty",
  job: "a text that is not empty",
  username: "a text that is not empty",
  url: "an http or https URL without credentials",
  headers: "secret texts by the names of headers",
  password: "a secret that is not empty",
  token: "a secret that is not empty",
  grouping: "texts by the names of labels",
  labels: "texts by the names of labels"
}

/** The highest number of problems in a message. */
const mostProblems = 20

/** Names unknown keys, and the keys that have an invalid value. The value of a secret is never shown. */
export const explain = (targets: unknown): ReadonlyArray<Problem> =>
  !Array.isArray(targets)
    ? []
    : [...targets.flatMap((target: unknown, index) => explainTarget(target, `[${index}]`)), ...repeated(targets)].slice(
      0,
      mostProblems
    )

const explainTarget = (target: unknown, at: string): ReadonlyArray<Problem> => {
  const type = typeof target === "object" && target !== null && "type" in target ? target.type : undefined
  const known = types.find((name) => name === type)
  if (known === undefined) {
    const rule = `expected a target with one of ${types.map((name) => JSON.stringify(name)).join(", ")} at type`
    return [{ at, rule, hint: "each type has fields of its own" }]
  }
  const given = target as Readonly<Record<string, unknown>>
  const ofType: Readonly<Record<string, Schema.Top>> = { ...fields[known], ...common }
  const missing = (["path", "url", "job"] as const).filter((field) => field in ofType && !(field in given))
  return [
    ...missing.map((field): Problem => ({
      at,
      rule: `expected ${expected[field]} at ${field}`,
      hint: `a target of type ${known} needs it`
    })),
    ...Object.entries(given).flatMap(([field, value]): ReadonlyArray<Problem> => {
      if (field === "type") return []
      const schema = ofType[field]
      if (schema === undefined) {
        const nearest = nearestName(field, Object.keys(ofType))
        return [{
          at,
          rule: `unknown key ${JSON.stringify(field.slice(0, longestKey))}`,
          hint: nearest === undefined
            ? `known there: ${Object.keys(ofType).join(", ")}`
            : `the nearest known one is ${nearest}`
        }]
      }
      if (Schema.is(schema as Schema.Codec<unknown>)(value)) return []
      const rule = `expected ${expected[field] ?? "one of the values in the documentation"}`
      return [
        secrets.has(field)
          ? { at: `${at}.${field}`, rule, hint: "the value is not shown" }
          : { at: `${at}.${field}`, rule, value }
      ]
    })
  ]
}

const longestKey = 80

/** The name of a target without one is its type. */
export const nameOf = (target: Pick<ExportTarget, "name" | "type">): string => target.name ?? target.type

const repeated = (targets: ReadonlyArray<unknown>): ReadonlyArray<Problem> => {
  const names = new Map<string, number>()
  return targets.flatMap((target, index): ReadonlyArray<Problem> => {
    if (typeof target !== "object" || target === null || !("type" in target)) return []
    const name = nameOf(target as ExportTarget)
    const before = names.get(name)
    names.set(name, before ?? index)
    return before === undefined ? [] : [{
      at: `[${index}]`,
      rule: `the name ${JSON.stringify(name)} is taken by [${before}]`,
      hint: "give each target a name of its own"
    }]
  })
}

/** Wraps the secrets of a target, so that nothing shows them by mistake. */
export const withSecrets = (targets: unknown): unknown =>
  !Array.isArray(targets) ? targets : targets.map((target: unknown) => {
    if (typeof target !== "object" || target === null || Array.isArray(target)) return target
    return Object.fromEntries(
      Object.entries(target).map(([field, value]: [string, unknown]) => [
        field,
        !secrets.has(field) ? value : field === "headers" ? wrappedHeaders(value) : wrapped(value)
      ])
    )
  })

const wrapped = (value: unknown): unknown => typeof value === "string" ? Redacted.make(value) : value

const wrappedHeaders = (headers: unknown): unknown =>
  typeof headers !== "object" || headers === null || Array.isArray(headers)
    ? headers
    : Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, wrapped(value)]))

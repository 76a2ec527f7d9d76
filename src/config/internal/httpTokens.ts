/**
 * Bearer tokens with scopes for the HTTP routes, and what is wrong with an
 * invalid token.
 */
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { expectedToken, isToken, nearestName, type Problem } from "./configProblem.ts"

/** What a token may be for. Each protected route needs one of these scopes. */
export const scopes = [
  "api:read",
  "health:read",
  "metrics:read",
  "exports:write",
  "tasks:read",
  "tasks:write",
  "events:read",
  "analytics:read",
  "logging:read",
  "logging:write"
] as const

const Scope = Schema.Literals(scopes)

export type Scope = typeof Scope.Type

const Text = Schema.String.check(Schema.makeFilter(isToken))

const fields = {
  token: Schema.Union([Text, Schema.Redacted(Text)]),
  scopes: Schema.Array(Scope).check(Schema.isMinLength(1))
}

export const HttpToken = Schema.Struct(fields)

export type HttpToken = typeof HttpToken.Type

const expectedScopes = `expected a list of at least one of ${scopes.map((scope) => JSON.stringify(scope)).join(", ")}`

/** The highest number of problems in a message. */
const mostProblems = 20

const hidden = "the value is not shown"

/**
 * Names the fields that are missing, unknown or invalid. The value of a token is
 * never shown. Neither is anything in its place: the value of an unknown field, an
 * unknown field that looks like no known one, or scopes that are no list.
 */
export const explain = (tokens: unknown): ReadonlyArray<Problem> =>
  !Array.isArray(tokens)
    ? []
    : tokens.flatMap((token: unknown, index) => explainToken(token, `[${index}]`)).slice(0, mostProblems)

const explainToken = (token: unknown, at: string): ReadonlyArray<Problem> => {
  if (typeof token !== "object" || token === null || Array.isArray(token) || Redacted.isRedacted(token)) {
    return [{ at, rule: "expected an object with token and scopes", hint: hidden }]
  }
  const unknown = Object.keys(token).filter((field) => !Object.hasOwn(fields, field)).map((field): Problem => {
    const nearest = nearestName(field, Object.keys(fields), mostWrongLetters)
    return nearest === undefined
      ? { at, rule: "unknown key", hint: "known there: token, scopes; the key is not shown" }
      : { at, rule: `unknown key ${JSON.stringify(field)}`, hint: `the nearest known one is ${nearest}` }
  })
  const given = token as Readonly<Record<string, unknown>>
  const isShown = given["scopes"] === undefined || Array.isArray(given["scopes"])
  return [
    ...unknown,
    ...(Schema.is(fields.token)(given["token"])
      ? []
      : [{ at: `${at}.token`, rule: `expected ${expectedToken}`, hint: hidden }]),
    ...(Schema.is(fields.scopes)(given["scopes"])
      ? []
      : [{ at: `${at}.scopes`, rule: expectedScopes, value: given["scopes"], hint: isShown ? undefined : hidden }])
  ]
}

/** Letters of a misspelt field. More would take a short secret for a field. */
const mostWrongLetters = 2

/**
 * Wraps the tokens, so that nothing shows them by mistake. A value that is no
 * list may be or hold a token, so it is wrapped as a whole.
 */
export const withSecrets = (tokens: unknown): unknown =>
  Redacted.isRedacted(tokens) ?
    tokens :
    !Array.isArray(tokens) ?
    Redacted.make(tokens) :
    tokens.map((entry: unknown) =>
      typeof entry === "object" && entry !== null && "token" in entry && typeof entry.token === "string"
        ? { ...entry, token: Redacted.make(entry.token) }
        : entry
    )

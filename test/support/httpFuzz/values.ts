/**
 * Values and bodies of any kind: valid, wrong, deep, broken, and as large as they may be or larger.
 */
import { gzipSync } from "node:zlib"
import * as Documents from "./documents.ts"
import type { Choices } from "./random.ts"
import { secrets } from "./secrets.ts"

const limit = 1024 * 1024

const oddTexts = [
  "",
  " ",
  "0",
  "-1",
  "1e400",
  "NaN",
  "null",
  "undefined",
  "true",
  "__proto__",
  "constructor",
  "hasOwnProperty",
  "../../etc/passwd",
  "%00",
  "\u0000",
  "\ud800",
  "😀",
  "ÿ",
  "\r\nx: y",
  "' OR 1=1 --",
  "<script>",
  "${7*7}",
  "x".repeat(300),
  `password=${secrets.context}`
]

/** Any value of JSON. */
export const json = (choices: Choices, depth = 4): unknown =>
  choices.weighted<unknown>([
    [2, () => choices.oneOf(oddTexts)],
    [2, () => choices.oneOf([0, -1, 1, 1.5, 1e308, -1e308, 2 ** 53, 1e-320])],
    [1, () => choices.oneOf([true, false, null])],
    [depth > 0 ? 2 : 0, () => choices.several(4, () => json(choices, depth - 1))],
    [depth > 0 ? 3 : 0, () =>
      Object.fromEntries(choices.several(4, () => [
        choices.oneOf([
          "name",
          "context",
          "level",
          "format",
          "target",
          "query",
          "variables",
          "password",
          "__proto__",
          ""
        ]),
        json(choices, depth - 1)
      ]))]
  ])

const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`

/** The input of a task. */
const context = (choices: Choices): unknown =>
  choices.weighted<unknown>([
    [4, () => ({ password: secrets.context, number: choices.below(5) })],
    [1, () => ({ password: secrets.context, number: secrets.context })],
    [1, () => json(choices)]
  ])

const started = (choices: Choices) => ({
  name: choices.oneOf(["greet", "greet", "fail", "wait", "nothing", "__proto__"]),
  context: context(choices)
})

const known = (choices: Choices, path: string): unknown => {
  if (/graphql/i.test(path)) return Documents.request(choices)
  if (/logging/i.test(path)) return { level: choices.oneOf(["Info", "Debug", "Error", "none", 5, secrets.context]) }
  if (/export/i.test(path)) {
    return { [choices.oneOf(["format", "target"])]: choices.oneOf(["json", "csv", "nothing", 5]) }
  }
  return started(choices)
}

/** The body of a request for a path, and a type that may fit it. */
export const body = (choices: Choices, path: string): { readonly type: string; readonly bytes: Buffer } => {
  const text = (value: unknown) => Buffer.from(JSON.stringify(value) ?? "")
  const bytes = choices.weighted<Buffer>([
    [60, () => text(known(choices, path))],
    [15, () => text(json(choices))],
    [3, () => Buffer.from(`{"name":"greet","context":${deep(choices.oneOf([50, 99, 101, 1000, 100_000]))}}`)],
    [3, () => {
      const whole = text(known(choices, path))
      return whole.subarray(0, choices.below(whole.length + 1))
    }],
    [3, () => Buffer.from(JSON.stringify(known(choices, path)), "utf16le")],
    [2, () => Buffer.from(JSON.stringify({ name: "ÿ", context: {} }), "latin1")],
    [2, () => gzipSync(text(known(choices, path)))],
    [2, () => Buffer.from([0xef, 0xbb, 0xbf, ...text(started(choices))])],
    [2, () => Buffer.alloc(choices.below(500), choices.below(256))],
    [3, () => Buffer.alloc(0)],
    [0.5, () => {
      const size = choices.oneOf([limit, limit + 1, 2 * limit])
      const around = JSON.stringify({ name: "greet", context: { password: "" } })
      return Buffer.from(around.replace("\"\"", `"${"x".repeat(size - around.length)}"`))
    }]
  ])
  const type = choices.weighted([
    [20, () => "application/json"],
    [2, () => "application/json; charset=utf-8"],
    [
      1,
      () =>
        choices.oneOf([
          "text/plain",
          "application/x-www-form-urlencoded",
          "multipart/form-data",
          "application/graphql",
          "",
          "\"",
          "application/json, text/html"
        ])
    ]
  ])
  return { type, bytes }
}

const parameterNames = [
  "limit",
  "offset",
  "cursor",
  "task",
  "version",
  "state",
  "tag",
  "errorType",
  "instance",
  "olderThan",
  "newerThan",
  "retrying",
  "waiting",
  "sort",
  "period",
  "event",
  "domain",
  "name",
  "namespace",
  "query",
  "variables",
  "operationName",
  "__proto__",
  "unknown"
]

const parameterValues = [
  "1",
  "20",
  "100",
  "101",
  "99999999999999999999",
  "greet",
  "complete",
  "region:eu",
  "1%20hour",
  "0+seconds",
  "newest",
  "newest~1~1~x",
  "slowest~Infinity~1~x",
  "true",
  "step.failed,task.*",
  "*".repeat(200),
  "%7B%20__typename%20%7D",
  "%zz",
  "%00",
  "%ed%a0%80",
  "",
  secrets.parameter,
  `password%3D${secrets.parameter}`
]

/** The query of an address, with its question mark; often empty. */
export const query = (choices: Choices, path: string): string => {
  if (/graphql/i.test(path) && choices.happens(0.7)) {
    const { operationName, query, variables } = Documents.document(choices)
    return `?${new URLSearchParams({
      query: query.slice(0, 4000),
      variables: JSON.stringify(variables),
      ...(operationName === undefined ? {} : { operationName })
    })}`
  }
  if (choices.happens(0.6)) return ""
  const pairs = choices.several(4, () => {
    const name = choices.oneOf(parameterNames)
    const sign = choices.oneOf(["=", "=", "=", "[]=", "[a]="])
    return choices.happens(0.1) ? name : `${name}${sign}${choices.oneOf(parameterValues)}`
  })
  return `?${pairs.join("&")}`
}

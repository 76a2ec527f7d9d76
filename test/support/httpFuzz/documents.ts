/**
 * Documents of GraphQL: valid, wrong, deep, costly and in circles.
 */
import type { Choices } from "./random.ts"
import { secrets } from "./secrets.ts"
import * as Values from "./values.ts"

export interface Document {
  readonly query: string
  readonly variables: unknown
  readonly operationName: string | undefined
}

const fields = [
  "id",
  "taskId",
  "name",
  "status",
  "error",
  "errorType",
  "correlationId",
  "createdAt",
  "steps",
  "tags",
  "tasks",
  "task",
  "cursor",
  "createTask",
  "cancelTask",
  "value",
  "dependsOn",
  "__typename",
  "__schema",
  "types",
  "fields",
  "type",
  "ofType",
  "nothing"
]

const literal = (choices: Choices): string =>
  choices.oneOf([
    "1",
    "-1",
    "1.5e308",
    "99999999999",
    "true",
    "null",
    "newest",
    "complete",
    "[error, pending]",
    "$a",
    `"${secrets.document}"`,
    `"password=${secrets.document}"`,
    "\"\"\"block\n  text\"\"\"",
    "\"\\ud800\"",
    "{ a: [1, { b: $b }] }",
    "{ name: \"greet\", context: { password: \"x\", number: 1 } }",
    "[{ name: \"region\", value: \"eu\" }]"
  ])

const args = (choices: Choices): string =>
  choices.happens(0.5)
    ? ""
    : `(${
      [
        choices.oneOf(["id", "limit", "offset", "input", "state", "tags", "task", "sort", "cursor", "name", "nothing"]),
        ...choices.several(1, () => "limit")
      ].map((name) => `${name}: ${literal(choices)}`).join(", ")
    })`

const directive = (choices: Choices): string =>
  choices.happens(0.85)
    ? ""
    : choices.oneOf([
      " @skip(if: $yes)",
      " @include(if: true)",
      " @include(if: false) @skip(if: $yes)",
      " @defer",
      " @unknown",
      " @skip"
    ])

const selection = (choices: Choices, depth: number): string =>
  `{ ${
    [choices.oneOf(fields), ...choices.several(3, () => choices.oneOf(fields))].map((field) =>
      choices.weighted<string>([
        [8, () =>
          `${choices.happens(0.2) ? `a${choices.below(3)}: ` : ""}${field}${args(choices)}${directive(choices)}${
            depth > 0 && choices.happens(0.5) ? ` ${selection(choices, depth - 1)}` : ""
          }`],
        [1, () =>
          `...F${choices.below(4)}${directive(choices)}`],
        [depth > 0 ? 1 : 0, () =>
          `... ${choices.oneOf(["", "on Task", "on Query", "on Mutation", "on Nothing"])} ${
            selection(choices, depth - 1)
          }`]
      ])
    ).join(" ")
  } }`

const run = "{ id name status error steps { id name status error } tags { name value } }"

const secretInput = `{ name: "greet", context: { password: "${secrets.context}", number: 1 } }`

const valid: ReadonlyArray<string> = [
  "{ __typename }",
  `{ tasks(limit: 3) { tasks ${run} cursor } }`,
  "query ($a: ID!) { task(id: $a) { id error } }",
  `query Q($b: Int = 2) { tasks(limit: $b, sort: slowest) { tasks ${run} } }`,
  `mutation { createTask(input: ${secretInput}) { task ${run} } }`,
  `mutation { a: createTask(input: ${secretInput}) { task { id } } b: createTask(input: { name: "fail", context: {} }) { task { id } } }`,
  `mutation { createTask(input: { namedTaskName: "greet", context: "{\\"password\\": \\"${secrets.context}\\", \\"number\\": 1}" }) { task { id } } }`,
  `mutation { createTask(input: { name: "wait", context: {}, tags: [{ name: "api_key", value: "${secrets.tag}" }] }) { task ${run} } }`,
  "mutation ($a: ID!) { cancelTask(input: { taskId: $a }) { task { id status } } }",
  "{ __schema { types { name fields { name args { name type { name } } } } } }",
  "{ ...F } fragment F on Query { tasks { ...G } } fragment G on TaskPage { tasks { id steps { id } } }"
]

const hostile = (choices: Choices): string =>
  choices.oneOf([
    () => `${"{ a ".repeat(choices.oneOf([10, 900, 5000]))}${"}".repeat(choices.below(900))}`,
    () => `{ ${"__typename ".repeat(choices.oneOf([100, 1900, 5000]))} }`,
    () => `{ ${Array.from({ length: 150 }, (_, index) => `a${index}: tasks(limit: 100) { tasks { id } }`).join(" ")} }`,
    () =>
      `{ ...F0 } ${
        Array.from({ length: 60 }, (_, index) => `fragment F${index} on Query { ...F${index + 1} ...F${index + 1} }`)
          .join(" ")
      } fragment F60 on Query { __typename }`,
    () => "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
    () => `{ ${"# comment\n".repeat(3000)} __typename }`,
    () => `{ task(id: "${"x".repeat(20_000)}") { id } }`,
    () =>
      `{ a: __schema { types { ${
        Array.from({ length: 60 }, (_, index) => `f${index}: fields { type { name } }`).join(" ")
      } } } }`,
    () => `\ufeff{ __typename }`,
    () => `{ task(id: ${"[".repeat(900)}${"]".repeat(900)}) { id } }`,
    () => `{ "${secrets.document}" }`,
    () => `query ($a: [${"[".repeat(50)}Int${"]".repeat(50)}]) { __typename }`,
    () => "type Query { a: Int } extend schema @a",
    () =>
      `mutation { ${
        Array.from({ length: 60 }, (_, index) => `a${index}: createTask(input: ${secretInput}) { task { id } }`).join(
          " "
        )
      } }`
  ])()

const made = (choices: Choices): string => {
  const operations = [0, ...choices.several(1, () => 1)].map((index) =>
    `${
      choices.oneOf(["query", "query", "mutation", "subscription"])
    } Q${index}($a: ID, $b: Int, $yes: Boolean = true) ${selection(choices, 3)}`
  )
  const fragments = choices.several(4, () => 0).map((_, index) =>
    `fragment F${index} on ${choices.oneOf(["Query", "Task", "TaskPage", "Step"])} ${selection(choices, 2)}`
  )
  return [...operations, ...fragments].join(" ")
}

/** A document with its variables. */
export const document = (choices: Choices): Document => ({
  query: choices.weighted([
    [5, () => choices.oneOf(valid)],
    [4, () => made(choices)],
    [2, () => hostile(choices)],
    [1, () => {
      const whole = choices.oneOf(valid)
      return whole.slice(0, choices.below(whole.length))
    }]
  ]),
  variables: choices.weighted<unknown>([
    [
      6,
      () => ({ a: choices.oneOf(["x", "ID", secrets.document]), b: choices.oneOf([1, 100, -1, "1", null]), yes: true })
    ],
    [2, () => ({})],
    [1, () => Values.json(choices)]
  ]),
  operationName: choices.weighted<string | undefined>([
    [6, () => undefined],
    [2, () => "Q0"],
    [1, () => choices.oneOf(["Q1", "Q", "nothing", secrets.document])]
  ])
})

/** What a client posts. */
export const request = (choices: Choices): unknown =>
  choices.weighted<unknown>([
    [12, () => document(choices)],
    [1, () => [document(choices), document(choices)]],
    [1, () => ({ ...document(choices), query: choices.oneOf([5, null, [], {}, true]) })],
    [1, () => ({ ...document(choices), extensions: { persistedQuery: { version: 1, sha256Hash: "x" } } })]
  ])

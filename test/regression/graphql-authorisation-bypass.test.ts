/**
 * D30: the original decided who may run a document of GraphQL by names that it found in the text with regular expressions.
 * An alias, a fragment or another operation of the document hid what really ran. Here access is checked where a field is
 * resolved.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as graphql from "../http/graphql.ts"
import { codesOf } from "../http/graphql.ts"
import * as server from "../http/server.ts"
import { Hang } from "../http/tasks.ts"

/** The original's way: the first name of each operation, and what it needs. A document without a name needs nothing. */
const allowedByText = (query: string): boolean => {
  const needs: Readonly<Record<string, string>> = {
    task: "read",
    tasks: "read",
    createTask: "write",
    cancelTask: "write"
  }
  const names = Array.from(
    query.matchAll(/\b(?:query|mutation)\b\s*\w*\s*(?:\([^)]*\))?\s*\{\s*(\w+)/g),
    ([, name = ""]) => name
  )
  return names.every((name) => needs[name] === "read")
}

const input = "(input: { name: \"hang\", context: {} })"
const made = "{ task { id } }"

const documents: ReadonlyArray<readonly [how: string, query: string, more?: Readonly<Record<string, unknown>>]> = [
  ["an alias", `mutation { tasks: createTask${input} ${made} }`],
  [
    "an alias behind a field of its own name",
    `mutation { tasks: createTask${input} ${made} createTask${input} ${made} }`
  ],
  ["an inline fragment", `mutation { ... on Mutation { createTask${input} ${made} } }`],
  ["an inline fragment without a type", `mutation { ... { createTask${input} ${made} } }`],
  ["a fragment", `mutation { ...F } fragment F on Mutation { createTask${input} ${made} }`],
  [
    "a fragment in a fragment",
    `mutation { ...F } fragment F on Mutation { ...G } fragment G on Mutation { createTask${input} ${made} }`
  ],
  [
    "the second operation",
    `query Harmless { tasks { cursor } } mutation Other { tasks: createTask${input} ${made} }`,
    { operationName: "Other" }
  ],
  ["a comment", `mutation { # {\n createTask${input} ${made} }`],
  ["a comma, which is blank", `mutation { , createTask${input} ${made} }`],
  [
    "variables",
    `mutation tasks($input: CreateTaskInput!) { tasks: createTask(input: $input) ${made} }`,
    { variables: { input: { name: "hang", context: {} } } }
  ],
  [
    "directives",
    `mutation ($yes: Boolean = true) { tasks: createTask${input} @include(if: $yes) @skip(if: false) ${made} }`
  ],
  [
    "a default in a variable",
    `mutation ($a: String = "{ tasks") { tasks: createTask(input: { name: $a, context: {} }) ${made} }`
  ],
  ["another field", "mutation { task: cancelTask(input: { taskId: \"ID\" }) { task { status } } }"],
  [
    "many aliases",
    `mutation { ${"abcdefghij".split("").map((name) => `tasks${name}: createTask${input} ${made}`).join(" ")} }`
  ]
]

/** Everyone may read; only who has the token may write. */
const options = { http: { token: "t0ken" } } as const

const runs = Effect.map(server.get("/tasker/tasks"), ({ body }): ReadonlyArray<any> => body.tasks)

const startOne = Effect.map(
  graphql.askWith("t0ken", `mutation { createTask${input} ${made} }`),
  ({ body }): string => body.data.createTask.task.id
)

const send = (query: string, more: Readonly<Record<string, unknown>> = {}) =>
  server.post("/tasker/graphql", { query, ...more })

describe("a document of GraphQL", () => {
  it.effect.each(documents)(
    "writes nothing without the token through %s",
    ([, template, more]) =>
      Effect.gen(function*() {
        const id = yield* startOne
        yield* server.awaitStatus(id, "in_progress")
        const refused = yield* send(template.replace("ID", id), more)
        assert.strictEqual(refused.status, 401)
        assert.match(String(refused.headers["www-authenticate"]), /^Bearer/)
        assert.isAbove(codesOf(refused).length, 0)
        assert.isTrue(codesOf(refused).every((code) => code === "unauthorized"))
        assert.notProperty(refused.body, "data")
        assert.deepStrictEqual((yield* runs).map(({ status, taskId }) => [taskId, status]), [[id, "in_progress"]])
      }).pipe(Effect.provide(graphql.layer([Hang], options)))
  )

  it("would have been allowed by its text", () => {
    const missed = documents.filter(([, query]) => allowedByText(query)).map(([how]) => how)
    assert.includeMembers(missed, ["an alias", "an inline fragment", "a fragment", "the second operation", "a comment"])
    assert.isFalse(allowedByText(`mutation { createTask${input} ${made} }`))
  })

  it.effect("reads what it may, beside what it may not write", () =>
    Effect.gen(function*() {
      const id = yield* startOne
      const answer = yield* send(`mutation { __typename createTask${input} ${made} }`)
      assert.deepStrictEqual([answer.status, answer.body.data], [200, { __typename: "Mutation", createTask: null }])
      assert.deepStrictEqual(codesOf(answer), ["unauthorized"])
      const read = yield* send("{ tasks { tasks { id } } }")
      assert.deepStrictEqual(read.body, { data: { tasks: { tasks: [{ id }] } } })
    }).pipe(Effect.provide(graphql.layer([Hang], options))))

  it.effect("is refused in a list of documents", () =>
    Effect.gen(function*() {
      const list = [{ query: "{ tasks { cursor } }" }, ...documents.map(([, query, more]) => ({ query, ...more }))]
      assert.strictEqual((yield* server.post("/tasker/graphql", list)).status, 400)
      assert.deepStrictEqual(yield* runs, [])
    }).pipe(Effect.provide(graphql.layer([Hang], options))))

  it.effect("neither reads nor shows the schema without the token, if reading needs it", () =>
    Effect.gen(function*() {
      yield* startOne
      const queries = [
        "{ tasks { tasks { id } } }",
        "{ createTask: tasks { tasks { id } } }",
        "{ ...F } fragment F on Query { tasks { tasks { id } } }",
        "{ __schema { types { name } } }",
        "{ a: __type(name: \"Task\") { name } }",
        "{ __typename }"
      ]
      for (const query of queries) {
        const refused = yield* send(query)
        assert.strictEqual(refused.status, 401)
        assert.deepStrictEqual(Object.keys(refused.body), ["error", "message"])
        assert.strictEqual(
          (yield* server.get(`/tasker/graphql?${new URLSearchParams({ query })}`)).status,
          401
        )
      }
      assert.strictEqual((yield* graphql.askWith("t0ken", "{ __schema { types { name } } }")).status, 200)
    }).pipe(Effect.provide(graphql.layer([Hang], { http: { token: "t0ken", authRequired: true } }))))

  const tokens = [
    { token: "reader", scopes: ["tasks:read"] },
    { token: "writer", scopes: ["tasks:write"] },
    { token: "scraper", scopes: ["metrics:read"] }
  ] as const
  const protectedBy = { http: { token: "t0ken", tokens, authRequired: true } } as const

  it.effect("needs the scope of each field that it resolves", () =>
    Effect.gen(function*() {
      const id = yield* startOne
      const reading = [
        "{ tasks { tasks { id } } }",
        "query createTask { createTask: tasks { tasks { id } } }",
        `{ cancelTask: task(id: "${id}") { id } }`,
        "{ ...F } fragment F on Query { tasks { tasks { id } } }"
      ]
      for (const query of reading) {
        const refused = yield* graphql.askWith("writer", query)
        assert.deepStrictEqual([refused.status, codesOf(refused)], [403, ["insufficient_scope"]], query)
        assert.strictEqual((yield* graphql.askWith("reader", query)).status, 200, query)
      }
      assert.deepStrictEqual(codesOf(yield* graphql.askWith("writer", "{ __schema { description } }")), [
        "invalid_document"
      ])
      for (const [, query, more = {}] of documents) {
        const refused = yield* server.post("/tasker/graphql", { query: query.replace("ID", id), ...more }, {
          authorization: "Bearer reader"
        })
        assert.strictEqual(refused.status, 403)
        assert.isTrue(codesOf(refused).every((code) => code === "insufficient_scope"))
      }
      assert.strictEqual((yield* graphql.askWith("scraper", "{ __typename }")).status, 403)
      const { body } = yield* graphql.askWith(
        "writer",
        `mutation { createTask${input} { task { name steps { name } } } }`
      )
      assert.deepStrictEqual(body.data.createTask.task, { name: "hang", steps: [{ name: "hang" }] })
    }).pipe(Effect.provide(graphql.layer([Hang], protectedBy))))

  it.effect("counts each mutation as a write of the client", () =>
    Effect.gen(function*() {
      const three = `mutation { ${"abc".split("").map((name) => `${name}: createTask${input} ${made}`).join(" ")} }`
      const partly = yield* graphql.askWith("t0ken", three)
      assert.deepStrictEqual([partly.status, partly.body.data.c, codesOf(partly)], [200, null, ["too_many_writes"]])
      const refused = yield* graphql.askWith("t0ken", `mutation { createTask${input} ${made} }`)
      assert.deepStrictEqual([refused.status, refused.headers["retry-after"]], [429, "30"])
      assert.strictEqual((yield* graphql.askWith("t0ken", "{ tasks { cursor } }")).status, 200)
      assert.lengthOf(yield* runs, 2)
    }).pipe(Effect.provide(graphql.layer([Hang], { http: { token: "t0ken", writesPerMinute: 2 } }))))
})

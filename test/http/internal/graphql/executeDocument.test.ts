import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { buildSchema, type DefinitionNode } from "graphql"
import * as ExecuteDocument from "../../../../src/http/internal/graphql/executeDocument.ts"
import { taskTypes } from "../../../../src/http/internal/graphql/taskTypes.ts"
import * as Redaction from "../../../../src/redaction/Redaction.ts"

const schema = buildSchema(taskTypes)

const prepare = (query: string, operationName?: string, more: Partial<ExecuteDocument.Limits> = {}) =>
  ExecuteDocument.prepare(
    {
      schema,
      limits: { maximumCost: 5000, maximumDepth: 8, maximumTokens: 2000, ...more },
      redaction: Redaction.make()
    },
    { query, operationName },
    true
  )

const codesOf = (query: string, operationName?: string, more?: Partial<ExecuteDocument.Limits>) =>
  Effect.map(
    Effect.flip(prepare(query, operationName, more)),
    (errors) => errors.map(({ extensions }) => extensions["code"])
  )

const nameOf = (definition: DefinitionNode) => "name" in definition ? definition.name?.value : undefined

/** Validating so many fields takes much longer than a document may. */
const costly = "tasks { cursor } ".repeat(390)

describe("prepare", () => {
  it.effect("leaves other operations and unused fragments out, whose fields the limits do not count", () =>
    Effect.gen(function*() {
      const { document, operation } = yield* prepare(
        `query b { ${costly} } query a { ...F } fragment F on Query { __typename } fragment G on Query { ${costly} }`,
        "a",
        { maximumTokens: 4000 }
      )
      assert.strictEqual(operation.name?.value, "a")
      assert.deepStrictEqual(document.definitions.map(nameOf), ["a", "F"])
      assert.deepStrictEqual(yield* codesOf(`query a { __typename } query b { ${costly} }`, "b"), [
        "document_too_costly"
      ])
    }))

  it.effect("does not mind what is wrong with another operation", () =>
    Effect.gen(function*() {
      const { document } = yield* prepare("query a { __typename } query b { nothing }", "a")
      assert.deepStrictEqual(document.definitions.map(nameOf), ["a"])
      assert.deepStrictEqual(yield* codesOf("query a { __typename } query b { nothing }", "b"), ["invalid_document"])
    }))

  const ambiguous = [
    ["two operations of one name", `query a { __typename } query a { ${costly} }`],
    [
      "two fragments of one name",
      `query a { ...F } fragment F on Query { ${costly} } fragment F on Query { __typename }`
    ],
    ["an operation without a name beside another one", `query a { __typename } { ${costly} }`],
    ["a definition of a type", "query a { __typename } type Nothing { id: ID }"]
  ] as const
  it.effect.each(ambiguous)("refuses %s before it looks at fields", ([, query]) =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* codesOf(query, "a"), ["invalid_document"])
    }))

  it.effect("refuses a document that is too deep for the stack, where the limits allow it", () =>
    Effect.gen(function*() {
      const limits = { maximumDepth: 1_000_000, maximumCost: 1_000_000, maximumTokens: 10_000_000 }
      const chain = Array.from({ length: 20_000 }, (_, index) => `fragment F${index} on Query { ...F${index + 1} }`)
      const fragments = `{ ...F0 } ${chain.join(" ")} fragment F20000 on Query { __typename }`
      const fields = `${"{ a ".repeat(100_000)}${"}".repeat(100_000)}`
      for (const query of [fragments, fields]) {
        assert.deepStrictEqual(yield* codesOf(query, undefined, limits), ["document_too_deep"])
      }
    }))

  it.effect("shows no token that stands in place of a name", () =>
    Effect.gen(function*() {
      const token = `ghp_${"a1B2".repeat(9)}`
      for (const query of [`{ ${token} }`, `{ ...${token} }`, `query ($id: ${token}) { task(id: $id) { id } }`]) {
        const errors = yield* Effect.flip(prepare(query))
        assert.notInclude(JSON.stringify(errors), token, query)
      }
      const [error] = yield* Effect.flip(prepare("{ secrets }"))
      assert.include(error?.message, "\"secrets\"")
    }))
})

import { assert, describe, it } from "@effect/vitest"
import { buildSchema, getIntrospectionQuery, getOperationAST, parse } from "graphql"
import * as DocumentSize from "../../../../src/http/internal/graphql/documentSize.ts"
import { taskTypes } from "../../../../src/http/internal/graphql/taskTypes.ts"

const schema = buildSchema(taskTypes)

const sizeOf = (query: string, variables: Readonly<Record<string, unknown>> = {}) => {
  const document = parse(query)
  const operation = getOperationAST(document)
  assert.isOk(operation)
  return DocumentSize.measure(schema, document, operation, variables)
}

const costOf = (query: string, variables: Readonly<Record<string, unknown>> = {}) => sizeOf(query, variables).cost

describe("measure", () => {
  it("counts levels, however they are written", () => {
    const same = [
      "{ tasks { tasks { steps { id } } } }",
      "{ a: tasks { b: tasks { c: steps { d: id } } } }",
      "{ ... on Query { tasks { ... { tasks { ... on Task { steps { id } } } } } } }",
      "{ ...A } fragment A on Query { tasks { ...B } } fragment B on TaskPage { tasks { ...C } } fragment C on Task { steps { id } }",
      "query ($no: Boolean!) { tasks @skip(if: $no) { tasks { steps { id @include(if: $no) } } } }"
    ]
    for (const query of same) assert.deepStrictEqual(sizeOf(query), sizeOf(same[0]!), query)
    assert.strictEqual(sizeOf(same[0]!).depth, 4)
  })

  it("counts the fields of a page once for each run", () => {
    assert.strictEqual(costOf("{ tasks(limit: 1) { cursor } }"), 11)
    assert.strictEqual(costOf("{ tasks { cursor } }"), 30)
    assert.strictEqual(costOf("{ tasks(limit: null) { cursor } }"), 30)
    assert.strictEqual(costOf("{ tasks(limit: 100) { cursor } }"), 110)
    assert.strictEqual(costOf("{ tasks(limit: 1) { tasks { steps { id } } } }"), 10 + 1 + 5 + 10)
  })

  it("reads the length of a page from variables and their defaults", () => {
    assert.strictEqual(costOf("query ($n: Int) { tasks(limit: $n) { cursor } }", { n: 2 }), 12)
    assert.strictEqual(costOf("query ($n: Int = 3) { tasks(limit: $n) { cursor } }"), 13)
    assert.strictEqual(costOf("query ($n: Int = 3) { tasks(limit: $n) { cursor } }", { n: null }), 30)
  })

  it("takes the longest page where the length is none that may be asked for", () => {
    for (const n of [-1, 101, "2", [], {}]) {
      assert.strictEqual(costOf("query ($n: Int) { tasks(limit: $n) { cursor } }", { n }), 110)
    }
    assert.strictEqual(costOf("{ tasks(limit: 5000000000) { cursor } }"), 110)
    assert.strictEqual(costOf("{ tasks(limit: \"1\") { cursor } }"), 110)
  })

  it("counts every alias", () => {
    assert.strictEqual(costOf("{ a: task(id: 1) { id } b: task(id: 1) { id } c: task(id: 1) { id } }"), 18)
    assert.strictEqual(costOf("mutation { a: cancelTask(input: { taskId: 1 }) { task { id } } }"), 102)
  })

  it("measures a fragment once, however often it is spread", () => {
    const doubling = Array.from(
      { length: 400 },
      (_, index) => `fragment F${index} on Query { ...F${index + 1} ...F${index + 1} }`
    )
    const { cost } = sizeOf(`{ ...F0 } ${doubling.join(" ")} fragment F400 on Query { task(id: 1) { id } }`)
    assert.strictEqual(cost, 6 * 2 ** 400)
  })

  it("ends where fragments spread themselves, and counts what is unknown", () => {
    assert.strictEqual(
      costOf("{ ...A } fragment A on Query { task(id: 1) { id } ...B } fragment B on Query { ...A }"),
      6
    )
    assert.strictEqual(costOf("{ nothing { of { this } } ...Missing ... on Nothing { tasks } }"), 4)
    assert.deepStrictEqual(sizeOf("subscription { task { id } }").depth, 2)
  })

  it("counts the schema apart", () => {
    const { cost, depth, introspection } = sizeOf(getIntrospectionQuery())
    assert.deepStrictEqual([cost, depth], [0, 0])
    assert.isAtLeast(introspection, 10_000)
    assert.isAtMost(introspection, 50_000)
  })
})

import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Layer } from "effect"
import { buildClientSchema, getIntrospectionQuery } from "graphql"
import * as GraphqlRoute from "../../src/http/GraphqlRoute.ts"
import { sorts } from "../../src/workflow/internal/taskSearch.ts"
import * as Step from "../../src/workflow/Step.ts"
import * as Task from "../../src/workflow/Task.ts"
import { TaskStore } from "../../src/workflow/TaskStore.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"
import * as graphql from "./graphql.ts"
import { ask, codesOf } from "./graphql.ts"
import * as server from "./server.ts"
import { Fail, Hang, Look, order, ProcessOrder, Refuse, Seen } from "./tasks.ts"

const tasks = [ProcessOrder, Hang, Fail] as const

const create = "mutation ($context: JSON!) { createTask(input: { name: \"process_order\", context: $context }) " +
  "{ task { id status correlationId name namespace version createdAt tags { name value } steps { id name } } } }"

const start = (name: string, context: unknown = {}) =>
  Effect.map(
    ask("mutation ($input: CreateTaskInput!) { createTask(input: $input) { task { id } } }", {
      input: { name, context }
    }),
    ({ body }): string => body.data.createTask.task.id
  )

describe("createTask", () => {
  it.effect("starts a task under the correlation id of the request, as POST /tasks does", () =>
    Effect.gen(function*() {
      const created = yield* ask(create, { context: order }, { "x-correlation-id": "req-1" })
      assert.strictEqual(created.status, 200)
      assert.strictEqual(created.headers["content-type"], "application/json")
      assert.strictEqual(created.headers["cache-control"], "no-store")
      const { task } = created.body.data.createTask
      assert.strictEqual(task.correlationId, "req-1")
      assert.deepStrictEqual(task.steps.map(({ id, name }: any) => [id, name]), [
        [`${task.id}/load`, "load"],
        [`${task.id}/charge`, "charge"]
      ])
      const { body } = yield* server.awaitStatus(task.id, "complete")
      assert.strictEqual(body.name, task.name)
      assert.deepStrictEqual([task.namespace, task.version], [body.namespace, body.version])
    }).pipe(Effect.provide(graphql.layer(tasks))))

  it.effect("takes the request of Tasker's plan as it is written there", () =>
    Effect.gen(function*() {
      const planned = yield* server.post(
        "/tasker/graphql",
        "{\"query\": \"mutation { createTask(input: { namedTaskName: \\\"hang\\\", context: " +
          "\\\"{\\\\\\\"test\\\\\\\": true}\\\" }) { task { id status } } }\"}"
      )
      assert.strictEqual(planned.status, 200)
      assert.deepStrictEqual(Object.keys(planned.body.data.createTask.task), ["id", "status"])
      yield* server.awaitStatus(planned.body.data.createTask.task.id, "in_progress")
    }).pipe(Effect.provide(graphql.layer(tasks))))

  it.effect("takes a context as a value, as a variable, and as a text of JSON", () =>
    Effect.gen(function*() {
      const literal = "{ orderId: \"o-1\", lines: [{ sku: \"a\", quantity: 2 }] }"
      const asText = JSON.stringify(JSON.stringify(order))
      for (const context of [literal, asText]) {
        const { body } = yield* ask(
          `mutation { createTask(input: { name: "process_order", context: ${context} }) { task { id } } }`
        )
        yield* server.awaitStatus(body.data.createTask.task.id, "complete")
      }
      yield* server.awaitStatus(yield* start("process_order", order), "complete")
    }).pipe(Effect.provide(graphql.layer(tasks))))

  it.effect("gives tags to the run, by which it is found", () =>
    Effect.gen(function*() {
      yield* start("hang")
      const { body } = yield* ask(
        "mutation { createTask(input: { name: \"hang\", context: {}, tags: [{ name: \"region\", value: \"eu\" }] }) " +
          "{ task { id tags { name value } } } }"
      )
      const { task } = body.data.createTask
      assert.deepStrictEqual(task.tags, [{ name: "region", value: "eu" }])
      const found = yield* ask("{ tasks(tags: [{ name: \"region\", value: \"eu\" }]) { tasks { id } } }")
      assert.deepStrictEqual(found.body.data.tasks.tasks, [{ id: task.id }])
    }).pipe(Effect.provide(graphql.layer(tasks))))

  it.effect.each(
    [
      ["an unknown task", { name: "nothing", context: {} }, "unknown_task"],
      ["the name of a member of every object", { name: "__proto__", context: {} }, "unknown_task"],
      ["no name", { context: {} }, "invalid_request"],
      ["two names", { name: "hang", namedTaskName: "fail", context: {} }, "invalid_request"],
      ["a text that is no JSON", { name: "hang", context: "hunter2" }, "invalid_request"],
      ["a context of wrong types", {
        name: "process_order",
        context: { ...order, lines: [{ sku: "a", quantity: "hunter2" }] }
      }, "invalid_request"],
      ["eleven tags", {
        name: "hang",
        context: {},
        tags: Array.from({ length: 11 }, (_, index) => ({ name: `t${index}`, value: "hunter2" }))
      }, "invalid_request"],
      ["two values of one tag", {
        name: "hang",
        context: {},
        tags: [{ name: "hunter2", value: "eu" }, { name: "hunter2", value: "us" }]
      }, "invalid_request"],
      [
        "a tag without a name",
        { name: "hang", context: {}, tags: [{ name: "", value: "hunter2" }] },
        "invalid_request"
      ],
      ["a tag with a long value", {
        name: "hang",
        context: {},
        tags: [{ name: "hunter2", value: "x".repeat(201) }]
      }, "invalid_request"],
      ["an empty reason", { name: "hang", context: {}, reason: "" }, "invalid_request"],
      ["a start at no time", { name: "hang", context: {}, startAfter: "hunter2" }, "invalid_request"]
    ] as const
  )("starts nothing for %s", ([, input, code]) =>
    Effect.gen(function*() {
      const refused = yield* ask(
        "mutation ($input: CreateTaskInput!) { createTask(input: $input) { task { id } } }",
        { input }
      )
      assert.strictEqual(refused.status, 200)
      assert.deepStrictEqual(refused.body.data, { createTask: null })
      assert.deepStrictEqual(codesOf(refused), [code])
      assert.deepStrictEqual(refused.body.errors[0].path, ["createTask"])
      assert.notInclude(refused.text, "hunter2")
      assert.deepStrictEqual((yield* server.get("/tasker/tasks")).body.tasks, [])
    }).pipe(Effect.provide(graphql.layer(tasks))))

  it.effect("names every option of a run that is wrong", () =>
    Effect.gen(function*() {
      const tags = [{ name: "region", value: "x".repeat(201) }]
      const { body } = yield* ask(
        "mutation ($input: CreateTaskInput!) { createTask(input: $input) { task { id } } }",
        { input: { name: "hang", context: {}, tags, initiator: "x".repeat(501), startAfter: "soon" } }
      )
      assert.deepStrictEqual(
        body.errors[0].extensions.issues.map(({ path }: any) => path).toSorted(),
        ["input.initiator", "input.startAfter", "input.tags"]
      )
    }).pipe(Effect.provide(graphql.layer(tasks))))

  it.effect("keeps reason and initiator, by which the run is found, and starts it later", () =>
    Effect.gen(function*() {
      yield* start("fail")
      const input = {
        name: "hang",
        context: {},
        reason: "month end",
        initiator: "ada",
        startAfter: "10 minutes",
        tags: null
      }
      const { body } = yield* ask(
        "mutation ($input: CreateTaskInput!) { createTask(input: $input) " +
          "{ task { id status reason initiator scheduledFor } } }",
        { input }
      )
      const { id, ...shown } = body.data.createTask.task
      assert.deepStrictEqual(shown, {
        status: "pending",
        reason: "month end",
        initiator: "ada",
        scheduledFor: "1970-01-01T00:10:00.000Z"
      })
      for (const filter of ["initiator: \"ada\"", "reason: \"month end\""]) {
        const found = yield* ask(`{ tasks(${filter}) { tasks { id } } }`)
        assert.deepStrictEqual(found.body.data.tasks.tasks, [{ id }], filter)
      }
      assert.deepStrictEqual((yield* ask("{ tasks(initiator: \"bob\") { tasks { id } } }")).body.data.tasks.tasks, [])
    }).pipe(Effect.provide(graphql.layer(tasks))))

  it.effect("names what is wrong with a context, as POST /tasks does", () =>
    Effect.gen(function*() {
      const { body } = yield* ask(create, { context: { orderId: 1 } })
      const [{ extensions }] = body.errors
      const { body: refused } = yield* server.post("/tasker/tasks", { name: "process_order", context: { orderId: 1 } })
      assert.deepStrictEqual(extensions.issues, refused.issues)
    }).pipe(Effect.provide(graphql.layer(tasks))))

  it.effect("refuses a context that is deeper than a body may be, however it is written", () =>
    Effect.gen(function*() {
      const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`
      for (const context of [`{ a: ${deep(120)} }`, JSON.stringify(`{"a":${deep(100_000)}}`)]) {
        const refused = yield* ask(
          `mutation { createTask(input: { name: "hang", context: ${context} }) { task { id } } }`
        )
        assert.deepStrictEqual(codesOf(refused), ["invalid_request"])
      }
      const asVariable = yield* server.post(
        "/tasker/graphql",
        `{"query":"{ __typename }","variables":{"a":${deep(120)}}}`
      )
      assert.strictEqual(asVariable.status, 400)
    }).pipe(Effect.provide(graphql.layer(tasks))))

  it.effect("runs the mutations of a document one after the other, each with its own answer", () =>
    Effect.gen(function*() {
      const { body, status } = yield* ask(
        "mutation { first: createTask(input: { name: \"hang\", context: {} }) { task { id } } " +
          "second: createTask(input: { name: \"nothing\", context: {} }) { task { id } } " +
          "third: createTask(input: { name: \"hang\", context: {} }) { task { id } } }"
      )
      assert.strictEqual(status, 200)
      assert.isNull(body.data.second)
      const { body: { tasks } } = yield* server.get("/tasker/tasks?sort=oldest")
      assert.deepStrictEqual(
        tasks.map(({ taskId }: any) => taskId),
        [body.data.first.task.id, body.data.third.task.id]
      )
    }).pipe(Effect.provide(graphql.layer(tasks))))

  it.effect("answers 503 where as many tasks run as may", () =>
    Effect.gen(function*() {
      yield* start("hang")
      const refused = yield* ask(create, { context: order })
      assert.deepStrictEqual([refused.status, codesOf(refused)], [503, ["too_many_tasks"]])
      assert.strictEqual(refused.headers["retry-after"], "5")
    }).pipe(Effect.provide(graphql.layer(tasks, { execution: { startedTasks: 1 } }))))
})

describe("task and tasks", () => {
  it.effect("show what GET /tasks shows", () =>
    Effect.gen(function*() {
      const id = yield* start("fail")
      const { body: expected } = yield* server.awaitStatus(id, "error")
      const fields = "id taskId name namespace version status correlationId createdAt startedAt endedAt " +
        "durationSeconds reason initiator scheduledFor instance concurrency errorType error tags { name value } "
      const steps =
        "steps { id name dependsOn status attempts maximumAttempts queueSeconds workSeconds backoffSeconds " +
        "startedAt endedAt nextAttemptAt errorType error }"
      const { body } = yield* ask(
        `query ($id: ID!) { task(id: $id) { ...Run } tasks { tasks { ...Run } cursor } } ` +
          `fragment Run on Task { ${fields} ${steps} }`,
        { id }
      )
      assert.notProperty(body, "errors")
      const { taskId, tags, ...others } = expected
      const shown = {
        ...others,
        id: taskId,
        taskId,
        tags: [],
        steps: others.steps.map(({ stepId, ...step }: any) => ({ id: stepId, ...step }))
      }
      const withoutNulls = (value: unknown) =>
        JSON.parse(JSON.stringify(value, (_, inner) => inner === null ? undefined : inner))
      assert.deepStrictEqual(tags, {})
      assert.deepStrictEqual(withoutNulls(body.data.task), shown)
      assert.deepStrictEqual(withoutNulls(body.data.tasks), { tasks: [shown] })
    }).pipe(Effect.provide(graphql.layer(tasks))))

  it.effect("find runs by every filter, in pages", () =>
    Effect.gen(function*() {
      const ids: Array<string> = []
      for (const name of ["hang", "hang", "hang", "fail"]) ids.push(yield* start(name))
      yield* server.awaitStatus(ids[3] ?? "", "error")
      for (const id of ids.slice(0, 3)) yield* server.awaitStatus(id, "in_progress")
      const found = (args: string) =>
        Effect.map(ask(`{ tasks(${args}) { tasks { id } cursor } }`), ({ body }) => ({
          ids: body.data.tasks.tasks.map(({ id }: any) => id),
          cursor: body.data.tasks.cursor
        }))
      const filters: ReadonlyArray<readonly [string, ReadonlyArray<number>]> = [
        ["task: \"fail\"", [3]],
        ["version: \"0.1.0\"", [3, 2, 1, 0]],
        ["version: \"9\"", []],
        ["state: [error, pending]", [3]],
        ["state: error", [3]],
        ["state: []", [3, 2, 1, 0]],
        ["errorType: \"Refused\"", [3]],
        ["instance: \"nowhere\"", []],
        ["olderThan: \"1 hour\"", []],
        ["newerThan: \"1 hour\", retrying: false, waiting: false", [3, 2, 1, 0]],
        ["retrying: true", []],
        ["sort: oldest, limit: 2", [0, 1]],
        ["sort: oldest, offset: 3", [3]],
        ["task: null, limit: null", [3, 2, 1, 0]]
      ]
      for (const [args, expected] of filters) {
        assert.deepStrictEqual((yield* found(args)).ids, expected.map((index) => ids[index]), args)
      }
      const first = yield* found("limit: 3")
      const second = yield* found(`limit: 3, cursor: ${JSON.stringify(first.cursor)}`)
      assert.deepStrictEqual([first.ids, second.ids, second.cursor], [ids.slice(1).toReversed(), [ids[0]], null])
    }).pipe(Effect.provide(graphql.layer(tasks))))

  it.effect("are in every order of GET /tasks", () =>
    Effect.gen(function*() {
      for (const name of ["hang", "fail", "hang"]) yield* start(name)
      yield* Effect.repeat(server.get("/tasker/tasks?state=error"), {
        until: ({ body }) => body.tasks.length === 1,
        times: 2000
      })
      for (const sort of sorts) {
        const expected = yield* server.get(`/tasker/tasks?sort=${sort}`)
        const { body } = yield* ask(`{ tasks(sort: ${sort}) { tasks { taskId } } }`)
        assert.deepStrictEqual(
          body.data.tasks.tasks,
          expected.body.tasks.map(({ taskId }: any) => ({ taskId })),
          sort
        )
      }
    }).pipe(Effect.provide(graphql.layer(tasks))))

  it.effect("refuse arguments as GET /tasks does", () =>
    Effect.gen(function*() {
      for (
        const args of ["limit: 0", "limit: 101", "offset: -1", "olderThan: \"soon\"", "cursor: \"x\"", "task: \"\""]
      ) {
        const refused = yield* ask(`{ tasks(${args}) { cursor } }`)
        assert.deepStrictEqual([refused.status, codesOf(refused)], [200, ["invalid_request"]], args)
      }
    }).pipe(Effect.provide(graphql.layer(tasks))))

  it.effect("say that no run has an id", () =>
    Effect.gen(function*() {
      const answer = yield* ask("{ task(id: \"nothing\") { id } __typename }")
      assert.deepStrictEqual([answer.status, answer.body.data], [200, { task: null, __typename: "Query" }])
      assert.deepStrictEqual(codesOf(answer), ["task_not_found"])
    }).pipe(Effect.provide(graphql.layer(tasks))))

  it.effect("mask secrets in errors and names", () =>
    Effect.gen(function*() {
      const named = Step.make("read_password=hunter2", {
        retry: { maximumAttempts: 1 },
        run: () => Effect.die(new Error("token=hunter2"))
      })
      const Named = Task.make("named", { input: Hang.input, steps: [named] })
      yield* Effect.gen(function*() {
        for (const name of ["named", "refuse"]) yield* server.awaitStatus(yield* start(name), "error")
        const answer = yield* ask("{ tasks { tasks { name error errorType steps { id name error errorType } } } }")
        assert.lengthOf(answer.body.data.tasks.tasks, 2)
        assert.notInclude(answer.text, "hunter2")
        assert.notInclude(answer.text, "stack")
      }).pipe(Effect.provide(graphql.layer([Named, Refuse])))
    }))
})

describe("cancelTask", () => {
  it.effect("cancels a run and shows its last record", () =>
    Effect.gen(function*() {
      const taskId = yield* start("hang")
      yield* server.awaitStatus(taskId, "in_progress")
      const cancel =
        "mutation ($taskId: ID!) { cancelTask(input: { taskId: $taskId }) { task { status steps { status } } } }"
      const { body } = yield* ask(cancel, { taskId })
      assert.deepStrictEqual(body.data.cancelTask.task, { status: "cancelled", steps: [{ status: "cancelled" }] })
      assert.deepStrictEqual(codesOf(yield* ask(cancel, { taskId })), ["already_ended"])
      assert.deepStrictEqual(codesOf(yield* ask(cancel, { taskId: "nothing" })), ["task_not_found"])
    }).pipe(Effect.provide(graphql.layer(tasks))))
})

describe("GET /graphql", () => {
  const asked = (parameters: Readonly<Record<string, string>>) =>
    server.get(`/tasker/graphql?${new URLSearchParams(parameters)}`)

  it.effect("answers queries with variables and the name of an operation", () =>
    Effect.gen(function*() {
      const id = yield* start("hang")
      const answer = yield* asked({
        query: "query A { __typename } query B($id: ID!) { task(id: $id) { name } }",
        variables: JSON.stringify({ id }),
        operationName: "B"
      })
      assert.deepStrictEqual([answer.status, answer.body], [200, { data: { task: { name: "hang" } } }])
    }).pipe(Effect.provide(graphql.layer(tasks))))

  it.effect("refuses mutations, and starts nothing", () =>
    Effect.gen(function*() {
      const refused = yield* asked({
        query: "mutation { createTask(input: { name: \"hang\", context: {} }) { task { id } } }"
      })
      assert.strictEqual(refused.status, 405)
      assert.strictEqual(refused.headers.allow, "POST")
      assert.deepStrictEqual((yield* server.get("/tasker/tasks")).body.tasks, [])
    }).pipe(Effect.provide(graphql.layer(tasks))))

  it.effect("refuses what is no query", () =>
    Effect.gen(function*() {
      const wrong: ReadonlyArray<Readonly<Record<string, string>>> = [
        {},
        { query: "{ __typename }", variables: "{" },
        { query: "{ __typename }", variables: "[]" },
        { query: "{ __typename }", variables: `{"a":${"[".repeat(120)}${"]".repeat(120)}}` }
      ]
      for (const parameters of wrong) assert.strictEqual((yield* asked(parameters)).status, 400)
      assert.strictEqual((yield* server.send("PUT", "/tasker/graphql")).status, 405)
    }).pipe(Effect.provide(graphql.layer(tasks))))
})

describe("a document", () => {
  it.effect("is refused as a list, which would be several documents", () =>
    Effect.gen(function*() {
      const query = "mutation { createTask(input: { name: \"hang\", context: {} }) { task { id } } }"
      assert.strictEqual((yield* server.post("/tasker/graphql", [{ query }, { query }])).status, 400)
      assert.deepStrictEqual((yield* server.get("/tasker/tasks")).body.tasks, [])
    }).pipe(Effect.provide(graphql.layer(tasks))))

  const mistakes: ReadonlyArray<readonly [what: string, query: string, code: string]> = [
    ["has a mistake of syntax", "{ task(id: \"hunter2\" ", "syntax_error"],
    ["has a secret where none may be", "{ \"hunter2\" }", "syntax_error"],
    ["is empty", "", "syntax_error"],
    ["asks for an unknown field", "{ secrets }", "invalid_document"],
    ["gives a value of another type", "{ tasks(limit: \"hunter2\") { cursor } }", "invalid_document"],
    ["gives an unknown state", "{ tasks(state: hunter2) { cursor } }", "invalid_document"],
    ["has no operation", "fragment A on Task { id }", "unknown_operation"],
    ["has several operations and names none", "query A { __typename } query B { __typename }", "unknown_operation"],
    ["subscribes", "subscription { task(id: \"x\") { id } }", "invalid_document"],
    ["has a fragment in itself", "{ ...A } fragment A on Query { __typename ...A }", "invalid_document"],
    [
      "has fragments in a circle",
      "{ ...A } fragment A on Query { __typename ...B } fragment B on Query { ...A }",
      "invalid_document"
    ],
    ["defers a part", "{ ... @defer { __typename } }", "invalid_document"],
    ["needs a variable that is not sent", "query ($id: ID!) { task(id: $id) { id } }", "invalid_variables"]
  ]
  it.effect.each(mistakes)("that %s is refused, without a value of it", ([, query, code]) =>
    Effect.gen(function*() {
      const refused = yield* ask(query)
      assert.strictEqual(refused.status, 400)
      assert.notProperty(refused.body, "data")
      assert.deepStrictEqual(codesOf(refused), [code])
      assert.notInclude(refused.text, "hunter2")
    }).pipe(Effect.provide(graphql.layer(tasks))))

  it.effect("runs the operation that is named, whatever another one costs", () =>
    Effect.gen(function*() {
      const query = `query a { tasks { cursor } } query b { ${"tasks { cursor } ".repeat(390)} }`
      const answer = yield* server.post("/tasker/graphql", { query, operationName: "a" })
      assert.deepStrictEqual([answer.status, answer.body], [200, { data: { tasks: { cursor: null } } }])
      const refused = yield* server.post("/tasker/graphql", { query, operationName: "b" })
      assert.deepStrictEqual([refused.status, codesOf(refused)], [400, ["document_too_costly"]])
    }).pipe(Effect.provide(graphql.layer(tasks))))

  it.effect("with a token in place of the name of a variable is refused without it", () =>
    Effect.gen(function*() {
      const token = `ghp_${"a1B2".repeat(9)}`
      const refused = yield* ask(`query ($${token}: ID!) { task(id: $${token}) { id } }`)
      assert.deepStrictEqual([refused.status, codesOf(refused)], [400, ["invalid_variables"]])
      assert.notInclude(refused.text, token)
    }).pipe(Effect.provide(graphql.layer(tasks))))

  it.effect("with a wrong variable is refused without its value", () =>
    Effect.gen(function*() {
      const refused = yield* ask("query ($limit: Int) { tasks(limit: $limit) { cursor } }", { limit: "hunter2" })
      assert.deepStrictEqual([refused.status, codesOf(refused)], [400, ["invalid_variables"]])
      assert.include(refused.body.errors[0].message, "\"$limit\"")
      assert.notInclude(refused.text, "hunter2")
    }).pipe(Effect.provide(graphql.layer(tasks))))

  const tooLarge: ReadonlyArray<readonly [what: string, query: string, code: string]> = [
    ["levels", "{ tasks { tasks { steps { id } } } }", "document_too_deep"],
    [
      "levels in fragments",
      "{ ...A } fragment A on Query { tasks { tasks { ...B } } } fragment B on Task { steps { id } }",
      "document_too_deep"
    ],
    [
      "fields",
      `{ ${Array.from({ length: 60 }, (_, index) => `a${index}: task(id: "x") { id }`).join(" ")} }`,
      "document_too_costly"
    ],
    ["runs on a page", "{ tasks(limit: 100) { tasks { id name status } } }", "document_too_costly"],
    [
      "mutations",
      `mutation { ${
        Array.from({ length: 4 }, (_, index) => `a${index}: cancelTask(input: { taskId: "x" }) { task { id } }`).join(
          " "
        )
      } }`,
      "document_too_costly"
    ],
    ["tokens", `{ ${"__typename ".repeat(1100)} }`, "document_too_long"],
    ["comments", `${"#\n".repeat(1100)} { __typename }`, "document_too_long"],
    [
      "fields in fragments that double",
      `{ ...F0 } ${
        Array.from({ length: 40 }, (_, index) =>
          `fragment F${index} on Query { a: __typename ...F${index + 1} ...F${index + 1} }`).join(" ")
      } fragment F40 on Query { task(id: "x") { id } }`,
      "document_too_costly"
    ]
  ]
  it.effect.each(tooLarge)(
    "with too many %s is refused before anything runs",
    ([, query, code]) =>
      Effect.gen(function*() {
        const refused = yield* ask(query)
        assert.deepStrictEqual([refused.status, codesOf(refused)], [400, [code]])
      }).pipe(Effect.provide(graphql.layer(tasks, {}, { maximumDepth: 3, maximumCost: 300, maximumTokens: 1000 })))
  )

  it.effect("may ask for the whole schema, as tools do", () =>
    Effect.gen(function*() {
      const { body } = yield* ask(getIntrospectionQuery({ descriptions: true, inputValueDeprecation: true }))
      const schema = buildClientSchema(body.data)
      assert.deepStrictEqual(Object.keys(schema.getMutationType()?.getFields() ?? {}), ["createTask", "cancelTask"])
    }).pipe(Effect.provide(graphql.layer(tasks))))

  it.effect("may not ask for the schema many times over", () =>
    Effect.gen(function*() {
      const types = "types { fields { args { type { name } } type { name } } }"
      const many = Array.from({ length: 40 }, (_, index) => `a${index}: __schema { ${types} }`).join(" ")
      assert.deepStrictEqual(codesOf(yield* ask(`{ ${many} }`)), ["document_too_costly"])
    }).pipe(Effect.provide(graphql.layer(tasks))))

  it.effect("gets the media type of GraphQL if it asks for it", () =>
    Effect.gen(function*() {
      const type = "application/graphql-response+json"
      const answer = yield* ask("{ __typename }", {}, { accept: `${type}, application/json;q=0.9` })
      assert.strictEqual(answer.headers["content-type"], type)
    }).pipe(Effect.provide(graphql.layer(tasks))))

  it.effect("is limited and typed as every body", () =>
    Effect.gen(function*() {
      assert.strictEqual((yield* ask(`{ __typename } #${"x".repeat(1024 * 1024)}`)).status, 413)
      const asText = yield* server.send("POST", "/tasker/graphql", {
        body: "{\"query\":\"{ __typename }\"}",
        headers: { "content-type": "text/plain" }
      })
      assert.strictEqual(asText.status, 415)
    }).pipe(Effect.provide(graphql.layer(tasks))))
})

describe("GraphqlRoute.layer", () => {
  it.effect("stands in the list of routes", () =>
    Effect.gen(function*() {
      const { body } = yield* server.get("/tasker/", { accept: "application/json" })
      assert.deepStrictEqual(
        body.routes.filter(({ path }: any) => path === "/tasker/graphql").map(({ method }: any) => method).toSorted(),
        ["GET", "POST"]
      )
    }).pipe(Effect.provide(graphql.layer(tasks))))

  it("refuses limits that are none, and two tasks of one name", () => {
    const Other = Task.make("hang", { input: Hang.input, steps: Hang.steps, namespace: "other" })
    assert.throws(() => GraphqlRoute.layer({ tasks: [Hang, Other] }), RangeError, "two tasks have the name \"hang\"")
    for (const value of [0, -1, 1.5, Number.NaN, Infinity]) {
      assert.throws(() => GraphqlRoute.layer({ maximumCost: value }), RangeError, "maximumCost")
    }
  })

  it.effect("gives a run the services that its layer has", () =>
    Effect.gen(function*() {
      yield* ask("mutation { createTask(input: { name: \"look\", context: {} }) { task { id } } }", {}, {
        "x-correlation-id": "req-2"
      })
      assert.strictEqual(yield* Seen.use(({ id }) => Deferred.await(id)), "req-2")
    }).pipe(Effect.provide(graphql.layer([Look]).pipe(Layer.provideMerge(Seen.layer)))))

  const withStore = (store: object) =>
    server.serve(GraphqlRoute.layer().pipe(Layer.provide(Layer.mock(TaskStore)(store as never)))).pipe(
      Layer.provideMerge(TestTelemetry.whole({ execution: { storeTimeout: "20 millis" } }))
    )
  const asked = (query: string) => server.post("/graphql", { query })

  it.live("answers 503 if the store fails, and its log says why", () =>
    Effect.gen(function*() {
      const answer = yield* asked("{ tasks { cursor } }")
      assert.deepStrictEqual([answer.status, codesOf(answer)], [503, ["task_store_failed"]])
      assert.notInclude(answer.text, "hunter2")
      const partly = yield* asked("{ tasks { cursor } __typename }")
      assert.deepStrictEqual([partly.status, partly.body.data], [200, { tasks: null, __typename: "Query" }])
    }).pipe(Effect.provide(withStore({ search: () => Effect.die(new Error("hunter2")) }))))

  it.effect("says nothing about a defect but in the log", () =>
    Effect.gen(function*() {
      const task = {
        get id(): string {
          throw new Error("connection to 10.0.0.7 lost")
        }
      }
      const answer = yield* asked("{ tasks { cursor } }").pipe(
        Effect.provide(withStore({ search: () => Effect.succeed({ tasks: [task], cursor: undefined }) }))
      )
      assert.deepStrictEqual([answer.status, codesOf(answer)], [200, ["internal_error"]])
      assert.notInclude(answer.text, "10.0.0.7")
    }))
})

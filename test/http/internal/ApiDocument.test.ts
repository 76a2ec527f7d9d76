/**
 * The OpenAPI document of a running service: it is valid, complete, and what it says about tokens is so.
 */
import { assert, describe, it } from "@effect/vitest"
import { Validator } from "@seriousme/openapi-schema-validator"
import { Effect } from "effect"
import { scopes } from "../../../src/config/internal/httpTokens.ts"
import type * as TelemetryConfig from "../../../src/config/TelemetryConfig.ts"
import * as ExpositionFormats from "../../../src/http/internal/ExpositionFormats.ts"
import * as graphql from "../graphql.ts"
import * as server from "../server.ts"
import { ProcessOrder } from "../tasks.ts"

const tasks = [ProcessOrder] as const
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

/** One token for each scope: the scope is its name. */
const tokens = scopes.map((scope) => ({ token: scope, scopes: [scope] }))

interface Operation {
  readonly method: string
  /** The path with an id in place of each parameter, and with a document for GraphQL. */
  readonly path: string
  readonly template: string
  readonly security: ReadonlyArray<Readonly<Record<string, ReadonlyArray<string>>>>
  readonly responses: Readonly<Record<string, any>>
  readonly summary?: string
  readonly parameters: ReadonlyArray<{ readonly name: string; readonly in: string }>
}

const runs = "{ tasks { cursor } }"

const operations = Effect.map(
  server.get("/tasker/openapi.json", bearer("api:read")),
  ({ body }) =>
    Object.entries<any>(body.paths).flatMap(([template, item]) =>
      Object.entries<any>(item).map(([method, operation]): Operation => ({
        ...operation,
        method: method.toUpperCase(),
        template,
        path: template.replace(/\{\w+\}/g, "some-id").replace(/\/graphql$/, `$&?query=${encodeURIComponent(runs)}`)
      }))
    )
)

const scopesOf = ({ security }: Operation) => security.flatMap(({ bearer = [] }) => bearer)

const options: TelemetryConfig.Options = { http: { tokens, authRequired: true } }

describe("GET /openapi.json", () => {
  it.effect("is valid OpenAPI 3.1", () =>
    Effect.gen(function*() {
      const { body, headers, status } = yield* server.get("/tasker/openapi.json")
      assert.deepStrictEqual([status, headers["content-type"]], [200, "application/json"])
      const validator = new Validator()
      const { errors, valid } = yield* Effect.promise(() => validator.validate(structuredClone(body)))
      assert.deepStrictEqual([valid, errors ?? []], [true, []])
      assert.strictEqual(validator.version, "3.1")
      assert.strictEqual((yield* Effect.promise(() => new Validator().validate({ ...body, paths: 1 }))).valid, false)
    }).pipe(Effect.provide(graphql.layer(tasks))))

  it.effect("has every route of the list, with its meaning, and its title and version from the service", () =>
    Effect.gen(function*() {
      const { body } = yield* server.get("/tasker/")
      const found = yield* operations
      const named = (method: string, path: string) => `${method} ${path.replace(/:(\w+)/g, "{$1}").replace(/\/$/, "")}`
      assert.deepStrictEqual(
        found.map(({ method, summary, template }) => `${named(method, template)} ${summary}`).toSorted(),
        body.routes.map(({ about, method, path }: any) => `${named(method, path)} ${about}`).toSorted()
      )
      const { info } = (yield* server.get("/tasker/openapi.json")).body
      assert.deepStrictEqual([info.title, info.version], ["shop", "2.1.0"])
    }).pipe(Effect.provide(graphql.layer(tasks, { service: { name: "shop", version: "2.1.0" } }))))

  it.effect("knows the formats of the metrics, parameters of searches, and the schemas by their names", () =>
    Effect.gen(function*() {
      const found = yield* operations
      const of = (method: string, path: string) =>
        found.find((operation) => operation.method === method && operation.template === path)
      assert.deepStrictEqual(
        Object.keys(of("GET", "/tasker/metrics")?.responses["200"].content).toSorted(),
        ExpositionFormats.formats.map(({ contentType }) => contentType).toSorted()
      )
      assert.includeMembers(
        of("GET", "/tasker/tasks")?.parameters.map(({ in: place, name }) => `${place} ${name}`) ?? [],
        ["query task", "query tag", "query sort", "query cursor"]
      )
      assert.deepStrictEqual(of("GET", "/tasker/tasks/{id}")?.parameters.map(({ name }) => name), ["id"])
      const { body } = yield* server.get("/tasker/openapi.json")
      const names = Object.keys(body.components.schemas)
      assert.includeMembers(names, ["Refusal", "Task", "TaskWithSteps", "Step", "LevelChange", "Ready", "Status"])
      assert.deepStrictEqual(names.filter((name) => /\d$/.test(name)), [])
    }).pipe(Effect.provide(graphql.layer(tasks))))

  it.effect("says which routes everyone may use, as the options make them", () =>
    Effect.gen(function*() {
      const open = (yield* operations).filter(({ security }) =>
        security.length === 0 || security.some((requirement) => Object.keys(requirement).length === 0)
      )
      assert.include(open.map(({ path }) => path), "/tasker/metrics")
      for (const { method, path } of open.filter(({ path }) => path !== "/tasker/events")) {
        assert.notInclude([401, 403], (yield* server.send(method, path)).status, path)
      }
    }).pipe(Effect.provide(graphql.layer(tasks, { http: { token: "t" } }))))
})

/** The schemas of an answer, by their names. */
const schemasOf = ({ responses }: Operation, status: number): ReadonlyArray<string> => {
  const { schema } = responses[status].content["application/json"]
  return (schema.anyOf ?? [schema]).map(({ $ref }: any) => $ref.replace("#/components/schemas/", "")).toSorted()
}

describe("POST and GET /graphql in the document", () => {
  const found = Effect.map(operations, (all) => all.filter(({ template }) => template === "/tasker/graphql"))

  it.effect("need a token of the routes of tasks where reading needs it", () =>
    Effect.gen(function*() {
      const security = (yield* found).map(({ method, security }) => [method, security])
      assert.deepStrictEqual(security, [
        ["GET", [{ bearer: ["tasks:read"] }]],
        ["POST", [{ bearer: ["tasks:read"] }, { bearer: ["tasks:write"] }]]
      ])
      const { text } = yield* server.get("/tasker/docs", bearer("api:read"))
      assert.include(text, "Needs a token with the scope tasks:read or tasks:write.")
    }).pipe(Effect.provide(graphql.layer(tasks, options))))

  it.effect("need none where everyone may read", () =>
    Effect.gen(function*() {
      for (const { security } of yield* found) assert.deepStrictEqual(security[0], {})
    }).pipe(Effect.provide(graphql.layer(tasks, { http: { token: "t" } }))))

  it.effect("have the answers of documents that did not run beside the refusals of all routes", () =>
    Effect.gen(function*() {
      const [get, post] = yield* found
      assert.isOk(get)
      assert.isOk(post)
      const both = ["GraphqlErrors", "Refusal"]
      for (const status of [400, 401, 403, 503]) assert.deepStrictEqual(schemasOf(get, status), both, `GET ${status}`)
      for (const status of [400, 401, 403, 429, 503]) {
        assert.deepStrictEqual(schemasOf(post, status), both, `POST ${status}`)
      }
      assert.notProperty(get.responses, "429")
      assert.deepStrictEqual(schemasOf(get, 405), ["Refusal"])
    }).pipe(Effect.provide(graphql.layer(tasks, options))))
})

describe("every protected route of the document", () => {
  it.effect("refuses requests without a token, with a wrong one, and with one for another scope", () =>
    Effect.gen(function*() {
      const all = yield* operations
      const isProtected = ({ security }: Operation) => security.length > 0
      assert.deepStrictEqual(all.filter((operation) => !isProtected(operation)).map(({ path }) => path), [
        "/tasker/health/live",
        "/tasker/health/ready"
      ])
      for (const operation of all.filter(isProtected)) {
        const { method, path, responses } = operation
        const name = `${method} ${path}`
        const needed = scopesOf(operation)
        const [scope = ""] = needed
        assert.lengthOf(needed, name.startsWith("POST /tasker/graphql") ? 2 : 1, name)
        // 503 is for an authorizer of the program that fails.
        assert.includeMembers(Object.keys(responses), ["401", "403", "503"], name)
        for (const headers of [{}, bearer("wrong"), bearer(`${scope}x`), { authorization: scope }]) {
          const refused = yield* server.send(method, path, { headers })
          assert.deepStrictEqual([refused.status, refused.headers["www-authenticate"]], [401, "Bearer"], name)
        }
        for (const other of scopes.filter((other) => !needed.includes(other))) {
          const refused = yield* server.send(method, path, { headers: bearer(other) })
          const [code = refused.body.error] = graphql.codesOf(refused)
          assert.deepStrictEqual([refused.status, code], [403, "insufficient_scope"], `${name} ${other}`)
        }
        // The stream of events never ends.
        if (path === "/tasker/events") continue
        for (const each of needed) {
          const { status } = yield* server.send(method, path, { headers: bearer(each) })
          assert.notInclude([401, 403, 404, 405, 500], path.includes("some-id") ? 200 : status, `${name} ${each}`)
        }
      }
    }).pipe(Effect.provide(graphql.layer(tasks, options))))

  it.effect("of which some write, refuses requests without a token also where everyone may read", () =>
    Effect.gen(function*() {
      const all = yield* operations
      const writing = all.filter(({ security }) =>
        security.length > 0 && security.every((requirement) => Object.keys(requirement).length > 0)
      )
      assert.isAtLeast(writing.filter(({ method }) => method !== "GET").length, 5)
      assert.deepStrictEqual(all.filter(({ method }) => method !== "GET").filter((one) => !writing.includes(one)), [])
      for (const { method, path } of writing) {
        assert.strictEqual((yield* server.send(method, path)).status, 401, `${method} ${path}`)
      }
    }).pipe(Effect.provide(server.layer(tasks, { http: { tokens } }))))
})

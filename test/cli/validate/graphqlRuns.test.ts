import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schema } from "effect"
import * as Step from "../../../src/workflow/Step.ts"
import * as Task from "../../../src/workflow/Task.ts"
import * as graphql from "../../http/graphql.ts"
import * as server from "../../http/server.ts"
import { order, ProcessOrder } from "../../http/tasks.ts"
import { callWith } from "../../support/cliProgram.ts"

const findings = (task: string, context: unknown, ...more: ReadonlyArray<string>) =>
  Effect.gen(function*() {
    const { host, port } = yield* server.Target
    const url = `http://${host}:${port}/tasker`
    const places = ["--url", url, "--jaeger", "http://127.0.0.1:9", "--prometheus", "http://127.0.0.1:9"]
    const work = ["--task", task, "--context", JSON.stringify(context), "--within", "1"]
    const { out } = yield* callWith({}, "validate", "e2e", "--json", ...places, ...work, ...more)
    const report: ReadonlyArray<{ readonly check: string; readonly outcome: string; readonly found: string }> =
      JSON.parse(out).findings
    const lines = report.map(({ check, found, outcome }) => `${outcome} ${check}: ${found}`)
    return lines.filter((line) => / (?:GraphQL|runs): /.test(line))
  })

describe("validate e2e", () => {
  it.live("starts every second run by GraphQL where the service has the route", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* findings("process_order", order, "--count", "5"), [
        "ok GraphQL: 2 of 5 runs are started by createTask at /graphql",
        "ok runs: 5 runs of process_order have ended: 5 complete"
      ])
      assert.lengthOf((yield* server.get("/tasker/tasks")).body.tasks, 5)
    }).pipe(Effect.provide(graphql.layer([ProcessOrder]))))

  it.live("says where no run starts by GraphQL, and why", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* findings("process_order", order, "--count", "2"), [
        "skipped GraphQL: the service has no route /graphql; see GraphqlRoute.layer",
        "ok runs: 2 runs of process_order have ended: 2 complete"
      ])
    }).pipe(Effect.provide(server.layer([ProcessOrder]))))

  it.live("starts a single run by POST /tasks", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(yield* findings("process_order", order, "--count", "1"), [
        "skipped GraphQL: a single run is started by POST /tasks",
        "ok runs: 1 runs of process_order have ended: 1 complete"
      ])
    }).pipe(Effect.provide(graphql.layer([ProcessOrder]))))

  it.live("says what GraphQL refuses", () => {
    let starts = 0
    // The input of the second run is refused.
    const Twice = Task.make("twice", {
      input: Schema.Struct({}).check(Schema.makeFilter(() => ++starts < 2 || "Expected one start")),
      steps: [Step.make("once", { run: () => Effect.void })]
    })
    return Effect.gen(function*() {
      const [, runs] = yield* findings("twice", {}, "--count", "2", "--concurrency", "1")
      assert.match(runs ?? "", /^failed runs: 1 did not: \S+\/graphql: correct what the issues name/)
    }).pipe(Effect.provide(graphql.layer([Twice]).pipe(Layer.fresh)))
  })
})

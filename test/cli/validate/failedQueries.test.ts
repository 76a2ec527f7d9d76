import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import * as server from "../../http/server.ts"
import { order, ProcessOrder } from "../../http/tasks.ts"
import { callWith } from "../../support/cliProgram.ts"

const addressOf = Effect.map(server.Target, ({ host, port }) => `http://${host}:${port}`)

const json = (path: `/${string}`, body: unknown, status = 200) =>
  HttpRouter.add("GET", path, HttpServerResponse.jsonUnsafe(body, { status }))

/** Scrapes the service, and answers no query. */
const prometheus = (scrapeUrl: string) =>
  server.serve(Layer.mergeAll(
    json("/-/healthy", "ok"),
    json("/api/v1/targets", {
      status: "success",
      data: {
        activeTargets: [{ labels: { job: "j", instance: "i" }, scrapeUrl, lastError: "", lastScrape: "", health: "up" }]
      }
    }),
    json("/api/v1/*", { status: "error", error: "overloaded" }, 503)
  ))

const validate = (command: string) =>
  Effect.gen(function*() {
    const address = yield* addressOf
    const args = ["--json", "--url", `${address}/tasker`, "--task", "process_order", "--context", JSON.stringify(order)]
    const limits = ["--jaeger", "http://127.0.0.1:9", "--within", "1", "--count", "1"]
    const { out } = yield* Effect.flatMap(
      addressOf,
      (place) => callWith({}, "validate", command, "--prometheus", place, ...args, ...limits)
    ).pipe(Effect.provide(prometheus(`${address}/tasker/metrics`), { local: true }))
    const findings: ReadonlyArray<{ readonly check: string; readonly outcome: string; readonly found: string }> =
      JSON.parse(out).findings
    return findings.map(({ check, found, outcome }) => `${outcome} ${check}: ${found}`)
  }).pipe(Effect.provide(server.layer([ProcessOrder])))

describe("a query that fails", () => {
  it.live("is a finding of validate e2e", () =>
    Effect.gen(function*() {
      const findings = yield* validate("e2e")
      assert.includeMembers(findings, ["failed stored metrics: overloaded", "failed stored counters: overloaded"])
    }))

  it.live("is a finding of validate performance, which checks the endpoint, too", () =>
    Effect.gen(function*() {
      const findings = yield* validate("performance")
      assert.include(findings, "failed stored metrics: overloaded")
      assert.isTrue(findings.some((finding) => finding.startsWith("ok endpoint: ")), findings.join("\n"))
      assert.isTrue(findings.some((finding) => finding.startsWith("skipped percentiles: ")), findings.join("\n"))
    }))
})

/**
 * D34: the original's validators looked at spans that they had made by hand, and asked Prometheus for its own metrics. So
 * they passed where no span and no metric of Tasker had arrived.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import * as server from "../http/server.ts"
import { order, ProcessOrder } from "../http/tasks.ts"
import { callWith } from "../support/cliProgram.ts"

const json = (method: "GET" | "POST", path: `/${string}`, body: unknown) =>
  HttpRouter.add(method, path, HttpServerResponse.jsonUnsafe(body))

const addressOf = Effect.map(server.Target, ({ host, port }) => `http://${host}:${port}`)

/** Takes every span, and has those of the original's validator: a root and its children, made by hand. */
const Jaeger = server.serve(Layer.mergeAll(
  json("POST", "/v1/traces", {}),
  json("GET", "/api/v3/services", { services: ["tasker"] }),
  json("GET", "/api/v3/traces/:id", {
    result: {
      resourceSpans: [{
        resource: { attributes: [{ key: "service.name", value: { stringValue: "tasker" } }] },
        scopeSpans: [{
          spans: ["jaeger_validation_linear", "step_validate_input", "step_process_data", "step_generate_output"].map(
            (name, index) => ({
              traceId: "1".repeat(32),
              spanId: String(index + 1).repeat(16),
              ...(index === 0 ? {} : { parentSpanId: "1".repeat(16) }),
              name,
              startTimeUnixNano: "1",
              endTimeUnixNano: "2"
            })
          )
        }]
      }]
    }
  })
))

/** Scrapes the service, answers every query, and has no metric of it. */
const prometheus = (scrapeUrl: string) =>
  server.serve(Layer.mergeAll(
    json("GET", "/-/healthy", "ok"),
    json("GET", "/api/v1/rules", { status: "success", data: { groups: [] } }),
    json("GET", "/api/v1/targets", {
      status: "success",
      data: {
        activeTargets: [{
          labels: { job: "tasker-metrics", instance: "i" },
          scrapeUrl,
          lastError: "",
          lastScrape: "",
          health: "up"
        }]
      }
    }),
    json("GET", "/api/v1/query", {
      status: "success",
      data: { resultType: "vector", result: [{ metric: { __name__: "up" }, value: [1, "1"] }] }
    })
  ))

const failures = (out: string): ReadonlyArray<string> =>
  JSON.parse(out).findings.flatMap((finding: { outcome: string; check: string }) =>
    finding.outcome === "failed" ? [finding.check] : []
  )

describe("D34", () => {
  it.live("spans that others have made are not those of the patterns", () =>
    Effect.gen(function*() {
      const address = yield* addressOf
      const { code, out } = yield* callWith(
        {},
        "validate",
        "traces",
        "--json",
        "--jaeger",
        address,
        "--endpoint",
        address,
        "--within",
        "1"
      )
      assert.strictEqual(code, 6)
      assert.includeMembers([...failures(out)], [
        "linear: trace",
        "diamond: trace",
        "parallel: trace",
        "operation step.processed"
      ])
    }).pipe(Effect.provide(Jaeger)))

  it.live("a Prometheus that answers every query but has no metric of the service is not enough", () =>
    Effect.gen(function*() {
      const address = yield* addressOf
      yield* server.post("/tasker/tasks", { name: "process_order", context: order })
      const { code, out } = yield* Effect.flatMap(
        addressOf,
        (place) =>
          callWith(
            {},
            "validate",
            "metrics",
            "--json",
            "--url",
            `${address}/tasker`,
            "--prometheus",
            place,
            "--within",
            "1"
          )
      ).pipe(
        Effect.provide(prometheus(`${address}/tasker/metrics`), { local: true })
      )
      assert.strictEqual(code, 6)
      assert.includeMembers([...failures(out)], ["stored metrics", "values"])
    }).pipe(Effect.provide(server.layer([ProcessOrder]))))
})

import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import * as server from "../../http/server.ts"
import { callWith } from "../../support/cliProgram.ts"

const places = server.serve(Layer.mergeAll(
  HttpRouter.add("GET", "/api/v3/services", HttpServerResponse.jsonUnsafe({ services: [] })),
  HttpRouter.add("GET", "/api/v3/traces/:id", HttpServerResponse.jsonUnsafe({ result: { resourceSpans: [] } })),
  HttpRouter.add("POST", "/v1/traces", HttpServerResponse.empty({ status: 401 }))
))

describe("validate traces", () => {
  it.live.each([["--json"], []])(
    "does not print a key in the query of the receiver %j",
    (flags) =>
      Effect.gen(function*() {
        const address = yield* Effect.map(server.Target, ({ host, port }) => `http://${host}:${port}`)
        const endpoint = `${address}/?api-key=secret`
        const args = ["--jaeger", address, "--endpoint", endpoint, "--within", "1", ...flags]
        const { code, error, out } = yield* callWith({}, "validate", "traces", ...args)
        assert.strictEqual(code, 6)
        assert.include(out, `spans go to ${address}`)
        assert.include(out, `start the receiver at ${address}`)
        assert.notInclude(out + error, "secret")
      }).pipe(Effect.provide(places))
  )
})

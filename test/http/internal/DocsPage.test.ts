import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { createHash } from "node:crypto"
import { style } from "../../../src/http/internal/html.ts"
import * as server from "../server.ts"

describe("GET /docs", () => {
  it.effect("shows every route and schema of the document", () =>
    Effect.gen(function*() {
      const { body } = yield* server.get("/tasker/openapi.json")
      const page = yield* server.get("/tasker/docs")
      assert.deepStrictEqual([page.status, page.headers["content-type"]], [200, "text/html; charset=utf-8"])
      for (const [path, item] of Object.entries<any>(body.paths)) {
        assert.include(page.text, `<code>${path}</code>`)
        for (const { operationId } of Object.values<any>(item)) assert.include(page.text, `id="${operationId}"`)
      }
      for (const name of Object.keys(body.components.schemas)) assert.include(page.text, `id="schema-${name}"`)
      const targets = Array.from(page.text.matchAll(/href="#([^"]+)"/g), ([, id]) => id)
      for (const id of new Set(targets)) assert.include(page.text, `id="${id}"`)
    }).pipe(Effect.provide(server.layer([]))))

  it.effect("runs nothing, and asks for nothing of another place", () =>
    Effect.gen(function*() {
      const { headers, text } = yield* server.get("/tasker/docs")
      assert.notMatch(text, /<script|\son\w+=|src=|url\(|@import|style="/)
      const addresses = Array.from(text.matchAll(/href="([^"]*)"/g), ([, address]) => address)
      assert.deepStrictEqual(
        addresses.filter((address) => !/^(?:#|data:,$|\/tasker\/openapi\.json$)/.test(address ?? "")),
        []
      )
      const hash = createHash("sha256").update(style).digest("base64")
      assert.strictEqual(
        headers["content-security-policy"],
        `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'; ` +
          "frame-ancestors 'none'"
      )
    }).pipe(Effect.provide(server.layer([]))))

  it.effect("escapes the name of the service", () =>
    Effect.gen(function*() {
      const { text } = yield* server.get("/tasker/docs")
      assert.include(text, "<h1>a &lt;b&gt; &amp; &quot;c&quot;</h1>")
      assert.notInclude(text, "<b>")
    }).pipe(Effect.provide(server.layer([], { service: { name: "a <b> & \"c\"" } }))))
})

import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as FetchTransport from "../../src/delivery/FetchTransport.ts"
import { connect, suite } from "./TransportTest.ts"

const layer = FetchTransport.layer((url, init) => fetch(url, init))

suite("FetchTransport", layer)

describe("FetchTransport", () => {
  it.effect.each(["certificate", "clientKey", "clientCertificate"] as const)(
    "refuses the option %s, which fetch has no place for",
    (name) =>
      Effect.gen(function*() {
        const error = yield* Effect.flip(connect({ endpoint: "https://c", traces: { [name]: "/etc/x.pem" } }))
        assert.strictEqual(
          error.message,
          `delivery.traces.${name}: fetch cannot use certificates of its caller; remove the option`
        )
      }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.effect("knows a redirect whose address the runtime hides", () =>
    Effect.gen(function*() {
      const post = yield* connect({ endpoint: "http://c" })
      const { header, status } = yield* post(new Uint8Array(), "http/protobuf")
      assert.deepStrictEqual([status, header("location")], [302, undefined])
    }).pipe(
      Effect.scoped,
      Effect.provide(FetchTransport.layer(() =>
        Promise.resolve(Object.defineProperty(Response.error(), "type", { value: "opaqueredirect" }))
      ))
    ))
})

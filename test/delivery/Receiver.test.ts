import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import * as Receiver from "../../src/delivery/Receiver.ts"

const receiver = (delivery: TelemetryConfig.Options["delivery"], signal: Receiver.Signal = "spans") =>
  Effect.map(TelemetryConfig.make({ delivery }), (config) => Receiver.of(config, signal))

describe("Receiver", () => {
  it.effect("is none without an address", () =>
    Effect.gen(function*() {
      assert.isUndefined(yield* receiver({}))
      assert.isUndefined(yield* receiver({ metrics: { endpoint: "http://c/v1/metrics" } }))
    }))

  it.effect.each(
    [
      ["http://c:4318", "http://c:4318/v1/traces", "http://c:4318/v1/metrics"],
      ["http://c:4318/", "http://c:4318/v1/traces", "http://c:4318/v1/metrics"],
      ["https://c/base//", "https://c/base/v1/traces", "https://c/base/v1/metrics"],
      ["http://c/base?key=a/b/", "http://c/base/v1/traces?key=a/b/", "http://c/base/v1/metrics?key=a/b/"]
    ] as const
  )("adds the path of the signal to the base address %s", ([endpoint, traces, metrics]) =>
    Effect.gen(function*() {
      assert.strictEqual((yield* receiver({ endpoint }))?.url, traces)
      assert.strictEqual((yield* receiver({ endpoint }, "metrics"))?.url, metrics)
    }))

  it.effect("takes the address of a signal as it is", () =>
    Effect.gen(function*() {
      const found = yield* receiver({ endpoint: "http://c:4318", traces: { endpoint: "http://d/x?k=1" } })
      assert.strictEqual(found?.url, "http://d/x?k=1")
    }))

  it.effect("takes each option of the signal in place of the general one, and headers all together", () =>
    Effect.gen(function*() {
      const general = {
        endpoint: "http://c",
        headers: { "X-Key": "all", "x-other": "all" },
        timeout: "1 second",
        compression: "gzip",
        certificate: "/ca",
        clientKey: "/key"
      } as const
      const found = yield* receiver({
        ...general,
        traces: { headers: { "x-key": "own" }, timeout: "2 seconds", compression: "none", clientKey: "/own" }
      })
      assert.deepStrictEqual(
        [found?.headers, Duration.toMillis(found!.timeout), found?.compression, found?.files],
        [
          { "x-key": "own" },
          2000,
          "none",
          { certificate: "/ca", clientKey: "/own", clientCertificate: undefined }
        ]
      )
      assert.deepStrictEqual([found?.optionOf("certificate"), found?.optionOf("clientKey")], [
        "delivery.certificate",
        "delivery.traces.clientKey"
      ])
      const other = yield* receiver(general, "metrics")
      assert.deepStrictEqual([other?.headers, other?.compression], [{ "x-key": "all", "x-other": "all" }, "gzip"])
    }))

  it.effect("leaves out headers that say how the body is sent", () =>
    Effect.gen(function*() {
      const headers = { "Content-Type": "text/plain", "content-LENGTH": "3", "x-key": "k" }
      const found = yield* receiver({ endpoint: "http://c", headers })
      assert.deepStrictEqual([found?.headers, found?.ignoredHeaders], [
        { "x-key": "k" },
        ["content-type", "content-length"]
      ])
    }))

  it.effect("shows no query and no fragment", () =>
    Effect.gen(function*() {
      const found = yield* receiver({ traces: { endpoint: "http://c/x?key=hunter2#y" } })
      assert.strictEqual(Receiver.shownUrl(found!), "http://c/x")
    }))
})

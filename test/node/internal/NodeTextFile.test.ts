import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, FileSystem, Layer, Logger } from "effect"
import { writeFileSync } from "node:fs"
import { LogDestination, Telemetry } from "tasker-telemetry"
import * as NodeTextFile from "../../../src/node/internal/NodeTextFile.ts"
import * as otlpDecoder from "../../support/otlpDecoder.ts"
import { OtlpReceiver } from "../../support/otlpReceiver.ts"
import { temporaryFile } from "../../support/temporaryFile.ts"

describe("NodeTextFile", () => {
  it.effect("says why a file cannot be read", () =>
    Effect.gen(function*() {
      const files = yield* FileSystem.FileSystem
      const reasonOf = (path: string) =>
        Effect.map(Effect.flip(files.readFileString(path)), ({ reason }) => reason._tag)
      assert.deepStrictEqual(
        [yield* reasonOf("/no/such/file"), yield* reasonOf("/"), yield* reasonOf("a\u0000b")],
        ["NotFound", "BadResource", "Unknown"]
      )
    }).pipe(Effect.provide(NodeTextFile.layer)))

  it.effect("lets a file configure a whole program", () =>
    Effect.gen(function*() {
      const { received, url } = yield* OtlpReceiver
      const path = yield* temporaryFile
      writeFileSync(
        path,
        `
file_format: "1.1"
resource:
  attributes: [{ name: service.name, value: "\${NAME:-shop}" }]
tracer_provider:
  processors: [{ batch: { exporter: { otlp_http: { endpoint: "${url}/v1/traces" } } } }]
  id_generator: { random: }
`
      )
      const lines: Array<string> = []
      yield* Effect.withSpan(Effect.void, "work").pipe(
        Effect.provide(Layer.provide(
          Telemetry.layerConfig({}, { logDestination: LogDestination.layer((line) => void lines.push(line)) }),
          ConfigProvider.layer(ConfigProvider.fromEnv({ env: { OTEL_CONFIG_FILE: path } }))
        ))
      )
      const decoded = received.map(({ body }) => otlpDecoder.decode(body))
      assert.deepStrictEqual(
        decoded.map(({ resource, spans }) => [resource["service.name"], "host.name" in resource, spans.length]),
        [["shop", false, 1]]
      )
      assert.deepStrictEqual(lines.map((line) => (JSON.parse(line) as { readonly message: string }).message), [
        "OTEL_CONFIG_FILE: tracer_provider.id_generator is not supported and is ignored"
      ])
    }).pipe(Effect.provide(Layer.merge(OtlpReceiver.layer, Logger.layer([])))))
})

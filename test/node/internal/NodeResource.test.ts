import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer } from "effect"
import { readFileSync } from "node:fs"
import { hostname } from "node:os"
import { Worker } from "node:worker_threads"
import * as TelemetryConfig from "../../../src/config/TelemetryConfig.ts"
import * as resource from "../../../src/delivery/resource.ts"
import { packageVersion } from "../../../src/internal/packageVersion.ts"
import * as NodeResource from "../../../src/node/internal/NodeResource.ts"

const detected = (env: Readonly<Record<string, string>> = {}, options: TelemetryConfig.Options = {}) =>
  TelemetryConfig.load(options).pipe(
    Effect.flatMap(({ config }) =>
      resource.current.pipe(
        Effect.provide(Layer.provideMerge(NodeResource.layer, Layer.succeed(TelemetryConfig.Current, config)), {
          local: true
        })
      )
    ),
    Effect.map(({ attributes, name, version }) => ({
      ...attributes,
      "service.name": name,
      "service.version": version
    })),
    Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnv({ env }))),
    Effect.map((all): Readonly<Record<string, unknown>> => all)
  )

describe("NodeResource", () => {
  it.effect("detects this process", () =>
    Effect.gen(function*() {
      const found = yield* detected()
      assert.deepStrictEqual(
        [found["host.name"], found["process.pid"], found["process.executable.path"], found["process.runtime.name"]],
        [hostname(), process.pid, process.execPath, "nodejs"]
      )
      assert.isFalse("process.command_args" in found)
    }))

  it.effect("gives layers and worker threads of a process one id", () =>
    Effect.gen(function*() {
      const id = (yield* detected())["service.instance.id"]
      assert.match(id as string, /^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
      assert.strictEqual((yield* detected({}, { service: { detectors: [] } }))["service.instance.id"], id)
      const origin = yield* Effect.callback<number>((resume) => {
        const worker = new Worker("require('worker_threads').parentPort.postMessage(performance.timeOrigin)", {
          eval: true
        })
        worker.once("message", (origin: number) => resume(Effect.succeed(origin)))
      })
      assert.strictEqual(origin, performance.timeOrigin)
    }))

  it.effect("prefers configured attributes to detected ones, and OTEL_SERVICE_NAME to both", () =>
    Effect.gen(function*() {
      const found = yield* detected({
        OTEL_SERVICE_NAME: "shop",
        OTEL_RESOURCE_ATTRIBUTES: "service.name=other,host.name=named,service.instance.id=mine,k8s.pod.name=p",
        KUBERNETES_SERVICE_HOST: "10.0.0.1",
        POD_NAME: "web-0",
        NODE_NAME: "node-1"
      })
      assert.deepStrictEqual(
        ["service.name", "host.name", "service.instance.id", "k8s.pod.name", "k8s.node.name"].map((key) => found[key]),
        ["shop", "named", "mine", "p", "node-1"]
      )
    }))

  it.effect("masks secrets of what it detects", () =>
    Effect.gen(function*() {
      const found = yield* detected({ KUBERNETES_SERVICE_HOST: "10.0.0.1", POD_NAME: "password=hunter2" })
      assert.strictEqual(found["k8s.pod.name"], "password=[FILTERED]")
    }))

  it("has the version of the package", () => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { readonly version: string }
    assert.strictEqual(packageVersion, version)
  })
})

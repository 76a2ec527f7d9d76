import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { ExporterRegistry } from "../../src/export/ExporterRegistry.ts"
import type { MetricExporter } from "../../src/export/MetricExporter.ts"
import * as NodeExporterModules from "../../src/node/NodeExporterModules.ts"
import * as exports from "../support/exports.ts"
import { temporaryFolder } from "../support/temporaryFile.ts"

const layer = exports.layer().pipe(Layer.provide(NodeExporterModules.layer))

/** A module that needs no other one. It counts how often it is run. */
const moduleOf = (name: string) =>
  `globalThis.runs = { ...globalThis.runs, ${name}: (globalThis.runs?.${name} ?? 0) + 1 }
export default { name: "${name}", version: "2.0.0", description: "From a file.", formats: ["${name}"],
  export: () => { throw new Error("not called") } }
`

describe("the registry", () => {
  it.effect("has the exporters of the library, and finds them by their formats in letters of any case", () =>
    Effect.gen(function*() {
      const registry = yield* ExporterRegistry
      assert.deepStrictEqual(yield* registry.formats, [
        "csv",
        "json",
        "openmetrics",
        "otlp",
        "otlp_json",
        "prometheus"
      ])
      assert.deepStrictEqual((yield* registry.find("JSON")).map(({ name }) => name), ["json"])
      assert.deepStrictEqual(yield* registry.find("xml"), [])
      assert.deepStrictEqual((yield* registry.list).map(({ isBuiltIn }) => isBuiltIn), Array(5).fill(true))
      assert.deepStrictEqual(yield* exports.eventNames, [])
    }).pipe(Effect.provide(layer)))

  it.effect("tries the exporters of a program before its own", () =>
    Effect.gen(function*() {
      const registry = yield* ExporterRegistry
      yield* registry.register(exports.exporter("first", [], { formats: ["Json", "plain"] }))
      yield* registry.register(exports.exporter("second", [], { formats: ["JSON"] }))
      assert.deepStrictEqual((yield* registry.find("json")).map(({ name }) => name), ["first", "second", "json"])
      const { exportersByFormat, ...numbers } = yield* registry.statistics
      assert.deepStrictEqual(numbers, { createdMillis: 0, exporters: 7, builtIn: 5, formats: 7 })
      assert.deepStrictEqual(exportersByFormat["plain"], ["first"])
    }).pipe(Effect.provide(layer)))

  it.effect("refuses a name that is taken, unless it is to be replaced", () =>
    Effect.gen(function*() {
      const registry = yield* ExporterRegistry
      const [before, after] = [exports.exporter("own"), exports.exporter("own", [], { version: "2.0.0" })]
      yield* registry.register(before)
      const problem = yield* Effect.flip(registry.register(after))
      assert.deepStrictEqual([problem.reason, problem.message], [
        "duplicate",
        "exporter \"own\" is already registered: use another name, or replace: true"
      ])
      yield* registry.register(after, { replace: true })
      assert.strictEqual(yield* registry.get("own"), after)
      assert.strictEqual(
        (yield* Effect.flip(registry.register(exports.exporter("json")))).message,
        "exporter \"json\" is already registered by the library: use another name, or replace: true"
      )
      assert.isTrue(yield* registry.unregister("own"))
      assert.isFalse(yield* registry.unregister("own"))
      assert.deepStrictEqual(yield* exports.eventNames, [
        "plugin_registered",
        "plugin_unregistered",
        "plugin_registered",
        "plugin_unregistered"
      ])
      assert.deepStrictEqual((yield* exports.events)[2]!.payload, {
        exporter: "own",
        version: "2.0.0",
        formats: ["plain"]
      })
      assert.deepStrictEqual(yield* exports.misfits, [])
    }).pipe(Effect.provide(layer)))

  it.effect("says what keeps a value from being an exporter", () =>
    Effect.gen(function*() {
      const registry = yield* ExporterRegistry
      for (
        const [value, message] of [
          [null, "expected an exporter made with MetricExporter.make, got null"],
          [
            { name: "x", version: "1", description: "x", formats: ["x"] },
            "exporter \"x\": expected a function at export, got nothing"
          ]
        ] as const
      ) {
        const problem = yield* Effect.flip(registry.register(value as never as MetricExporter))
        assert.deepStrictEqual([problem.reason, problem.message], ["invalid", message])
      }
    }).pipe(Effect.provide(layer)))
})

describe("discovery", () => {
  it.effect("registers each exporter of a folder, reports each file that has none, and runs no module twice", () =>
    Effect.gen(function*() {
      const folder = yield* temporaryFolder
      const file = (name: string, text: string) => writeFileSync(join(folder, name), text)
      file("a.mjs", moduleOf("alpha"))
      file("b.mjs", moduleOf("beta"))
      file("throws.mjs", "throw new Error(\"no\")")
      file("nothing.mjs", "export const other = 1")
      file("wrong.mjs", "export default { name: \"wrong\" }")
      file("taken.mjs", moduleOf("json"))
      file("types.d.ts", "throw new Error(\"no module\")")
      file("README.md", "no module")
      mkdirSync(join(folder, "inner.mjs"))
      symlinkSync(join(folder, "a.mjs"), join(folder, "c.mjs"))
      const registry = yield* ExporterRegistry
      const named = (file: string) => file.slice(file.lastIndexOf("/") + 1)
      const found = yield* registry.discover(folder)
      assert.deepStrictEqual(found.registered.map(({ exporter, file }) => [named(file), exporter]), [
        ["a.mjs", "alpha"],
        ["b.mjs", "beta"]
      ])
      assert.deepStrictEqual(found.failed.map(({ file, problem }) => [named(file), problem]), [
        ["nothing.mjs", "the module has no default export"],
        ["taken.mjs", "exporter \"json\" is already registered by the library: use another name, or replace: true"],
        ["throws.mjs", "the module cannot be loaded: no"],
        ["wrong.mjs", "exporter \"wrong\": expected a text that is not empty at version, got nothing"]
      ])
      assert.lengthOf((yield* exports.logged).filter((line) => line.startsWith("Warn no exporter comes from ")), 4)
      file("late.mjs", moduleOf("late"))
      const again = yield* registry.discover(folder)
      assert.deepStrictEqual(again.registered.map(({ exporter }) => exporter), ["late"])
      assert.deepStrictEqual([again.failed.length, again.known.length], [0, 6])
      assert.deepStrictEqual((globalThis as { runs?: unknown }).runs, { alpha: 1, beta: 1, json: 1, late: 1 })
      const alpha = (yield* registry.list).find(({ exporter }) => exporter.name === "alpha")
      assert.strictEqual(named(alpha!.file!), "a.mjs")
    }).pipe(Effect.provide(layer)))

  it.effect("fails if the folder cannot be read, or the runtime loads no modules", () =>
    Effect.gen(function*() {
      const discover = ExporterRegistry.use(({ discover }) => discover("/no/such/folder"))
      assert.match(
        (yield* Effect.flip(Effect.provide(discover, layer))).message,
        /^the folder "\/no\/such\/folder" cannot be read: ENOENT/
      )
      assert.strictEqual(
        (yield* Effect.flip(Effect.provide(discover, exports.layer()))).message,
        "modules cannot be loaded: provide NodeExporterModules.layer to the registry"
      )
    }))
})

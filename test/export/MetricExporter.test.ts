import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as MetricExporter from "../../src/export/MetricExporter.ts"

const written = () => Effect.succeed({ contentType: "text/plain", body: "" })

const valid = { name: "vendor", formats: ["vendor"], export: written }

describe("an exporter", () => {
  it("has a version and a description, also if it brings none", () => {
    const exporter = MetricExporter.make(valid)
    assert.deepStrictEqual([exporter.version, exporter.description], ["1.0.0", "vendor exporter"])
  })

  it.each<readonly [options: object, problem: string]>([
    [{ name: "" }, "exporter: expected a text of 1 to 64 letters, digits, _, - and . at name, got \"\""],
    [{ name: "a b" }, "exporter: expected a text of 1 to 64 letters, digits, _, - and . at name, got \"a b\""],
    [{ version: 2 }, "exporter \"vendor\": expected a text that is not empty at version, got 2"],
    [{ description: "" }, "exporter \"vendor\": expected a text that is not empty at description, got \"\""],
    [{ formats: [] }, "exporter \"vendor\": expected a list of at least one format at formats, got []"],
    [
      { formats: ["a", 1] },
      "exporter \"vendor\": expected a text of 1 to 64 letters, digits, _, - and . at formats[1], got 1"
    ],
    [{ export: undefined }, "exporter \"vendor\": expected a function at export, got nothing"],
    [
      { export: (_a: unknown, _b: unknown, _c: unknown) => written() },
      "exporter \"vendor\": expected at most 2 parameters at export, got 3"
    ],
    [{ onCacheSync: "no" }, "exporter \"vendor\": expected a function at onCacheSync, got \"no\""],
    [
      { onExportComplete: (_a: unknown, _b: unknown) => Effect.void },
      "exporter \"vendor\": expected at most 1 parameter at onExportComplete, got 2"
    ]
  ])("is refused with the exact reason: %o", (options, problem) => {
    assert.throws(() => MetricExporter.make({ ...valid, ...options }), RangeError, problem)
  })
})

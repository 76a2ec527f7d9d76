/**
 * Every metric name of the original is accounted for, and every metric of ours stands on the reference page.
 */
import { assert, describe, it } from "@effect/vitest"
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { originalMetrics, temporalMetrics } from "../../docs/generate/originalMetrics.ts"
import * as Conventions from "../../src/Conventions.ts"
import {
  catalog,
  operationCatalog,
  resourceCatalog,
  runtimeCatalog,
  sqlCatalog
} from "../../src/metrics/MetricCatalog.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const page = readFileSync(join(root, "docs/reference/metrics.md"), "utf8")
const all = [...originalMetrics, temporalMetrics].flatMap(({ metrics }) => metrics)

describe("metrics of the original", () => {
  it("are listed once each, by where they are named", () => {
    assert.deepStrictEqual(originalMetrics.map(({ metrics }) => metrics.length), [15, 9, 6, 9, 15, 25])
    const names = all.map(({ name }) => name)
    assert.deepStrictEqual(names, [...new Set(names)])
  })

  it("are carried by metrics that there are, or not with a reason", () => {
    const carried = new Set(all.flatMap(({ by }) => by))
    assert.deepStrictEqual(
      [...carried].filter((name) => !page.includes(`\n| \`${name}\` |`)).map((name) =>
        `docs/generate/originalMetrics.ts says that "${name}" carries a metric of the original, but there is no such metric: name one of docs/reference/metrics.md`
      ),
      []
    )
    assert.deepStrictEqual(
      all.filter(({ by, note }) => by.length === 0 && note === "").map(({ name }) =>
        `metric "${name}" of the original is carried by nothing: say why in docs/generate/originalMetrics.ts`
      ),
      []
    )
  })

  it("are what the aliases of the catalog are called by", () => {
    const aliases = Object.values(catalog).flatMap((entry) => "alias" in entry ? [{ entry, ...entry.alias }] : [])
    assert.lengthOf(aliases, 6)
    for (const { entry, of, original } of aliases) {
      assert.strictEqual(entry.name, `tasker_${original}`)
      assert.include(all.find(({ name }) => name === original)?.by ?? [], entry.name)
      assert.isTrue(Object.values(catalog).some(({ name }) => of.startsWith(`${name}{`)), of)
    }
  })
})

describe("the catalog of metrics", () => {
  it("declares every name of the conventions once", () => {
    const problems = (entries: object, conventions: Readonly<Record<string, string>>, place: string) => {
      const declared = Object.values<{ readonly name: string }>({ ...entries }).map(({ name }) => name)
      const known = Object.values(conventions)
      return [
        ...declared.filter((name) => !known.includes(name)).map((name) =>
          `metric "${name}" is declared, but has no name in Conventions.${place}: add it there, and use it in the declaration`
        ),
        ...known.filter((name) => !declared.includes(name)).map((name) =>
          `metric "${name}" is in Conventions.${place}, but not declared: declare it in src/metrics/internal/catalog`
        ),
        ...declared.filter((name, index) => declared.indexOf(name) !== index).map((name) =>
          `metric "${name}" is declared twice: take one declaration out`
        )
      ]
    }
    assert.deepStrictEqual(problems(catalog, Conventions.MetricName, "MetricName"), [])
    assert.deepStrictEqual(problems(runtimeCatalog, Conventions.RuntimeMetricName, "RuntimeMetricName"), [])
    assert.deepStrictEqual(problems(operationCatalog, Conventions.OperationMetricName, "OperationMetricName"), [])
    assert.deepStrictEqual(problems(sqlCatalog, Conventions.SqlMetricName, "SqlMetricName"), [])
    assert.deepStrictEqual(problems(resourceCatalog, Conventions.ResourceMetricName, "ResourceMetricName"), [])
  })

  it("stands on the reference page, with every other name that the source has", () => {
    const entries = [...Object.values(catalog), ...Object.values(runtimeCatalog), ...Object.values(sqlCatalog)]
    const names = new Set(entries.map(({ name }): string => name))
    for (const path of globSync("src/**/*.ts", { cwd: root })) {
      // Tables of a database have such names, too.
      const found = readFileSync(join(root, path), "utf8").matchAll(
        /(?<![tT]able (?:=|\?\?) )"(tasker_[a-z][a-z0-9_]*)"/g
      )
      for (const [, name = ""] of found) {
        names.add(name)
      }
    }
    assert.isAbove(names.size, 60)
    assert.deepStrictEqual(
      [...names].filter((name) => !page.includes(`\n| \`${name}\` |`)).map((name) =>
        `metric "${name}" is not on docs/reference/metrics.md: run npm run docs:generate`
      ),
      []
    )
  })
})

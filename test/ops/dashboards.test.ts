/**
 * The dashboards are what the catalogs make of them, and show each metric of the catalogs.
 */
import { NodeServices } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import * as CatalogMetric from "../../ops/generate/CatalogMetric.ts"
import { dashboards as specifications } from "../../ops/generate/dashboards.ts"
import { toJson } from "../../ops/generate/grafanaJson.ts"
import { alerts, dashboards, folder, queries, readYaml, recorded } from "./rules.ts"

const catalogs = Effect.provide(CatalogMetric.read, NodeServices.layer)

/** The names of metrics in an expression, without what Prometheus adds to the name of a histogram. */
const namesIn = (expr: string): ReadonlyArray<string> =>
  Array.from(
    expr.replaceAll(/"[^"]*"|\b(?:by|on|ignoring) \([^)]*\)/g, "").matchAll(
      /\b(?:tasker|db_client|nodejs|v8js|process)_\w+/g
    ),
    ([name]) => name.replace(/_(?:bucket|sum|count)$/, "")
  )

describe("the dashboards", () => {
  it.live("are up to date: npm run ops:generate", () =>
    Effect.gen(function*() {
      const generated = specifications(yield* catalogs).map((specification) => [
        specification.uid,
        toJson(specification)
      ])
      assert.deepStrictEqual(dashboards.map(({ uid }) => uid), generated.map(([uid]) => uid!).toSorted())
      for (const [uid, text] of generated) {
        assert.strictEqual(readFileSync(join(folder, `grafana/dashboards/${uid}.json`), "utf8"), text)
      }
    }))

  it.live("show every metric of the catalogs", () =>
    Effect.gen(function*() {
      const shown = new Set(queries.filter(({ of }) => of.startsWith("Tasker / ")).flatMap(({ expr }) => namesIn(expr)))
      const all = Object.values(yield* catalogs).flat().map(({ name }) => name)
      assert.isAbove(all.length, 100)
      assert.deepStrictEqual(all.filter((name) => !shown.has(name)), [])
    }))

  it.live("and the rules name no metric that there is not", () =>
    Effect.gen(function*() {
      const { cluster, operations, resources, runtime, self, slots, sql, steps, tasks } = yield* catalogs
      const known = new Set(
        [...operations, ...resources, ...runtime, ...self, ...slots, ...sql, ...steps, ...tasks, ...cluster].map((
          { name }
        ) => name)
      )
      // They repeat others, and have the type of an error as an attribute.
      for (const name of ["tasker_task_failed_total", "tasker_step_failed_total"]) known.add(name)
      const unknown = queries.flatMap(({ expr, of }) =>
        namesIn(expr).filter((name) => !known.has(name)).map((name) => `${of}: ${name}`)
      )
      assert.deepStrictEqual(unknown, [])
      assert.isAbove(alerts.length + recorded.length, 30)
    }))

  it("have a name of their own and panels that do not overlap", () => {
    for (const { panels, uid } of dashboards) {
      const taken = new Set<string>()
      for (const { gridPos: { h, w, x, y }, title } of panels as ReadonlyArray<any>) {
        for (let row = y; row < y + h; row++) {
          for (let column = x; column < x + w; column++) {
            assert.isFalse(taken.has(`${row} ${column}`), `${uid}: ${title} at ${column}, ${row}`)
            taken.add(`${row} ${column}`)
          }
        }
        assert.isAtMost(x + w, 24, `${uid}: ${title}`)
      }
    }
    assert.lengthOf(new Set(dashboards.map(({ title }) => title)), dashboards.length)
  })

  it("use the data source of the provisioning", () => {
    const { datasources } = readYaml("grafana/provisioning/datasources/tasker.yml")
    const sources = new Set(
      dashboards.flatMap(({ panels }) =>
        (panels as ReadonlyArray<any>).flatMap(({ datasource }) => datasource?.uid ?? [])
      )
    )
    assert.deepStrictEqual([...sources], ["tasker-prometheus"])
    assert.include(datasources.map(({ uid }: any) => uid), "tasker-prometheus")
    const [{ exemplarTraceIdDestinations: [{ datasourceUid }] }] = datasources.map(({ jsonData }: any) => jsonData)
    assert.include(datasources.map(({ uid }: any) => uid), datasourceUid)
  })
})

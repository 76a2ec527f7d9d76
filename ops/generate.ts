/**
 * Writes the dashboards of Grafana from the catalogs. With `--check` it tells whether they are up to date.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import { fileURLToPath } from "node:url"
import * as CatalogMetric from "./generate/CatalogMetric.ts"
import { dashboards } from "./generate/dashboards.ts"
import { toJson } from "./generate/grafanaJson.ts"

const main = Effect.gen(function*() {
  const files = yield* FileSystem.FileSystem
  const check = process.argv.includes("--check")
  const folder = fileURLToPath(new URL("grafana/dashboards", import.meta.url))
  const generated = new Map<string, string>(
    dashboards(yield* CatalogMetric.read).map((spec) => [`${spec.uid}.json`, toJson(spec)])
  )
  yield* files.makeDirectory(folder, { recursive: true })
  const there = yield* files.readDirectory(folder)
  const stale = new Map<string, string | undefined>(
    there.filter((name) => !generated.has(name)).map((name) => [name, undefined])
  )
  for (const [name, text] of generated) {
    const before = there.includes(name) ? yield* files.readFileString(`${folder}/${name}`) : ""
    if (before !== text) stale.set(name, text)
  }
  for (const [name, text] of stale) {
    const path = `ops/grafana/dashboards/${name}`
    if (check) {
      process.exitCode = 1
      yield* Console.error(`${path} is out of date: run npm run ops:generate`)
    } else if (text === undefined) {
      yield* files.remove(`${folder}/${name}`)
      yield* Console.log(`${path} removed`)
    } else {
      yield* files.writeFileString(`${folder}/${name}`, text)
      yield* Console.log(`${path} written`)
    }
  }
})

NodeRuntime.runMain(Effect.provide(main, NodeServices.layer))

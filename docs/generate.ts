/**
 * Writes the generated reference pages; with `--check` it only tells whether
 * they are up to date.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import { fileURLToPath } from "node:url"
import { configPage } from "./generate/configPage.ts"
import { eventsPage } from "./generate/eventsPage.ts"
import { metricsPage } from "./generate/metricsPage.ts"

const pages = {
  "config.md": Effect.succeed(configPage),
  "events.md": Effect.succeed(eventsPage),
  "metrics.md": metricsPage
}

const main = Effect.gen(function*() {
  const files = yield* FileSystem.FileSystem
  const check = process.argv.includes("--check")
  for (const [name, page] of Object.entries(pages)) {
    const text = yield* page
    const file = fileURLToPath(new URL(`reference/${name}`, import.meta.url))
    const before = yield* files.readFileString(file).pipe(Effect.orElseSucceed(() => ""))
    if (before === text) continue
    if (check) {
      process.exitCode = 1
      yield* Console.error(`docs/reference/${name} is out of date: run npm run docs:generate`)
    } else {
      yield* files.writeFileString(file, text)
      yield* Console.log(`docs/reference/${name} written`)
    }
  }
})

NodeRuntime.runMain(Effect.provide(main, NodeServices.layer))

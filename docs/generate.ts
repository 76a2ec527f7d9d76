/**
 * Writes the generated reference pages, and the outputs that programs of other
 * pages print. With `--check` it tells whether the reference pages are up to
 * date; `test/docs.output.test.ts` checks the outputs.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as NodeServices from "@effect/platform-node/NodeServices"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import { globSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { configPage } from "./generate/configPage.ts"
import { eventsPage } from "./generate/eventsPage.ts"
import { metricsPage } from "./generate/metricsPage.ts"
import * as PrintedOutput from "./generate/printedOutput.ts"

const pages = {
  "config.md": Effect.succeed(configPage),
  "events.md": Effect.succeed(eventsPage),
  "metrics.md": metricsPage
}

const root = fileURLToPath(new URL("..", import.meta.url))

/** Runs the programs of a page and puts their outputs into it, from the last to the first, because lines move. */
const withOutputs = Effect.fnUntraced(function*(page: string) {
  let changed = page
  for (const printed of PrintedOutput.find(page).toReversed()) {
    const actual = yield* Effect.promise(() => PrintedOutput.run(page, printed.command))
    if (!PrintedOutput.matches(printed.expected, actual)) changed = PrintedOutput.replace(changed, printed, actual)
  }
  return changed
})

const writeOutputs = Effect.gen(function*() {
  const files = yield* FileSystem.FileSystem
  for (const path of ["README.md", ...globSync("docs/**/*.md", { cwd: root }).toSorted()]) {
    const before = yield* files.readFileString(`${root}${path}`)
    const after = yield* withOutputs(before)
    if (before === after) continue
    yield* files.writeFileString(`${root}${path}`, after)
    yield* Console.log(`${path} written`)
  }
})

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
  if (!check) yield* writeOutputs
})

NodeRuntime.runMain(Effect.provide(main, NodeServices.layer))

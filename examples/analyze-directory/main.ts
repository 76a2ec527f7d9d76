/**
 * `npm run demo -- FOLDER [--all] [--json]`: runs the task once and shows its
 * result and its telemetry.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { parseArgs } from "node:util"
import { Database } from "./Database.ts"
import { DemoError } from "./DemoError.ts"
import { requireFolder } from "./discoverFiles.ts"
import * as RecordedRun from "./RecordedRun.ts"
import { problemOf, Recorder } from "./Recorder.ts"
import { renderRun } from "./renderRun.ts"
import { runProgram, write, writeError } from "./runProgram.ts"

const usage = `Usage: npm run demo -- FOLDER [--all] [--json]

Analyses the files of FOLDER in a task of seven steps and shows the result, the
trace, the metrics, and where the time went.

  --all    enter .git and node_modules, too
  --json   print one JSON document instead

DATABASE_URL names the PostgreSQL that stores the report; by default an embedded
one is started for the time of the run.
`

const parseOptions = Effect.try({
  try: () =>
    parseArgs({
      allowPositionals: true,
      options: {
        all: { type: "boolean", default: false },
        json: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false }
      }
    }),
  catch: (cause) =>
    new DemoError({
      message: `${cause instanceof Error ? cause.message.split(".")[0] : cause}; --help shows the options.`
    })
})

const showProblem = (line: string) => {
  const problem = problemOf(line)
  if (problem !== undefined) writeError(problem)
}

const program = Effect.gen(function*() {
  const { positionals, values } = yield* parseOptions
  if (values.help) return yield* write(usage)
  const [path, ...more] = positionals
  if (path === undefined || more.length > 0) {
    return yield* new DemoError({
      message: "Name one folder, for example this one: npm run demo -- . (--help shows the options)."
    })
  }
  yield* requireFolder(path)
  const recorded = yield* RecordedRun.run({ path, all: values.all }).pipe(
    Effect.provide(Layer.merge(Recorder.layerTelemetry(showProblem), Database.layer))
  )
  // The layers are closed here, so a reader that closes the output leaves nothing behind.
  yield* write(values.json ? `${RecordedRun.toJson(recorded)}\n` : renderRun(recorded))
  if (recorded.problem !== undefined) return yield* new DemoError({ message: recorded.problem })
})

runProgram(program)

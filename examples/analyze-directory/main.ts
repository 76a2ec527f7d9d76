/**
 * `npm run demo -- FOLDER [--all] [--json]`: runs the task once and shows
 * everything that is known about the run.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { parseArgs } from "node:util"
import { Database } from "./Database.ts"
import { DemoError } from "./DemoError.ts"
import { requireFolder } from "./discoverFiles.ts"
import * as Outcome from "./RecordedRun.ts"
import { Recorder } from "./Recorder.ts"
import { render } from "./renderRun.ts"
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

interface LogLine {
  readonly level: string
  readonly message: string
  readonly event?: string
  readonly step_id?: string
  readonly step_name?: string
  readonly error_message?: string
}

/** What a person who waits should see at once: attempts that fail, and trouble outside of the steps. */
const showTrouble = (text: string) => {
  const line = JSON.parse(text) as LogLine
  if (line.event === "step.failed") writeError(`warning: ${line.step_name} failed: ${line.error_message}`)
  else if (line.event === undefined && line.step_id === undefined && !quiet.has(line.level)) {
    writeError(`${line.level === "WARN" ? "warning" : line.level.toLowerCase()}: ${line.message}`)
  }
}

const quiet = new Set(["TRACE", "DEBUG", "INFO"])

const program = Effect.gen(function*() {
  const { positionals, values } = yield* parseOptions
  if (values.help) return yield* write(usage)
  const [path, ...more] = positionals
  if (path === undefined || more.length > 0) {
    return yield* new DemoError({ message: "Name one folder: npm run demo -- FOLDER [--all] [--json]." })
  }
  yield* requireFolder(path)
  const outcome = yield* Outcome.run({ path, all: values.all }).pipe(
    Effect.provide(Layer.merge(Recorder.layerTelemetry(showTrouble), Database.layer))
  )
  // Here everything is closed: however the output ends, nothing stays behind.
  yield* write(values.json ? `${Outcome.toJson(outcome)}\n` : render(outcome))
  if (outcome.problem !== undefined) return yield* new DemoError({ message: outcome.problem })
})

runProgram(program)

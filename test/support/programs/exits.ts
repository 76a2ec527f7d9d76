/**
 * Logs 100 lines and ends in the way it is told, with or without telemetry, or with telemetry that writes only 5 of
 * them, or that collects none: `exits.ts with|without|limited|"at once" <way> <file>`. With `-` as the file the lines
 * go to standard output.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Telemetry from "tasker-telemetry/Telemetry"

const [, , mode, way = "", path = "-"] = process.argv

const telemetry: Layer.Layer<never, unknown> = mode !== "without"
  ? Layer.effectDiscard(Effect.void).pipe(Layer.provideMerge(Telemetry.layer({
    logging: {
      bufferBytes: mode === "at once" ? 0 : 1_000_000,
      rateLimit: mode === "limited" ? 5 : 0,
      destination: path === "-" ? "stdout" : "file",
      file: path === "-" ? {} : { path, reopenOnHangup: way === "hangup" }
    }
  })))
  : Logger.layer([])

const ready = Effect.sync(() => process.stderr.write("ready\n"))
/** Keeps the process alive without an effect that could be told to stop. */
const wait = Effect.andThen(ready, Effect.sync(() => void setInterval(() => {}, 1000)))

/** Lines that are written when the process has begun to end. */
const logAtExit = (...numbers: ReadonlyArray<number>): Effect.Effect<void> =>
  Effect.contextWith((context) =>
    Effect.sync(() => {
      for (const number of numbers) {
        process.on("exit", () => Effect.runSyncWith(context)(Effect.logInfo("line", { number })))
      }
    })
  )

const ends: Readonly<Record<string, Effect.Effect<unknown>>> = {
  "returns": Effect.void,
  "waits": Effect.andThen(wait, Effect.never),
  "runMain waits": Effect.andThen(ready, Effect.never),
  "runMain fails": Effect.die(new Error("broken")),
  "another listener": Effect.andThen(wait, Effect.never),
  "a listener that goes on": Effect.andThen(
    Effect.sync(() => {
      process.on("SIGTERM", () => void setTimeout(() => process.exit(5), 100))
    }),
    Effect.andThen(wait, Effect.never)
  ),
  "hears once": Effect.callback<void>((resume) => {
    process.once("SIGTERM", () => resume(Effect.void))
    setInterval(() => {}, 1000)
    process.stderr.write("ready\n")
  }).pipe(
    Effect.andThen(Effect.logInfo("line", { number: 100 })),
    Effect.andThen(Effect.sync(() => process.stderr.write("heard\n"))),
    Effect.andThen(Effect.never)
  ),
  "process.exit": Effect.sync(() => process.exit(1)),
  "exit code": Effect.sync(() => void (process.exitCode = 9)),
  "uncaught exception": Effect.andThen(
    Effect.sync(() =>
      setTimeout(() => {
        throw new Error("in a timer")
      }, 1)
    ),
    Effect.never
  ),
  "caught exception": Effect.andThen(
    Effect.sync(() => {
      process.on("uncaughtException", () => process.exit(6))
      setTimeout(() => {
        throw new Error("in a timer")
      }, 1)
    }),
    Effect.never
  ),
  "unhandled rejection": Effect.andThen(
    Effect.sync(() => void Promise.reject(new Error("nobody listens"))),
    Effect.never
  ),
  "exit listener, process.exit": Effect.andThen(logAtExit(100, 101), Effect.sync(() => process.exit(3))),
  "exit listener, uncaught exception": Effect.andThen(
    logAtExit(100),
    Effect.andThen(
      Effect.sync(() =>
        setTimeout(() => {
          throw new Error("in a timer")
        }, 1)
      ),
      Effect.never
    )
  ),
  "aborts": Effect.sync(() => process.abort()),
  "loops": Effect.sync(() => {
    process.stderr.write("ready\n")
    for (;;);
  }),
  "hangup": Effect.andThen(
    wait,
    Effect.sleep("300 millis").pipe(Effect.andThen(Effect.logInfo("alive")), Effect.forever)
  )
}

const program = Effect.gen(function*() {
  for (let number = 0; number < 100; number++) yield* Effect.logInfo("line", { number })
  yield* ends[way]!
}).pipe(Effect.provide(telemetry))

// Comes before any listener of the telemetry, and removes itself before others are called.
if (way === "another listener") process.once("SIGTERM", () => setTimeout(() => process.exit(7), 100))

if (way.startsWith("runMain")) NodeRuntime.runMain(program, { disableErrorReporting: true })
else Effect.runFork(program)

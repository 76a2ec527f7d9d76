/**
 * Records spans and log records, and ends in the way it is told:
 * `spooled.ts <endpoint> <folder of the spool> <log file> <way>`. With `-` as the folder there is no spool.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { writeSync } from "node:fs"
import * as Telemetry from "tasker-telemetry/Telemetry"

const [, , endpoint = "", directory = "", path = "", way = ""] = process.argv

const telemetry = Telemetry.layer({
  logging: {
    exporter: "otlp",
    destination: "file",
    file: { path },
    bufferBytes: 1_000_000,
    rateLimit: way === "is limited" ? 5 : 0
  },
  metrics: { enabled: false },
  tracing: { keep: { ratio: way === "decides nothing" ? 0 : 1 } },
  delivery: {
    endpoint,
    queueSize: directory === "-" ? 1000 : 64,
    batchSize: 16,
    // A close has the time that it needs to write everything.
    shutdownTimeout: directory === "-" ? "10 seconds" : "100 millis",
    spool: directory === "-" ? {} : { directory }
  }
})
const runtime = ManagedRuntime.make(telemetry)

const record = (name: string) => Effect.withSpan(Effect.logInfo(name), name)

const tell = (text: string): void => void writeSync(1, `${text}\n`)

/** Tells each name before and after its record has ended. */
const recordOn = (): void => {
  let number = 100
  setInterval(() => {
    tell(`begin ${performance.now()} record ${number}`)
    runtime.runSync(record(`record ${number++}`))
  }, 1)
}

/** Keeps the process alive. */
const wait = (): void => {
  setInterval(() => {}, 1000)
  tell("ready")
}

const ways: Readonly<Record<string, () => unknown>> = {
  "returns": () => runtime.dispose(),
  "has nothing left to do": () => {},
  "waits": wait,
  "process.exit": () => process.exit(1),
  "is limited": () => {
    for (let number = 0; number < 10; number++) runtime.runSync(Effect.logInfo("same"))
    process.exit(1)
  },
  "throws": () => {
    throw new Error("it broke")
  },
  "rejects": () => void Promise.reject(new Error("nobody listens")),
  "goes on": recordOn,
  "aborts": () => {
    recordOn()
    setTimeout(() => process.abort(), 1000)
  },
  "decides nothing": () => {
    const children = Effect.forEach(
      Array.from({ length: 100 }, (_, number) => number),
      (number) => record(`record ${number}`)
    )
    runtime.runFork(Effect.withSpan(Effect.andThen(children, Effect.never), "outer"))
    setTimeout(wait, 1000)
  },
  "waits for others": wait
}

if (way === "runMain") {
  const records = Effect.forEach(
    Array.from({ length: 100 }, (_, number) => number),
    (number) => record(`record ${number}`)
  )
  const program = Effect.andThen(records, Effect.andThen(Effect.sync(wait), Effect.withSpan(Effect.never, "outer")))
  NodeRuntime.runMain(Effect.provide(program, telemetry), { disableErrorReporting: true })
} else if (way !== "waits for others" && way !== "decides nothing") {
  for (let number = 0; number < 100; number++) await runtime.runPromise(record(`record ${number}`))
  if (way !== "returns") {
    runtime.runFork(Effect.withSpan(Effect.withSpan(Effect.never, "inner"), "outer"))
    process.on("exit", () => runtime.runSync(record("late")))
  }
} else await runtime.runPromise(Effect.void)
ways[way]?.()

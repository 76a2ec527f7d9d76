/**
 * Several writers log short and long lines to one standard output: `manyWriters.ts threads|strangers|cluster|forked
 * <bytes collected>`. Threads take turns; threads whose main thread has no telemetry are strangers.
 * Each says on standard error when it has logged its lines.
 */
import * as Effect from "effect/Effect"
import { fork } from "node:child_process"
import cluster from "node:cluster"
import { fileURLToPath } from "node:url"
import { isMainThread, Worker, workerData } from "node:worker_threads"
import * as Telemetry from "tasker-telemetry/Telemetry"

const [way, collected] = process.argv.slice(2)
const file = fileURLToPath(import.meta.url)
const writers = 3
const lines = 60
const lengths = [10, 3000, 6000, 20_000]

const isFirst = isMainThread && !cluster.isWorker && process.send === undefined
const writer = isFirst ? 0 : Number(isMainThread ? process.env["WRITER"] : workerData)

const log = Effect.gen(function*() {
  for (let line = 0; line < lines; line++) {
    yield* Effect.logInfo("line", {
      number: writer * lines + line,
      text: "é".repeat(lengths[line % lengths.length]! / 2)
    })
    if (line % 10 === 0) yield* Effect.sleep(1)
  }
  process.stderr.write("logged\n")
})

const start = Effect.sync(() => {
  for (let number = 1; number < writers; number++) {
    if (way === "cluster") cluster.fork({ WRITER: number })
    else if (way === "forked") fork(file, [way, `${collected}`], { env: { ...process.env, WRITER: `${number}` } })
    else void new Worker(file, { workerData: number, argv: process.argv.slice(2) })
  }
})

const telemetry = Telemetry.layer({ logging: { bufferBytes: Number(collected) }, metrics: { runtime: false } })
// Workers of the cluster stay connected; without that the process would not end by itself.
const end = Effect.sync(() => void cluster.worker?.disconnect())
// The end of the telemetry does not wait for a reader that is slow.
const observed = Effect.andThen(isFirst ? start : Effect.void, log).pipe(
  Effect.andThen(Telemetry.flush),
  Effect.provide(telemetry),
  Effect.andThen(end)
)

if (isFirst && way === "strangers") Effect.runFork(start)
else Effect.runFork(observed)

/**
 * Arguments: candidate, file to write to. Prints the median time of one line of 8 fields, 4 of them masked, with
 * correlation and trace ids, and that of the fastest batch. Of a named pipe, `cat` in a process of its own is the reader.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as References from "effect/References"
import * as Tracer from "effect/Tracer"
import { spawn } from "node:child_process"
import { openSync, statSync, truncateSync, writeSync } from "node:fs"
import { Writable } from "node:stream"
import pino from "pino"
import { Correlation, Telemetry, type TelemetryConfig } from "tasker-telemetry"
import winston from "winston"
import { median } from "../support/Suite.ts"

const [candidate, file] = process.argv.slice(2) as [string, string]

const batch = 20_000
/** The two slowest have no bar and would take most of the suite's time. */
const batches = candidate === "winston" || candidate === "effect-json" ? 5 : 25
const warmUps = 5
const correlationId = "tsk_mcgi5my9_a24eXc"
const traceId = "0af7651916cd43dd8448eb211c80319c"
const spanId = "b7ad6b7169203331"

/** A fresh object per line, as programs write it. */
const fieldsOf = (index: number) => ({
  user: "u-829",
  password: "hunter2",
  route: "/orders/:id",
  api_key: "k-123",
  status: 200,
  token: "t-456",
  amount: index,
  secret: "s-789"
})
const masked = ["password", "api_key", "token", "secret"]

/** Nanoseconds per line, of all batches after the warm-up. */
type Figures = ReadonlyArray<number>

/** Runs batches of a synchronous line in one process. */
const measure = (line: (index: number) => void): Figures => {
  const figures: Array<number> = []
  for (let round = 0; round < warmUps + batches; round++) {
    const start = process.hrtime.bigint()
    for (let index = 0; index < batch; index++) line(index)
    const elapsed = Number(process.hrtime.bigint() - start) / batch
    if (round >= warmUps) figures.push(elapsed)
  }
  return figures
}

/** The same for Effect.log*: one fiber that logs in a loop. */
const measureEffect = (line: (index: number) => Effect.Effect<void>): Effect.Effect<Figures> =>
  Effect.gen(function*() {
    const figures: Array<number> = []
    for (let round = 0; round < warmUps + batches; round++) {
      const start = process.hrtime.bigint()
      for (let index = 0; index < batch; index++) yield* line(index)
      const elapsed = Number(process.hrtime.bigint() - start) / batch
      if (round >= warmUps) figures.push(elapsed)
    }
    return figures
  })

const info = (index: number) => Effect.logInfo("step finished", fieldsOf(index))
const debug = (index: number) => Effect.logDebug("step finished", fieldsOf(index))
const nothing = () => Effect.void

const span = Tracer.externalSpan({ traceId, spanId, sampled: true })

const target = statSync(file, { throwIfNoEntry: false })
if (target?.isFIFO() === true) spawn("cat", [file], { stdio: "ignore" }).unref()
// Gigabytes of the cases before would be written to the disk meanwhile.
if (target?.isFile() === true) truncateSync(file)
const descriptor = openSync(file, "a")

/** Our logger with its own destination. */
const ours = (
  options: TelemetryConfig.Options,
  bufferBytes: number
): Layer.Layer<Telemetry.Services, TelemetryConfig.TelemetryConfigError> =>
  Telemetry.layer({
    ...options,
    logging: { ...options.logging, destination: "file", file: { path: file }, bufferBytes, signals: false }
  })

const inContext = (effect: Effect.Effect<Figures>) =>
  effect.pipe(
    Effect.provideService(Correlation.CorrelationId, correlationId),
    Effect.withParentSpan(span)
  )

const keysOnly = { redaction: { patterns: [] } } as const
const withOurs = (options: TelemetryConfig.Options, bufferBytes: number, line = info) =>
  Effect.provide(inContext(measureEffect(line)), ours(options, bufferBytes))

const candidates: Record<string, () => Effect.Effect<Figures, unknown>> = {
  "ours-sync-keys": () => withOurs(keysOnly, 0),
  "ours-buffered-keys": () => withOurs(keysOnly, 16_384),
  "ours-sync-patterns": () => withOurs({}, 0),
  "ours-buffered-patterns": () => withOurs({}, 16_384),
  "ours-off-static": () => withOurs({}, 0, debug),
  "ours-off-runtime": () => withOurs({ logging: { runtimeLevels: true } }, 0, debug),
  "effect-off": () =>
    Effect.provide(
      inContext(measureEffect(debug)),
      Layer.provideMerge(
        Layer.succeed(References.MinimumLogLevel, "Info"),
        Telemetry.layer({ logging: { enabled: false } })
      )
    ),
  "effect-void": () => inContext(measureEffect(nothing)),
  "effect-json": () =>
    Effect.provide(
      inContext(
        measureEffect((index) => Effect.annotateLogs(info(index), { correlation_id: correlationId, trace_id: traceId }))
      ),
      Layer.merge(
        Logger.layer([Logger.map(Logger.formatJson, (line) => void writeSync(descriptor, `${line}\n`))]),
        Layer.succeed(References.MinimumLogLevel, "Info")
      )
    ),
  "pino-sync": () =>
    Effect.sync(() => {
      const logger = pino({ redact: masked }, pino.destination({ dest: descriptor, sync: true })).child({
        correlation_id: correlationId,
        trace_id: traceId,
        span_id: spanId
      })
      return measure((index) => logger.info(fieldsOf(index), "step finished"))
    }),
  winston: () =>
    Effect.sync(() => {
      const redact = winston.format((entry) => {
        for (const key of masked) if (key in entry) entry[key] = "[FILTERED]"
        return entry
      })
      const stream = new Writable({
        decodeStrings: false,
        write: (line: string, _encoding, done) => {
          writeSync(descriptor, line)
          done()
        }
      })
      const logger = winston.createLogger({
        format: winston.format.combine(redact(), winston.format.timestamp(), winston.format.json()),
        defaultMeta: { correlation_id: correlationId, trace_id: traceId, span_id: spanId },
        transports: [new winston.transports.Stream({ stream })]
      })
      return measure((index) => void logger.info("step finished", fieldsOf(index)))
    })
}

const run = candidates[candidate]
if (run === undefined) throw new Error(`unknown candidate ${candidate}`)
const figures = await Effect.runPromise(run() as Effect.Effect<Figures>)
console.log(JSON.stringify({ ns: median(figures), fastest: Math.min(...figures) }))

/**
 * Writes log records to their destination, after sampling and rate limit, in the
 * configured format. The logger and the event sink share it, so their lines look
 * the same.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as TelemetryConfig from "../../config/TelemetryConfig.ts"
import { inBackground } from "../../internal/BackgroundClock.ts"
import { InstallExitHook } from "../../internal/ExitHooks.ts"
import { callOr, guard, guardCall } from "../../internal/guard.ts"
import { SelfStatistics } from "../../internal/SelfStatistics.ts"
import { copyFields } from "../../redaction/internal/payloadFields.ts"
import { redactService } from "../../redaction/internal/redactNames.ts"
import * as Redaction from "../../redaction/Redaction.ts"
import { discard, LogDestination } from "../LogDestination.ts"
import type { LogLevels } from "../LogLevels.ts"
import type { LineOptions } from "./jsonHead.ts"
import * as JsonLine from "./JsonLine.ts"
import * as JsonLineBytes from "./JsonLineBytes.ts"
import * as LogfmtLine from "./LogfmtLine.ts"
import * as LogRateLimit from "./LogRateLimit.ts"
import { type LogRecord, severityNumber } from "./LogRecord.ts"
import * as PrettyLine from "./PrettyLine.ts"
import { bytesOf, type WriteBytes } from "./writeBytes.ts"

/**
 * Writes log records.
 *
 * @category services
 * @since 0.1.0
 */
export class LogWriter extends Context.Service<LogWriter, {
  /** Writes a record, whose level the caller has checked; never throws. */
  readonly write: (record: LogRecord) => void
  /** Adds a function that gets each record that is written and may leave this machine, until the scope closes. */
  readonly register: (sink: (record: LogRecord) => void) => Effect.Effect<void, never, Scope.Scope>
}>()("tasker-telemetry/logging/internal/LogWriter") {
  /**
   * Writes to the destination of the context, as the `logging` options say.
   *
   * @since 0.1.0
   */
  static readonly layer: Layer.Layer<LogWriter, never, LogDestination | LogLevels | SelfStatistics> = Layer.effect(
    LogWriter,
    Effect.suspend(() => make)
  )
}

const make = Effect.gen(function*() {
  const { logging, service: configured } = yield* TelemetryConfig.Current
  const destination = yield* LogDestination
  const redaction = yield* Redaction.Current
  const service = redactService(configured, redaction)
  const countError = (yield* SelfStatistics).counter("tasker_log_errors_total", "Log lines that could not be made.", [])
  const json = JsonLine.make({ service, redaction })
  const format = logging.format === "json"
    ? json.make
    : formatOf(logging.format, { service, redaction, colour: destination.isTerminal })
  const keeps = debugSampler(logging.debugSampling)

  // Fields are read as the program gave them. Only if that fails, they are copied one by one.
  const formatCopy = (record: LogRecord) => format({ ...record, fields: copyFields(record.fields) })
  const giveUp = () => countError([])
  const sinks = new Set<(record: LogRecord) => void>()
  const toSinks = (record: LogRecord) => {
    if (sinks.size > 0 && !record.isLocal) { for (const sink of sinks) guardCall(sink, record, giveUp) }
  }
  const writeText = (record: LogRecord) => {
    const given: unknown = destination.write(callOr(format, record, formatCopy), record.level, record.time)
    // An unhandled rejection would end the process.
    if (given instanceof Promise) given.catch(giveUp)
  }
  const writeBytes = logging.format === "json" ? bytesOf(destination.write) : undefined
  const writeLine = destination.write === discard
    ? discard
    : writeBytes === undefined
    ? writeText
    : bytesWriter(JsonLineBytes.make(redaction, json), writeBytes, writeText)
  const send = (record: LogRecord) => {
    toSinks(record)
    writeLine(record)
  }
  const admit = logging.rateLimit === 0 ? undefined : yield* rateLimited(logging, send)

  const write = (record: LogRecord) => {
    if (keeps(record) && (admit === undefined || admit(record))) send(record)
  }

  return LogWriter.of({
    write: (record) => guardCall(write, record, giveUp),
    register: (sink) =>
      Effect.asVoid(Effect.acquireRelease(
        Effect.sync(() => sinks.add(sink)),
        () => Effect.sync(() => sinks.delete(sink))
      ))
  })
})

const formatOf = (
  name: "logfmt" | "pretty",
  options: LineOptions & { readonly colour: boolean }
): (record: LogRecord) => string => {
  switch (name) {
    case "logfmt":
      return LogfmtLine.make(options)
    case "pretty":
      return PrettyLine.make(options)
  }
}

/** Writes records as bytes. A record that cannot be read, or comes while another is read, becomes text. */
const bytesWriter = (
  format: JsonLineBytes.JsonLineBytes,
  write: WriteBytes,
  writeText: (record: LogRecord) => void
): (record: LogRecord) => void => {
  /** Reading a field may run code that writes a line. */
  let isReading = false
  const unreadable = () => -1
  return (record) => {
    if (isReading) return writeText(record)
    isReading = true
    const length = callOr(format.make, record, unreadable)
    isReading = false
    if (length === -1) writeText(record)
    else write(format.bytes(), length, record.level, record.time)
  }
}

/** Decides by the trace id, so all lines of a trace are kept or all are dropped. */
const debugSampler = (ratio: number): (record: LogRecord) => boolean => {
  if (ratio >= 1) return () => true
  const bound = ratio * 2 ** 32
  return ({ level, span }) =>
    severityNumber[level] >= severityNumber.Info || span === undefined ||
    Number.parseInt(span.traceId.slice(-8), 16) < bound
}

/** Holds back lines above the limit. The report follows within a second, or when the layer or the process ends. */
const rateLimited = Effect.fnUntraced(function*(
  { rateLimit: limit, signals }: TelemetryConfig.TelemetryConfig["logging"],
  send: (record: LogRecord) => void
) {
  const held = yield* Queue.sliding<void>(1)
  const clock = yield* Clock.Clock
  const limiter = LogRateLimit.make({
    limit,
    onSuppressed: (sample, count) =>
      send({
        ...sample,
        time: clock.currentTimeMillisUnsafe(),
        message: `${count} suppressed: ${sample.message}`,
        eventName: undefined,
        fields: { suppressed: count }
      })
  })
  yield* Queue.take(held).pipe(
    Effect.andThen(Effect.whileLoop({
      while: limiter.hasSuppressed,
      body: () => Effect.andThen(Effect.sleep("1 second"), Clock.currentTimeMillis),
      step: (now) => guard(() => limiter.report(now), () => {})
    })),
    Effect.forever,
    inBackground,
    Effect.forkScoped
  )
  const reportAll = () => guard(() => limiter.report(Infinity), () => {})
  let isOver = false
  /** After the last report no line is held back, because no other report would count it. */
  const reportLast = () => {
    isOver = true
    reportAll()
  }
  const hook = yield* (yield* InstallExitHook)({
    stage: "reports",
    drain: (isLast) => isLast ? reportLast() : reportAll(),
    signals
  })
  yield* Effect.addFinalizer(() => Effect.sync(reportLast))
  return (record: LogRecord) => {
    if (isOver || limiter.admit(record)) return true
    hook.arm()
    Queue.offerUnsafe(held, undefined)
    return false
  }
})

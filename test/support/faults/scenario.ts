/**
 * A program with telemetry and a receiver, each in a process of its own.
 */
import { Effect, Schedule } from "effect"
import type { TelemetryConfig } from "tasker-telemetry"
import { program } from "../programs.ts"
import * as Child from "./Child.ts"
import type { Closed, Fault, Measured, SinkMessage, SinkReport, SubjectMessage } from "./messages.ts"

const file = (name: string) => Effect.promise(() => program(name))

/** Starts a receiver that accepts everything until it is told to fail. */
export const startSink = Effect.gen(function*() {
  const { ask } = yield* Child.start<SinkMessage>(yield* file("otlpSink"))
  const report = ask<SinkReport>({})
  return {
    url: (yield* report).url,
    report,
    /** Waits until so many records of each signal have arrived, half a minute at most. */
    arrived: (count: number) =>
      report.pipe(
        Effect.repeat({
          until: ({ logRecords, spans }) => spans.different >= count && logRecords.different >= count,
          schedule: Schedule.spaced("100 millis")
        }),
        Effect.timeoutOption("30 seconds")
      ),
    /** Fails from now on, or for so many requests. */
    fail: (fault: Fault, requests?: number) =>
      Effect.asVoid(ask({ fault: requests === undefined ? fault : { ...fault, requests } })),
    recover: Effect.asVoid(ask({ fault: { kind: "accept" } }))
  }
})

/** Starts a program that does what {@link SubjectMessage} says. */
export const startProgram = Effect.fnUntraced(function*(path: string, ...args: ReadonlyArray<string>) {
  const { ask, ended, release } = yield* Child.start<SubjectMessage>(path, args)
  return {
    record: (count: number, perSecond?: number) =>
      ask({ do: "record", count, ...(perSecond === undefined ? {} : { perSecond }) }),
    flush: ask({ do: "flush" }),
    measure: ask<Measured>({ do: "measure" }),
    close: Effect.tap(ask<Closed>({ do: "close" }), () => release),
    ended
  }
})

/** Starts a program with our telemetry that sends to the address. */
export const startSubject = Effect.fnUntraced(function*(
  endpoint: string,
  delivery: TelemetryConfig.Options["delivery"] = {},
  { client = "Node's client", metrics = { exporter: "none" }, signals = "both signals" }: {
    /** Records that are sent. */
    readonly signals?: "both signals" | "spans" | "none"
    readonly metrics?: TelemetryConfig.Options["metrics"]
    readonly client?: "Node's client" | "fetch"
  } = {}
) {
  const options: TelemetryConfig.Options = {
    metrics: { runtime: false, ...metrics },
    tracing: { exporter: signals === "none" ? "none" : "otlp" },
    logging: { exporter: signals === "both signals" ? "otlp" : "none" },
    delivery: { endpoint, ...delivery }
  }
  return yield* startProgram(yield* file("recording"), JSON.stringify(options), client)
})

/** The accounts of spans without what is zero. */
export const spanAccounts = ({ accounts }: Measured): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(accounts).flatMap(([name, value]) => {
      const [, short] = /^tasker_spans_(?!queue)(.*)$/.exec(name) ?? []
      return short === undefined || value === 0 ? [] : [[short, value]]
    })
  )

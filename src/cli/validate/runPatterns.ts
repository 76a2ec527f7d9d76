/**
 * Runs the patterns in this process, with the telemetry of this environment, and says what was recorded and sent.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import type * as TelemetryConfig from "../../config/TelemetryConfig.ts"
import { Attribute } from "../../Conventions.ts"
import * as identifiers from "../../internal/identifiers.ts"
import * as LogDestination from "../../logging/LogDestination.ts"
import * as Telemetry from "../../Telemetry.ts"
import type { SpanData } from "../../tracing/SpanData.ts"
import { TelemetryTracer } from "../../tracing/TelemetryTracer.ts"
import * as TaskRunner from "../../workflow/TaskRunner.ts"
import type { ExpectedRun } from "./expectTrace.ts"
import { patterns } from "./patterns.ts"

/** What a run of a pattern has left. */
export interface PatternRun {
  readonly run: ExpectedRun
  readonly traceId: string
  /** The spans that were recorded here, which the backend should have. */
  readonly recorded: number
}

/** All runs, and what became of their spans. */
export interface PatternRuns {
  readonly runs: ReadonlyArray<PatternRun>
  readonly sent: { readonly exported: number; readonly dropped: number; readonly pending: number } | undefined
}

/** Runs each pattern once, and waits until its spans are sent. */
export const runPatterns = (
  options: TelemetryConfig.Options
): Effect.Effect<PatternRuns, TelemetryConfig.TelemetryConfigError> =>
  Effect.gen(function*() {
    const spans: Array<SpanData> = []
    const { register } = yield* TelemetryTracer
    yield* register({ name: "validation", spans: "all", onEnd: (span) => void spans.push(span) })
    const validation = yield* identifiers.uuid
    const runs: Array<PatternRun> = []
    for (const [label, task] of Object.entries(patterns)) {
      const from = yield* Clock.currentTimeMillis
      const snapshot = yield* runOne(task, validation)
      const to = yield* Clock.currentTimeMillis
      const own = spans.find(({ attributes }) => attributes.get(Attribute.taskId) === snapshot.id)
      const traceId = own?.traceId ?? ""
      runs.push({
        traceId,
        recorded: spans.filter((span) => span.traceId === traceId).length,
        run: {
          label,
          taskId: snapshot.id,
          taskName: snapshot.name,
          status: snapshot.state,
          steps: snapshot.steps.map(({ attempts, dependsOn, name, state, workSeconds }) => ({
            name,
            dependsOn,
            attempts,
            status: state,
            workSeconds
          })),
          window: [from, to]
        }
      })
    }
    const { spans: sent } = yield* Telemetry.flush
    return { runs, sent }
  }).pipe(
    Effect.scoped,
    Effect.provide(
      Telemetry.layerConfig({
        ...options,
        // Every run has its trace here, also where the program records only some.
        tracing: { ...options.tracing, sampler: { type: "always_on" }, keep: { ratio: 1 } },
        // The process has no other metrics and lines than those about the patterns, which are not looked at here.
        logging: { enabled: false },
        metrics: { exporter: "none", runtime: false },
        export: { targets: [] }
      }, { logDestination: LogDestination.layerNoop }).pipe(
        // What the exporter logs would stand in the middle of the report, which says it itself.
        Layer.provideMerge(Logger.layer([]))
      )
    )
  )

/** Runs a pattern to its end. A step of a pattern cannot fail, so an error is a defect. */
const runOne = (task: (typeof patterns)[keyof typeof patterns], validation: string) =>
  TaskRunner.start(task, { validation }, { tags: { validation } }).pipe(
    Effect.flatMap(({ fiber, taskId }) => Effect.andThen(Fiber.await(fiber), TaskRunner.inspect(taskId))),
    Effect.orDie
  )

/**
 * The tracer: every span of the program, ours and the user's, passes through it
 * to the registered processors.
 *
 * **Details**
 *
 * A span is limited and redacted while it is recorded. A short text is searched
 * for secrets when its attributes are first read, so that a span of a dropped run
 * costs less. No processor can see more than may leave. Its end is its start plus the monotonic time elapsed: a
 * wall clock that jumps gives no negative duration. Status stays unset on
 * success and on interruption.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import * as Tracer from "effect/Tracer"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import { ExceptionReports } from "../internal/ExceptionReports.ts"
import { guardCallback } from "../internal/guard.ts"
import { SelfStatistics } from "../internal/SelfStatistics.ts"
import { withDefault } from "../internal/withDefault.ts"
import { AttributeRules } from "../redaction/internal/keptAttributes.ts"
import * as Redaction from "../redaction/Redaction.ts"
import * as Baggage from "./Baggage.ts"
import { ExceptionLog } from "./internal/ExceptionLog.ts"
import { RecordedSpan, type Recording } from "./internal/RecordedSpan.ts"
import * as Sampler from "./internal/Sampler.ts"
import * as SpanIds from "./internal/SpanIds.ts"
import * as TraceKeeping from "./internal/TraceKeeping.ts"
import * as TraceState from "./internal/TraceState.ts"
import { UnsampledSpan } from "./internal/UnsampledSpan.ts"
import type { SpanData } from "./SpanData.ts"

/**
 * A consumer of spans. It is called synchronously and must be quick; what it
 * throws is contained and counted.
 *
 * @category models
 * @since 0.1.0
 */
export interface SpanProcessor {
  readonly name: string
  /**
   * The spans that {@link SpanProcessor.onEnd} gets. `kept`, the default: spans of kept traces, once that is decided.
   * `recorded`: each sampled span when it ends, also if its run is dropped later. `all`: also spans of traces that the
   * sampler refused, which are recorded for this processor alone.
   */
  readonly spans?: "kept" | "recorded" | "all" | undefined
  /** Called when a span starts that {@link SpanProcessor.onEnd} may get; may give it attributes. */
  readonly onStart?: ((span: Tracer.Span) => void) | undefined
  readonly onEnd: (span: SpanData) => void
}

/**
 * The tracer's door for processors.
 *
 * @category services
 * @since 0.1.0
 */
export class TelemetryTracer extends Context.Service<TelemetryTracer, {
  /** Effect's tracer that records into the processors. */
  readonly tracer: Tracer.Tracer
  /** Adds a processor until the scope closes. */
  readonly register: (processor: SpanProcessor) => Effect.Effect<void, never, Scope.Scope>
  /** Ended spans that `tracing.keep` holds back: those that wait for the end of their run, and those of dropped runs. */
  readonly held: () => { readonly undecided: number; readonly sampledOut: number }
  /** Ended spans that wait for the end of their run. */
  readonly undecided: () => ReadonlyArray<SpanData>
}>()("tasker-telemetry/tracing/TelemetryTracer") {
}

/**
 * Records by the `tracing` options and installs itself as the program's
 * tracer.
 *
 * **Details**
 *
 * Trace and span ids are random. If the layer is built with a `Random` of the
 * program's own, as by `Random.withSeed`, that decides them: the same seed
 * gives the same ids. The tracer takes four numbers from it when it is built
 * and none later. A `Random` that only a part of the program has decides
 * nothing, so two parts with one seed still have different ids.
 *
 * @since 0.1.0
 */
export const layer: Layer.Layer<TelemetryTracer> = Layer.effectContext(
  Effect.suspend(() =>
    Effect.zipWith(make, carriesSpans, (service, carries) =>
      Context.make(TelemetryTracer, service).pipe(
        Context.add(Tracer.Tracer, service.tracer),
        Context.add(HttpClientPropagation, carries)
      ))
  )
).pipe(withDefault(SelfStatistics, SelfStatistics.layer))

/** `HttpClient.TracerPropagationEnabled`, by its key: a program that sends no requests does not load the client. */
const HttpClientPropagation = Context.Reference<boolean>("effect/http/HttpClient/TracerPropagationEnabled", {
  defaultValue: () => true
})

/** Whether `tracing.propagators` names a format that carries spans. */
const carriesSpans = Effect.map(
  TelemetryConfig.Current,
  ({ tracing: { propagators } }) => propagators.some((name) => name !== "none" && name !== "baggage")
)

/**
 * Records nothing and leaves the program's tracer as it is.
 *
 * @since 0.1.0
 */
export const layerNoop: Layer.Layer<TelemetryTracer> = Layer.effect(
  TelemetryTracer,
  Effect.map(
    Tracer.Tracer,
    (tracer) => ({
      tracer,
      register: () => Effect.void,
      held: () => ({ undecided: 0, sampledOut: 0 }),
      undecided: () => []
    })
  )
)

const make = Effect.gen(function*() {
  const config = yield* TelemetryConfig.Current
  const statistics = yield* SelfStatistics
  const countError = statistics.counter(
    "tasker_span_processor_errors_total",
    "Ended spans a processor could not handle.",
    ["processor"]
  )
  const countDecided = statistics.counter(
    "tasker_runs_decided_total",
    "Runs of which was decided whether their spans are kept, by decision and reason.",
    ["decision", "reason"]
  )
  const clock = yield* Clock.Clock
  const { exceptions, keep, limits, sampler: samplerOptions } = config.tracing
  const redaction = yield* Redaction.Current
  const exceptionLog = exceptions === "events"
    ? undefined
    : new ExceptionLog((yield* ExceptionReports).report, redaction)
  const sampler = Sampler.make(samplerOptions, () => clock.monotonicTimeNanosUnsafe())
  const newId = SpanIds.generator(yield* Random.Random)
  let called = calledOf([])

  const onError = (processor: SpanProcessor) => countError([processor.name])
  const end = (processors: ReadonlyArray<SpanProcessor>, span: SpanData) => {
    for (const processor of processors) guardCallback(processor, span, endWith, onError)
  }
  const keeping = TraceKeeping.make({
    keep,
    sampledRatio: samplerOptions.type.endsWith("traceidratio") ? samplerOptions.ratio : 1,
    followsParents: samplerOptions.type.startsWith("parentbased"),
    emit: (span) => end(called.withKept, span),
    onDecided: (decision, reason) => countDecided([decision, reason])
  })
  const recording: Recording = {
    sampled: true,
    clock,
    limits,
    rules: new AttributeRules(limits, redaction),
    exceptionLog,
    keepsException: exceptions === "both",
    begin: keeping.begin,
    onEnd: (span) => {
      end(called.withRecorded, span)
      keeping.end(span)
    }
  }
  /** Nothing is decided about these spans. They pass the state of their parent on. */
  const unsampledRecording: Recording = {
    ...recording,
    sampled: false,
    begin: (_, parent) => new TraceKeeping.LocalTrace(true, parent === undefined ? "" : TraceState.of(parent)),
    onEnd: (span) => end(called.withAll, span)
  }
  const { baggageAttributes } = config.tracing
  const addBaggage = (span: RecordedSpan) => {
    const baggage = Fiber.getCurrent()?.getRef(Baggage.Current)
    for (const key of baggageAttributes) span.attribute(`baggage.${key}`, baggage?.[key])
  }
  const start = (span: RecordedSpan): RecordedSpan => {
    if (baggageAttributes.length > 0) addBaggage(span)
    if (span.sampled) keeping.start(span)
    for (const processor of called.atStart) {
      if (span.sampled || processor.spans === "all") guardCallback(processor, span, startWith, onError)
    }
    return span
  }

  /** A processor that leaves will not see the decisions, so it gets the spans that still wait. */
  const leave = (processor: SpanProcessor) => {
    if (!takesKept(processor)) return
    // When telemetry ends, the last processor leaves.
    if (called.withKept.length === 1) return keeping.decideAll()
    for (const span of keeping.waiting()) end([processor], span)
  }

  const tracer = Tracer.make({
    span: (given) => {
      const options = isForeign(given.parent) ? { ...given, parent: Option.none() } : given
      const parent = Option.getOrUndefined(options.parent)
      const ids = { traceId: parent?.traceId ?? newId(32), spanId: newId(16) }
      // Effect has already refused a span because of its trace level or its unsampled parent.
      const mayRecord = options.sampled || parent?.sampled === false
      const isParentLocal = parent?._tag === "Span"
      if (mayRecord && sampler({ traceId: ids.traceId, parentSampled: parent?.sampled, isParentLocal, parent })) {
        return start(new RecordedSpan(options, ids, recording))
      }
      return called.withAll.length > 0
        ? start(new RecordedSpan(options, ids, unsampledRecording))
        : new UnsampledSpan(options, ids, exceptionLog)
    }
  })

  return TelemetryTracer.of({
    tracer,
    held: keeping.held,
    undecided: keeping.waiting,
    register: (processor) =>
      Effect.acquireRelease(
        Effect.sync(() => {
          called = calledOf([...called.processors, processor])
        }),
        () =>
          Effect.sync(() => {
            leave(processor)
            called = calledOf(called.processors.filter((other) => other !== processor))
          })
      )
  })
})

/** Processors by the spans that they get. */
const calledOf = (processors: ReadonlyArray<SpanProcessor>) => ({
  processors,
  atStart: processors.filter(({ onStart }) => onStart !== undefined),
  withKept: processors.filter(takesKept),
  withRecorded: processors.filter(({ spans }) => spans === "all" || spans === "recorded"),
  withAll: processors.filter(({ spans }) => spans === "all")
})

const endWith = (processor: SpanProcessor, span: SpanData): void => processor.onEnd(span)
const startWith = (processor: SpanProcessor, span: Tracer.Span): void => processor.onStart?.(span)

const takesKept = ({ spans }: SpanProcessor): boolean => (spans ?? "kept") === "kept"

/** A parent that is not ours and whose ids no receiver accepts; the span begins a trace of its own. */
const isForeign = (parent: Option.Option<Tracer.AnySpan>): boolean =>
  Option.isSome(parent) && !(parent.value instanceof RecordedSpan) && !(parent.value instanceof UnsampledSpan) &&
  !SpanIds.areValid(parent.value)

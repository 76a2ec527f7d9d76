/**
 * Which traces are kept, decided at the end of a run.
 *
 * **Details**
 *
 * A run is the part of a trace in this process: a span without a local parent and all spans below it. If its id falls into
 * `tracing.keep.ratio`, a run is kept from its start. All others wait in memory until they end. Failed, slow and chosen
 * runs are kept whole then. A run ends when its first span and all its tasks have ended: a request can start a task
 * without waiting for it. A span that begins below a dropped run begins a run of its own.
 */
import * as Duration from "effect/Duration"
import type * as Tracer from "effect/Tracer"
import type { TelemetryConfig } from "../../config/TelemetryConfig.ts"
import { Attribute, SpanName } from "../../Conventions.ts"
import * as TraceDecision from "../../internal/TraceDecision.ts"
import type { SpanData } from "../SpanData.ts"
import * as TraceState from "./TraceState.ts"

/** The reason to keep a run that its ratio does not keep. */
export type KeepReason = "error" | "slow" | "always" | "limit" | "shutdown"

/** The part of a trace in this process; all its spans share one object. */
export class LocalTrace implements TraceDecision.TraceDecision {
  isKept: boolean | undefined
  traceState: string
  /** Ended spans that wait for the decision. */
  waiting: Array<SpanData> = []
  /** The first reason found to keep the run. */
  reason: KeepReason | undefined = undefined
  /** The first span, once it has ended. */
  root: Member | undefined = undefined
  openTasks = 0

  constructor(isKept: boolean | undefined, traceState: string) {
    this.isKept = isKept
    this.traceState = traceState
  }
}

/** A span that this room can decide about. */
export interface Member extends SpanData {
  readonly trace: LocalTrace
  /** Whether it is the first span of its trace in this process. */
  readonly isLocalRoot: boolean
  /** Adds an attribute to a span that has ended. */
  readonly addLate: (key: string, value: string) => void
}

export interface TraceKeeping {
  /** Begins a trace in this process; its parent is in another process, if there is one. */
  readonly begin: (traceId: string, parent: Tracer.AnySpan | undefined) => LocalTrace
  /** Takes a span that has begun. */
  readonly start: (span: Member) => void
  /** Takes an ended span. */
  readonly end: (span: Member) => void
  /** Keeps all undecided runs, because telemetry will not see their ends. */
  readonly decideAll: () => void
  /** Spans that wait for a decision, and spans of dropped runs. */
  readonly held: () => { readonly undecided: number; readonly sampledOut: number }
  /** Spans that wait for a decision. */
  readonly waiting: () => ReadonlyArray<SpanData>
}

/** The member of `tracestate` that tells another process of ours that a run is not decided. */
const vendor = "tasker"
const undecidedMark = "undecided"

/** The state of a trace as a receiver gets it: without the mark, which is for processes of ours. */
export const shownState = (traceState: string): string =>
  TraceState.get(traceState, vendor) === undefined ? traceState : TraceState.set(traceState, vendor, undefined)

/** Makes the decisions; `emit` takes each span of a kept run once. */
export const make = (options: {
  readonly keep: TelemetryConfig["tracing"]["keep"]
  /** Share of traces that the sampler has let through by their ids; 1 for other samplers. */
  readonly sampledRatio: number
  /** Whether the sampler lets the children of sampled parents through without regard to their ids. */
  readonly followsParents: boolean
  readonly emit: (span: SpanData) => void
  readonly onDecided: (decision: "kept" | "dropped", reason: KeepReason | "ratio") => void
}): TraceKeeping => {
  const { emit, followsParents, keep, onDecided, sampledRatio } = options
  const isActive = keep.ratio < 1
  const limitOf = (ratio: number) => {
    const rejected = TraceState.rejected(ratio)
    return { rejected, threshold: ratio < 1 ? TraceState.thresholdText(rejected) : undefined }
  }
  const limit = limitOf(Math.min(keep.ratio, sampledRatio))
  const limitOfFollowed = limitOf(keep.ratio)
  const limitOfSampler = limitOf(sampledRatio)
  const slowNanos = keep.slowerThan === undefined ? undefined : Duration.toNanosUnsafe(keep.slowerThan)
  const always = new Set(keep.always)
  const undecided = new Set<LocalTrace>()
  let waiting = 0
  let sampledOut = 0

  const begin = (traceId: string, parent: Tracer.AnySpan | undefined): LocalTrace => {
    const given = parent === undefined ? "" : TraceState.of(parent)
    const isOpen = parent === undefined || !parent.sampled || TraceDecision.of(parent)?.isKept === false ||
      TraceState.get(given, vendor) === undecidedMark
    // Another process has decided to keep the trace, so the part here is kept as well.
    if (!isOpen || !isActive) {
      // If the sampler has thinned the children of a parent, the threshold of the parent is no longer true.
      const isThinned = sampledRatio < 1 && (parent === undefined || !followsParents)
      return new LocalTrace(true, isThinned ? TraceState.withThreshold(given, limitOfSampler.threshold) : given)
    }
    const { rejected, threshold } = followsParents && parent?.sampled === true ? limitOfFollowed : limit
    if (TraceState.randomness(traceId, given) >= rejected) {
      onDecided("kept", "ratio")
      return new LocalTrace(true, TraceState.withThreshold(TraceState.set(given, vendor, undefined), threshold))
    }
    // If a run is kept for another reason than its ratio, no threshold is true.
    const state = TraceState.withThreshold(given, undefined)
    return new LocalTrace(undefined, TraceState.set(state, vendor, undecidedMark))
  }

  const reasonOf = (span: Member): KeepReason | undefined => {
    if (!span.isLocalRoot && span.name !== SpanName.task) return undefined
    if (keep.errors && span.statusCode === "error") return "error"
    if (slowNanos !== undefined && span.endTimeNanos - span.startTimeNanos >= slowNanos) return "slow"
    return always.has(String(span.attributes.get(Attribute.taskName))) ? "always" : undefined
  }

  const decide = (trace: LocalTrace, reason: KeepReason | undefined) => {
    const { root, waiting: spans } = trace
    undecided.delete(trace)
    waiting -= spans.length
    trace.waiting = []
    trace.root = undefined
    trace.isKept = reason !== undefined
    trace.traceState = TraceState.set(trace.traceState, vendor, undefined)
    if (reason === undefined) {
      sampledOut += spans.length
      return onDecided("dropped", "ratio")
    }
    onDecided("kept", reason)
    trace.reason = reason
    root?.addLate(Attribute.keepReason, reason)
    for (const span of spans) emit(span)
  }

  const hold = (span: Member) => {
    const { trace } = span
    undecided.add(trace)
    trace.waiting.push(span)
    waiting++
    trace.reason ??= reasonOf(span)
    if (span.isLocalRoot) trace.root = span
    if (span.name === SpanName.task) trace.openTasks--
    const hasEnded = trace.root !== undefined && (trace.reason !== undefined || trace.openTasks === 0)
    if (hasEnded) decide(trace, trace.reason)
    else if (trace.waiting.length >= keep.maxSpansPerRun) decide(trace, "limit")
    // The oldest run may never end.
    else if (waiting >= keep.maxSpans) decide(undecided.values().next().value ?? trace, "limit")
  }

  return {
    begin,
    start: (span) => {
      if (span.name === SpanName.task) span.trace.openTasks++
    },
    end: (span) => {
      const { isKept, reason } = span.trace
      if (isKept === undefined) return hold(span)
      if (!isKept) {
        sampledOut++
        return
      }
      // The run was decided before its first span ended.
      if (reason !== undefined && span.isLocalRoot) span.addLate(Attribute.keepReason, reason)
      emit(span)
    },
    decideAll: () => {
      for (const trace of undecided) decide(trace, "shutdown")
    },
    waiting: () => [...undecided].flatMap(({ waiting }) => waiting),
    held: () => ({ undecided: waiting, sampledOut })
  }
}

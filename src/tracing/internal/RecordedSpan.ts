/**
 * A span that is being recorded. It is Effect's span while it runs and the
 * `SpanData` that processors get once it has ended; nothing is converted.
 */
import * as Cause from "effect/Cause"
import type * as Clock from "effect/Clock"
import type * as Context from "effect/Context"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import type { TelemetryConfig } from "../../config/TelemetryConfig.ts"
import { Attribute } from "../../Conventions.ts"
import * as TraceDecision from "../../internal/TraceDecision.ts"
import { truncateAtWord } from "../../internal/truncateAtWord.ts"
import * as ErrorRecord from "../../redaction/internal/ErrorRecord.ts"
import { type AttributeRules, nameOf } from "../../redaction/internal/keptAttributes.ts"
import * as RedactingSpan from "../../redaction/internal/RedactingSpan.ts"
import type { Redaction } from "../../redaction/Redaction.ts"
import type { SpanEventData, SpanLinkData } from "../SpanData.ts"
import type { ExceptionLog } from "./ExceptionLog.ts"
import { SpanAttributes } from "./SpanAttributes.ts"
import * as SpanIds from "./SpanIds.ts"
import { type LocalTrace, type Member, shownState } from "./TraceKeeping.ts"
import * as TraceState from "./TraceState.ts"

/** What all spans of one tracer share. */
export interface Recording {
  /** `false` for spans that only processors of all spans get. */
  readonly sampled: boolean
  readonly clock: Clock.Clock
  readonly limits: TelemetryConfig["tracing"]["limits"]
  readonly rules: AttributeRules
  /** Begins a trace in this process. */
  readonly begin: (traceId: string, parent: Tracer.AnySpan | undefined) => LocalTrace
  readonly onEnd: (span: Member) => void
  /** Where exceptions become log records; `undefined` if they are span events alone. */
  readonly exceptionLog: ExceptionLog | undefined
  /** Whether an exception that the log has is a span event too. */
  readonly keepsException: boolean
}

const noEvents: ReadonlyArray<SpanEventData> = []
const noLinks: ReadonlyArray<never> = []

/** Attributes about the end of a span. A full span drops another attribute for each of them. */
const endings: ReadonlySet<string> = new Set([
  Attribute.taskStatus,
  Attribute.stepStatus,
  Attribute.workSeconds,
  Attribute.errorType,
  Attribute.interrupted
])

/** The last time that a receiver can read: 64 bits. */
const lastTime = 2n ** 64n - 1n
/** Untyped code may give anything. */
const isTime = (time: unknown): time is bigint => typeof time === "bigint" && time >= 0n && time <= lastTime

/**
 * Most characters of a name. A name can be long: Effect's span logger takes a whole log message as the name of an
 * event.
 */
const longestName = 8192

export class RecordedSpan implements Tracer.Span, Member, TraceDecision.Decided, RedactingSpan.RedactingSpan {
  readonly _tag = "Span"
  readonly sampled: boolean
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parent: Option.Option<Tracer.AnySpan>
  readonly annotations: Context.Context<never>
  readonly kind: Tracer.SpanKind
  readonly startTimeNanos: bigint
  readonly trace: LocalTrace
  readonly isLocalRoot: boolean
  links: ReadonlyArray<Tracer.SpanLink & SpanLinkData> = noLinks
  endTimeNanos: bigint
  statusCode: "unset" | "error" = "unset"
  statusMessage: string | undefined = undefined
  droppedAttributes = 0
  droppedEvents = 0
  droppedLinks = 0
  readonly #recording: Recording
  readonly #attributes = new SpanAttributes()
  /** The wall time at 0 of the monotonic clock. */
  readonly #wallOffset: bigint
  #exit: Exit.Exit<unknown, unknown> | undefined = undefined
  #events: Array<SpanEventData> | undefined = undefined
  #keyEvents: Set<SpanEventData> | undefined = undefined

  constructor(
    options: Parameters<Tracer.Tracer["span"]>[0],
    ids: { readonly traceId: string; readonly spanId: string },
    recording: Recording
  ) {
    const { clock, rules, sampled } = recording
    this.sampled = sampled
    this.name = rules.name(options.name)
    this.traceId = ids.traceId
    this.spanId = ids.spanId
    this.parent = options.parent
    this.annotations = options.annotations
    this.kind = options.kind
    this.#recording = recording
    const now = clock.monotonicTimeNanosUnsafe()
    // One reading of the wall clock per local trace: the spans of a tree lie on one time axis.
    const parent = Option.getOrUndefined(options.parent)
    const local = parent instanceof RecordedSpan ? parent : undefined
    this.#wallOffset = local === undefined ? options.startTime - now : local.#wallOffset
    this.startTimeNanos = this.#wallOffset + now
    // A parent of another tracer, or one that is not sampled, belongs to another run. A dropped run takes no new spans.
    this.isLocalRoot = local === undefined || local.#recording !== recording || local.trace.isKept === false
    this.trace = local === undefined || this.isLocalRoot ? recording.begin(ids.traceId, parent) : local.trace
    this.endTimeNanos = this.startTimeNanos
    if (options.links.length > 0) this.addLinks(options.links)
  }

  get parentSpanId(): string | undefined {
    return Option.isSome(this.parent) ? this.parent.value.spanId : undefined
  }

  get isParentRemote(): boolean {
    return Option.isSome(this.parent) && this.parent.value._tag === "ExternalSpan"
  }

  get traceState(): string {
    return shownText(this.#recording.rules, this.trace.traceState)
  }

  get propagatedState(): string {
    return this.trace.traceState
  }

  get [TraceDecision.key](): TraceDecision.TraceDecision {
    return this.trace
  }

  get [RedactingSpan.key](): Redaction {
    return this.#recording.rules.redaction
  }

  get events(): ReadonlyArray<SpanEventData> {
    return this.#events ?? noEvents
  }

  get attributes(): ReadonlyMap<string, unknown> {
    return this.#attributes.map
  }

  /** The attributes, for a reader that needs no `Map`. */
  get attributeList(): Pick<SpanAttributes, "size" | "forEach"> {
    return this.#attributes
  }

  get status(): Tracer.SpanStatus {
    return this.#exit === undefined
      ? { _tag: "Started", startTime: this.startTimeNanos }
      : { _tag: "Ended", startTime: this.startTimeNanos, endTime: this.endTimeNanos, exit: this.#exit }
  }

  attribute(key: string, value: unknown): void {
    // A missing value is no attribute.
    if (this.#exit !== undefined || value === undefined || value === null) return
    const { limits, rules } = this.#recording
    const attributes = this.#attributes
    const rule = rules.of(key)
    if (attributes.size >= limits.attributeCount && !attributes.has(rule.name)) {
      this.droppedAttributes++
      if (!endings.has(rule.name) || !attributes.dropNewest(endings)) return
    }
    if (typeof value === "string" && rule.mayWait(value)) attributes.setText(rule, value)
    else attributes.set(rule, rule.keep(value))
  }

  /** Takes over the parent's `tracestate`, which was not known when the span began. */
  continueFrom(parent: Tracer.AnySpan): void {
    if (!this.isLocalRoot || this.trace.traceState !== "" || this.trace.reason !== undefined) return
    const { isKept, traceState } = this.#recording.begin(this.traceId, parent)
    this.trace.isKept = isKept
    this.trace.traceState = traceState
  }

  addLate(key: string, value: string): void {
    this.#attributes.set(this.#recording.rules.of(key), value)
  }

  event(name: string, startTime: bigint, attributes: Record<string, unknown> = {}): void {
    this.#addEvent(name, startTime, attributes, false)
  }

  /** Adds an event about the course or end of the span. A full span drops its newest other event for it. */
  keyEvent(name: string, startTime: bigint, attributes: Record<string, unknown>): void {
    this.#addEvent(name, startTime, attributes, true)
  }

  #addEvent(name: string, timeNanos: bigint, attributes: Record<string, unknown>, isKey: boolean): void {
    if (this.#exit !== undefined) return
    const { limits, rules } = this.#recording
    const events = this.#events ??= []
    if (events.length >= limits.eventCount) {
      this.droppedEvents++
      const other = isKey ? newestOf(events, this.#keyEvents) : undefined
      if (other === undefined) return
      events.splice(events.indexOf(other), 1)
    }
    const event: SpanEventData = {
      name: rules.name(truncateAtWord(nameOf(name), longestName)),
      timeNanos: isTime(timeNanos) ? timeNanos : this.now(),
      ...rules.record(attributes, limits.eventAttributeCount)
    }
    events.push(event)
    if (isKey) (this.#keyEvents ??= new Set()).add(event)
  }

  addLinks(links: ReadonlyArray<Tracer.SpanLink>): void {
    if (this.#exit !== undefined) return
    const { limits, rules } = this.#recording
    const room = Math.max(0, limits.linkCount - this.links.length)
    const kept = links.filter(isLink).slice(0, room)
    this.droppedLinks += links.length - kept.length
    this.links = [
      ...this.links,
      ...kept.map(({ attributes, span }) => ({
        span,
        isRemote: span._tag === "ExternalSpan",
        traceState: shownText(rules, TraceState.of(span)),
        ...rules.record(attributes, limits.linkAttributeCount)
      }))
    ]
  }

  /** The wall clock may have jumped since the start: the end is the start plus the monotonic time elapsed. */
  end(_endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    if (this.#exit !== undefined) return
    this.endTimeNanos = this.now()
    if (Exit.isFailure(exit)) this.#recordFailure(exit.cause)
    this.#exit = exit
    this.#recording.onEnd(this)
  }

  /** The wall time of the root's start moved on by the monotonic clock. */
  now(): bigint {
    return this.#wallOffset + this.#recording.clock.monotonicTimeNanosUnsafe()
  }

  #recordFailure(cause: Cause.Cause<unknown>): void {
    if (Cause.hasInterruptsOnly(cause)) {
      this.attribute(Attribute.interrupted, true)
      return
    }
    const error = ErrorRecord.make(cause, this.#recording.rules.redaction)
    this.statusCode = "error"
    this.statusMessage = ErrorRecord.headline(error)
    if (!this.#attributes.has(Attribute.errorType)) this.attribute(Attribute.errorType, error.type)
    const { exceptionLog, keepsException } = this.#recording
    const isLogged = exceptionLog?.failed(this, cause, error) === true
    if (!isLogged || keepsException) this.keyEvent("exception", this.endTimeNanos, ErrorRecord.toFields(error))
  }
}

/** The state of a trace as it may leave. */
const shownText = ({ redaction }: AttributeRules, traceState: string): string => {
  const state = shownState(traceState)
  return state === "" ? "" : redaction.text(state)
}

/** Untyped code may give anything. */
const isLink = (link: Partial<Tracer.SpanLink> | null): boolean => {
  const span = link?.span
  return typeof span === "object" && span !== null && SpanIds.areValid(span)
}

const newestOf = (
  events: ReadonlyArray<SpanEventData>,
  except: ReadonlySet<SpanEventData> | undefined
): SpanEventData | undefined => events.findLast((event) => except?.has(event) !== true)

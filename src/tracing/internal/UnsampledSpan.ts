/**
 * A span of a trace that is not kept: it has ids, so that what it calls can
 * carry the decision on, and records nothing.
 */
import type * as Context from "effect/Context"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import type { ExceptionLog } from "./ExceptionLog.ts"
import * as TraceState from "./TraceState.ts"

const noAttributes: ReadonlyMap<string, unknown> = new Map()

export class UnsampledSpan implements Tracer.Span {
  readonly _tag = "Span"
  readonly sampled = false
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly parent: Option.Option<Tracer.AnySpan>
  readonly annotations: Context.Context<never>
  readonly kind: Tracer.SpanKind
  readonly attributes = noAttributes
  readonly links: ReadonlyArray<Tracer.SpanLink> = []
  /** The `tracestate`, passed on as it came. */
  propagatedState: string
  status: Tracer.SpanStatus
  readonly #exceptionLog: ExceptionLog | undefined

  constructor(
    options: Parameters<Tracer.Tracer["span"]>[0],
    ids: { readonly traceId: string; readonly spanId: string },
    exceptionLog?: ExceptionLog
  ) {
    this.#exceptionLog = exceptionLog
    this.name = options.name
    this.traceId = ids.traceId
    this.spanId = ids.spanId
    this.parent = options.parent
    this.annotations = options.annotations
    this.kind = options.kind
    this.propagatedState = Option.isSome(options.parent) ? TraceState.of(options.parent.value) : ""
    this.status = { _tag: "Started", startTime: options.startTime }
  }

  end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    if (this.status._tag === "Ended") return
    this.status = { _tag: "Ended", startTime: this.status.startTime, endTime, exit }
    if (Exit.isFailure(exit)) this.#exceptionLog?.failed(this, exit.cause)
  }

  /** Takes over the parent's `tracestate`, which was not known when the span began. */
  continueFrom(parent: Tracer.AnySpan): void {
    if (this.propagatedState === "") this.propagatedState = TraceState.of(parent)
  }

  attribute(): void {}

  event(): void {}

  addLinks(): void {}
}

/** What the calls cost alone: the same program with a tracer, a logger and metrics that keep nothing. No layer costs less. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import * as Stacks from "./stacks.ts"

const span: Tracer.Span = {
  _tag: "Span",
  name: "",
  spanId: "b7ad6b7169203331",
  traceId: "0af7651916cd43dd8448eb211c80319c",
  parent: Option.none(),
  annotations: Tracer.externalSpan({ traceId: "", spanId: "" }).annotations,
  attributes: new Map(),
  links: [],
  sampled: false,
  kind: "internal",
  status: { _tag: "Started", startTime: 0n },
  end: () => {},
  attribute: () => {},
  event: () => {},
  addLinks: () => {}
}

export const make = (): Stacks.Stack =>
  Stacks.make(
    Layer.mergeAll(
      Layer.succeed(Tracer.Tracer, Tracer.make({ span: () => span })),
      Layer.succeed(Metric.MetricRegistry, new Map()),
      Logger.layer([Logger.make(() => {})])
    ),
    Effect.void
  )

/** A tracer that records nothing: what opening and ending a span costs in Effect itself. Argument: the shape of spans. */
import * as Effect from "effect/Effect"
import * as Tracer from "effect/Tracer"
import { answer, costOf } from "../support/answer.ts"
import { library } from "../support/effectSpans.ts"
import { record, type Shape, spansPerBatch } from "../support/spanLoad.ts"

const [shape] = process.argv.slice(2) as [Shape]

const noAttributes: ReadonlyMap<string, unknown> = new Map()
const nothing = () => {}

const tracer = Tracer.make({
  span: ({ annotations, kind, links, name, parent, startTime }) => ({
    _tag: "Span",
    name,
    parent,
    annotations,
    kind,
    links,
    attributes: noAttributes,
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "b7ad6b7169203331",
    sampled: true,
    status: { _tag: "Started", startTime },
    end: nothing,
    attribute: nothing,
    event: nothing,
    addLinks: nothing
  })
})

const batch = Effect.provideService(record(library, shape), Tracer.Tracer, tracer)
await answer(() => costOf(spansPerBatch, () => Effect.runPromise(batch)))

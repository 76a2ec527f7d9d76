/**
 * Arguments: the shape of spans, the address and protocol of a receiver, and `spool` for copies on disk. Without an
 * address spans are queued and taken from the queue, and not encoded. Answers with the cost of a span.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Telemetry, TelemetryConfig, TelemetryTracer } from "tasker-telemetry"
import { Ledger } from "../../src/delivery/Ledger.ts"
import * as Pipeline from "../../src/delivery/Pipeline.ts"
import * as Receiver from "../../src/delivery/Receiver.ts"
import * as RequestSender from "../../src/delivery/RequestSender.ts"
import { Transport } from "../../src/delivery/Transport.ts"
import { FlushRegistry } from "../../src/internal/FlushRegistry.ts"
import { SelfStatistics } from "../../src/internal/SelfStatistics.ts"
import type { SpanData } from "../../src/tracing/SpanData.ts"
import { answer, costOf } from "../support/answer.ts"
import { library } from "../support/effectSpans.ts"
import { record, type Shape, spansPerBatch } from "../support/spanLoad.ts"

const [shape, url, protocol, spool] = process.argv.slice(2) as [
  Shape,
  string?,
  TelemetryConfig.TelemetryConfig["delivery"]["protocol"]?,
  "spool"?
]

const directory = spool === undefined ? undefined : mkdtempSync(join(tmpdir(), "tasker-telemetry-bench-"))

const delivery = {
  endpoint: url ?? "http://127.0.0.1:9",
  queueSize: 100_000,
  batchSize: 512,
  protocol,
  // Spans are sent soon here. By the default interval, most of them would never be copied.
  spool: { directory, appendInterval: "1 millis" }
} as const

/** A receiver that takes everything at once. */
const taker = Layer.succeed(Transport, {
  connect: () =>
    Effect.succeed(() =>
      Effect.succeed({
        status: 200,
        header: () => undefined,
        body: Effect.succeed({ bytes: new Uint8Array(), isBroken: false })
      })
    )
})

/** The queue of spans, which are not encoded. */
const queue = Layer.effectDiscard(Effect.gen(function*() {
  const tracer = yield* TelemetryTracer.TelemetryTracer
  const { delivery } = yield* TelemetryConfig.Current
  const receiver = Receiver.of(yield* TelemetryConfig.Current, "spans")
  if (receiver === undefined) return
  const pipeline = yield* Pipeline.make<SpanData>({
    ledger: new Ledger(tracer.held),
    settings: { ...delivery, maximumElapsed: delivery.retry.maximumElapsed },
    sender: yield* RequestSender.make(receiver, delivery.retry),
    maximumBytes: delivery.maximumRequestBytes,
    encode: () => new Uint8Array(1),
    unsampledTrace: () => undefined
  })
  yield* (yield* FlushRegistry).register(Effect.map(pipeline.flush, (spans) => ({ spans })))
  yield* tracer.register({ name: "queue", onEnd: pipeline.offer })
}))

const queued = Layer.unwrap(Effect.map(TelemetryConfig.make({ delivery }), (config) =>
  queue.pipe(
    Layer.provideMerge(TelemetryTracer.layer),
    Layer.provideMerge(Layer.mergeAll(FlushRegistry.layer, SelfStatistics.layer)),
    Layer.provide(Layer.merge(taker, Layer.succeed(TelemetryConfig.Current, config)))
  )))

const runtime = ManagedRuntime.make(url === undefined ? queued : Telemetry.layerTracing({ delivery }))

const flush = Effect.map(Telemetry.flush, ({ spans }) => {
  if (spans?.dropped !== 0 || spans.pending !== 0) throw new Error(`spans are missing: ${JSON.stringify(spans)}`)
})
const batch = record(library, shape)

await answer(async () => {
  const all = url === undefined ? batch : Effect.andThen(batch, flush)
  const cost = await costOf(spansPerBatch, () => runtime.runPromise(all))
  await runtime.runPromise(flush)
  return cost
})
await runtime.dispose()
if (directory !== undefined) rmSync(directory, { recursive: true })

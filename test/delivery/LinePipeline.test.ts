import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import { TestClock } from "effect/testing"
import * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import { Ledger } from "../../src/delivery/Ledger.ts"
import * as LinePipeline from "../../src/delivery/LinePipeline.ts"
import * as Otlp from "../../src/delivery/Otlp.ts"
import * as Receiver from "../../src/delivery/Receiver.ts"
import * as RequestSender from "../../src/delivery/RequestSender.ts"
import { type ExitHook, InstallExitHook, type Options as HookOptions } from "../../src/internal/ExitHooks.ts"
import { format, idsIn, type Item, resource } from "../support/spooledItems.ts"
import { TestTransport } from "../support/testTransport.ts"

const lines: Array<string> = []
const layer = Layer.mergeAll(
  TestTransport.layer,
  Logger.layer([Logger.make(({ message }) => {
    lines.push(String(message))
  })]),
  Layer.effectDiscard(Effect.sync(() => lines.splice(0)))
)

/** A process whose first request hangs. `isFull` says that the file takes no more lines. */
const start = Effect.fnUntraced(function*(onExit: (offer: (item: Item) => void) => void, isFull = () => false) {
  const config = yield* TelemetryConfig.make({
    delivery: { endpoint: "file:requests.jsonl", batchSize: 3, shutdownTimeout: 0 }
  })
  const { delivery } = config
  const ledger = new Ledger()
  const written: Array<ReadonlyArray<number>> = []
  let drain: HookOptions["drain"] = () => {}
  const install = (options: HookOptions): Effect.Effect<ExitHook> =>
    Effect.sync(() => {
      drain = options.drain
      return { arm: () => {} }
    })
  const { reply } = yield* TestTransport
  reply("hang")
  const pipeline = yield* LinePipeline.make<Item>({
    ledger,
    settings: { ...delivery, maximumElapsed: delivery.retry.maximumElapsed },
    sender: yield* RequestSender.make(Receiver.of(config, "spans")!, delivery.retry),
    maximumBytes: delivery.maximumRequestBytes,
    encode: Otlp.encoder("http/json", format, resource),
    unsampledTrace: () => undefined,
    atExit: (body) => {
      if (isFull()) throw new Error("ENOSPC")
      written.push(idsIn(new TextDecoder().decode(body)))
    },
    signals: false,
    onExit: () => onExit((item) => pipeline.offer(item))
  }).pipe(Effect.provideService(InstallExitHook, install))
  for (let id = 0; id < 8; id++) pipeline.offer({ id })
  yield* TestClock.adjust(0)
  assert.deepStrictEqual([ledger.inFlight, ledger.queued], [3, 5])
  return { drain: (isLast: boolean) => drain(isLast, "the test is over"), ledger, pipeline, written }
})

describe("LinePipeline", () => {
  it.effect("writes what is in memory when the process ends, and what ends after that", () =>
    Effect.gen(function*() {
      const { drain, ledger, pipeline, written } = yield* start((offer) => offer({ id: 8 }))
      drain(true)
      assert.deepStrictEqual(written, [[0, 1, 2], [3, 4, 5], [6, 7, 8]])
      pipeline.offer({ id: 9 })
      assert.deepStrictEqual(written.at(-1), [9])
      assert.deepStrictEqual(ledger.balance, { ...new Ledger().balance, ended: 10, exported: 10 })
      assert.deepStrictEqual(lines, [])
    }).pipe(Effect.scoped, Effect.provide(layer)))

  it.effect("writes nothing while the program may go on", () =>
    Effect.gen(function*() {
      const { drain, ledger, pipeline, written } = yield* start((offer) => offer({ id: 8 }))
      drain(false)
      pipeline.offer({ id: 9 })
      assert.deepStrictEqual([written.length, ledger.inFlight, ledger.queued], [0, 3, 6])
    }).pipe(Effect.scoped, Effect.provide(layer)))

  it.effect("counts and reports what cannot be written", () =>
    Effect.gen(function*() {
      let calls = 0
      const { drain, ledger, written } = yield* start(() => {}, () => ++calls > 1)
      drain(true)
      assert.deepStrictEqual(written, [[0, 1, 2]])
      const expected = { ...new Ledger().balance, ended: 8, exported: 3, dropped: { shutdown: 5 } }
      assert.deepStrictEqual(ledger.balance, expected)
      assert.deepStrictEqual(lines, ["5 spans for file:requests.jsonl were lost: the layer was closed"])
    }).pipe(Effect.scoped, Effect.provide(layer)))
})

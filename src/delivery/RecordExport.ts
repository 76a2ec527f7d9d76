/**
 * The export of one signal whose records are queued: its accounts, its pipeline and its receiver, as configured.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import { ExporterStates } from "../internal/ExporterStates.ts"
import { FlushRegistry } from "../internal/FlushRegistry.ts"
import { SelfStatistics } from "../internal/SelfStatistics.ts"
import * as accounts from "./accounts.ts"
import { type Held, Ledger } from "./Ledger.ts"
import type * as Otlp from "./Otlp.ts"
import * as Pipeline from "./Pipeline.ts"
import * as Receiver from "./Receiver.ts"
import type { UnsampledTrace } from "./RecordQueue.ts"
import * as RequestSender from "./RequestSender.ts"
import * as resource from "./resource.ts"
import type { Transport } from "./Transport.ts"

export interface Options<A> {
  readonly signal: "spans" | "log records"
  /** Makes the encoder of request bodies. */
  readonly encoder: (protocol: Otlp.Protocol, service: Otlp.Resource) => Pipeline.Options<A>["encode"]
  readonly unsampledTrace: UnsampledTrace<A>
  /** Gives the numbers of records that were held back before they were offered. */
  readonly held?: (() => Held) | undefined
}

/** Starts the export until the scope closes. Gives `undefined` if the configuration has no address for the signal. */
export const make = Effect.fnUntraced(function*<A>(
  options: Options<A>
): Effect.fn.Return<
  Pipeline.Pipeline<A> | undefined,
  TelemetryConfig.TelemetryConfigError,
  SelfStatistics | FlushRegistry | Transport | Scope.Scope
> {
  const config = yield* TelemetryConfig.Current
  const receiver = Receiver.of(config, options.signal)
  if (receiver === undefined) return undefined
  const { delivery } = config
  const own = delivery[Receiver.groups[options.signal]]
  const settings: Pipeline.Settings = {
    ...delivery,
    queueSize: own.queueSize ?? delivery.queueSize,
    batchSize: own.batchSize ?? delivery.batchSize,
    interval: own.interval ?? delivery.interval,
    maximumElapsed: own.maximumElapsed ?? delivery.retry.maximumElapsed
  }
  const ledger = new Ledger(options.held)
  accounts.observe(yield* SelfStatistics, options.signal, ledger, settings.queueSize)
  const sender = yield* RequestSender.make(receiver, { ...delivery.retry, maximumElapsed: settings.maximumElapsed })
  const pipeline = yield* Pipeline.make<A>({
    ledger,
    settings,
    sender,
    maximumBytes: delivery.maximumRequestBytes,
    encode: options.encoder(receiver.protocol, yield* resource.current),
    unsampledTrace: options.unsampledTrace
  })
  const name = options.signal === "spans" ? "spans" : "logs"
  yield* (yield* FlushRegistry).register(Effect.map(pipeline.flush, (numbers) => ({ [name]: numbers })))
  yield* (yield* ExporterStates).register(name, () => ({
    ...sender.state(),
    ended: ledger.ended,
    records: ledger.balance,
    queue: { size: ledger.queued, capacity: settings.queueSize }
  }))
  return pipeline
})

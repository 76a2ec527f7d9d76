/**
 * The export of one signal whose records are queued: its accounts, its pipeline and its receiver, as configured.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as TelemetryConfig from "../config/TelemetryConfig.ts"
import { ExporterStates } from "../internal/ExporterStates.ts"
import { FlushRegistry } from "../internal/FlushRegistry.ts"
import { SelfStatistics } from "../internal/SelfStatistics.ts"
import * as accounts from "./accounts.ts"
import { type Held, Ledger } from "./Ledger.ts"
import * as LinePipeline from "./LinePipeline.ts"
import * as Otlp from "./Otlp.ts"
import * as otlpParts from "./otlpParts.ts"
import * as Pipeline from "./Pipeline.ts"
import * as Receiver from "./Receiver.ts"
import type { UnsampledTrace } from "./RecordQueue.ts"
import * as RequestSender from "./RequestSender.ts"
import * as resource from "./resource.ts"
import { Spool } from "./Spool.ts"
import * as SpooledPipeline from "./SpooledPipeline.ts"
import { OpenSpoolFolder } from "./SpoolFolder.ts"
import type { Transport } from "./Transport.ts"

export interface Options<A> {
  readonly signal: "spans" | "log records"
  readonly format: Otlp.Format<A>
  readonly unsampledTrace: UnsampledTrace<A>
  /** Gives the numbers of records that were held back before they were offered. */
  readonly held?: (() => Held) | undefined
  /** Gives the records that are held back until it is decided about them. */
  readonly undecided?: (() => ReadonlyArray<A>) | undefined
  /** Called when the process ends, with the reason, if records can be kept then. It may offer the last records. */
  readonly onExit?: ((why: string) => void) | undefined
}

/** Whether the records that are in memory when the process ends are written. */
export const writesAtExit = (config: TelemetryConfig.TelemetryConfig, signal: Options<never>["signal"]): boolean =>
  config.delivery.spool.directory !== undefined || Receiver.of(config, signal)?.takesLines === true

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
  const service = yield* resource.current
  const pipelineOptions: Pipeline.Options<A> = {
    ledger,
    settings,
    sender,
    maximumBytes: delivery.maximumRequestBytes,
    encode: Otlp.encoder(receiver.protocol, options.format, service),
    unsampledTrace: options.unsampledTrace
  }
  const spool = yield* openSpool(options, receiver, service, sender)
  const exitOptions = { signals: config.logging.signals, onExit: options.onExit ?? (() => {}) }
  const pipeline = spool !== undefined
    ? yield* SpooledPipeline.make({
      ...pipelineOptions,
      ...exitOptions,
      spool,
      names: options.format.names,
      appendInterval: delivery.spool.appendInterval,
      undecided: options.undecided ?? (() => [])
    })
    : sender.atExit !== undefined
    ? yield* LinePipeline.make({ ...pipelineOptions, ...exitOptions, atExit: sender.atExit })
    : yield* Pipeline.make(pipelineOptions)
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

const openSpool = Effect.fnUntraced(function*<A>(
  { format, signal }: Options<A>,
  { protocol, takesLines }: Receiver.Receiver,
  service: Otlp.Resource,
  { outage }: RequestSender.RequestSender
): Effect.fn.Return<Spool<A> | undefined, TelemetryConfig.TelemetryConfigError> {
  const { directory, fsync, maximumAge, maximumBytes } = (yield* TelemetryConfig.Current).delivery.spool
  if (directory === undefined) return undefined
  const clock = yield* Clock.Clock
  return new Spool<A>({
    folder: yield* (yield* OpenSpoolFolder)({ path: `${directory}/${Receiver.groups[signal]}`, fsync }),
    envelope: otlpParts.envelope(protocol, service),
    encode: otlpParts.recordEncoder(protocol, format),
    maximumBytes,
    maximumAge: Duration.toMillis(maximumAge),
    now: () => clock.currentTimeMillisUnsafe(),
    elapsed: () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6,
    report: (problem) => outage.spool(problem),
    reportUnreadable: (problem) => outage.unreadable(problem),
    canSend: (encoding) => !takesLines || encoding === protocol,
    reportUnsendable: (encoding) => outage.unsendable(encoding)
  })
})

/**
 * A pipeline of numbered items, with or without a spool.
 */
import { Clock, Duration, Effect, type Scope } from "effect"
import type * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import type { Ledger } from "../../src/delivery/Ledger.ts"
import * as Otlp from "../../src/delivery/Otlp.ts"
import * as otlpParts from "../../src/delivery/otlpParts.ts"
import * as Pipeline from "../../src/delivery/Pipeline.ts"
import * as Receiver from "../../src/delivery/Receiver.ts"
import * as RequestSender from "../../src/delivery/RequestSender.ts"
import { Spool } from "../../src/delivery/Spool.ts"
import * as SpooledPipeline from "../../src/delivery/SpooledPipeline.ts"
import type { SpoolFolder } from "../../src/delivery/SpoolFolder.ts"
import type { Transport } from "../../src/delivery/Transport.ts"

export interface Item {
  readonly id: number
  /** The trace, if it is not sampled. */
  readonly unsampled?: string | undefined
  /** Whether the item cannot be encoded. */
  readonly isPoison?: boolean
}

export const format: Otlp.Format<Item> = {
  names: { resources: "resourceSpans", scopes: "scopeSpans", records: "spans" },
  writeRecord: (to, { id, isPoison }) => {
    if (isPoison === true) throw new Error("poison")
    to.text(5, "name", `${id}`)
  }
}

export const resource: Otlp.Resource = { name: "shop", version: undefined, attributes: {} }

interface Request {
  readonly resourceSpans: readonly [
    { readonly scopeSpans: readonly [{ readonly spans: ReadonlyArray<{ readonly name: string }> }] }
  ]
}

/** The numbers of the items in a request. */
export const idsIn = (body: string): ReadonlyArray<number> =>
  (JSON.parse(body) as Request).resourceSpans[0].scopeSpans[0].spans.map(({ name }) => Number(name))

interface Setting {
  /** Its protocol is `http/json`. */
  readonly config: TelemetryConfig.TelemetryConfig
  readonly ledger: Ledger
  /** Without it, there is no spool. */
  readonly folder?: SpoolFolder | undefined
  readonly undecided?: () => ReadonlyArray<Item>
  readonly onExit?: (why: string) => void
}

export const start = Effect.fnUntraced(function*(
  { config, folder, ledger, onExit = () => {}, undecided = () => [] }: Setting
): Effect.fn.Return<
  Pipeline.Pipeline<Item>,
  TelemetryConfig.TelemetryConfigError,
  Transport | Scope.Scope
> {
  const { delivery } = config
  const sender = yield* RequestSender.make(Receiver.of(config, "spans")!, delivery.retry)
  const options: Pipeline.Options<Item> = {
    ledger,
    settings: { ...delivery, maximumElapsed: delivery.retry.maximumElapsed },
    sender,
    maximumBytes: delivery.maximumRequestBytes,
    encode: Otlp.encoder("http/json", format, resource),
    unsampledTrace: ({ unsampled }) => unsampled
  }
  if (folder === undefined) return yield* Pipeline.make(options)
  const clock = yield* Clock.Clock
  const { appendInterval, maximumAge, maximumBytes } = delivery.spool
  return yield* SpooledPipeline.make({
    ...options,
    spool: new Spool({
      folder,
      envelope: otlpParts.envelope("http/json", resource),
      encode: otlpParts.recordEncoder("http/json", format),
      maximumBytes,
      maximumAge: Duration.toMillis(maximumAge),
      now: () => clock.currentTimeMillisUnsafe(),
      elapsed: () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6,
      report: (problem) => sender.outage.spool(problem),
      reportUnreadable: (problem) => sender.outage.unreadable(problem),
      canSend: () => true,
      reportUnsendable: () => {}
    }),
    names: format.names,
    appendInterval,
    signals: false,
    undecided,
    onExit
  })
})

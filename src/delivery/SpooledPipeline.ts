/**
 * A pipeline with a spool: what memory loses or has no place for is on disk.
 */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Semaphore from "effect/Semaphore"
import { inBackground } from "../internal/BackgroundClock.ts"
import type * as Otlp from "./Otlp.ts"
import * as Pipeline from "./Pipeline.ts"
import type { Spool } from "./Spool.ts"
import * as SpoolReplay from "./SpoolReplay.ts"
import * as SpoolUpkeep from "./SpoolUpkeep.ts"

export interface Options<A> extends Pipeline.Options<A> {
  readonly spool: Spool<A>
  readonly names: Otlp.RequestNames
  /** Time between two writes of copies. */
  readonly appendInterval: Duration.Duration
  /** Whether to write when a signal ends the process. */
  readonly signals: boolean
  /** Gives the records that are held back until it is decided about them. */
  readonly undecided: () => ReadonlyArray<A>
  /** Called when the process ends, with the reason. It may offer the last records. */
  readonly onExit: (why: string) => void
}

/** Makes a pipeline that lives as long as its scope. */
export const make = Effect.fnUntraced(function*<A>(
  options: Options<A>
): Effect.fn.Return<Pipeline.Pipeline<A>, never, Scope.Scope> {
  const { ledger, maximumBytes, names, onExit, sender, settings, signals, spool, undecided } = options
  const gate = Semaphore.makeUnsafe(settings.inFlight)
  let inMemory: () => ReadonlyArray<A> = () => []
  // The upkeep ends after the pipeline, because the last flush may take its time.
  const upkeep = yield* SpoolUpkeep.make({
    spool,
    interval: options.appendInterval,
    signals,
    pending: () => [...inMemory(), ...undecided()],
    onExit
  })
  const pipeline = yield* Pipeline.make<A>({ ...options, gate })
  inMemory = pipeline.pending
  const replay = SpoolReplay.run({ spool, ledger, sender, gate, names, batchSize: settings.batchSize, maximumBytes })
  yield* Effect.forkScoped(inBackground(replay))
  return {
    ...pipeline,
    offer: (record) => {
      pipeline.offer(record)
      upkeep.recorded()
    }
  }
})

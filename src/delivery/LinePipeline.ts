/**
 * A pipeline whose receiver takes lines, which need no event loop: what is in memory is written when the process ends.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { InstallExitHook } from "../internal/ExitHooks.ts"
import { orElse } from "../internal/guard.ts"
import * as Pipeline from "./Pipeline.ts"
import type { Outcome } from "./RequestSender.ts"
import type { Post } from "./Transport.ts"

export interface Options<A> extends Pipeline.Options<A> {
  readonly atExit: NonNullable<Post["atExit"]>
  /** Whether to write when a signal ends the process. */
  readonly signals: boolean
  /** Called when the process ends, with the reason. It may offer the last records. */
  readonly onExit: (why: string) => void
}

const accepted: Outcome = { _tag: "Accepted", rejected: 0 }
const lost: Outcome = { _tag: "Lost", reason: "shutdown" }

/** Makes a pipeline that lives as long as its scope. */
export const make = Effect.fnUntraced(function*<A>(
  options: Options<A>
): Effect.fn.Return<Pipeline.Pipeline<A>, never, Scope.Scope> {
  const { atExit, ledger, onExit, sender, signals } = options
  let isOver = false
  let writeAll = () => {}
  // The hook ends after the pipeline, because the last flush may take its time.
  const hook = yield* (yield* InstallExitHook)({
    stage: "records",
    drain: (isLast, why) => {
      // If the program goes on, the requests in flight go on, too.
      if (!isLast) return
      isOver = true
      onExit(why)
      writeAll()
      sender.closed(ledger.dropped.shutdown ?? 0)
    },
    signals
  })
  // A signal may end the process before anything is written.
  hook.arm()
  const pipeline = yield* Pipeline.make<A>(options)
  writeAll = () =>
    pipeline.sendAtExit({
      send: (body) =>
        Effect.sync(() =>
          orElse((): Outcome => {
            atExit(body)
            return accepted
          }, () => lost)
        )
    })
  return {
    ...pipeline,
    offer: (record) => {
      pipeline.offer(record)
      if (isOver) writeAll()
    }
  }
})

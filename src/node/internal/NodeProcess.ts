/**
 * Lets a process that has nothing left to do end at once, and sends what is recorded before it ends.
 *
 * **Details**
 *
 * Timers of background work do not keep the process alive. When nothing else does, Node calls `beforeExit`. Then
 * everything is flushed, once for everything that was recorded, within `delivery.shutdownTimeout`. So a
 * `ManagedRuntime` that is never disposed loses nothing, and ends without a delay.
 */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { BackgroundClock } from "../../internal/BackgroundClock.ts"
import * as ExceptionReports from "../../internal/ExceptionReports.ts"
import * as ExportDurations from "../../internal/ExportDurations.ts"
import { ExporterStates, layer as exporterStates } from "../../internal/ExporterStates.ts"
import { FlushRegistry } from "../../internal/FlushRegistry.ts"
import { SelfStatistics } from "../../internal/SelfStatistics.ts"

/** The clock of programs that have no clock of their own, such as that of a test. */
const systemClock = Context.get(Context.empty(), Clock.Clock)

/** Node keeps no longer time in a timer. */
const longestTimer = 2 ** 31 - 1

const sleep = (duration: Duration.Duration): Effect.Effect<void> =>
  Effect.suspend(() => {
    const millis = Duration.toMillis(duration)
    if (millis <= 0) return Effect.yieldNow
    if (millis > longestTimer) {
      return Effect.andThen(timer(longestTimer), sleep(Duration.millis(millis - longestTimer)))
    }
    return timer(millis)
  })

const timer = (millis: number): Effect.Effect<void> =>
  Effect.callback((resume) => {
    const timer = setTimeout(() => resume(Effect.void), millis)
    timer.unref()
    return Effect.sync(() => clearTimeout(timer))
  })

const backgroundClock: Clock.Clock = {
  currentTimeMillisUnsafe: () => systemClock.currentTimeMillisUnsafe(),
  currentTimeMillis: systemClock.currentTimeMillis,
  currentTimeNanosUnsafe: () => systemClock.currentTimeNanosUnsafe(),
  currentTimeNanos: systemClock.currentTimeNanos,
  monotonicTimeNanosUnsafe: () => systemClock.monotonicTimeNanosUnsafe(),
  monotonicTimeNanos: systemClock.monotonicTimeNanos,
  sleep
}

const flushBeforeExit = Effect.gen(function*() {
  const registry = yield* FlushRegistry
  const exporters = yield* ExporterStates
  const context = yield* Effect.context<never>()
  /** Records that ended before the last flush, by exporter. */
  let flushed: string | undefined
  const recorded = () => {
    const states = Object.entries(exporters.read())
    return states.length === 0 ? undefined : states.map(([signal, { ended }]) => `${signal} ${ended}`).join()
  }
  const listener = () => {
    const now = recorded()
    if (now === flushed) return
    flushed = now
    Effect.runForkWith(context)(registry.flush)
  }
  yield* Effect.acquireRelease(
    Effect.sync(() => process.on("beforeExit", listener)),
    () => Effect.sync(() => process.removeListener("beforeExit", listener))
  )
})

/**
 * The counters, flushes and exporters of every signal, the way of exceptions to the log and of times to the metrics, and
 * the clock of background work. One value, so that layers that
 * are built together share it.
 */
export const layer: Layer.Layer<SelfStatistics | FlushRegistry> = Layer.effectDiscard(flushBeforeExit).pipe(
  Layer.provideMerge(Layer.mergeAll(
    SelfStatistics.layer,
    FlushRegistry.layer,
    exporterStates,
    ExceptionReports.layer,
    ExportDurations.layer,
    Layer.succeed(BackgroundClock, (clock) => clock === systemClock ? backgroundClock : clock)
  ))
)

/**
 * Lets an instance take part: it synchronises again and again, and says how that goes.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { durationOf } from "../../config/internal/durationInput.ts"
import * as TelemetryConfig from "../../config/TelemetryConfig.ts"
import { inBackground } from "../../internal/BackgroundClock.ts"
import { uuid } from "../../internal/identifiers.ts"
import type { DurationSuchAs } from "../../internal/typeMessages.ts"
import type { GaugeMerge } from "../../metrics/MetricMerge.ts"
import type { MetricSnapshot } from "../../metrics/MetricSnapshot.ts"
import type { CacheSync } from "../MetricExporter.ts"
import * as InstanceIdentity from "./InstanceIdentity.ts"
import * as serviceGroup from "./serviceGroup.ts"
import type { SlotStore } from "./stores/SlotStore.ts"
import type { StoreChoice } from "./stores/StoreChoice.ts"
import * as SyncedInstance from "./SyncedInstance.ts"
import { withinTime } from "./withinTime.ts"

/**
 * Options of the layers.
 *
 * @category models
 * @since 0.1.0
 */
export interface Options {
  /** Time between two writes of the slot; 30 seconds by default. An export writes it too. */
  readonly syncInterval?: DurationSuchAs<"30 seconds"> | undefined
  /** How long an instance that no longer writes counts as living; 5 minutes by default. */
  readonly window?: DurationSuchAs<"5 minutes"> | undefined
  /** Longest time of one answer of the store; 5 seconds by default. */
  readonly timeout?: DurationSuchAs<"5 seconds"> | undefined
  /**
   * How gauges of several instances are merged, by name, in which `*` stands for any characters; see `MetricMerge`. The
   * value of the newest reading is the `last` one.
   */
  readonly gauges?: Readonly<Record<string, GaugeMerge>> | undefined
  /**
   * The instances of one group are added up; the namespace and the name of the service by default, so that two services may
   * share a store.
   */
  readonly group?: string | undefined
}

/**
 * An instance whose slot is in the store.
 *
 * @category models
 * @since 0.1.0
 */
export interface KnownInstance {
  /** Host, process id, start in milliseconds since the epoch and a random part, with `-` between them. */
  readonly id: string
  /** How often the instance has written this slot. */
  readonly sequence: number
  /** When it last wrote, in milliseconds of the time of the store. */
  readonly writtenMillis: number
}

/**
 * How the synchronisation goes.
 *
 * @category models
 * @since 0.1.0
 */
export interface Status extends StoreChoice {
  /** `degraded` if the store could not be used the last time; `unused` before the first time. */
  readonly state: "unused" | "synced" | "degraded"
  /** Why it is degraded. */
  readonly problem: string | undefined
  /** The instances that were found the last time. */
  readonly instances: ReadonlyArray<KnownInstance>
}

/**
 * An instance that shares its metrics.
 *
 * @category models
 * @since 0.1.0
 */
export interface Instance {
  /** Writes the slot, and gives the metrics of all instances. */
  readonly snapshot: Effect.Effect<MetricSnapshot>
  /**
   * The same, with each series of each living instance by itself. The attribute `instance` has the id of the instance. The
   * counts of ended instances are left out.
   */
  readonly separate: Effect.Effect<MetricSnapshot>
  /** How long a slot lasts after its last write; `undefined` if nothing is shared. */
  readonly window: Duration.Duration | undefined
  /** Lets the slots of all instances last at least so long from now. If the store cannot be used, nothing happens. */
  readonly hold: (time: Duration.Duration) => Effect.Effect<void>
  readonly status: Effect.Effect<Status>
}

/** Makes `join` of a store. Throws a `RangeError` if an option is wrong. */
export const joinInstances = (storeOf: (group: string) => SlotStore, choice: StoreChoice, options: Options) => {
  const interval = durationOf(options.syncInterval ?? "30 seconds", "syncInterval", "30 seconds")
  const window = durationOf(options.window ?? "5 minutes", "window", "5 minutes")
  const timeout = durationOf(options.timeout ?? "5 seconds", "timeout", "5 seconds")

  return Effect.fnUntraced(function*(
    own: Effect.Effect<MetricSnapshot>,
    onSync: (sync: CacheSync) => Effect.Effect<void> = () => Effect.void
  ): Effect.fn.Return<Instance, never, Scope.Scope> {
    const { metrics } = yield* TelemetryConfig.Current
    const { host, pid } = yield* InstanceIdentity.Current
    const startMillis = yield* Clock.currentTimeMillis
    const instance = yield* SyncedInstance.make(storeOf(options.group ?? (yield* serviceGroup.current)), own, {
      id: `${host}-${pid}-${startMillis}-${(yield* uuid).slice(-12)}`,
      windowMillis: Duration.toMillis(window),
      timeout,
      gauges: options.gauges,
      limits: {
        cardinalityLimit: metrics.cardinalityLimit,
        retentionMillis: Duration.toMillis(metrics.retention)
      }
    })
    let status: Status = { ...choice, state: "unused", problem: undefined, instances: [] }

    const sync = Effect.fnUntraced(function*(form: SyncedInstance.Form) {
      const begin = yield* Clock.monotonicTimeNanos
      const { failure, instances, snapshot } = yield* instance.view(form)
      const before = status.state
      status = {
        ...choice,
        state: failure === undefined ? "synced" : "degraded",
        problem: failure?.message,
        instances: failure === undefined
          ? instances.map(({ id, sequence, writtenMillis }) => ({ id, sequence, writtenMillis }))
          : status.instances
      }
      if (failure !== undefined && before !== "degraded") {
        yield* Effect.logWarning(
          `metrics of other instances are not up to date, because their store cannot be used: ${failure.message}`
        )
      }
      if (failure === undefined && before === "degraded") {
        yield* Effect.logInfo("metrics of other instances are up to date again")
      }
      yield* onSync({
        strategy: choice.strategy,
        success: failure === undefined,
        metricsCount: snapshot.metrics.length,
        seriesCount: snapshot.metrics.reduce((sum, { series }) => sum + series.length, 0),
        durationSeconds: Number((yield* Clock.monotonicTimeNanos) - begin) / 1e9
      })
      return snapshot
    })

    const aggregated = sync("aggregated")
    yield* Effect.addFinalizer(() => Effect.ignoreCause(withinTime(instance.write(true), timeout)))
    yield* Effect.forkScoped(inBackground(Effect.forever(Effect.delay(Effect.ignoreCause(aggregated), interval))))
    return {
      snapshot: aggregated,
      separate: sync("separate"),
      window,
      hold: (time) => Effect.ignoreCause(instance.hold(Duration.toMillis(time))),
      status: Effect.sync(() => status)
    }
  })
}

/**
 * Measures operations, records them, and publishes the events about their
 * thresholds.
 */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import * as Correlation from "../../Correlation.ts"
import type { EventBus } from "../../events/EventBus.ts"
import { describeError, informativeError, mainReason, valueOf } from "../../internal/describeError.ts"
import { orElse } from "../../internal/guard.ts"
import { operationCatalog } from "../../metrics/MetricCatalog.ts"
import type { MetricStore } from "../../metrics/MetricStore.ts"
import * as Redaction from "../../redaction/Redaction.ts"
import type { Probe, Profile, Reading } from "../ProcessProbe.ts"
import { Crossings } from "./Crossings.ts"
import type { Measurement, OperationSummary, Outcome } from "./Measurement.ts"
import * as operationPayloads from "./operationPayloads.ts"
import { type Activity, Overlaps } from "./Overlaps.ts"
import { RecentDurations } from "./RecentDurations.ts"
import { WorkflowOperations } from "./WorkflowOperations.ts"

export interface OwnLimits {
  readonly slowSeconds: number | undefined
  readonly spikeBytes: number | undefined
}

export interface Settings {
  readonly slowSeconds: number
  readonly spikeBytes: number
  readonly quietPeriod: Duration.Duration
  readonly learned: { readonly enabled: boolean; readonly factor: number; readonly minimumSamples: number }
}

interface Parts {
  readonly bus: EventBus["Service"]
  readonly store: MetricStore["Service"]
  readonly probe: Probe | undefined
  readonly scope: Scope.Scope
  readonly settings: Settings
}

/** The operation that the current fiber works for. */
const CurrentOperation = Context.Reference<Activity | undefined>(
  "tasker-telemetry/performance/internal/OperationMonitor/CurrentOperation",
  { defaultValue: () => undefined }
)

/** What is known about an operation of one name. */
interface Operation {
  readonly name: string
  readonly outcomes: Record<Outcome, number>
  readonly durations: RecentDurations
  readonly slow: Crossings<operationPayloads.Slow>
  readonly spikes: Crossings<operationPayloads.Spike>
  slowCount: number
  spikeCount: number
  last: Measurement | undefined
  longest: Measurement | undefined
}

/** The highest number of names. Further ones share one summary. */
const mostOperations = 500
const otherOperations = "_OTHER"

/** A profile is ended after this time, and kept if the operation is slow. */
const longestProfile = Duration.seconds(60)

/** An operation that goes on. */
interface Underway {
  readonly activity: Activity
  readonly startNanos: bigint
  readonly before: Reading | undefined
  profile: Profile | undefined
}

export class OperationMonitor {
  readonly workflow: WorkflowOperations
  private readonly parts: Parts
  private readonly overlaps = new Overlaps()
  private readonly known = new Map<string, Operation>()
  private readonly instruments

  constructor(parts: Parts) {
    const { store } = parts
    this.parts = parts
    this.instruments = {
      duration: store.histogram(operationCatalog.duration),
      memory: store.histogram(operationCatalog.memory),
      slow: store.counter(operationCatalog.slow),
      spikes: store.counter(operationCatalog.spikes)
    }
    this.workflow = new WorkflowOperations(
      (operation, outcome, seconds) => this.count(this.operationOf(operation), operation, outcome, seconds),
      {
        begin: (fiber) => this.overlaps.begin(fiber.getRef(CurrentOperation)),
        end: (activity) => void this.overlaps.end(activity)
      }
    )
  }

  /** Publishes what is left to sum up. */
  readonly close: Effect.Effect<void> = Effect.suspend(() =>
    Effect.forEach(
      this.known.values(),
      (operation) => Effect.andThen(this.summarize(operation, "slow"), this.summarize(operation, "spikes")),
      { discard: true }
    )
  )

  operations(): ReadonlyArray<OperationSummary> {
    return Array.from(this.known.values(), (operation) => ({
      operation: operation.name,
      outcomes: { ...operation.outcomes },
      durations: operation.durations.distribution(),
      slow: operation.slowCount,
      spikes: operation.spikeCount,
      last: operation.last,
      longest: operation.longest
    }))
  }

  measure<A, E, R>(
    name: string,
    limits: OwnLimits,
    withProfile: boolean,
    effect: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E, R> {
    return Effect.withFiber((fiber) => {
      const underway = this.begin(fiber, name, withProfile)
      const measured = Effect.onExit(
        Effect.provideService(effect, CurrentOperation, underway.activity),
        (exit) => Effect.ignoreCause(Effect.withFiber((fiber) => this.end(fiber, name, limits, underway, exit)))
      )
      return underway.profile === undefined ? measured : this.endLongProfile(underway, measured)
    })
  }

  private begin(fiber: Fiber.Fiber<unknown, unknown>, name: string, withProfile: boolean): Underway {
    const { probe } = this.parts
    const outer = fiber.getRef(CurrentOperation)
    const parent = outer === undefined || outer.ended
      ? this.workflow.attemptOf(fiber.getRef(Correlation.CurrentWorkflow)?.stepId) ?? outer
      : outer
    return {
      activity: this.overlaps.begin(parent),
      profile: withProfile ? guarded(() => probe?.profile(name)) : undefined,
      before: guarded(() => probe?.read()),
      startNanos: fiber.getRef(Clock.Clock).monotonicTimeNanosUnsafe()
    }
  }

  private end(
    fiber: Fiber.Fiber<unknown, unknown>,
    name: string,
    limits: OwnLimits,
    underway: Underway,
    exit: Exit.Exit<unknown, unknown>
  ): Effect.Effect<void> {
    const { probe } = this.parts
    const seconds = Number(fiber.getRef(Clock.Clock).monotonicTimeNanosUnsafe() - underway.startNanos) / 1e9
    const after = guarded(() => probe?.read())
    const operation = this.operationOf(name)
    const measurement: Measurement = {
      operation: name,
      ...outcomeOf(exit, fiber),
      durationSeconds: seconds,
      ...figuresOf(probe, underway.before, after, this.overlaps.end(underway.activity))
    }
    const threshold = this.thresholdOf(operation, limits)
    const isSlow = seconds > threshold.thresholdSeconds
    const profile = guarded(() => underway.profile?.end(isSlow))
    this.count(operation, name, measurement.outcome, seconds)
    operation.last = measurement
    if (operation.longest === undefined || seconds > operation.longest.durationSeconds) operation.longest = measurement
    const slow = isSlow
      ? this.crossSlow(operation, { ...threshold, measurement, profile, context: fiber.context })
      : Effect.void
    return Effect.andThen(slow, this.crossMemory(operation, measurement, limits, fiber))
  }

  private thresholdOf(
    { durations }: Operation,
    limits: OwnLimits
  ): Pick<operationPayloads.Slow, "thresholdSeconds" | "basis"> {
    const { learned, slowSeconds } = this.parts.settings
    const fixed = limits.slowSeconds ?? slowSeconds
    const own = learned.enabled ? durations.threshold(learned.factor, learned.minimumSamples) : undefined
    return own !== undefined && own < fixed
      ? { thresholdSeconds: own, basis: "learned" }
      : { thresholdSeconds: fixed, basis: "static" }
  }

  private count(operation: Operation, name: string, outcome: Outcome, seconds: number): void {
    this.instruments.duration.observe({ operation: name, outcome }, seconds)
    operation.outcomes[outcome]++
    operation.durations.add(seconds)
  }

  private crossSlow(operation: Operation, slow: operationPayloads.Slow): Effect.Effect<void> {
    operation.slowCount++
    this.instruments.slow.inc({ operation: slow.measurement.operation })
    return operation.slow.add(slow)
      ? Effect.andThen(this.publishSlow(slow, 1), this.endPeriodLater(operation, "slow"))
      : Effect.void
  }

  private crossMemory(
    operation: Operation,
    measurement: Measurement,
    limits: OwnLimits,
    fiber: Fiber.Fiber<unknown, unknown>
  ): Effect.Effect<void> {
    const { arrayBufferBytes, confidence, heapBytes, overlapping } = measurement
    if (heapBytes === undefined || arrayBufferBytes === undefined || overlapping > 0) return Effect.void
    const memoryBytes = heapBytes + arrayBufferBytes
    const thresholdBytes = limits.spikeBytes ?? this.parts.settings.spikeBytes
    if (confidence === "exclusive") this.instruments.memory.observe({ operation: measurement.operation }, memoryBytes)
    if (memoryBytes <= thresholdBytes) return Effect.void
    operation.spikeCount++
    this.instruments.spikes.inc({ operation: measurement.operation })
    const spike = { measurement, memoryBytes, thresholdBytes, context: fiber.context }
    return operation.spikes.add(spike)
      ? Effect.andThen(this.publishSpike(spike, 1), this.endPeriodLater(operation, "spikes"))
      : Effect.void
  }

  private endPeriodLater(operation: Operation, kind: "slow" | "spikes"): Effect.Effect<void> {
    const { scope, settings } = this.parts
    const period: Effect.Effect<void> = Effect.andThen(
      Effect.sleep(settings.quietPeriod),
      Effect.flatMap(this.summarize(operation, kind), (hasMore) => hasMore ? period : Effect.void)
    )
    return Effect.asVoid(Effect.forkIn(Effect.ignoreCause(period), scope))
  }

  /** Whether there was something to sum up. */
  private summarize(operation: Operation, kind: "slow" | "spikes"): Effect.Effect<boolean> {
    return Effect.suspend(() => {
      if (kind === "slow") {
        const summary = operation.slow.endPeriod()
        return summary === undefined
          ? Effect.succeed(false)
          : Effect.as(this.publishSlow(summary.worst, summary.occurrences), true)
      }
      const summary = operation.spikes.endPeriod()
      return summary === undefined
        ? Effect.succeed(false)
        : Effect.as(this.publishSpike(summary.worst, summary.occurrences), true)
    })
  }

  private publishSlow(slow: operationPayloads.Slow, occurrences: number): Effect.Effect<void> {
    return Effect.provideContext(
      this.parts.bus.publish("performance.slow_operation", operationPayloads.slow(slow, occurrences)),
      slow.context
    )
  }

  private publishSpike(spike: operationPayloads.Spike, occurrences: number): Effect.Effect<void> {
    return Effect.provideContext(
      this.parts.bus.publish("memory.spike_detected", operationPayloads.spike(spike, occurrences)),
      spike.context
    )
  }

  private endLongProfile<A, E, R>(underway: Underway, measured: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> {
    const end = Effect.sync(() => {
      const path = underway.profile?.end(true)
      underway.profile = { end: () => path }
    })
    return Effect.flatMap(
      Effect.forkIn(Effect.andThen(Effect.sleep(longestProfile), end), this.parts.scope),
      (timer) => Effect.ensuring(measured, Effect.sync(() => timer.interruptUnsafe()))
    )
  }

  private operationOf(name: string): Operation {
    const known = this.known.get(name)
    if (known !== undefined) return known
    if (this.known.size >= mostOperations && name !== otherOperations) return this.operationOf(otherOperations)
    const made: Operation = {
      name,
      outcomes: { success: 0, failure: 0, interruption: 0 },
      durations: new RecentDurations(),
      slow: new Crossings((a, b) => a.measurement.durationSeconds > b.measurement.durationSeconds),
      spikes: new Crossings((a, b) => a.memoryBytes > b.memoryBytes),
      slowCount: 0,
      spikeCount: 0,
      last: undefined,
      longest: undefined
    }
    this.known.set(name, made)
    return made
  }
}

/** A probe is code of the program, or of the runtime. */
const guarded = <A>(read: () => A | undefined): A | undefined => orElse<A | undefined>(read, () => undefined)

const outcomeOf = (
  exit: Exit.Exit<unknown, unknown>,
  fiber: Fiber.Fiber<unknown, unknown>
): Pick<Measurement, "outcome" | "errorType"> => {
  if (Exit.isSuccess(exit)) return { outcome: "success", errorType: undefined }
  if (Cause.hasInterruptsOnly(exit.cause)) return { outcome: "interruption", errorType: undefined }
  const reason = mainReason(exit.cause)
  const type = reason === undefined ? "_OTHER" : describeError(informativeError(valueOf(reason))).type
  return { outcome: "failure", errorType: fiber.getRef(Redaction.Current).text(type) }
}

const figuresOf = (
  probe: Probe | undefined,
  before: Reading | undefined,
  after: Reading | undefined,
  overlapping: number
): Omit<Measurement, "operation" | "outcome" | "errorType" | "durationSeconds"> => {
  if (probe === undefined || before === undefined || after === undefined) {
    return {
      confidence: "unknown",
      overlapping,
      cpuSeconds: undefined,
      eventLoopUtilization: undefined,
      heapBytes: undefined,
      arrayBufferBytes: undefined,
      collections: undefined
    }
  }
  const active = after.activeSeconds - before.activeSeconds
  const time = active + after.idleSeconds - before.idleSeconds
  const heapBytes = after.heapBytes - before.heapBytes
  const arrayBufferBytes = after.arrayBufferBytes - before.arrayBufferBytes
  return {
    confidence: overlapping > 0
      ? "shared"
      : guarded(() => isSpoilt(probe, heapBytes, arrayBufferBytes, before, after)) ?? true
      ? "unknown"
      : "exclusive",
    overlapping,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    eventLoopUtilization: time > 0 ? active / time : 1,
    heapBytes,
    arrayBufferBytes,
    collections: after.collections - before.collections
  }
}

/** A smaller figure of an operation without a collection that was seen is taken as it is. */
const surelyCollected = 4 * 1024 * 1024

/** The share of a figure that collections may have freed meanwhile. */
const mostFreed = 0.2

/**
 * Collections may have freed memory of the operation, or memory from before. In the second case the operation holds more
 * than the figure says. V8 gives array buffers back some time after the collection, so that of them only the fall is seen.
 */
const isSpoilt = (
  probe: Probe,
  heapBytes: number,
  arrayBufferBytes: number,
  before: Reading,
  after: Reading
): boolean => {
  const memoryBytes = heapBytes + arrayBufferBytes
  if (memoryBytes < 0 || Math.min(heapBytes, arrayBufferBytes) < -mostFreed * memoryBytes) return true
  return (after.collections > before.collections || memoryBytes > surelyCollected) &&
    probe.freedSince(before.collections) > mostFreed * memoryBytes
}

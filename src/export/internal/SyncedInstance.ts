/**
 * An instance that shares its metrics with others: it overwrites its slot, reads the slots of all, and adds up.
 *
 * **Details**
 *
 * An instance does not know whether a write that failed has reached the store. It repeats that write, with the same
 * sequence and the same metrics, until the store answers. So when the slot has been added to the ended instances, the
 * instance knows which metrics that were.
 */
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import * as TimeSlice from "../../internal/TimeSlice.ts"
import * as ClusterTotals from "../../metrics/internal/cluster/ClusterTotals.ts"
import { emptySnapshot } from "../../metrics/internal/model/metricData.ts"
import type * as MetricMerge from "../../metrics/MetricMerge.ts"
import type { MetricData, MetricSnapshot } from "../../metrics/MetricSnapshot.ts"
import * as EndedInstances from "./EndedInstances.ts"
import { labelInstances } from "./labelInstances.ts"
import * as OwnMetrics from "./OwnMetrics.ts"
import * as slotBody from "./slotBody.ts"
import type { Slot, SlotStore, SlotView } from "./stores/SlotStore.ts"
import { answered, type StoreFailure } from "./stores/StoreFailure.ts"

export interface Options {
  /** Unique, also among the instances that this process had before. */
  readonly id: string
  readonly windowMillis: number
  readonly timeout: Duration.Duration
  readonly gauges: MetricMerge.Options["gauges"]
  readonly limits: ClusterTotals.Limits
}

/** The metrics of all instances at one instant. */
export interface View {
  readonly snapshot: MetricSnapshot
  readonly instances: ReadonlyArray<Omit<Slot, "body">>
  readonly conflicts: ReadonlyArray<MetricMerge.MergeConflict>
}

/** `aggregated`: one series for all instances; `separate`: one for each, with an attribute that names the instance. */
export type Form = "aggregated" | "separate"

interface Pending extends OwnMetrics.Reading {
  readonly sequence: number
  readonly isLast: boolean
  readonly body: string
}

interface Decoded {
  readonly slots: ReadonlyArray<Slot & { readonly snapshot: MetricSnapshot }>
  readonly ended: EndedInstances.EndedInstances
  readonly version: number
  readonly nowMillis: number
}

export const make = Effect.fnUntraced(
  function*(store: SlotStore, own: Effect.Effect<MetricSnapshot>, options: Options) {
    const { gauges, limits, timeout, windowMillis } = options
    const metrics = OwnMetrics.make(own, limits, yield* Clock.currentTimeMillis)
    const oneAtATime = Semaphore.makeUnsafe(1)
    let incarnation = 1
    let sequence = 0
    /** The last reading that the store is known to have. */
    let stored: Pending | undefined
    let pending: Pending | undefined
    let previous = emptySnapshot
    let decoded: Decoded | undefined
    let cache = new Map<string, { readonly key: string; readonly snapshot: MetricSnapshot }>()

    const slotId = () => `${options.id}-${incarnation}`

    /** Hands over what may not have reached the store, in the words of the first attempt. */
    const send = Effect.fnUntraced(function*(reading: Pending): Effect.fn.Return<void, StoreFailure> {
      const { body, isLast, sequence: current } = reading
      const slot = { id: slotId(), sequence: current, windowMillis, isLast, body }
      const written = yield* answered(store.write(slot), timeout)
      pending = undefined
      if (written._tag === "Written") {
        stored = reading
        return
      }
      const folded = [reading, stored].find((one) => one?.sequence === written.sequence)
      if (folded !== undefined) metrics.folded(folded.whole)
      stored = undefined
      incarnation++
      sequence = 0
    })

    const writeNow = Effect.fnUntraced(function*(isLast: boolean): Effect.fn.Return<void, StoreFailure> {
      if (pending !== undefined) yield* send(pending)
      for (let attempt = 0; attempt < 2; attempt++) {
        const before = incarnation
        const reading = yield* metrics.read
        pending = { ...reading, sequence: ++sequence, isLast, body: yield* slotBody.encode(reading.rest) }
        yield* send(pending)
        if (incarnation === before) return
      }
    })

    const decode = Effect.fnUntraced(function*(view: SlotView) {
      const kept = new Map<string, { readonly key: string; readonly snapshot: MetricSnapshot }>()
      const slots: Array<Slot & { readonly snapshot: MetricSnapshot }> = []
      for (const slot of view.slots) {
        const key = `${slot.sequence}`
        const known = cache.get(slot.id)
        // This instance has its own metrics already. Reading them again would be half of the work.
        const own = slot.id === slotId() && stored?.sequence === slot.sequence ? stored.rest : undefined
        const snapshot = own ?? (known?.key === key ? known.snapshot : yield* slotBody.decode(slot.body))
        kept.set(slot.id, { key, snapshot })
        slots.push({ ...slot, snapshot })
      }
      cache = kept
      const ended = decoded !== undefined && decoded.version === view.version && view.version > 0
        ? decoded.ended
        : yield* EndedInstances.decode(view.ended, view.nowMillis)
      return { slots, ended, version: view.version, nowMillis: view.nowMillis }
    })

    const read = answered(Effect.flatMap(store.read, decode), timeout).pipe(
      Effect.tap((view) => Effect.sync(() => void (decoded = view)))
    )

    /** Adds slots to the ended instances if their time is over. If another instance does it, nothing is left to do. */
    const foldEnded = Effect.fnUntraced(function*(view: Decoded): Effect.fn.Return<void, StoreFailure> {
      const isOver = ({ isLast, windowMillis, writtenMillis }: Slot) =>
        isLast || writtenMillis + windowMillis < view.nowMillis
      const over = view.slots.filter((slot) => isOver(slot) && slot.id !== slotId())
      if (over.length === 0) return
      const living = new Map(
        view.slots.filter((slot) => !over.includes(slot)).map(({ id, snapshot }) => [id, snapshot])
      )
      const last = over.map(({ snapshot }) => snapshot)
      const ended = yield* EndedInstances.add(view.ended, last, living, view.nowMillis, limits)
      const fold = { version: view.version, ended: yield* EndedInstances.encode(ended), slots: over }
      yield* answered(store.fold(fold), timeout)
    })

    const combine = Effect.fnUntraced(function*(view: Decoded, form: Form): Effect.fn.Return<View> {
      // The last one of gauges is the newest one.
      const slots = view.slots.toSorted((left, right) => left.snapshot.timeMillis - right.snapshot.timeMillis)
      const instances = slots.map(({ body: _, snapshot: __, ...slot }) => slot)
      if (form === "separate") {
        const living = slots.filter(({ isLast }) => !isLast)
        return { ...(yield* TimeSlice.run(labelInstances(living))), instances }
      }
      const readings = new Map(slots.map((slot) => [slot.id, slot.isLast ? countsOf(slot.snapshot) : slot.snapshot]))
      const merged = yield* TimeSlice.run(ClusterTotals.combine({ ...view.ended, readings }, { gauges }))
      previous = yield* TimeSlice.run(ClusterTotals.keepStarts(previous, merged.snapshot))
      return { snapshot: previous, instances, conflicts: merged.conflicts }
    })

    /** Without the store: what this instance knows of the others, and what it has itself. */
    const combineKnown = Effect.fnUntraced(function*(form: Form) {
      const { rest, whole } = yield* metrics.read
      const known = decoded ?? { slots: [], ended: ClusterTotals.none(0), version: 0, nowMillis: 0 }
      const ownSlot = {
        id: slotId(),
        sequence,
        writtenMillis: known.nowMillis,
        windowMillis,
        isLast: false,
        body: "",
        snapshot: decoded === undefined ? whole : rest
      }
      return yield* combine({ ...known, slots: [...known.slots.filter(({ id }) => id !== slotId()), ownSlot] }, form)
    })

    return {
      /** Writes the slot of this instance. */
      write: (isLast: boolean) => oneAtATime.withPermits(1)(writeNow(isLast)),
      /** Writes, and gives the metrics of all; if the store cannot be used, those that are known, and why. */
      view: Effect.fnUntraced(function*(form: Form) {
        const result = yield* Effect.result(Effect.andThen(writeNow(false), read))
        if (Result.isFailure(result)) return { ...(yield* combineKnown(form)), failure: result.failure }
        const view = yield* combine(result.success, form)
        yield* Effect.ignoreCause(foldEnded(result.success))
        return { ...view, failure: undefined }
      }, oneAtATime.withPermits(1)),
      /** Lets the slots of all instances last at least so long from now. */
      hold: (millis: number) => answered(store.hold(millis), timeout)
    }
  }
)

/** What goes on counting when an instance ends. */
const countsOf = ({ metrics, timeMillis }: MetricSnapshot): MetricSnapshot => ({
  timeMillis,
  metrics: metrics.filter(({ type }: MetricData) => type !== "gauge" && type !== "upDownCounter" && type !== "info")
})

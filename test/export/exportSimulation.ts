/**
 * Instances that share their metrics and a lock through stores that answer late, lose questions and lose answers. Some of
 * the instances are paused or killed. Everything is decided by a seed, and time is simulated.
 */
import { Context, Duration, Effect } from "effect"
import * as leases from "../../src/export/internal/leases.ts"
import { memoryLeases } from "../../src/export/internal/stores/memoryLeases.ts"
import { memorySlots } from "../../src/export/internal/stores/memorySlots.ts"
import type { SlotStore } from "../../src/export/internal/stores/SlotStore.ts"
import * as SyncedInstance from "../../src/export/internal/SyncedInstance.ts"
import { valueOf } from "../../src/metrics/MetricSnapshot.ts"
import { counter, snapshot } from "../support/metricModel.ts"
import { Simulation } from "../support/simulation.ts"

export interface Outcome {
  /** What went wrong, in words. */
  readonly problems: ReadonlyArray<string>
  readonly exports: number
  /** How often a store did not answer. */
  readonly lost: number
  readonly folds: number
}

const ttl = 3000
const windowMillis = 5000

/** What is decided by chance, from a seed. */
const dice = (seed: number) => {
  let state = seed * 2_654_435_761 >>> 0
  const next = () => {
    state = state + 0x6d2b79f5 >>> 0
    let mixed = Math.imul(state ^ state >>> 15, state | 1)
    mixed ^= mixed + Math.imul(mixed ^ mixed >>> 7, mixed | 61)
    return ((mixed ^ mixed >>> 14) >>> 0) / 4_294_967_296
  }
  return { chance: (share: number) => next() < share, upTo: (most: number) => Math.floor(next() * (most + 1)) }
}

/** Runs some instances for a minute of simulated time. */
export const run = (seed: number): Outcome => {
  const { chance, upTo } = dice(seed)
  const simulation = new Simulation()
  const problems: Array<string> = []
  const fencings = new Set<number>()
  let [exports, lost, folds, isOver] = [0, 0, 0, false]
  /** The highest value that a receiver had. */
  let highest = 0

  /** Brings a question to a store and its answer back, late or not at all. */
  const carried = <A>(question: Effect.Effect<A, unknown>): Effect.Effect<A, unknown> =>
    isOver ? question : Effect.gen(function*() {
      yield* Effect.sleep(Duration.millis(chance(0.1) ? upTo(4000) : upTo(50)))
      if (!isOver && chance(0.08)) {
        lost++
        return yield* Effect.fail("the question was lost")
      }
      const answer = yield* question
      yield* Effect.sleep(Duration.millis(chance(0.1) ? upTo(4000) : upTo(50)))
      if (!isOver && chance(0.08)) {
        lost++
        return yield* Effect.never
      }
      return answer
    })

  /** A question goes on to its store, even if nobody waits for the answer any more. */
  const detached = <A>(question: Effect.Effect<A, unknown>) =>
    Effect.flatMap(Effect.forkDetach(carried(question)), (fiber) =>
      Effect.callback<A, unknown>((resume) => {
        fiber.addObserver((exit) => resume(exit))
      }))

  const program = Effect.gen(function*() {
    const [slots, locks] = yield* Effect.all([memorySlots, memoryLeases])
    const store: SlotStore = {
      write: (slot) => Effect.suspend(() => detached(slots.write(slot))),
      read: Effect.suspend(() => detached(slots.read)),
      hold: (millis) => Effect.suspend(() => detached(slots.hold(millis))),
      fold: (fold) =>
        Effect.suspend(() =>
          detached(Effect.tap(slots.fold(fold), (done) => Effect.sync(() => void (folds += done ? 1 : 0))))
        )
    }
    const lockStore: leases.LeaseStore = {
      acquire: (...all) => Effect.suspend(() => detached(locks.acquire(...all))),
      extend: (...all) => Effect.suspend(() => detached(locks.extend(...all))),
      release: (...all) => Effect.suspend(() => detached(locks.release(...all)))
    }
    const instances: Array<{ count: number }> = []

    const live = Effect.fnUntraced(function*(id: string) {
      const state = { count: 0 }
      instances.push(state)
      /** The clocks of instances are up to a minute apart. */
      const skew = upTo(60_000)
      const own = Effect.clockWith((clock) =>
        Effect.sync(() => snapshot(clock.currentTimeMillisUnsafe() + skew, counter("c_total", { value: state.count })))
      )
      const instance = yield* SyncedInstance.make(store, own, {
        id,
        windowMillis,
        timeout: Duration.millis(500),
        gauges: undefined,
        limits: { cardinalityLimit: 100, retentionMillis: 1e9 }
      })
      const lock = yield* leases.make(lockStore, { ttl, timeout: 500 }, ({ reason }) => reason)
      const exportOnce = lock.withLease("target")(({ check, fencing }) =>
        Effect.gen(function*() {
          if (fencings.has(fencing)) problems.push(`two leases have the number ${fencing}`)
          fencings.add(fencing)
          const floor = highest
          const { failure, snapshot } = yield* instance.view("aggregated")
          if (failure !== undefined || !(yield* check)) return
          exports++
          const value = Number(valueOf(snapshot, "c_total", {}) ?? 0)
          const most = instances.reduce((sum, { count }) => sum + count, 0)
          if (value < floor) problems.push(`the counter fell from ${floor} to ${value}`)
          if (value > most) problems.push(`the counter is ${value}, and only ${most} were counted`)
          highest = Math.max(highest, value)
          if (chance(0.2)) yield* Effect.sleep(Duration.millis(upTo(2 * ttl)))
        })
      )
      const life = Effect.gen(function*() {
        const lives = chance(0.5) ? 60 : upTo(40)
        for (let turn = 0; turn < lives; turn++) {
          state.count += upTo(5)
          yield* Effect.ignoreCause(exportOnce)
          if (chance(0.05)) yield* Effect.ignoreCause(instance.hold(upTo(2 * windowMillis)))
          yield* Effect.sleep(Duration.millis(chance(0.05) ? windowMillis * 2 : 200 + upTo(1000)))
        }
      })
      return { state, life, view: instance.view("aggregated") }
    })

    const all = yield* Effect.forEach([0, 1, 2, 3], (index) => live(`instance ${index}`))
    yield* Effect.forEach(all, ({ life }) => life, { concurrency: "unbounded" })
    // From here on, every question has its answer. Late ones from before may still arrive.
    isOver = true
    yield* Effect.sleep(Duration.millis(windowMillis * 3))
    for (let round = 0; round < 3; round++) {
      yield* Effect.forEach(all, ({ view }) => view)
      yield* Effect.sleep(Duration.millis(windowMillis * 2))
    }
    const expected = all.reduce((sum, { state }) => sum + state.count, 0)
    for (const { view } of all) yield* view
    const last = yield* all[0]!.view
    const value = Number(valueOf(last.snapshot, "c_total", {}) ?? 0)
    if (value !== expected) problems.push(`in the end the counter is ${value}, and ${expected} were counted`)
  })

  const fiber = simulation.fork(program, Context.empty())
  if (!simulation.run(5_000_000)) problems.push("it did not end")
  const exit = fiber.pollUnsafe()
  if (exit?._tag !== "Success") problems.push(`it ended with ${String(exit)}`)
  return { problems, exports, lost, folds }
}

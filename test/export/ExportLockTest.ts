/**
 * What every lock does whose leases are somewhere. A lock that lets everyone in is not one of them.
 */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Deferred, Duration, Effect, Exit, Fiber, type Layer, Option } from "effect"
import { TestClock } from "effect/testing"
import { ExportLock, type Lease, type Options } from "../../src/export/ExportLock.ts"

/** Whether time is the test's, or passes by itself. */
interface Time {
  readonly test: typeof it.effect | typeof it.live
  readonly ttl: Duration.Duration
  readonly pass: (duration: Duration.Duration) => Effect.Effect<void>
}

export const simulated: Time = { test: it.effect, ttl: Duration.seconds(30), pass: TestClock.adjust }

/** For servers, which have clocks of their own. */
export const real: Time = { test: it.live, ttl: Duration.millis(1500), pass: Effect.sleep }

/** The clock of a process that is paused: it stands still, and no timer of it fires. */
const standingClock: Clock.Clock = {
  currentTimeMillisUnsafe: () => 0,
  currentTimeMillis: Effect.succeed(0),
  currentTimeNanosUnsafe: () => 0n,
  currentTimeNanos: Effect.succeed(0n),
  monotonicTimeNanosUnsafe: () => 0n,
  monotonicTimeNanos: Effect.succeed(0n),
  sleep: () => Effect.never
}

/** Runs the contract. @param layer gives a lock over the store that all locks of the suite share */
export const suite = (name: string, time: Time, layer: (options: Options) => Layer.Layer<ExportLock>) => {
  const { pass, test, ttl } = time
  const locked = <A, E>(effect: Effect.Effect<A, E, ExportLock>) =>
    Effect.provide(effect, layer({ ttl }), { local: true })
  const withLease = <A, E, R>(name: string, run: (lease: Lease) => Effect.Effect<A, E, R>) =>
    ExportLock.use((lock) => lock.withLease(name)(run))
  const fencingOf = (name: string) => withLease(name, ({ fencing }) => Effect.succeed(fencing))

  /** Takes a lease and keeps it until it is told to end. */
  const hold = Effect.fnUntraced(function*(name: string) {
    const [begun, ending] = yield* Effect.all([Deferred.make<Lease>(), Deferred.make<void>()])
    const fiber = yield* Effect.forkChild(withLease(name, (lease) =>
      Effect.andThen(
        Deferred.succeed(begun, lease),
        Deferred.await(ending)
      )))
    const lease = yield* Deferred.await(begun)
    return { lease, end: Effect.andThen(Deferred.succeed(ending, undefined), Fiber.join(fiber)) }
  })

  describe(`ExportLock: ${name}`, () => {
    test("gives what the effect gives, and each later lease a higher number", () =>
      locked(Effect.gen(function*() {
        const fencings: Array<number> = []
        for (let round = 0; round < 5; round++) fencings.push(Option.getOrThrow(yield* fencingOf("numbers")))
        assert.isTrue(
          fencings.every((fencing, index) => index === 0 || fencing > fencings[index - 1]!),
          fencings.join()
        )
      })))

    test("leaves the work to the owner of the lease, without an error", () =>
      locked(Effect.gen(function*() {
        const owner = yield* hold("held")
        assert.deepStrictEqual(yield* withLease("held", () => Effect.die("ran")), Option.none())
        assert.isTrue(yield* owner.lease.check)
        yield* owner.end
        assert.isTrue(Option.isSome(yield* fencingOf("held")))
      })))

    test("keeps the leases of different names apart", () =>
      locked(Effect.gen(function*() {
        const owner = yield* hold("one")
        assert.isTrue(Option.isSome(yield* fencingOf("another")))
        yield* owner.end
      })))

    test("releases the lease however the effect ends", () =>
      locked(Effect.gen(function*() {
        assert.deepStrictEqual(yield* Effect.exit(withLease("ends", () => Effect.fail("no"))), Exit.fail("no"))
        assert.isTrue(Option.isSome(yield* fencingOf("ends")))
        assert.deepStrictEqual(yield* Effect.exit(withLease("ends", () => Effect.die("no"))), Exit.die("no"))
        assert.isTrue(Option.isSome(yield* fencingOf("ends")))
        const begun = yield* Deferred.make<void>()
        const fiber = yield* Effect.forkChild(
          withLease("ends", () => Effect.andThen(Deferred.succeed(begun, undefined), Effect.never))
        )
        yield* Deferred.await(begun)
        yield* Fiber.interrupt(fiber)
        assert.isTrue(Option.isSome(yield* fencingOf("ends")))
      })))

    test("extends the lease while the effect runs", () =>
      locked(Effect.gen(function*() {
        const owner = yield* hold("long")
        for (let step = 0; step < 10; step++) {
          yield* pass(Duration.times(ttl, 0.25))
          assert.deepStrictEqual(yield* fencingOf("long"), Option.none())
        }
        assert.isTrue(yield* owner.lease.check)
        yield* owner.end
      })))

    test("gives the lease of an owner that is paused beyond its time to the next one, which the first one notices", () =>
      locked(Effect.gen(function*() {
        const paused = yield* hold("paused").pipe(Effect.provideService(Clock.Clock, standingClock))
        assert.deepStrictEqual(yield* fencingOf("paused"), Option.none())
        yield* pass(Duration.times(ttl, 1.2))
        const next = yield* hold("paused")
        assert.isAbove(next.lease.fencing, paused.lease.fencing)
        assert.isFalse(yield* paused.lease.check.pipe(Effect.provideService(Clock.Clock, standingClock)))
        // D28: the end of the first owner's work must not end the lease of the next owner.
        yield* paused.end
        assert.deepStrictEqual(yield* fencingOf("paused"), Option.none())
        assert.isTrue(yield* next.lease.check)
        yield* next.end
      })))

    test("never has two owners at once, and never the same number twice", () =>
      locked(Effect.gen(function*() {
        const fencings: Array<number> = []
        let owners = 0
        yield* Effect.forEach(Array.from({ length: 8 }), () =>
          Effect.forEach(Array.from({ length: 10 }), () =>
            withLease("crowd", ({ fencing }) =>
              Effect.gen(function*() {
                assert.strictEqual(++owners, 1)
                fencings.push(fencing)
                yield* Effect.yieldNow
                owners--
              }))), { concurrency: "unbounded" })
        assert.isNotEmpty(fencings)
        assert.deepStrictEqual(
          fencings,
          [...new Set(fencings)].toSorted((left, right) =>
            left - right
          )
        )
      })))
  })
}

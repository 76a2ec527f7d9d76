import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope } from "effect"
import { Redis } from "effect/persistence"
import { join } from "node:path"
import * as JsonFormat from "../../src/metrics/JsonFormat.ts"
import { valueOf } from "../../src/metrics/MetricSnapshot.ts"
import * as Child from "../support/faults/Child.ts"
import type { Command } from "../support/programs/exportingInstance.ts"
import * as pushServer from "../support/pushServer.ts"
import * as redisServer from "../support/redisServer.ts"

const program = join(import.meta.dirname, "../support/programs/exportingInstance.ts")

const { isInstalled, unlessInstalled } = redisServer

/** The time of a lease of the program, in milliseconds. */
const leaseMillis = 2000

/** What was counted: `begun` before an instance is told to, `done` when the store has it. */
interface Ledger {
  begun: number
  done: number
}

/** The exports that have arrived, each with its total, its sender, and the ledger of that moment. */
const totalsOf = (receiver: pushServer.PushServer, ledger: Ledger) => {
  const seen: Array<Ledger & { readonly total: number; readonly pid: number }> = []
  const watch = Effect.gen(function*() {
    const { body, headers } = yield* receiver.next
    const snapshot = yield* JsonFormat.decode(body.toString())
    const total = Number(valueOf(snapshot, "jobs_total", {}) ?? 0)
    seen.push({ ...ledger, total, pid: Number(headers["x-process"]) })
  })
  return { seen, watch: Effect.forkChild(Effect.forever(watch), { startImmediately: true }) }
}

describe.skipIf(!isInstalled)(`three instances${unlessInstalled}`, () => {
  it.live(
    "export an exact total that never falls, once an interval, while some are killed and one is paused",
    () =>
      Effect.gen(function*() {
        const [redis, receiver] = yield* Effect.all([redisServer.start, pushServer.make])
        const ledger: Ledger = { begun: 0, done: 0 }
        const { seen, watch } = totalsOf(receiver, ledger)
        const watching = yield* watch
        const started = performance.now()

        const start = Effect.gen(function*() {
          const scope = yield* Scope.fork(yield* Effect.scope)
          const child = yield* Child.start<Command>(program, [redis.url, receiver.url]).pipe(Scope.provide(scope))
          const { pid } = yield* child.ask<{ readonly pid: number }>({ do: "pid" })
          const count = (amount: number) =>
            Effect.gen(function*() {
              ledger.begun += amount
              yield* child.ask<unknown>({ do: "count", amount })
              yield* child.ask<unknown>({ do: "sync" })
              ledger.done += amount
            })
          const signal = (name: "SIGSTOP" | "SIGCONT") => Effect.sync(() => void process.kill(pid, name))
          return { count, signal, kill: Scope.close(scope, Exit.void) }
        })

        /**
         * Lets instances count at the same time. Then every export has to have the whole total: the first one may have
         * begun before, the second one has not.
         */
        const counted = (...instances: ReadonlyArray<readonly [Effect.Success<typeof start>, number]>) =>
          Effect.gen(function*() {
            yield* Effect.all(instances.map(([instance, amount]) => instance.count(amount)), {
              concurrency: "unbounded"
            })
            const from = seen.length
            yield* Effect.repeat(Effect.sleep("20 millis"), { until: () => seen.length >= from + 3 })
            assert.deepStrictEqual(
              seen.slice(from + 1).map(({ total }) => total),
              seen.slice(from + 1).map(() => ledger.done)
            )
          })

        const [steady, paused] = [yield* start, yield* start]
        let mortal = yield* start
        yield* counted([steady, 20_000], [paused, 20_000], [mortal, 20_000])
        yield* mortal.kill
        yield* counted([steady, 20_000], [paused, 20_000])
        mortal = yield* start
        yield* counted([mortal, 30_000], [steady, 10_000])
        yield* mortal.kill
        mortal = yield* start
        yield* counted([mortal, 10_000], [paused, 10_000])
        yield* paused.signal("SIGSTOP")
        // Beyond the time of its lease and of its slot.
        yield* Effect.sleep("5 seconds")
        yield* counted([steady, 30_000], [mortal, 20_000])
        yield* paused.signal("SIGCONT")
        yield* counted([paused, 50_000], [steady, 20_000], [mortal, 20_000])

        const elapsed = (performance.now() - started) / 1000
        assert.strictEqual(ledger.done, 300_000)
        assert.strictEqual(seen.at(-1)?.total, 300_000)
        for (const [index, { begun, pid, total }] of seen.entries()) {
          const before = seen[index - 1] ?? { total: 0, done: 0, pid }
          assert.isAtLeast(total, Math.max(before.total, before.done))
          assert.isAtMost(total, begun)
        }
        // A new owner of the lease may export in an interval in which the one before it has exported.
        const handovers = seen.filter(({ pid }, index) => index === 0 || seen[index - 1]?.pid !== pid).length
        assert.isAtMost(seen.length, elapsed + handovers)
        yield* Fiber.interrupt(watching)
      }),
    180_000
  )

  it.live(
    "pass the lease on within its time after a kill, again and again",
    () =>
      Effect.gen(function*() {
        const [redis, receiver] = yield* Effect.all([redisServer.start, pushServer.make])
        const start = Effect.gen(function*() {
          const scope = yield* Scope.fork(yield* Effect.scope)
          const child = yield* Child.start<Command>(program, [redis.url, receiver.url]).pipe(Scope.provide(scope))
          const { pid } = yield* child.ask<{ readonly pid: number }>({ do: "pid" })
          return { pid, kill: Scope.close(scope, Exit.void) }
        })
        /** The milliseconds that are left of the lease; none while nobody exports. */
        const longestLease = Redis.Redis.use((client) =>
          Effect.gen(function*() {
            const keys = yield* client.send<Array<string>>("KEYS", "*:lease:*")
            const left = yield* Effect.forEach(keys, (key) => client.send<number>("PTTL", key))
            return Math.max(0, ...left)
          })
        ).pipe(Effect.provide(redisServer.client(redis), { local: true }))
        /** Waits for the next export of a process other than one. Gives its id. */
        const exporterOtherThan = (pid: number | undefined) => {
          const seen = receiver.received.length
          return Effect.sync(() =>
            receiver.received.slice(seen).map(({ headers }) => Number(headers["x-process"])).find((one) => one !== pid)
          ).pipe(
            Effect.delay(20),
            Effect.repeat({ until: (found) => found !== undefined })
          )
        }
        let instances: ReadonlyArray<Effect.Success<typeof start>> = yield* Effect.all([start, start, start], {
          concurrency: "unbounded"
        })
        let owner = yield* exporterOtherThan(undefined)
        while (instances.length > 1) {
          const killed = instances.find(({ pid }) => pid === owner)!
          yield* killed.kill
          // Redis itself ends what is left of the lease of the killed one.
          assert.isAtMost(yield* longestLease, leaseMillis)
          owner = yield* exporterOtherThan(killed.pid)
          instances = instances.filter((one) => one !== killed)
          assert.include(instances.map(({ pid }) => pid), owner)
        }
      }),
    180_000
  )
})

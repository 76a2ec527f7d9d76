import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Scope } from "effect"
import { join } from "node:path"
import * as JsonFormat from "../../src/metrics/JsonFormat.ts"
import { valueOf } from "../../src/metrics/MetricSnapshot.ts"
import * as Child from "../support/faults/Child.ts"
import type { Command } from "../support/programs/exportingInstance.ts"
import * as pushServer from "../support/pushServer.ts"
import * as redisServer from "../support/redisServer.ts"

const program = join(import.meta.dirname, "../support/programs/exportingInstance.ts")

const totalOf = (body: Buffer) =>
  Effect.map(JsonFormat.decode(body.toString()), (snapshot) => Number(valueOf(snapshot, "jobs_total", {}) ?? 0))

const { isInstalled, unlessInstalled } = redisServer

/** What the export itself may take on a machine where much else runs. */
const slackSeconds = 1

describe.skipIf(!isInstalled)(`three instances${unlessInstalled}`, () => {
  it.live(
    "export an exact total that never falls, once an interval, while some are killed and one is paused",
    () =>
      Effect.gen(function*() {
        const [redis, receiver] = yield* Effect.all([redisServer.start, pushServer.make])
        const totals = Effect.forEach(receiver.received, ({ body }) => totalOf(body))
        const started = performance.now()

        const start = Effect.gen(function*() {
          const scope = yield* Scope.fork(yield* Effect.scope)
          const child = yield* Child.start<Command>(program, [redis.url, receiver.url]).pipe(Scope.provide(scope))
          const { pid } = yield* child.ask<{ readonly pid: number }>({ do: "pid" })
          const count = (amount: number) =>
            Effect.andThen(child.ask<unknown>({ do: "count", amount }), child.ask<unknown>({ do: "sync" }))
          const signal = (name: "SIGSTOP" | "SIGCONT") => Effect.sync(() => void process.kill(pid, name))
          return { count, signal, kill: Scope.close(scope, Exit.void) }
        })

        /** Counts in many small amounts, so that exports fall between them. */
        const counting = (instance: Effect.Success<typeof start>, amount: number) =>
          Effect.forEach(Array.from({ length: 10 }), () => Effect.delay(instance.count(amount / 10), 100), {
            discard: true
          })

        const killed = Effect.gen(function*() {
          let instance = yield* start
          for (let life = 0; life < 2; life++) {
            yield* counting(instance, 30_000)
            yield* instance.kill
            instance = yield* start
          }
          yield* counting(instance, 40_000)
        })
        const paused = Effect.gen(function*() {
          const instance = yield* start
          yield* counting(instance, 50_000)
          yield* instance.signal("SIGSTOP")
          yield* Effect.sleep("5 seconds")
          yield* instance.signal("SIGCONT")
          yield* counting(instance, 50_000)
        })
        const steady = Effect.flatMap(start, (instance) => counting(instance, 100_000))
        yield* Effect.all([killed, paused, steady], { concurrency: "unbounded" })
        yield* Effect.sleep("4 seconds")
        const elapsed = (performance.now() - started) / 1000
        const all = yield* totals
        assert.deepStrictEqual(all, all.toSorted((left, right) => left - right))
        assert.strictEqual(all.at(-1), 300_000)
        assert.isTrue(all.every((total) => Number.isSafeInteger(total) && total <= 300_000))
        // Each new owner of the lease may export in an interval in which the one before it has exported.
        const handovers = 4
        assert.isAtMost(all.length, elapsed + handovers)
        assert.isAtLeast(all.length, 5)
      }),
    60_000
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
          const begin = performance.now()
          owner = yield* exporterOtherThan(killed.pid)
          const seconds = (performance.now() - begin) / 1000
          // The lease ends after 2 seconds at most, and each instance asks for it once a second.
          assert.isBelow(seconds, 2 + 1 + slackSeconds)
          instances = instances.filter((one) => one !== killed)
          assert.include(instances.map(({ pid }) => pid), owner)
        }
      }),
    60_000
  )
})

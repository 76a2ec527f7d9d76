/**
 * The metrics of real processes as one.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger, Random, Schedule } from "effect"
import { writeFileSync } from "node:fs"
import * as MetricCluster from "../../src/metrics/MetricCluster.ts"
import * as MetricSnapshot from "../../src/metrics/MetricSnapshot.ts"
import { MetricStore } from "../../src/metrics/MetricStore.ts"
import * as NodeProcessChannels from "../../src/node/NodeProcessChannels.ts"
import {
  clusterServer,
  clusterWorkers,
  forkedWorkers,
  startingWorker,
  type WorkerProcess
} from "../support/clusterWorkers.ts"
import { temporaryFile } from "../support/temporaryFile.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

/** With the store of this process as the primary's. */
const asPrimary = (options?: MetricCluster.PrimaryOptions) => <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  effect.pipe(
    Effect.provide(
      Layer.provide(MetricCluster.layerPrimary(options), [
        TestTelemetry.layer(TestTelemetry.metrics),
        NodeProcessChannels.layer
      ]),
      {
        local: true
      }
    )
  )

/** For where no worker hangs, on a machine that is busy. */
const patient: MetricCluster.PrimaryOptions = { timeout: "20 seconds" }

const scrape = Effect.flatMap(MetricStore, (store) => store.snapshot)

const jobsIn = (snapshot: MetricSnapshot.MetricSnapshot) =>
  MetricSnapshot.valueOf(snapshot, "jobs_total", { kind: "mail" }) as number

const jobs = Effect.map(scrape, jobsIn)

const workersIn = (snapshot: MetricSnapshot.MetricSnapshot) => ({
  workers: MetricSnapshot.valueOf(snapshot, "tasker_cluster_workers", {}),
  hung: MetricSnapshot.valueOf(snapshot, "tasker_cluster_workers_missing", { reason: "hung" }),
  unknown: MetricSnapshot.valueOf(snapshot, "tasker_cluster_workers_missing", { reason: "unknown" })
})

const numbersIn = (snapshot: MetricSnapshot.MetricSnapshot) => ({
  jobs: jobsIn(snapshot),
  times: MetricSnapshot.valueOf(snapshot, "time_seconds", {}),
  sizes: (MetricSnapshot.valueOf(snapshot, "size_bytes", {}) as MetricSnapshot.ExponentialHistogramValue).count,
  active: MetricSnapshot.valueOf(snapshot, "active", {}),
  level: MetricSnapshot.valueOf(snapshot, "level", {})
})

const count = (worker: WorkerProcess, amount: number) => worker.tell({ do: "count", amount })

const kill = (worker: WorkerProcess) => Effect.andThen(worker.signal("SIGKILL"), worker.ended)

/** Scrapes until it is so. */
const until = (isSo: (snapshot: MetricSnapshot.MetricSnapshot) => boolean) =>
  scrape.pipe(
    Effect.repeat({ until: isSo, schedule: Schedule.spaced("20 millis") }),
    Effect.timeout("40 seconds")
  )

/**
 * Scrapes until it is so. A worker that hangs never answers, so each answer shows that none is waited for; on a busy
 * machine another worker may be late, too. `ClusterPrimary.test.ts` shows how long a scrape takes.
 */
const meanwhile = <A, R>(scrape: Effect.Effect<A, never, R>, isSo: (answer: A) => boolean) =>
  Effect.orDie(Effect.timeout(Effect.repeat(scrape, { until: isSo }), "40 seconds"))

describe("MetricCluster", () => {
  it.live("adds up what the workers and the primary count, also when one is killed and replaced", () =>
    Effect.gen(function*() {
      const store = yield* MetricStore
      store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"] }).inc({ kind: "mail" }, 0.5)
      const [first, second, third] = yield* clusterWorkers(3)
      yield* count(first!, 3)
      yield* count(second!, 5)
      yield* count(third!, 70)
      const all = yield* scrape
      assert.deepStrictEqual(numbersIn(all), {
        jobs: 78.5,
        times: { counts: [0, 2, 1], count: 3, sum: 78 },
        sizes: 3,
        active: 78,
        level: 78
      })
      assert.deepStrictEqual(workersIn(all), { workers: 3, hung: 0, unknown: 0 })

      yield* kill(third!)
      const without = yield* scrape
      assert.deepStrictEqual(numbersIn(without), { ...numbersIn(all), active: 8, level: 8 })
      assert.deepStrictEqual(workersIn(without), { workers: 2, hung: 0, unknown: 0 })

      const [fourth] = yield* clusterWorkers(1)
      yield* count(fourth!, 2)
      yield* count(first!, 1)
      assert.deepStrictEqual(numbersIn(yield* scrape), {
        jobs: 81.5,
        times: { counts: [1, 3, 1], count: 5, sum: 81 },
        sizes: 5,
        active: 11,
        level: 8
      })
    }).pipe(asPrimary(patient)))

  it.live("answers with the last known values while a worker hangs, and has its answer later", () =>
    Effect.gen(function*() {
      const [hanging, other] = yield* clusterWorkers(2)
      const release = yield* temporaryFile
      // The workers were there before the primary's store.
      yield* asPrimary()(Effect.gen(function*() {
        yield* count(hanging!, 3)
        yield* count(other!, 5)
        assert.strictEqual(yield* jobs, 8)
        yield* hanging!.tell({ do: "count", amount: 100 })
        yield* hanging!.begin({ do: "hang", until: release })
        yield* count(other!, 1)

        const during = yield* meanwhile(scrape, (snapshot) => workersIn(snapshot).hung === 1)
        assert.strictEqual(jobsIn(during), 9)
        assert.deepStrictEqual(workersIn(during), { workers: 2, hung: 1, unknown: 0 })

        writeFileSync(release, "")
        const after = yield* until((snapshot) => workersIn(snapshot).hung === 0)
        assert.strictEqual(jobsIn(after), 109)

        yield* hanging!.begin({ do: "hang", until: `${release}.never` })
        yield* scrape
        yield* kill(hanging!)
        const gone = yield* scrape
        assert.strictEqual(jobsIn(gone), 109)
        assert.deepStrictEqual(workersIn(gone), { workers: 1, hung: 0, unknown: 0 })
      }))
    }))

  it.live("loses nothing of workers that end in order, exit, break or begin anew", () =>
    Effect.gen(function*() {
      const [returned, terminated, exited, broken, restarted] = yield* forkedWorkers(5)
      yield* Effect.forEach([returned, terminated, exited, broken, restarted], (worker, index) =>
        count(worker!, 10 ** index), { concurrency: "unbounded" })
      yield* returned!.begin({ do: "return" })
      yield* terminated!.signal("SIGTERM")
      yield* exited!.begin({ do: "exit" })
      yield* broken!.begin({ do: "throw" })
      const exits = yield* Effect.forEach([returned, terminated, exited, broken], (worker) =>
        worker!.ended)
      assert.deepStrictEqual(
        exits.map(({ code }) =>
          code
        ),
        [0, 130, 3, 1]
      )
      yield* restarted!.tell({ do: "restart" })
      yield* count(restarted!, 50_000)
      const snapshot = yield* scrape
      assert.strictEqual(jobsIn(snapshot), 61_111)
      assert.deepStrictEqual(workersIn(snapshot), { workers: 1, hung: 0, unknown: 0 })
    }).pipe(asPrimary(patient)))

  it.live("ignores what is not for it, and whatever is wrong", () =>
    Effect.gen(function*() {
      const lines: Array<unknown> = []
      const ours = { protocol: "tasker-telemetry/metrics", version: 1 }
      const part = { ...ours, type: "part", instance: "x", reading: 1, round: 1, isLast: false, index: 0, count: 1 }
      const [worker] = yield* forkedWorkers(1)
      yield* count(worker!, 3)
      yield* scrape
      yield* worker!.tell({
        do: "send",
        messages: [
          { any: "thing" },
          [],
          { protocol: "tasker-telemetry/metrics" },
          { ...ours, version: 2, type: "hello" },
          { ...ours, type: "hello" },
          { ...ours, type: "ask", round: 1 },
          { ...ours, type: "other" },
          part,
          { ...part, document: "" },
          { ...part, document: "{" },
          { ...part, document: "{\"format\":\"tasker-telemetry/metrics\",\"version\":1,\"families\":[]}" },
          { ...part, document: 1 },
          { ...part, index: -1, document: "{}" },
          { ...part, index: 1e9, count: 1e9, document: "{}" },
          { ...part, round: 1e300, document: "{}" }
        ]
      })
      yield* count(worker!, 4)
      yield* worker!.tell({ do: "fill", series: 1700 })
      const snapshot = yield* scrape.pipe(
        Effect.provide(Logger.layer([Logger.make(({ message }) => void lines.push(message))]))
      )
      assert.strictEqual(jobsIn(snapshot), 7)
      assert.strictEqual(snapshot.metrics.find(({ name }) => name === "jobs_total")?.series.length, 1701)
      assert.deepStrictEqual(workersIn(snapshot), { workers: 1, hung: 0, unknown: 0 })
      assert.deepStrictEqual(lines, [
        ["worker processes of another version are left out of the metrics"],
        ["metrics of a worker process cannot be read and are left out"]
      ])
    }).pipe(asPrimary(patient)))

  it.live("knows a child while it is attached, from when it says what it has", () =>
    Effect.gen(function*() {
      const { started, worker } = yield* startingWorker()
      yield* worker.signal("SIGSTOP")
      yield* Effect.scoped(Effect.gen(function*() {
        yield* MetricCluster.attach(worker.child)
        assert.deepStrictEqual(workersIn(yield* scrape), { workers: 1, hung: 0, unknown: 1 })
        yield* worker.signal("SIGCONT")
        yield* started
        yield* count(worker, 3)
        assert.deepStrictEqual(workersIn(yield* until((snapshot) => jobsIn(snapshot) === 3)), {
          workers: 1,
          hung: 0,
          unknown: 0
        })
      }))
      yield* count(worker, 4)
      const after = yield* scrape
      assert.deepStrictEqual(numbersIn(after), {
        jobs: 3,
        times: { counts: [0, 1, 0], count: 1, sum: 3 },
        sizes: 1,
        active: undefined,
        level: undefined
      })
      assert.deepStrictEqual(workersIn(after), { workers: 0, hung: 0, unknown: 0 })
    }).pipe(asPrimary({ timeout: "300 millis" })))

  it.live("has what a killed worker reported without being asked, and when it was flushed", () =>
    Effect.gen(function*() {
      const [worker] = yield* forkedWorkers(1, "short")
      yield* scrape
      yield* count(worker!, 3)
      // The first may have been on its way before.
      yield* worker!.reported
      yield* worker!.reported
      yield* kill(worker!)
      assert.strictEqual(yield* jobs, 3)
      const [flushed] = yield* forkedWorkers(1)
      yield* count(flushed!, 4)
      yield* flushed!.tell({ do: "flush" })
      yield* kill(flushed!)
      assert.strictEqual(yield* jobs, 7)
    }).pipe(asPrimary(patient)))

  it.live("never has less than before, whoever is killed, ended or replaced", () =>
    Effect.gen(function*() {
      let workers = yield* forkedWorkers(2)
      let counted = 0
      let seen = 0
      const look = Effect.map(jobs, (now) => {
        assert.isAtLeast(now ?? 0, seen)
        assert.isAtMost(now ?? 0, counted)
        seen = now ?? 0
      })
      for (let round = 0; round < 3; round++) {
        for (const worker of workers) {
          const amount = yield* Random.nextIntBetween(1, 100)
          counted += amount
          yield* count(worker, amount)
        }
        yield* look
        assert.strictEqual(seen, counted)
        const victim = workers[yield* Random.nextIntBetween(0, 1)]!
        const signal = (yield* Random.nextBoolean) ? "SIGKILL" : "SIGTERM"
        yield* count(victim, 1000)
        yield* victim.signal(signal)
        counted += 1000
        yield* look
        yield* victim.ended
        yield* look
        // What was not asked for before a hard kill is lost, and nothing else.
        if (signal === "SIGTERM") assert.strictEqual(seen, counted)
        counted = seen
        workers = [...workers.filter((worker) => worker !== victim), ...yield* forkedWorkers(1)]
        yield* look
      }
    }).pipe(Effect.scoped, asPrimary(patient), Random.withSeed("metrics")))

  it.live("serves the metrics of all processes though one hangs", () =>
    Effect.gen(function*() {
      const url = yield* clusterServer
      const text = yield* meanwhile(
        Effect.promise(() => fetch(`${url}/metrics`).then((response) => response.text())),
        (text) => text.includes("{reason=\"hung\"} 1")
      )
      assert.deepStrictEqual(text.match(/^(jobs_total|tasker_cluster).*$/gm), [
        "jobs_total 41",
        "tasker_cluster_workers 2",
        "tasker_cluster_workers_missing{reason=\"hung\"} 1",
        "tasker_cluster_workers_missing{reason=\"unknown\"} 0"
      ])
    }))
})

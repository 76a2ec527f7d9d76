import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Schema } from "effect"
import { TestClock } from "effect/testing"
import type * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import * as MetricSnapshot from "../../src/metrics/MetricSnapshot.ts"
import { MetricStore } from "../../src/metrics/MetricStore.ts"
import * as PerformanceMonitor from "../../src/performance/PerformanceMonitor.ts"
import { ProcessProbe } from "../../src/performance/ProcessProbe.ts"
import * as Step from "../../src/workflow/Step.ts"
import * as Task from "../../src/workflow/Task.ts"
import * as TaskRunner from "../../src/workflow/TaskRunner.ts"
import * as recorder from "../support/recorder.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

const { measure } = PerformanceMonitor

/** A process whose figures the test sets. */
const machine = () => {
  const figures = {
    cpuSeconds: 0,
    activeSeconds: 0,
    idleSeconds: 0,
    heapBytes: 0,
    arrayBufferBytes: 0,
    collections: 0
  }
  const profiles: Array<string> = []
  let freedBytes = 0
  return {
    profiles,
    /** Says from now on that collections have freed so much. */
    free: (bytes: number) =>
      Effect.sync(() => {
        freedBytes = bytes
      }),
    /** Uses memory and a second of the processor. */
    use: (heapBytes: number, arrayBufferBytes = 0) =>
      Effect.sync(() => {
        figures.cpuSeconds += 1
        figures.activeSeconds += 1
        figures.idleSeconds += 3
        figures.heapBytes += heapBytes
        figures.arrayBufferBytes += arrayBufferBytes
        figures.collections += 1
      }),
    layer: Layer.succeed(ProcessProbe, {
      read: () => ({ ...figures }),
      freedSince: () => freedBytes,
      profile: (operation) => ({
        end: (isKept) => {
          profiles.push(`${operation} ${isKept ? "kept" : "dropped"}`)
          return isKept ? `/profiles/${operation}` : undefined
        }
      })
    })
  }
}

const layer = (options: TelemetryConfig.Options = {}, probe: Layer.Layer<never> = Layer.empty) =>
  PerformanceMonitor.layer.pipe(
    Layer.provide(probe),
    Layer.provideMerge(recorder.layer(options)),
    Layer.provideMerge(TestTelemetry.metrics)
  )

const slowEvents = Effect.map(
  recorder.named("performance.slow_operation"),
  (events) => events.map(({ payload }) => payload)
)
const spikeEvents = Effect.map(
  recorder.named("memory.spike_detected"),
  (events) => events.map(({ payload }) => payload)
)

const summaryOf = (operation: string) =>
  Effect.map(
    Effect.flatMap(PerformanceMonitor.PerformanceMonitor, ({ operations }) => operations),
    (all) => all.find((summary) => summary.operation === operation)
  )

const metric = (name: string, attributes: Readonly<Record<string, string>>) =>
  Effect.map(
    Effect.flatMap(MetricStore, ({ snapshot }) => snapshot),
    (snapshot) => MetricSnapshot.valueOf(snapshot, name, attributes)
  )

const megabyte = 1024 * 1024

/** Runs an effect that takes time under the test clock. */
const letPass = <A, E, R>(effect: Effect.Effect<A, E, R>, time: `${number} seconds`) =>
  Effect.gen(function*() {
    const fiber = yield* Effect.forkChild(effect)
    yield* recorder.advance(time)
    return yield* Fiber.await(fiber)
  })

const sleeping = (seconds: number, operation = "price", options?: PerformanceMonitor.MeasureOptions) =>
  letPass(measure(operation, options)(Effect.sleep(`${seconds} seconds`)), `${seconds} seconds`)

describe("PerformanceMonitor", () => {
  it.effect("records the time of an operation by its outcome, and changes no result", () =>
    Effect.gen(function*() {
      assert.deepStrictEqual(
        yield* letPass(measure("price")(Effect.as(Effect.sleep("2 seconds"), 7)), "2 seconds"),
        Exit.succeed(7)
      )
      assert.deepStrictEqual(yield* Effect.exit(measure("price")(Effect.fail("no"))), Exit.fail("no"))
      const fiber = yield* Effect.forkChild(measure("price")(Effect.never))
      yield* recorder.advance("3 seconds")
      yield* Fiber.interrupt(fiber)
      const durations = yield* Effect.forEach(
        ["success", "failure", "interruption"],
        (outcome) => metric("tasker_operation_duration_seconds", { operation: "price", outcome })
      )
      assert.deepStrictEqual(durations.map((value) => typeof value === "object" ? [value.count, value.sum] : value), [
        [1, 2],
        [1, 0],
        [1, 3]
      ])
      assert.deepInclude(yield* summaryOf("price"), { outcomes: { success: 1, failure: 1, interruption: 1 } })
      assert.strictEqual((yield* summaryOf("price"))?.durations.p99, 3)
    }).pipe(Effect.provide(layer())))

  it.effect("measures processor, event loop and memory of an operation that runs alone", () =>
    Effect.gen(function*() {
      const process = machine()
      yield* Effect.gen(function*() {
        yield* measure("price")(process.use(3 * megabyte, megabyte))
        assert.deepStrictEqual((yield* summaryOf("price"))?.last, {
          operation: "price",
          outcome: "success",
          errorType: undefined,
          durationSeconds: 0,
          confidence: "exclusive",
          overlapping: 0,
          cpuSeconds: 1,
          eventLoopUtilization: 0.25,
          heapBytes: 3 * megabyte,
          arrayBufferBytes: megabyte,
          collections: 1
        })
        const memory = yield* metric("tasker_memory_delta_bytes", { operation: "price" })
        assert.deepInclude(memory, { count: 1, sum: 4 * megabyte })
      }).pipe(Effect.provide(layer({}, process.layer), { local: true }))
    }))

  it.effect("says that figures are shared while another operation runs, and records no memory for them", () =>
    Effect.gen(function*() {
      const process = machine()
      yield* Effect.gen(function*() {
        const first = yield* Effect.forkChild(
          measure("first")(Effect.andThen(process.use(300 * megabyte), Effect.sleep("2 seconds")))
        )
        yield* recorder.advance("1 second")
        const second = yield* Effect.forkChild(
          measure("second")(Effect.andThen(process.use(300 * megabyte), Effect.sleep("2 seconds")))
        )
        yield* recorder.advance("5 seconds")
        yield* Fiber.joinAll([first, second])
        for (const operation of ["first", "second"]) {
          assert.deepInclude((yield* summaryOf(operation))?.last, { confidence: "shared", overlapping: 1 })
          assert.isUndefined(yield* metric("tasker_memory_delta_bytes", { operation }))
        }
        assert.deepStrictEqual(yield* spikeEvents, [])
      }).pipe(Effect.provide(layer({}, process.layer), { local: true }))
    }))

  it.effect("does not take the parts of an operation for others, but does take the parts of others", () =>
    Effect.gen(function*() {
      const process = machine()
      const last = (operation: string) => Effect.map(summaryOf(operation), (summary) => summary?.last)
      yield* Effect.gen(function*() {
        yield* measure("outer")(Effect.andThen(
          measure("inner")(process.use(megabyte)),
          measure("inner")(process.use(megabyte))
        ))
        assert.deepInclude(yield* last("outer"), { confidence: "exclusive", overlapping: 0, heapBytes: 2 * megabyte })
        assert.deepInclude(yield* last("inner"), { confidence: "exclusive", overlapping: 0 })
        yield* measure("outer")(
          Effect.all([measure("inner")(Effect.yieldNow), measure("other")(Effect.yieldNow)], { concurrency: 2 })
        )
        assert.deepInclude(yield* last("outer"), { confidence: "exclusive", overlapping: 0 })
        assert.deepInclude(yield* last("inner"), { confidence: "shared", overlapping: 1 })
      }).pipe(Effect.provide(layer({}, process.layer), { local: true }))
    }))

  it.effect("counts steps that run at the same time, but not the step that the operation is a part of", () =>
    Effect.gen(function*() {
      const process = machine()
      const inStep = (name: string) =>
        Step.make(name, { run: () => measure(name)(Effect.sleep("1 second")).pipe(Effect.orDie) })
      const last = (operation: string) => Effect.map(summaryOf(operation), (summary) => summary?.last)
      yield* Effect.gen(function*() {
        const alone = Task.make("alone", { input: Schema.Void, steps: [inStep("only")] })
        yield* letPass(TaskRunner.run(alone, undefined), "5 seconds")
        assert.deepInclude(yield* last("only"), { confidence: "exclusive", overlapping: 0 })
        const silent = Step.make("silent", { run: () => Effect.sleep("1 second") })
        const two = Task.make("two", { input: Schema.Void, steps: [inStep("observed"), silent] })
        yield* letPass(TaskRunner.run(two, undefined), "5 seconds")
        assert.deepInclude(yield* last("observed"), { confidence: "shared", overlapping: 1 })
        yield* letPass(measure("around")(TaskRunner.run(two, undefined)), "5 seconds")
        assert.deepInclude(yield* last("around"), { confidence: "exclusive", overlapping: 0 })
      }).pipe(Effect.provide(layer({}, process.layer), { local: true }))
    }))

  it.effect("knows nothing about a process that is not measured, or whose memory a collection may have freed", () =>
    Effect.gen(function*() {
      yield* measure("price")(Effect.void)
      assert.deepInclude((yield* summaryOf("price"))?.last, {
        confidence: "unknown",
        heapBytes: undefined,
        cpuSeconds: undefined
      })
      const process = machine()
      yield* Effect.gen(function*() {
        yield* measure("price")(process.use(-5 * megabyte))
        assert.deepInclude((yield* summaryOf("price"))?.last, { confidence: "unknown", heapBytes: -5 * megabyte })
        // A collection may have freed a fifth of 10 MB, but not more.
        yield* process.free(2 * megabyte)
        yield* measure("price")(process.use(10 * megabyte))
        assert.deepInclude((yield* summaryOf("price"))?.last, { confidence: "exclusive" })
        yield* process.free(3 * megabyte)
        yield* measure("price", { memorySpike: 9 * megabyte })(process.use(10 * megabyte))
        assert.deepInclude((yield* summaryOf("price"))?.last, { confidence: "unknown", heapBytes: 10 * megabyte })
        // Old array buffers are given back without a collection, so their fall alone shows that the sum is too small.
        yield* process.free(0)
        yield* measure("price")(process.use(10 * megabyte, -2 * megabyte))
        assert.deepInclude((yield* summaryOf("price"))?.last, {
          confidence: "unknown",
          arrayBufferBytes: -2 * megabyte
        })
        yield* measure("price")(process.use(10 * megabyte, -megabyte))
        assert.deepInclude((yield* summaryOf("price"))?.last, { confidence: "exclusive", arrayBufferBytes: -megabyte })
        assert.deepInclude((yield* spikeEvents)[0], { confidence: "unknown", memoryBytes: 10 * megabyte })
        const memory = yield* metric("tasker_memory_delta_bytes", { operation: "price" })
        assert.deepInclude(memory, { count: 2, sum: 19 * megabyte })
      }).pipe(Effect.provide(layer({}, process.layer), { local: true }))
    }).pipe(Effect.provide(layer())))

  it.effect("publishes a slow operation once, and sums up those that follow", () =>
    Effect.gen(function*() {
      yield* sleeping(1)
      assert.deepStrictEqual(yield* slowEvents, [])
      yield* sleeping(2)
      const [first] = yield* slowEvents
      assert.deepInclude(first, {
        operation: "price",
        durationSeconds: 2,
        thresholdSeconds: 1,
        basis: "static",
        outcome: "success",
        occurrences: 1,
        performanceCategory: "slow"
      })
      yield* sleeping(4)
      yield* sleeping(7)
      yield* sleeping(3)
      assert.strictEqual((yield* slowEvents).length, 1)
      yield* recorder.advance("60 seconds")
      const summaries = yield* slowEvents
      assert.strictEqual(summaries.length, 2)
      assert.deepInclude(summaries[1], { occurrences: 3, durationSeconds: 7, performanceCategory: "very_slow" })
      // A quiet period without crossings ends the series.
      yield* recorder.advance("10 minutes")
      assert.strictEqual((yield* slowEvents).length, 2)
      yield* sleeping(2)
      assert.deepInclude((yield* slowEvents)[2], { occurrences: 1 })
      assert.strictEqual(yield* metric("tasker_slow_operations_total", { operation: "price" }), 5)
      assert.strictEqual((yield* summaryOf("price"))?.slow, 5)
      assert.deepStrictEqual(yield* recorder.misfits, [])
    }).pipe(Effect.provide(layer())))

  it.effect("sums up what is left when it closes", () =>
    Effect.gen(function*() {
      const { events } = yield* recorder.Recorder
      yield* Effect.gen(function*() {
        yield* sleeping(2)
        yield* sleeping(3)
      }).pipe(
        Effect.provide(PerformanceMonitor.layer, { local: true })
      )
      assert.deepStrictEqual(
        events.flatMap(({ name, payload }) =>
          name === "performance.slow_operation" && "occurrences" in payload ? [payload.occurrences] : []
        ),
        [1, 1]
      )
    }).pipe(Effect.provide(Layer.merge(recorder.layer(), TestTelemetry.metrics))))

  it.effect("has thresholds for each operation", () =>
    Effect.gen(function*() {
      const process = machine()
      yield* Effect.gen(function*() {
        yield* sleeping(3, "report", { slowAfter: "5 seconds" })
        yield* sleeping(3, "click", { slowAfter: "200 millis", memorySpike: megabyte })
        yield* measure("click", { memorySpike: megabyte })(process.use(2 * megabyte))
        yield* measure("load", { memorySpike: 3 * megabyte })(process.use(2 * megabyte))
        assert.deepStrictEqual(
          (yield* slowEvents).map(({ operation, thresholdSeconds }) => [operation, thresholdSeconds]),
          [
            ["click", 0.2]
          ]
        )
        assert.deepStrictEqual(
          (yield* spikeEvents).map(({ operation, thresholdBytes }) => [operation, thresholdBytes]),
          [
            ["click", megabyte]
          ]
        )
      }).pipe(Effect.provide(layer({}, process.layer), { local: true }))
    }))

  it.effect("publishes a spike of an operation that ran alone, and none for an idle one", () =>
    Effect.gen(function*() {
      const process = machine()
      yield* Effect.gen(function*() {
        yield* measure("idle")(Effect.yieldNow)
        assert.deepStrictEqual(yield* spikeEvents, [])
        yield* measure("load")(process.use(150 * megabyte, 60 * megabyte))
        yield* measure("load")(process.use(120 * megabyte))
        const [spike, ...more] = yield* spikeEvents
        assert.deepInclude(spike, {
          operation: "load",
          memoryBytes: 210 * megabyte,
          thresholdBytes: 100 * megabyte,
          confidence: "exclusive",
          occurrences: 1
        })
        assert.deepStrictEqual(more, [])
        yield* recorder.advance("1 minute")
        assert.deepInclude((yield* spikeEvents)[1], { occurrences: 1, memoryBytes: 120 * megabyte })
        assert.strictEqual(yield* metric("tasker_memory_spikes_total", { operation: "load" }), 2)
        assert.deepStrictEqual(yield* recorder.misfits, [])
      }).pipe(Effect.provide(layer({}, process.layer), { local: true }))
    }))

  it.effect("learns what is slow for an operation, once it knows enough", () =>
    Effect.gen(function*() {
      const fast = measure("lookup")(Effect.sleep("10 millis"))
      const lookup = (millis: number) => letPass(measure("lookup")(Effect.sleep(millis)), "1 seconds")
      yield* lookup(100)
      const fiber = yield* Effect.forkChild(Effect.repeat(fast, { times: 199 }))
      yield* recorder.advance("10 seconds")
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(yield* slowEvents, [])
      yield* lookup(29)
      assert.deepStrictEqual(yield* slowEvents, [])
      yield* lookup(31)
      assert.deepInclude((yield* slowEvents)[0], {
        thresholdSeconds: 0.03,
        basis: "learned",
        performanceCategory: "fast"
      })
    }).pipe(
      Effect.provide(layer({ performance: { learned: { enabled: true, factor: 3, minimumSamples: 50 } } }))
    ))

  it.effect("publishes in the context of the operation: trace, correlation id, step", () =>
    Effect.gen(function*() {
      const step = Step.make("charge", {
        run: () => Effect.asVoid(measure("authorize")(Effect.sleep("2 seconds")).pipe(Effect.withSpan("own")))
      })
      const task = Task.make("order", { input: Schema.Void, steps: [step] })
      yield* letPass(TaskRunner.run(task, undefined, { correlationId: "c-1" }), "5 seconds")
      const [event] = yield* recorder.named("performance.slow_operation")
      assert.strictEqual(event?.correlationId, "c-1")
      assert.isDefined(event?.spanId)
      assert.deepInclude(event?.payload, { stepName: "charge", taskName: "order", attempt: 1 })
    }).pipe(Effect.provide(Layer.provideMerge(layer(), TestTelemetry.tracing))))

  it.effect("keeps the profile of a slow operation that asks for one, and its path is on the event", () =>
    Effect.gen(function*() {
      const process = machine()
      yield* Effect.gen(function*() {
        yield* sleeping(2)
        yield* measure("price", { profile: true })(Effect.void)
        yield* sleeping(3, "report", { profile: true })
        assert.deepStrictEqual(process.profiles, ["price dropped", "report kept"])
        assert.deepStrictEqual((yield* slowEvents).map(({ profile }) => profile), [undefined, "/profiles/report"])
        // A profile does not go on for longer than a minute.
        const endless = yield* Effect.forkChild(measure("endless", { profile: true })(Effect.sleep("90 seconds")))
        yield* recorder.advance("61 seconds")
        assert.strictEqual(process.profiles.at(-1), "endless kept")
        yield* Fiber.interrupt(endless)
      }).pipe(Effect.provide(layer({}, process.layer), { local: true }))
    }))

  it.effect("times the operations of workflows", () =>
    Effect.gen(function*() {
      const flaky = Step.make("flaky", {
        retry: { maximumAttempts: 2, delays: ["3 seconds"] },
        run: ({ attempt }) => Effect.andThen(Effect.sleep("2 seconds"), attempt === 1 ? Effect.fail("no") : Effect.void)
      })
      yield* letPass(TaskRunner.run(Task.make("t", { input: Schema.Void, steps: [flaky] }), undefined), "60 seconds")
      const seen = yield* Effect.forEach([
        ["workflow_coordination", "success"],
        ["step_execution", "success"],
        ["step_execution", "failure"],
        ["step_batch_execution", "success"],
        ["step_batch_execution", "failure"],
        ["find_viable_steps", "success"],
        ["task_finalization", "success"]
      ], ([operation = "", outcome = ""]) =>
        Effect.map(metric("tasker_operation_duration_seconds", { operation, outcome }), (value) =>
          typeof value === "object" ? [operation, outcome, value.count, value.sum] : [operation, outcome]))
      assert.deepStrictEqual(seen, [
        ["workflow_coordination", "success", 1, 7],
        ["step_execution", "success", 1, 2],
        ["step_execution", "failure", 1, 2],
        ["step_batch_execution", "success", 1, 2],
        ["step_batch_execution", "failure", 1, 2],
        ["find_viable_steps", "success", 2, 0],
        ["task_finalization", "success", 1, 0]
      ])
      assert.isUndefined((yield* summaryOf("step_execution"))?.last)
      assert.deepStrictEqual(yield* slowEvents, [])
    }).pipe(Effect.provide(layer())))

  it.effect("gives effects as they are when it is off", () =>
    Effect.gen(function*() {
      const monitor = yield* PerformanceMonitor.PerformanceMonitor
      const effect = Effect.succeed(1)
      assert.isFalse(monitor.enabled)
      assert.strictEqual(monitor.measure("price")(effect), effect)
      yield* sleeping(5)
      assert.deepStrictEqual(yield* slowEvents, [])
      assert.deepStrictEqual(yield* monitor.operations, [])
    }).pipe(Effect.provide(layer({ performance: { enabled: false } }))))

  it.effect("is not broken by a probe that throws or a sink that does", () =>
    Effect.gen(function*() {
      const broken = Layer.succeed(ProcessProbe, {
        read: () => {
          throw new Error("no figures")
        },
        freedSince: () => 0,
        profile: () => undefined
      })
      const result = yield* Effect.exit(measure("price")(Effect.succeed(1))).pipe(
        Effect.provide(layer({}, broken), { local: true })
      )
      assert.deepStrictEqual(result, Exit.succeed(1))
    }))

  it.effect("refuses thresholds that are none, at the call", () =>
    Effect.sync(() => {
      assert.throws(() => measure("price", { slowAfter: "soon" as "1 second" }), /slowAfter of operation "price"/)
      assert.throws(
        () => measure("price", { memorySpike: 0 }),
        /expected a number of bytes above 0 at memorySpike, got 0/
      )
    }))

  it.effect("keeps the summaries of a bounded number of names", () =>
    Effect.gen(function*() {
      yield* Effect.forEach(Array.from({ length: 600 }, (_, index) => `operation_${index}`), (name) =>
        measure(name)(Effect.void))
      const { operations } = yield* PerformanceMonitor.PerformanceMonitor
      const all = yield* operations
      assert.strictEqual(all.length, 501)
      assert.deepInclude(all.at(-1), { operation: "_OTHER", outcomes: { success: 100, failure: 0, interruption: 0 } })
    }).pipe(Effect.provide(layer())))

  it.effect("ends the measurement of an operation whose fiber is interrupted from inside", () =>
    Effect.gen(function*() {
      const started = yield* Deferred.make<void>()
      const fiber = yield* Effect.forkChild(
        measure("price")(Effect.andThen(Deferred.succeed(started, undefined), Effect.interrupt))
      )
      yield* Deferred.await(started)
      yield* Fiber.await(fiber)
      yield* TestClock.adjust(0)
      assert.deepInclude(yield* summaryOf("price"), { outcomes: { success: 0, failure: 0, interruption: 1 } })
    }).pipe(Effect.provide(layer())))
})

import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Layer, Option, Scope } from "effect"
import { TestClock } from "effect/testing"
import { ExportCoordinator } from "../../src/export/ExportCoordinator.ts"
import { ExporterRegistry } from "../../src/export/ExporterRegistry.ts"
import * as ExportLock from "../../src/export/ExportLock.ts"
import type { ExportStrategy } from "../../src/export/ExportStrategy.ts"
import * as ExportTarget from "../../src/export/ExportTarget.ts"
import * as MetricSnapshot from "../../src/metrics/MetricSnapshot.ts"
import { MetricStore } from "../../src/metrics/MetricStore.ts"
import * as exports from "../support/exports.ts"
import * as recorder from "../support/recorder.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

const register = (...all: ReadonlyArray<ReturnType<typeof exports.exporter>>) =>
  ExporterRegistry.use((registry) => Effect.forEach(all, (exporter) => registry.register(exporter)))

const exportNow = (request: { readonly format: string } | { readonly target: string }) =>
  ExportCoordinator.use((coordinator) => coordinator.exportNow(request))

const add = (target: ExportTarget.ExportTarget) => ExportCoordinator.use((coordinator) => coordinator.add(target))

const status = ExportCoordinator.use((coordinator) => coordinator.status)

describe("an export by its format", () => {
  it.effect("is written by the first exporter that succeeds, and all exporters of the format hear of it", () =>
    Effect.gen(function*() {
      const calls: Array<string> = []
      yield* register(
        exports.exporter("broken", calls, { export: () => Effect.fail("not today") }),
        exports.exporter("good", calls),
        exports.exporter("late", calls)
      )
      yield* exports.countJobs()
      const outcome = yield* exportNow({ format: "PLAIN" })
      if (outcome._tag !== "Exported") assert.fail(outcome._tag)
      assert.deepStrictEqual([outcome.exporter, outcome.format, outcome.contentType, exports.text(outcome.body)], [
        "good",
        "plain",
        "text/plain",
        "by good"
      ])
      assert.deepStrictEqual(calls, [
        "broken onExportRequest plain",
        "good onExportRequest plain",
        "late onExportRequest plain",
        "good export",
        "broken onExportComplete true",
        "good onExportComplete true",
        "late onExportComplete true"
      ])
      const [requested, completed] = (yield* exports.events).filter(({ name }) => name.startsWith("export_"))
      assert.deepStrictEqual([requested!.name, completed!.name], ["export_requested", "export_completed"])
      assert.deepStrictEqual(requested!.payload, { exportId: outcome.exportId, format: "plain", target: "none" })
      assert.deepInclude(completed!.payload, {
        exportId: outcome.exportId,
        exporter: "good",
        bytes: 7,
        metricsCount: outcome.metricsCount,
        seriesCount: outcome.seriesCount
      })
      assert.isAtLeast(outcome.metricsCount, 1)
      assert.deepStrictEqual(yield* exports.misfits, [])
      assert.deepStrictEqual(yield* exports.logged, ["Warn exporter \"broken\" could not write plain: not today"])
    }).pipe(Effect.provide(exports.layer())))

  it.effect("has the values of the store in each built-in format", () =>
    Effect.gen(function*() {
      yield* exports.countJobs(3)
      const { formats } = yield* ExporterRegistry
      for (const format of yield* formats) {
        const outcome = yield* exportNow({ format })
        if (outcome._tag !== "Exported") assert.fail(outcome._tag)
        assert.include(exports.text(outcome.body), "jobs_total", format)
        assert.strictEqual(outcome.format, format)
      }
    }).pipe(Effect.provide(exports.layer())))

  it.effect("names the formats that exist if nobody has this one", () =>
    Effect.gen(function*() {
      const error = yield* Effect.flip(exportNow({ format: "xml" }))
      assert.strictEqual(error.reason._tag, "UnsupportedFormat")
      assert.strictEqual(
        error.message,
        "no exporter has the format \"xml\"; there are csv, json, openmetrics, otlp, otlp_json, prometheus"
      )
      assert.deepStrictEqual(yield* exports.eventNames, [])
    }).pipe(Effect.provide(exports.layer())))

  it.effect("fails with what every exporter failed with", () =>
    Effect.gen(function*() {
      yield* register(
        exports.exporter("one", [], { export: () => Effect.fail("first") }),
        exports.exporter("two", [], { export: () => Effect.die("second") })
      )
      const error = yield* Effect.flip(exportNow({ format: "plain" }))
      assert.strictEqual(
        error.message,
        "every exporter of the format \"plain\" failed: one: first; two: second"
      )
      const events = yield* exports.events
      assert.deepStrictEqual(events.map(({ name }) => name).slice(2), ["export_requested", "export_failed"])
      assert.deepInclude(events.at(-1)!.payload, { errorType: "ExportersFailed", errorMessage: error.message })
      assert.deepStrictEqual(yield* exports.misfits, [])
      assert.includeMembers([...yield* TestTelemetry.selfCounts], [
        "tasker_exporter_errors_total{one,export} 1",
        "tasker_exporter_errors_total{two,export} 1",
        "tasker_export_target_exports_total{none,failed} 1"
      ])
    }).pipe(Effect.provide(exports.layer())))
})

describe("an exporter that misbehaves", () => {
  const gives = (value: unknown) => exports.exporter("odd", [], { export: () => value as never })
  const giver = "export of exporter \"odd\""

  it.effect.each<readonly [what: string, exporter: ReturnType<typeof exports.exporter>, problem: string]>([
    ["gives no Effect", gives(7), `${giver} gave a number where an Effect is expected`],
    [
      "gives a promise",
      gives(Promise.resolve()),
      `${giver} gave a promise where an Effect is expected; wrap the call that makes it in Effect.tryPromise`
    ],
    [
      "gives no body",
      gives(Effect.succeed("text")),
      `${giver} gave a string where an object with contentType and body is expected`
    ],
    [
      "gives a wrong type of body",
      gives(Effect.succeed({ contentType: "text/plain", body: 7 })),
      `${giver}: body gave a number where a text, bytes or chunks of bytes is expected`
    ],
    [
      "gives chunks that are none",
      gives(Effect.succeed({ contentType: "text/plain", body: ["a"] })),
      `${giver}: body gave a string where a chunk of bytes is expected`
    ],
    [
      "gives no content type",
      gives(Effect.succeed({ contentType: "", body: "" })),
      `${giver}: contentType gave a string where a text is expected`
    ],
    [
      "throws",
      exports.exporter("odd", [], {
        export: () => {
          throw new Error("thrown")
        }
      }),
      "thrown"
    ],
    ["interrupts itself", gives(Effect.interrupt), "interrupted"]
  ])("is reported with its name if it %s", ([, exporter, problem]) =>
    Effect.gen(function*() {
      yield* register(exporter)
      const error = yield* Effect.flip(exportNow({ format: "plain" }))
      assert.strictEqual(error.message, `every exporter of the format "plain" failed: odd: ${problem}`)
    }).pipe(Effect.provide(exports.layer())))

  it.effect.each(["can be interrupted", "cannot be interrupted"])(
    "is given up if it hangs and %s",
    (how) =>
      Effect.gen(function*() {
        const hangs = how === "can be interrupted" ? Effect.never : Effect.uninterruptible(Effect.never)
        yield* register(exports.exporter("odd", [], { export: () => hangs }), exports.exporter("good"))
        const outcome = yield* Effect.forkChild(exportNow({ format: "plain" }))
        yield* recorder.advance("30 seconds")
        const exit = outcome.pollUnsafe()
        if (exit === undefined || Exit.isFailure(exit)) assert.fail("the export goes on with the next exporter")
        assert.deepInclude(exit.value, { exporter: "good" })
        assert.deepStrictEqual(yield* exports.logged, [
          "Warn exporter \"odd\" could not write plain: it did not end within 30s"
        ])
      }).pipe(Effect.provide(exports.layer()))
  )

  it.effect("does not touch an export by a callback that fails, dies, hangs or is no Effect", () =>
    Effect.gen(function*() {
      const calls: Array<string> = []
      yield* register(
        exports.exporter("odd", calls, {
          onExportRequest: () => Effect.fail("no"),
          onExportComplete: () => {
            throw new Error("thrown")
          },
          onCacheSync: () => Effect.uninterruptible(Effect.never)
        }),
        exports.exporter("quiet", calls, { formats: ["other"], onCacheSync: () => 7 as never })
      )
      const outcome = yield* exportNow({ format: "plain" })
      assert.strictEqual(outcome._tag, "Exported")
      const sync = { strategy: "local", success: true, metricsCount: 1, seriesCount: 2, durationSeconds: 0.5 }
      yield* Effect.forkChild(ExportCoordinator.use(({ cacheSynced }) => cacheSynced(sync)))
      yield* recorder.advance("5 seconds")
      assert.deepStrictEqual(yield* exports.logged, [
        "Warn onExportRequest of exporter \"odd\" failed: no",
        "Warn onExportComplete of exporter \"odd\" failed: thrown",
        "Warn onCacheSync of exporter \"odd\" failed: it did not end within 5s",
        "Warn onCacheSync of exporter \"quiet\" failed: onCacheSync of exporter \"quiet\" gave a number where an Effect is expected"
      ])
      assert.deepStrictEqual((yield* status).lastSync, sync)
      assert.include(yield* exports.eventNames, "cache_synced")
      assert.deepStrictEqual(yield* exports.misfits, [])
    }).pipe(Effect.provide(exports.layer())))
})

describe("a target", () => {
  it.effect("gets what its exporter wrote, or the metrics themselves", () =>
    Effect.gen(function*() {
      const [text, plain] = [ExportTarget.memory({ format: "json" }), ExportTarget.memory({ name: "plain" })]
      yield* add(text)
      yield* add(plain)
      yield* exports.countJobs(4)
      const outcome = yield* exportNow({ target: "memory" })
      yield* exportNow({ target: "plain" })
      const [[first], [second]] = [yield* text.exports, yield* plain.exports]
      assert.deepInclude(outcome, { _tag: "Exported", exporter: "json", exportId: first!.exportId })
      assert.include(exports.text(first!.body), "\"jobs_total\"")
      assert.strictEqual(MetricSnapshot.valueOf(second!.snapshot, "jobs_total", { kind: "mail" }), 4)
      assert.deepStrictEqual([second!.body.length, second!.contentType], [0, ""])
      assert.deepStrictEqual(
        (yield* status).targets.map(({ exports, format, name, state }) => [name, format, state, exports]),
        [
          ["memory", "json", "working", 1],
          ["plain", "none", "working", 1]
        ]
      )
    }).pipe(Effect.provide(exports.layer())))

  it.effect("has a name of its own and a valid strategy", () =>
    Effect.gen(function*() {
      yield* add(ExportTarget.memory())
      const problemOf = (strategy: ExportStrategy) =>
        Effect.map(Effect.flip(add(ExportTarget.memory({ name: "other", strategy }))), ({ message }) => message)
      assert.strictEqual(
        (yield* Effect.flip(add(ExportTarget.memory()))).message,
        "a target is already called \"memory\": give each target a name of its own"
      )
      assert.deepStrictEqual(
        yield* Effect.forEach([
          { interval: "soon" as never },
          { interval: 0 },
          { cron: "never" },
          { cron: "* * * * *", timeZone: "Mars" },
          { samples: 0 },
          { bytes: 1.5 },
          { crossing: { metric: "x" } },
          { change: { metric: "x", percent: 0 } }
        ], problemOf),
        [
          "expected a duration of at least 100ms at interval, got \"soon\"",
          "expected a duration of at least 100ms at interval, got 0",
          "expected a cron expression at cron and a time zone at timeZone, got \"never\" and \"UTC\"",
          "expected a cron expression at cron and a time zone at timeZone, got \"* * * * *\" and \"Mars\"",
          "expected a whole number of at least 1 at samples, got 0",
          "expected a whole number of at least 1 at bytes, got 1.5",
          "expected a number at crossing.above or at crossing.below, not at both",
          "expected a number above 0 at change.percent, got 0"
        ].map((problem) => `target "other": ${problem}`)
      )
      assert.strictEqual(
        (yield* Effect.flip(exportNow({ target: "nowhere" }))).message,
        "no target is called \"nowhere\"; there are memory"
      )
    }).pipe(Effect.provide(exports.layer())))

  it.effect("that fails is logged once, counted, and does not touch another one", () =>
    Effect.gen(function*() {
      let isBroken = true
      const broken = ExportTarget.make({
        name: "broken",
        strategy: { interval: "10 seconds", onShutdown: false },
        send: () => isBroken ? Effect.fail("full") : Effect.void
      })
      const good = ExportTarget.memory({ strategy: { interval: "10 seconds", onShutdown: false } })
      yield* add(broken)
      yield* add(good)
      yield* recorder.advance("30 seconds")
      assert.lengthOf(yield* good.exports, 3)
      const [state] = (yield* status).targets
      assert.deepInclude(state, { state: "failing", failures: 3, consecutiveFailures: 3, exports: 0 })
      assert.deepStrictEqual(state!.lastFailure, {
        timeMillis: 30_000,
        message: "target \"broken\" did not take the metrics: full"
      })
      const store = yield* MetricStore
      const failing = (target: string) =>
        Effect.map(store.snapshot, (read) => MetricSnapshot.valueOf(read, "tasker_export_target_failing", { target }))
      assert.deepStrictEqual([yield* failing("broken"), yield* failing("memory")], [1, 0])
      isBroken = false
      yield* recorder.advance("10 seconds")
      assert.strictEqual(yield* failing("broken"), 0)
      assert.deepStrictEqual(yield* exports.logged, [
        "Warn exports to target \"broken\" fail: target \"broken\" did not take the metrics: full",
        "Info metrics are exported to target \"broken\" again, after 3 failed exports"
      ])
    }).pipe(Effect.provide(exports.layer())))

  it.effect("that hangs is given up, and does not delay another one", () =>
    Effect.gen(function*() {
      const strategy = { interval: "10 seconds", onShutdown: false } as const
      const good = ExportTarget.memory({ strategy })
      yield* add(ExportTarget.make({ name: "hangs", strategy, send: () => Effect.uninterruptible(Effect.never) }))
      yield* add(good)
      yield* recorder.advance("1 minute")
      assert.lengthOf(yield* good.exports, 6)
      assert.deepInclude((yield* status).targets[0], { state: "failing", failures: 1 })
    }).pipe(Effect.provide(exports.layer())))
})

describe("a strategy", () => {
  /** Exports of a target with the strategy after each step, in which metrics are recorded and time passes. */
  const follow = (
    strategy: ExportStrategy,
    steps: ReadonlyArray<
      readonly [record: Effect.Effect<unknown, never, MetricStore>, seconds: number, exports: number]
    >
  ) =>
    Effect.gen(function*() {
      const target = ExportTarget.memory({ strategy: { onShutdown: false, ...strategy } })
      yield* add(target)
      yield* recorder.quiet
      const counts: Array<number> = []
      for (const [record, seconds] of steps) {
        yield* record
        yield* recorder.advance(`${seconds} seconds`)
        counts.push((yield* target.exports).length)
      }
      assert.deepStrictEqual(counts, steps.map(([, , count]) => count))
    }).pipe(Effect.provide(exports.layer()))

  const jobs = (amount: number, kind?: string) => exports.countJobs(amount, kind)
  const level = (value: number) =>
    MetricStore.use((store) =>
      Effect.sync(() =>
        store.gauge({ name: "level_celsius", help: "Level.", unit: "celsius", attributes: [] }).set({}, value)
      )
    )

  it.effect("of an interval", () =>
    follow({ interval: "10 seconds" }, [[Effect.void, 9, 0], [Effect.void, 1, 1], [Effect.void, 60, 7]]))

  it.effect("of a cron expression, in UTC", () =>
    follow({ cron: "0 1 * * *" }, [[Effect.void, 3599, 0], [Effect.void, 1, 1], [Effect.void, 86_400, 2]]))

  it.effect("of a cron expression in a time zone: one o'clock in New York is six in Greenwich", () =>
    follow({ cron: "0 1 * * *", timeZone: "America/New_York" }, [[Effect.void, 21_599, 0], [Effect.void, 1, 1]]))

  it.effect("of a number of samples, since the start and since the last export", () =>
    follow({ samples: 10 }, [
      [jobs(9), 10, 0],
      [jobs(1), 5, 1],
      [jobs(9), 10, 1],
      [jobs(1, "post"), 5, 2]
    ]))

  it.effect("of a value that crosses a number: once, until it has come back", () =>
    follow({ crossing: { metric: "level_*", above: 30 } }, [
      [level(30), 10, 0],
      [level(31), 5, 1],
      [level(40), 10, 1],
      [level(20), 10, 1],
      [level(50), 5, 2]
    ]))

  it.effect("of a value that falls below a number", () =>
    follow({ crossing: { metric: "level_celsius", below: 0 } }, [[level(0), 5, 0], [level(-1), 5, 1]]))

  it.effect("of a change in percent", () =>
    follow({ change: { metric: "level_celsius", percent: 10 } }, [
      [level(100), 5, 1],
      [level(109), 5, 1],
      [level(110), 5, 2],
      [level(100), 5, 2],
      [level(99), 5, 3]
    ]))

  it.effect("of bytes that have changed", () =>
    follow({ bytes: 500, checkInterval: "1 second" }, [
      [jobs(1), 3, 0],
      [Effect.forEach(Array.from({ length: 20 }, (_, index) => `kind ${index}`), (kind) => jobs(1, kind)), 1, 1],
      [jobs(1), 3, 1]
    ]))

  it.effect("of several triggers, which join within the debounce", () =>
    follow({ interval: "60 seconds", samples: 5, debounce: "3 seconds" }, [
      [jobs(5), 5, 0],
      [jobs(5), 3, 1],
      [jobs(4), 49, 1],
      // The interval and the threshold fall together.
      [jobs(1), 3, 1],
      [Effect.void, 3, 2],
      [Effect.void, 30, 2]
    ]))

  it.effect("without a trigger exports on demand alone", () =>
    Effect.gen(function*() {
      const target = ExportTarget.memory()
      const scope = yield* Scope.make()
      yield* Scope.provide(scope)(add(target))
      yield* jobs(1)
      yield* recorder.advance("1 hour")
      yield* Scope.close(scope, Exit.void)
      assert.lengthOf(yield* target.exports, 0)
    }).pipe(Effect.provide(exports.layer())))

  it.effect("with a trigger exports at the end, too, and closes the target afterwards", () =>
    Effect.gen(function*() {
      const memory = ExportTarget.memory({ strategy: { interval: "1 minute" } })
      let exportsAtClose = 0
      const close = Effect.map(memory.exports, ({ length }) => void (exportsAtClose = length))
      const scope = yield* Scope.make()
      yield* Scope.provide(scope)(add({ ...memory, close }))
      yield* Scope.close(scope, Exit.void)
      assert.strictEqual(exportsAtClose, 1)
      assert.deepStrictEqual((yield* status).targets, [])
    }).pipe(Effect.provide(exports.layer())))

  it.effect("is not needed for a single export after some time", () =>
    Effect.gen(function*() {
      const target = ExportTarget.memory()
      yield* add(target)
      yield* ExportCoordinator.use(({ schedule }) => schedule({ target: "memory" }, "1 minute"))
      yield* recorder.advance("59 seconds")
      assert.lengthOf(yield* target.exports, 0)
      yield* recorder.advance("1 second")
      assert.lengthOf(yield* target.exports, 1)
    }).pipe(Effect.provide(exports.layer())))
})

describe("with a lock", () => {
  /** A lock that a test decides about. */
  const withLock = (
    withLease: <A, E, R>(
      name: string,
      run: (lease: ExportLock.Lease) => Effect.Effect<A, E, R>
    ) => Effect.Effect<Option.Option<A>, E | ExportLock.ExportLockError, R>
  ) =>
    exports.layer().pipe(
      Layer.provideMerge(Layer.succeed(ExportLock.ExportLock, { withLease: (name) => (run) => withLease(name, run) }))
    )
  const shared = (name = "shared", send: ExportTarget.ExportTarget["send"] = () => Effect.void) =>
    ExportTarget.make({ name, send })

  it.effect("an export runs under a lease of its target's name, and the target learns its number", () =>
    Effect.gen(function*() {
      const fencings: Array<number | undefined> = []
      yield* add(shared("shared", ({ lease }) => Effect.sync(() => void fencings.push(lease?.fencing))))
      assert.deepInclude(yield* exportNow({ target: "shared" }), { _tag: "Exported" })
      assert.deepStrictEqual(fencings, [41])
    }).pipe(Effect.provide(withLock((name, run) => {
      assert.strictEqual(name, "tasker-metrics-export:tasker:shared")
      return Effect.map(run({ fencing: 41, check: Effect.succeed(true) }), Option.some)
    }))))

  it.effect("an export is left to the instance that has the lease, which is no failure", () =>
    Effect.gen(function*() {
      yield* add(shared())
      assert.deepInclude(yield* exportNow({ target: "shared" }), { _tag: "Skipped", reason: "lease_held" })
      assert.deepInclude((yield* status).targets[0], { state: "unused", skipped: 1, failures: 0 })
      assert.deepStrictEqual([yield* exports.logged, yield* exports.eventNames], [[], []])
      assert.include(yield* TestTelemetry.selfCounts, "tasker_export_target_exports_total{shared,skipped} 1")
    }).pipe(Effect.provide(withLock(() => Effect.succeedNone))))

  it.effect("an export gives up right before it sends, if its lease has ended", () =>
    Effect.gen(function*() {
      yield* add(shared("shared", () => Effect.die("sent")))
      const error = yield* Effect.flip(exportNow({ target: "shared" }))
      assert.strictEqual(
        error.message,
        "target \"shared\" was left to another instance: the lease of this instance has ended"
      )
      assert.deepInclude((yield* status).targets[0], { state: "unused", skipped: 1, failures: 0 })
      assert.deepStrictEqual(yield* exports.logged, [])
    }).pipe(
      Effect.provide(withLock((_, run) => Effect.map(run({ fencing: 1, check: Effect.succeed(false) }), Option.some)))
    ))

  it.effect("an export goes on without the lock if it cannot be used, with one warning", () =>
    Effect.gen(function*() {
      yield* add(shared())
      for (let round = 0; round < 2; round++) {
        assert.deepInclude(yield* exportNow({ target: "shared" }), { _tag: "Exported" })
      }
      assert.deepStrictEqual(yield* exports.logged, [
        "Warn metrics are exported without a lock, because it cannot be used: gone"
      ])
    }).pipe(
      Effect.provide(
        withLock(() => Effect.fail(new ExportLock.ExportLockError({ reason: "unreachable", message: "gone" })))
      )
    ))

  describe("and an interval", () => {
    const sent: Array<string> = []
    /** Instances whose exports fail. */
    const unreachable = new Set<string>()
    /** An instance of its own, with a target that all instances have. */
    const instance = Effect.fnUntraced(function*(name: string) {
      const scope = yield* Scope.fork(yield* Effect.scope)
      const target = ExportTarget.make({
        name: "all",
        strategy: { interval: "1 minute" },
        send: ({ lease }) =>
          unreachable.has(name)
            ? Effect.fail("unreachable")
            : Effect.sync(() => void sent.push(`${name} ${String(lease !== undefined)}`))
      })
      const context = yield* Layer.buildWithScope(Layer.fresh(exports.layer()), scope)
      yield* Effect.provide(add(target), context).pipe(Scope.provide(scope))
      return { close: Scope.close(scope, Exit.void), status: Effect.provide(status, context) }
    })

    it.effect("one instance exports at each interval, and another one takes over when it ends", () =>
      Effect.gen(function*() {
        sent.length = 0
        const instances = yield* Effect.forEach(["one", "two", "three"], instance)
        yield* TestClock.adjust("181 seconds")
        assert.deepStrictEqual(sent, ["one true", "one true", "one true"])
        assert.deepInclude((yield* instances[1]!.status).targets[0], { exports: 0, skipped: 3 })
        yield* instances[0]!.close
        yield* TestClock.adjust("2 minutes")
        // The end of the first one is its last export.
        assert.deepStrictEqual(sent.slice(3), ["one true", "two true", "two true"])
      }).pipe(Effect.provide(ExportLock.layerMemory())))

    it.effect("an instance that does not reach the target leaves it to another one", () =>
      Effect.gen(function*() {
        sent.length = 0
        unreachable.add("one")
        const instances = yield* Effect.forEach(["one", "two", "three"], instance)
        yield* TestClock.adjust("181 seconds")
        assert.deepStrictEqual(sent, ["two true", "two true", "two true"])
        assert.deepInclude((yield* instances[0]!.status).targets[0], { failures: 1, skipped: 2 })
        unreachable.clear()
      }).pipe(Effect.provide(ExportLock.layerMemory())))

    it.effect("an instance whose lease has ended asks for another one", () => {
      const fencings: Array<number | undefined> = []
      const asked: Array<string> = []
      return Effect.gen(function*() {
        yield* add(ExportTarget.make({
          name: "all",
          strategy: { interval: "1 minute" },
          send: ({ lease }) => Effect.sync(() => void fencings.push(lease?.fencing))
        }))
        yield* TestClock.adjust("181 seconds")
        assert.deepStrictEqual([fencings, asked.length], [[1, 2, 3], 3])
      }).pipe(Effect.provide(withLock((name, run) => {
        let checks = 0
        // Valid right before the first export, and over at the next one.
        const check = Effect.sync(() => ++checks === 1)
        return Effect.map(run({ fencing: asked.push(name), check }), Option.some)
      })))
    })
  })

  it.effect("a target that each instance has for itself needs no lease", () =>
    Effect.gen(function*() {
      const target = ExportTarget.memory()
      yield* add(target)
      yield* exportNow({ target: "memory" })
      assert.lengthOf(yield* target.exports, 1)
    }).pipe(Effect.provide(withLock(() => Effect.die("asked")))))
})

describe("exports to one target", () => {
  it.effect("run one after the other", () =>
    Effect.gen(function*() {
      const gate = yield* Deferred.make<void>()
      let open = 0
      yield* add(ExportTarget.make({
        name: "slow",
        send: () =>
          Effect.suspend(() => {
            assert.strictEqual(++open, 1)
            return Effect.andThen(Deferred.await(gate), Effect.sync(() => void open--))
          })
      }))
      const first = yield* Effect.forkChild(exportNow({ target: "slow" }), { startImmediately: true })
      const second = yield* Effect.forkChild(exportNow({ target: "slow" }), { startImmediately: true })
      yield* recorder.quiet
      yield* Deferred.succeed(gate, undefined)
      yield* recorder.quiet
      assert.isTrue([first, second].every((fiber) => {
        const exit = fiber.pollUnsafe()
        return exit !== undefined && Exit.isSuccess(exit)
      }))
    }).pipe(Effect.provide(exports.layer())))
})

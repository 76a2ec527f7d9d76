/**
 * What a program can see of each option of the configuration.
 */
import { ConfigProvider, Deferred, Effect, Exit, Fiber, Layer, Logger, Schema, Scope, Tracer } from "effect"
import { TestClock, TestConsole } from "effect/testing"
import { execFile, execFileSync } from "node:child_process"
import { closeSync, constants, existsSync, openSync, readFileSync, readSync } from "node:fs"
import {
  Baggage,
  ExportCoordinator,
  ExportTarget,
  LogDestination,
  MetricStore,
  Step,
  Task,
  TaskRunner,
  TaskStore,
  Telemetry,
  type TelemetryConfig,
  TraceCarrier
} from "tasker-telemetry"
import { TelemetryTest } from "tasker-telemetry/testing"
import * as MetricsRoute from "../../src/http/MetricsRoute.ts"
import { LogLevels } from "../../src/logging/LogLevels.ts"
import * as server from "../http/server.ts"
import * as otlpDecoder from "./otlpDecoder.ts"
import * as otlpMetricDecoder from "./otlpMetricDecoder.ts"
import { OtlpReceiver } from "./otlpReceiver.ts"
import { program } from "./programs.ts"
import * as recorder from "./recorder.ts"
import { temporaryFile } from "./temporaryFile.ts"
import * as TestTelemetry from "./TestTelemetry.ts"

type Options = TelemetryConfig.Options
type Observation = (options: Options) => Effect.Effect<unknown>

const silent = Logger.layer([])
const input = Schema.Struct({})
const Simple = Task.make("only", { input, steps: [Step.make("simple", { run: () => Effect.logInfo("inside") })] })

const inTest = <A>(body: Effect.Effect<A, unknown, TelemetryTest | Telemetry.Services>): Observation => (options) =>
  Effect.orDie(Effect.scoped(Effect.provide(
    body,
    TelemetryTest.layer({
      ...options,
      logging: { level: "Info", ...options.logging }
    }).pipe(Layer.provide(silent))
  )))

// --- Signals ---

/** Numbers of spans, counted tasks and lines of one run. */
export const signals = inTest(Effect.gen(function*() {
  yield* TaskRunner.run(Simple, {})
  const { logs, metric, spans } = yield* TelemetryTest
  const counted = yield* metric("tasker_tasks_total", { task: "only", status: "complete" })
  return [(yield* spans).length, counted ?? 0, (yield* logs).length]
}))

/** Types of a histogram, a timer and a histogram that a view gives buckets. */
export const histogramTypes: Observation = (options) =>
  inTest(Effect.gen(function*() {
    const store = yield* MetricStore.MetricStore
    const help = "Sizes."
    store.histogram({ name: "size_bytes", help, attributes: [], buckets: [1, 2] }).observe({}, 1)
    store.timer({ name: "wait_seconds", help, attributes: [] }).observe({}, 1)
    store.histogram({ name: "viewed_bytes", help, attributes: [], buckets: [1, 2] }).observe({}, 1)
    const { metrics } = yield* store.snapshot
    return ["size_bytes", "wait_seconds", "viewed_bytes"].map((name) =>
      metrics.find((metric) => metric.name === name)?.type
    )
  }))({ ...options, metrics: { views: [{ metric: "viewed_*", buckets: [5] }], ...options.metrics } })

export const transitionSpans = inTest(Effect.gen(function*() {
  yield* TaskRunner.run(Simple, {})
  return (yield* (yield* TelemetryTest).spans).filter(({ name }) => name === "tasker.state.transition").length
}))

/** Spans of the operations that Tasker's plan looks for, in the order of their ends. */
export const planSpans = inTest(Effect.gen(function*() {
  yield* TaskRunner.run(Simple, {})
  const spans = yield* (yield* TelemetryTest).spans
  return spans.map(({ name }) => name).filter((name) => !name.startsWith("tasker."))
}))

/** Spans of discoveries, and their events in the span of the loop. */
export const discoverySpans = inTest(Effect.gen(function*() {
  yield* TaskRunner.run(Simple, {})
  const spans = yield* (yield* TelemetryTest).spans
  const loop = spans.filter(({ name }) => name === "tasker.workflow.orchestration")
  return [
    spans.filter(({ name }) => name === "tasker.dependency.resolution").length,
    loop.flatMap(({ events }) => events).filter(({ name }) => name === "workflow.viable_steps_discovered").length
  ]
}))

/** Names of the first spans of the runs that are kept: of one that ends well, one that fails, one of a second, a task. */
export const keptRuns = inTest(Effect.gen(function*() {
  const run = (name: string, effect: Effect.Effect<unknown, unknown>) =>
    Effect.exit(Effect.withSpan(effect, name, { root: true }))
  yield* run("good", Effect.void)
  yield* run("bad", Effect.fail("no"))
  yield* run("slow", TestClock.adjust("1 second"))
  yield* TaskRunner.run(Simple, {})
  return (yield* (yield* TelemetryTest).spans).filter(({ parentSpanId }) => parentSpanId === undefined).map((
    { name }
  ) => name)
}))

/** How many of five traces at once are recorded. */
export const recordedTraces = inTest(Effect.gen(function*() {
  yield* Effect.replicateEffect(Effect.withSpan(Effect.void, "work", { root: true }), 5)
  return (yield* (yield* TelemetryTest).spans).length
}))

/** Names of the headers that carry a span. */
export const carriedHeaders = inTest(
  Effect.map(Effect.withSpan(TraceCarrier.inject, "work"), (carrier) => Object.keys(carrier))
)

export const baggageAttribute = inTest(Effect.gen(function*() {
  yield* Effect.void.pipe(Effect.withSpan("work"), Baggage.withEntries({ tenant: "acme" }))
  return (yield* (yield* TelemetryTest).spans)[0]?.attributes.get("baggage.tenant")
}))

/** The events of a span that fails, and the number of log lines about its exception. */
export const exceptions = inTest(Effect.gen(function*() {
  yield* Effect.exit(Effect.withSpan(Effect.fail("no"), "work"))
  const { logs, spans } = yield* TelemetryTest
  return [
    (yield* spans)[0]?.events.map(({ name }) => name),
    (yield* logs).filter(({ event }) => event === "exception").length
  ]
}))

const linesOfLongRun = (wanted: string) =>
  inTest(Effect.gen(function*() {
    const Long = Task.make("long", { input, steps: [Step.make("sleep", { run: () => Effect.sleep("25 seconds") })] })
    const running = yield* Effect.forkChild(TaskRunner.run(Long, {}))
    yield* TestClock.adjust("1 minute")
    yield* Fiber.join(running)
    return (yield* (yield* TelemetryTest).logs).filter(({ message }) => message === wanted).length
  }))

/** Lines about a run of 25 seconds that goes on. */
export const heartbeats = linesOfLongRun("task is running")

/** Lines that say that the run stands still. */
export const stale = linesOfLongRun("task stands still")

/** Traces of a run with a run inside. */
export const tracesOfChildRun = inTest(Effect.gen(function*() {
  const Outer = Task.make("outer", { input, steps: [Step.make("inside", { run: () => TaskRunner.run(Simple, {}) })] })
  yield* TaskRunner.run(Outer, {})
  return new Set((yield* (yield* TelemetryTest).spans).map(({ traceId }) => traceId)).size
}))

export const maskedField = (key: string, value = "v") =>
  inTest(Effect.gen(function*() {
    yield* Effect.logInfo("m", { [key]: value })
    return (yield* (yield* TelemetryTest).logs)[0]?.[key]
  }))

const countJobs = Effect.map(MetricStore.MetricStore, (store) => {
  const jobs = store.counter({ name: "jobs_total", help: "Jobs.", attributes: ["kind"] })
  for (let kind = 0; kind < 10; kind++) jobs.inc({ kind: `${kind}` })
  return jobs
})

const seriesOf = (name: string) =>
  Effect.map(
    Effect.flatMap(MetricStore.MetricStore, ({ snapshot }) => snapshot),
    ({ metrics }) => metrics.find((metric) => metric.name === name)?.series ?? []
  )

/** Series of a counter that has ten kinds. */
export const series = inTest(Effect.andThen(countJobs, Effect.map(seriesOf("jobs_total"), (all) => all.length)))

export const seriesAfterAMinute = inTest(countJobs.pipe(
  Effect.andThen(recorder.advance("1 minute")),
  Effect.andThen(Effect.map(seriesOf("jobs_total"), (all) => all.length))
))

/** Exemplars of a counter that has counted in a span. */
export const exemplars = inTest(
  Effect.flatMap(countJobs, (jobs) => Effect.withSpan(Effect.sync(() => jobs.inc({ kind: "0" })), "work")).pipe(
    Effect.andThen(Effect.map(seriesOf("jobs_total"), ([first]) => first?.exemplars.length))
  )
)

export const measuresProcess = inTest(Effect.map(seriesOf("process_uptime_seconds"), (all) => all.length === 1))

/** What a negative increment of a counter does to who asks for it. */
export const misuse = inTest(Effect.flatMap(countJobs, (jobs) =>
  Effect.sync(() => jobs.inc({ kind: "0" }, -1)).pipe(
    Effect.as("goes on"),
    Effect.catchCause(() => Effect.succeed("throws"))
  )))

/**
 * Attributes, length of one, events and links of a span that is given two of each; attributes of an event and of a link
 * that are given two.
 */
export const fullSpan = inTest(Effect.gen(function*() {
  const attributes = { a: 1, b: 2 }
  const link = { span: Tracer.externalSpan({ traceId: "1".repeat(32), spanId: "2".repeat(16) }), attributes }
  yield* Effect.map(Effect.currentSpan, (span) => {
    span.event("a", 0n, attributes)
    span.event("b", 0n, attributes)
  }).pipe(Effect.withSpan("work", { attributes: { a: "abcdef", b: "b" }, links: [link, link] }))
  const span = (yield* (yield* TelemetryTest).spans)[0]!
  return [
    span.attributes.size,
    String(span.attributes.get("a")).length,
    span.events.length,
    span.links.length,
    ...[span.events[0], span.links[0]].map((part) => Object.keys(part?.attributes ?? {}).length)
  ]
}))

export const badVariable: Observation = (options) =>
  Layer.build(Telemetry.layerConfig(options)).pipe(
    Effect.as("builds"),
    Effect.orElseSucceed(() => "fails"),
    Effect.scoped,
    Effect.provide(Layer.merge(
      silent,
      ConfigProvider.layer(
        ConfigProvider.fromEnv({ env: { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc", TASKER_LOGGING_ENABLED: "false" } })
      )
    ))
  )

/** The messages on standard output and standard error of a program. */
export const streams: Observation = (options) =>
  Effect.flatMap(Effect.promise(() => program("oneLine")), (path) =>
    Effect.callback((resume) => {
      // Variables of other tests would be read by the program as well.
      const { NODE_COMPILE_CACHE, PATH } = process.env
      const env = { NODE_COMPILE_CACHE, PATH, TASKER_LOGGING_DESTINATION: options.logging?.destination ?? "" }
      const messageOf = (text: string) => /"message":"([^"]*)"/.exec(text)?.[1] ?? text
      execFile(process.execPath, [path], { env }, (_, stdout, stderr) =>
        resume(Effect.succeed([messageOf(stdout), messageOf(stderr)])))
    }))

// --- Logging ---

/** What a program sees of a log file: lines before it ends, files after it, listeners for signals while it runs. */
const withFile = <A>(
  body: (path: string) => Effect.Effect<A, unknown, Telemetry.Services>
): Observation =>
(options) =>
  Effect.gen(function*() {
    const path = yield* temporaryFile
    const logging = { ...options.logging, file: { path, ...options.logging?.file } }
    return yield* Effect.provide(body(path), Telemetry.layer({ ...options, logging }), { local: true })
  }).pipe(Effect.scoped, Effect.orDie)

const linesIn = (path: string) => existsSync(path) ? readFileSync(path, "utf8").split("\n").length - 1 : 0

const logThree = Effect.gen(function*() {
  for (const message of ["a", "b", "c"]) {
    yield* Effect.logInfo(message)
    yield* TestClock.adjust("10 millis")
  }
})

/** Lines in the file before the layer closes. */
export const linesInFile = withFile((path) => Effect.map(logThree, () => linesIn(path)))

/** Lines in each of the files of three lines, a second apart. */
export const filesOfThree = withFile((path) =>
  Effect.gen(function*() {
    for (const message of ["a", "b", "c"]) {
      yield* Effect.logInfo(message)
      yield* TestClock.adjust("1 second")
    }
    return [path, `${path}.1`, `${path}.2`].map(linesIn)
  })
)

const listeners = (signals: ReadonlyArray<string>) => signals.map((signal) => process.listenerCount(signal))

/** Listeners that the layer adds for signals, once a line is written. */
export const listensFor = (...signals: ReadonlyArray<string>): Observation => (options) =>
  Effect.suspend(() => {
    const before = listeners(signals)
    return withFile(() =>
      Effect.andThen(
        Effect.logInfo("m"),
        Effect.sync(() => listeners(signals).map((count, index) => count - before[index]!))
      )
    )(options)
  })

/** Whether a line above 4096 bytes, to a named pipe with no other writer, comes as one. */
export const longLineInPipe: Observation = (options) =>
  Effect.gen(function*() {
    const path = yield* temporaryFile
    execFileSync("mkfifo", [path])
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    yield* Effect.addFinalizer(() => Effect.sync(() => closeSync(reader)))
    yield* Effect.provide(
      Effect.logInfo("x".repeat(5000)),
      Telemetry.layer({ logging: { ...options.logging, destination: "file", file: { path } } })
    )
    const bytes = Buffer.alloc(16_384)
    return bytes.toString("utf8", 0, readSync(reader, bytes)).trimEnd().split("\n").length
  }).pipe(Effect.orDie, Effect.scoped)

/** The path is made by the observation; whether it is given is announced. */
export const fileIsOpened: Observation = (options) =>
  Effect.gen(function*() {
    const path = yield* temporaryFile
    const file = options.service === undefined ? {} : { path }
    return yield* Layer.build(Telemetry.layer({ logging: { destination: "file", file } })).pipe(
      Effect.as("opened"),
      Effect.orElseSucceed(() => "fails"),
      Effect.provide(silent)
    )
  }).pipe(Effect.scoped)

const linesOf = (options: Options, body: Effect.Effect<void, unknown, Telemetry.Services>) =>
  Effect.gen(function*() {
    const lines: Array<string> = []
    const logDestination = LogDestination.layer((line) => void lines.push(line))
    yield* Effect.provide(body, Telemetry.layer(options, { logDestination }))
    return lines
  }).pipe(Effect.scoped, Effect.orDie)

/** The first characters of a line. */
export const lineStart: Observation = (options) =>
  Effect.map(linesOf(options, Effect.logInfo("m")), ([line]) => line?.slice(0, 9))

/** How many of ten equal lines of one moment are written. */
export const tenLines: Observation = (options) =>
  Effect.map(
    linesOf(options, Effect.repeat(Effect.logInfo("again"), { times: 9 })),
    (lines) => lines.filter((line) => !line.includes("suppressed")).length
  )

/** How many debug lines of one trace are written. */
export const debugLines: Observation = (options) =>
  Effect.map(
    linesOf(options, Effect.repeat(Effect.logDebug("detail"), { times: 2 }).pipe(Effect.withSpan("work"))),
    (lines) => lines.length
  )

export const setsLevel = inTest(
  LogLevels.use((levels) => levels.set({ level: "Debug" })).pipe(
    Effect.as("set"),
    Effect.orElseSucceed(() => "fixed")
  )
)

// --- Delivery ---

/** The options with an address in them are made by the observation; here they are only announced. */
export const withAddress = (path: string, options: Options): Options =>
  /^delivery\.(?:\w+\.)?endpoint$/.test(path) || path === "logging.file.path"
    ? { ...options, service: { name: "addressed" } }
    : options

/** Spans alone are sent, unless the options say otherwise. */
const toReceiver = (url: string, options: Options): Options => ({
  ...options,
  logging: { exporter: "none", ...options.logging },
  metrics: { exporter: "none", ...options.metrics },
  delivery: { endpoint: url, ...options.delivery }
})

const sending = <A>(body: Effect.Effect<A, unknown, OtlpReceiver | Telemetry.Services>): Observation => (options) =>
  Effect.gen(function*() {
    const { url } = yield* OtlpReceiver
    const layer = Telemetry.layer(toReceiver(url, options), { logDestination: LogDestination.layerNoop })
    return yield* provideAndClose(body, layer)
  }).pipe(Effect.scoped, Effect.provide(Layer.merge(OtlpReceiver.layer, silent)), Effect.orDie)

/** Closes the layer while time passes: a receiver that hangs takes all the time there is. */
const provideAndClose = <A, E, R, I, E2>(body: Effect.Effect<A, E, R | I>, layer: Layer.Layer<I, E2>) =>
  Effect.gen(function*() {
    const scope = yield* Scope.make()
    const services = yield* Layer.buildWithScope(layer, scope)
    const result = yield* Effect.provide(body, services)
    const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
    yield* recorder.advance("1 minute")
    yield* Fiber.join(closing)
    return result
  })

const work = Effect.withSpan(Effect.void, "work")
const flushed = Effect.logInfo("line").pipe(Effect.andThen(work), Effect.andThen(Telemetry.flush))
const requests = Effect.map(OtlpReceiver, ({ received }) => received)

export const delivered = sending(Effect.andThen(flushed, Effect.map(requests, (all) => all.length)))

export const resource = (key: string) =>
  sending(Effect.andThen(flushed, Effect.map(requests, ([first]) => otlpDecoder.decode(first!.body).resource[key])))

/** A header of the first requests with spans, with metrics and with log records. */
export const sentHeader = (name: string) =>
  sending(Effect.andThen(
    flushed,
    Effect.map(requests, (all) =>
      ["/v1/traces", "/v1/metrics", "/v1/logs"].map((at) => all.find(({ path }) => path === at)?.headers[name]))
  ))

const metricRequests = Effect.map(requests, (all) => all.filter(({ path }) => path === "/v1/metrics"))

const counted = Effect.map(MetricStore.MetricStore, (store) => {
  store.counter({ name: "jobs_total", help: "Jobs.", attributes: [] }).inc({})
})

/** The temporality of a counter in each request with metrics of one flush. */
export const exportedMetrics = sending(Effect.gen(function*() {
  yield* counted
  yield* Telemetry.flush
  return (yield* metricRequests).map(({ body }) =>
    otlpMetricDecoder.decode(body).metrics.find(({ name }) => name === "jobs_total")?.sum?.aggregationTemporality
  )
}))

export const exportsInTwoSeconds = sending(Effect.gen(function*() {
  yield* recorder.quiet
  yield* recorder.advance("2 seconds")
  yield* Telemetry.flush
  return (yield* metricRequests).length > 1
}))

/** The receiver never answers. */
const endsInTwoSeconds = (flush: Effect.Effect<void, unknown, Telemetry.Services>) =>
  sending(Effect.gen(function*() {
    const { answer, next } = yield* OtlpReceiver
    answer("hang")
    const flushing = yield* Effect.forkChild(flush)
    yield* next
    yield* recorder.advance("2 seconds")
    const result = yield* hasEnded(flushing)
    yield* Fiber.interrupt(flushing)
    return result
  }))

export const exportEndsInTwoSeconds = endsInTwoSeconds(Telemetry.flush)

/** Paths of all requests, each once. */
export const deliveredTo = (key: "endpoint" | "traces" | "metrics" | "logs"): Observation => ({ service }) =>
  Effect.gen(function*() {
    const { received, url } = yield* OtlpReceiver
    const address = key === "endpoint" ? { endpoint: url } : { [key]: { endpoint: `${url}/custom` } }
    const delivery = service === undefined ? {} : address
    yield* Effect.provide(flushed, Telemetry.layer({ delivery }, { logDestination: LogDestination.layerNoop }))
    return [...new Set(received.map(({ path }) => path))].toSorted()
  }).pipe(Effect.scoped, Effect.provide(Layer.merge(OtlpReceiver.layer, silent)), Effect.orDie)

export const batches = sending(Effect.gen(function*() {
  yield* Effect.repeat(work, { times: 4 })
  yield* Telemetry.flush
  return (yield* requests).map(({ body }) => otlpDecoder.decode(body).spans.length)
}))

const hasEnded = (fiber: Fiber.Fiber<unknown, unknown>) =>
  Effect.map(recorder.quiet, () => fiber.pollUnsafe() !== undefined)

/** The signals of which an attempt has run out of time, which is reported. */
export const attemptsEndedInTwoSeconds: Observation = (options) =>
  Effect.gen(function*() {
    const { answer, next, url } = yield* OtlpReceiver
    const lines: Array<string> = []
    answer("hang", "hang", "hang")
    const ended = Effect.gen(function*() {
      const flushing = yield* Effect.forkChild(flushed)
      yield* next
      if (options.metrics?.exporter === "otlp") yield* Effect.andThen(next, next)
      yield* recorder.advance("2 seconds")
      yield* Fiber.interrupt(flushing)
      return ["spans", "metrics", "log records"].filter((signal) =>
        lines.some((line) => line.includes(`${signal} cannot be delivered`))
      )
    })
    const layer = Telemetry.layer(
      toReceiver(url, options),
      { logDestination: LogDestination.layer((line) => void lines.push(line)) }
    )
    return yield* provideAndClose(ended, layer)
  }).pipe(Effect.scoped, Effect.provide(OtlpReceiver.layer), Effect.orDie)

export const closesInTwoSeconds: Observation = (options) =>
  Effect.gen(function*() {
    const { answer, next, url } = yield* OtlpReceiver
    answer("hang")
    const scope = yield* Scope.make()
    const layer = Telemetry.layer(toReceiver(url, options))
    const services = yield* Layer.buildWithScope(layer, scope)
    yield* Effect.provide(work, services)
    const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
    yield* next
    yield* recorder.advance("2 seconds")
    const result = yield* hasEnded(closing)
    yield* TestClock.adjust("1 minute")
    yield* Fiber.await(closing)
    return result
  }).pipe(Effect.provide(Layer.merge(OtlpReceiver.layer, silent)), Effect.scoped, Effect.orDie)

// --- Execution ---

const waiting = Step.make("wait", { retry: { maximumAttempts: 1 }, run: () => Effect.never })
const Waiting = Task.make("waiting", { input, steps: [waiting] })
const Failing = Task.make("failing", { input, steps: [Step.make("fail", { run: () => Effect.fail("no") })] })

export const endlessStepAfter = (seconds: number) =>
  inTest(Effect.gen(function*() {
    const { taskId } = yield* TaskRunner.start(Waiting, {})
    yield* recorder.quiet
    yield* recorder.advance(seconds * 1000)
    return (yield* TaskRunner.inspect(taskId)).steps[0]?.state
  }))

export const startedTogether = inTest(Effect.gen(function*() {
  const steps = Array.from({ length: 20 }, (_, index) => Step.make(`step_${index}`, { run: () => Effect.never }))
  yield* TaskRunner.start(Task.make("wide", { input, steps }), {})
  yield* recorder.quiet
  return (yield* (yield* TelemetryTest).events).filter(({ name }) => name === "step.execution_requested").length
}))

const backoffSeconds = Effect.gen(function*() {
  const fiber = yield* Effect.forkChild(Effect.exit(TaskRunner.run(Failing, {})))
  for (let second = 0; second < 20; second++) yield* recorder.advance("1 second")
  yield* Fiber.join(fiber)
  return (yield* (yield* TelemetryTest).events).flatMap((event) =>
    event.name === "observability.step.backoff" ? [event.payload.backoffSeconds] : []
  )
})

/** Seconds that a failing step waits between its attempts. */
export const backoffs = (): Observation => (options) =>
  inTest(backoffSeconds)({ ...options, backoff: { jitter: 0, ...options.backoff } })

export const isExact = inTest(Effect.map(backoffSeconds, (all) => all.every((seconds) => Number.isInteger(seconds))))

export const refusedStarts = inTest(Effect.gen(function*() {
  const exits = yield* Effect.forEach([1, 2, 3], () => Effect.exit(TaskRunner.start(Waiting, {})))
  return exits.filter(Exit.isFailure).length
}))

export const storedTasks = inTest(Effect.gen(function*() {
  yield* Effect.repeat(TaskRunner.run(Simple, {}), { times: 4 })
  return (yield* (yield* TaskStore.TaskStore).list({ limit: 100 })).length
}))

/** Seconds that a run takes whose store does not answer. */
export const secondsWithSilentStore: Observation = (options) =>
  Effect.gen(function*() {
    const start = yield* recorder.nowSeconds
    const run = yield* Effect.forkChild(Effect.as(TaskRunner.run(Simple, {}), undefined))
    const end = yield* Effect.forkChild(Effect.andThen(Fiber.await(run), recorder.nowSeconds))
    yield* recorder.advance("1 minute")
    return (yield* Fiber.join(end)) - start
  }).pipe(
    Effect.provide(Layer.merge(recorder.layer(options, { store: silentStore }), silent)),
    Effect.orDie
  )

const silentStore = Layer.succeed(TaskStore.TaskStore, {
  saveTask: () => Effect.never,
  updateTask: () => Effect.never,
  updateStep: () => Effect.never,
  get: () => Effect.never,
  list: () => Effect.never,
  search: () => Effect.never,
  counts: Effect.never
})

// --- HTTP ---

const asking = <A>(body: Effect.Effect<A, unknown, server.Target>): Observation => (options) =>
  Effect.provide(body, server.layer([Simple] as const, options)).pipe(
    Effect.scoped,
    Effect.provide(silent),
    Effect.orDie
  )

export const scrapeStatus = asking(Effect.map(server.get("/tasker/metrics"), ({ status }) => status))

/** How often two scrapes at the same time read the metrics; both wait for the first reading. */
export const readingsOfTwoScrapes: Observation = (options) =>
  Effect.gen(function*() {
    const entered = yield* Deferred.make<void>()
    const both = yield* Deferred.make<void>()
    let readings = 0
    const reading = Effect.suspend(() => {
      readings++
      if (readings === 2) Deferred.doneUnsafe(both, Effect.void)
      Deferred.doneUnsafe(entered, Effect.void)
      return Effect.as(Deferred.await(both), { timeMillis: 0, metrics: [] })
    })
    const store = Layer.effect(
      MetricStore.MetricStore,
      Effect.map(MetricStore.MetricStore, (store) => MetricStore.MetricStore.of({ ...store, snapshot: reading }))
    ).pipe(Layer.provide(MetricStore.layerNoop))
    yield* Effect.gen(function*() {
      const first = yield* Effect.forkChild(server.get("/metrics"))
      yield* Deferred.await(entered)
      const second = yield* Effect.forkChild(server.get("/metrics"))
      // A request that is refused comes after the second scrape, which has entered by then.
      if (options.metrics === undefined) yield* Effect.repeat(server.get("/other"), { times: 4 })
      else yield* Deferred.await(both)
      yield* Deferred.succeed(both, undefined)
      yield* Fiber.join(first)
      yield* Fiber.join(second)
    }).pipe(Effect.provide(
      server.serve(Layer.provide(MetricsRoute.layer, store)).pipe(Layer.provide(TestTelemetry.settings(options)))
    ))
    return readings
  }).pipe(Effect.scoped, Effect.orDie)

export const writeStatus = asking(
  Effect.map(server.post("/tasker/tasks", { name: "unknown", context: {} }), ({ status }) => status)
)

export const statusesOfTwoWrites = asking(
  Effect.map(
    Effect.replicateEffect(server.post("/tasker/tasks", { name: "unknown", context: {} }), 2),
    (answers) => answers.map(({ status }) => status)
  )
)

export const answeredHeader = (name: string) =>
  asking(Effect.map(server.get("/tasker/metrics", { [name]: "abc" }), ({ headers }) => headers[name]))

// --- Exports ---

/** The first word of each export that the console gets in ten seconds. */
export const consoleExports = inTest(Effect.gen(function*() {
  yield* recorder.advance("10 seconds")
  return (yield* TestConsole.logLines).map((line) => String(line).split(",")[0])
}))

/** The second at which a target is exported that must be before its metrics expire. */
export const exportBeforeExpiry = inTest(
  Effect.gen(function*() {
    const coordinator = yield* ExportCoordinator.ExportCoordinator
    yield* coordinator.add(ExportTarget.memory({ strategy: { beforeExpiry: true } }))
    yield* recorder.quiet
    const { targets } = yield* coordinator.status
    return (targets[0]?.timing?.exportMillis ?? 0) / 1000
  }).pipe(Effect.scoped)
)

/** How an export ends after two seconds whose target hangs. */
export const hangingExport = inTest(
  Effect.gen(function*() {
    const coordinator = yield* ExportCoordinator.ExportCoordinator
    yield* coordinator.add(ExportTarget.make({ name: "hangs", send: () => Effect.never }))
    const fiber = yield* Effect.forkChild(Effect.exit(coordinator.exportNow({ target: "hangs" })))
    yield* recorder.advance("2 seconds")
    return fiber.pollUnsafe() === undefined ? "open" : "failed"
  }).pipe(Effect.scoped)
)

/**
 * Runs a plan with the real runner in a simulated world and writes down everything that can be seen from outside.
 */
import {
  Context,
  Duration,
  Effect,
  Exit,
  Fiber,
  Layer,
  Logger,
  Option,
  Random,
  References,
  Schema,
  Scope,
  Tracer
} from "effect"
import { SecureRandom } from "effect/crypto"
import { MaxOpsBeforeYield } from "effect/Scheduler"
import * as TelemetryConfig from "../../../src/config/TelemetryConfig.ts"
import { MetricName } from "../../../src/Conventions.ts"
import * as EventBus from "../../../src/events/EventBus.ts"
import { type CatalogEnvelope, isOfCatalog } from "../../../src/events/EventEnvelope.ts"
import { SelfStatistics } from "../../../src/internal/SelfStatistics.ts"
import * as MetricEventSink from "../../../src/metrics/internal/eventMetrics/WorkflowMetrics.ts"
import * as MetricStore from "../../../src/metrics/MetricStore.ts"
import * as Step from "../../../src/workflow/Step.ts"
import { PermanentError, RetryableError } from "../../../src/workflow/StepError.ts"
import * as Task from "../../../src/workflow/Task.ts"
import * as TaskRunner from "../../../src/workflow/TaskRunner.ts"
import * as TaskStore from "../../../src/workflow/TaskStore.ts"
import { Simulation } from "../simulation.ts"
import { type Attempt, delaySeconds, type Meddling, type Plan, retryAfterSeconds, type StepPlan } from "./plan.ts"

/** An event and the turn in which it was published. */
export interface SeenEvent {
  readonly turn: number
  readonly seconds: number
  readonly event: CatalogEnvelope
}

export interface SeenMeddling extends Meddling {
  /** Its place in the plan. */
  readonly index: number
  readonly askedTurn: number
  readonly askedSeconds: number
  answeredTurn: number
  answer: Exit.Exit<TaskStore.TaskSnapshot | undefined, unknown> | undefined
}

export interface SeenSpan {
  readonly name: string
  /** The span around it. */
  readonly above: SeenSpan | undefined
  readonly attributes: ReadonlyMap<string, unknown>
  readonly began: number
  ended: number | undefined
}

export interface Observation {
  readonly events: ReadonlyArray<SeenEvent>
  readonly meddlings: ReadonlyArray<SeenMeddling>
  readonly spans: ReadonlyArray<SeenSpan>
  /** What the caller of the run got; `undefined` if it still waits. */
  readonly exit: Exit.Exit<{ readonly results: Readonly<Record<string, unknown>> }, unknown> | undefined
  /** What the store holds in the end. */
  readonly stored: TaskStore.TaskSnapshot | undefined
  /** What the bodies of steps saw and should not have. */
  readonly complaints: ReadonlyArray<string>
  /** Whether nothing was left to do within the turns allowed. */
  readonly quiet: boolean
  readonly sleepers: number
  /** Log lines that were written, which is what a broken store costs. */
  readonly lines: number
  /** Gauges of the metric store that the run leaves above 0. */
  readonly gauges: ReadonlyArray<string>
}

/** The parts that runs share: a bus with the metric sink behind it. */
export type Shared = EventBus.EventBus | MetricStore.MetricStore | SelfStatistics | Recorder

/** What runs have in common: the configuration, who hears of events now, and the gauges after the run before. */
class Recorder extends Context.Service<Recorder, {
  readonly config: TelemetryConfig.TelemetryConfig
  onEvent: (event: CatalogEnvelope) => void
  gauges: ReadonlyArray<string>
}>()("tasker-telemetry/test/support/workflowModel/Recorder") {
  static readonly layer: Layer.Layer<Recorder, never, EventBus.EventBus> = Layer.effect(
    Recorder,
    Effect.gen(function*() {
      const config = yield* Effect.orDie(
        TelemetryConfig.make({
          backoff: { jitter: 0, delays: delaySeconds.map(Duration.seconds) },
          tracing: { dependencyResolutions: "span" }
        })
      )
      const recorder = Recorder.of({ config, onEvent: () => {}, gauges: [] })
      yield* (yield* EventBus.EventBus).register({
        name: "model",
        signal: "all",
        handle: (event) => isOfCatalog(event) && recorder.onEvent(event)
      })
      return recorder
    })
  )
}

export const layer: Layer.Layer<Shared> = Layer.mergeAll(MetricEventSink.layer, Recorder.layer).pipe(
  Layer.provideMerge(Layer.mergeAll(EventBus.layer, MetricStore.layer)),
  Layer.provideMerge(SelfStatistics.layer)
)

/** Turns that no plan comes near. */
const mostTurns = 300_000

const taskName = "modelled"
export const stepName = (index: number) => `s${index}`
export const valueOf = (index: number) => `value of ${index}`
export const skippedValueOf = (index: number) => `skipped ${index}`
export const byHand = (meddling: number) => `by hand ${meddling}`
export const failureOf = (index: number, attempt: number) => `s${index}#${attempt}`

/** Performs the plan; two times the same plan gives two times the same. */
export const perform = Effect.fnUntraced(function*(plan: Plan) {
  const shared = yield* Effect.context<Shared>()
  const recorder = Context.get(shared, Recorder)
  const base = recorder.config
  const random = yield* Random.withSeed(Random.Random, 1)
  const simulation = new Simulation()
  const complaints: Array<string> = []
  let lines = 0
  const steps = stepsOf(plan, complaints)
  const spans: Array<SeenSpan> = []
  const store = storeOf(
    plan,
    Context.get(
      yield* Effect.provideService(Layer.build(TaskStore.layerMemory), TelemetryConfig.Current, base),
      TaskStore.TaskStore
    )
  )
  const context = shared.pipe(
    Context.add(TaskStore.TaskStore, store.service),
    Context.add(MaxOpsBeforeYield, plan.budget),
    Context.add(Random.Random, random),
    Context.add(SecureRandom.SecureRandom, SecureRandom.make(() => bytes(random))),
    Context.add(Tracer.Tracer, tracerInto(spans)),
    Context.add(References.CurrentLoggers, new Set([Logger.make(() => void lines++)])),
    Context.add(TelemetryConfig.Current, {
      ...base,
      execution: {
        ...base.execution,
        concurrency: plan.concurrency,
        ...(plan.store.kind === "slow" ? { storeTimeout: Duration.hours(1) } : {}),
        ...(plan.batch === undefined ? {} : {
          batchTimeoutBase: `${plan.batch.base} seconds`,
          batchTimeoutPerStep: `${plan.batch.perStep} seconds`,
          batchTimeoutMaximum: `${plan.batch.maximum} seconds`
        })
      }
    } as TelemetryConfig.TelemetryConfig)
  )
  const scope = Scope.makeUnsafe()
  const runner = Context.get(
    yield* Layer.buildWithScope(TaskRunner.layer, scope).pipe(Effect.provide(context)),
    TaskRunner.TaskRunner
  )

  const events: Array<SeenEvent> = []
  const meddlings: Array<SeenMeddling> = []
  const task = Task.make(taskName, { input: Schema.Void, steps })
  const act = (index: number) => {
    const meddling = plan.meddlings[index] as Meddling
    const taskId = store.taskId()
    const target = plan.started ? inner : caller
    if (meddling.does === "interrupt" ? target === undefined : taskId === undefined) return
    // A store that has lost records cannot be asked about a run that has ended.
    const isOver = events.some(({ event }) => event.name === "workflow.task_finalization_started")
    if (plan.store.kind === "broken" && meddling.does === "resolve" && isOver) return
    const seen: SeenMeddling = {
      ...meddling,
      index,
      askedTurn: simulation.turns,
      askedSeconds: simulation.nowMillis / 1000,
      answeredTurn: Infinity,
      answer: undefined
    }
    meddlings.push(seen)
    const doing: Effect.Effect<TaskStore.TaskSnapshot | undefined, unknown> = meddling.does === "interrupt"
      ? Effect.as(Fiber.interrupt(target as Run), undefined)
      : meddling.does === "cancel"
      ? Effect.map(runner.cancel(taskId as string), (record) => ({ ...record, steps: [] }))
      : meddling.does === "inspect"
      ? runner.inspect(taskId as string)
      : runner.resolveStep(taskId as string, steps[meddling.step] as Step.Any, byHand(index))
    simulation.fork(
      Effect.onExit(doing, (exit) =>
        Effect.sync(() => {
          seen.answer = exit
          seen.answeredTurn = simulation.turns
        })),
      context
    )
  }
  plan.meddlings.forEach(({ when }, index) => {
    if ("turn" in when) simulation.at(when.turn, () => act(index))
  })
  recorder.onEvent = (event) => {
    plan.meddlings.forEach(({ when }, index) => {
      if ("event" in when && when.event === events.length) {
        simulation.at(simulation.turns + when.turns, () => act(index))
      }
    })
    events.push({ turn: simulation.turns, seconds: simulation.nowMillis / 1000, event })
  }
  let inner: Run | undefined
  const caller: Run = simulation.fork(
    plan.started
      ? Effect.flatMap(runner.start(task, undefined), ({ fiber }) => {
        inner = fiber
        return Fiber.join(inner)
      })
      : runner.run(task, undefined),
    context
  )
  const quiet = simulation.run(mostTurns)
  const exit = caller.pollUnsafe()
  const stored = store.taskId() === undefined
    ? undefined
    : Option.getOrUndefined(yield* store.memory.get(store.taskId() as string))
  recorder.onEvent = () => {}
  simulation.fork(Scope.close(scope, Exit.void), context)
  simulation.run(2 * mostTurns)
  const gauges = yield* openGauges
  const gaugesBefore = recorder.gauges
  recorder.gauges = gauges
  const observation: Observation = {
    events,
    meddlings,
    spans,
    exit,
    stored,
    complaints,
    quiet,
    sleepers: simulation.sleepers,
    lines,
    gauges: gauges.filter((gauge) => !gaugesBefore.includes(gauge))
  }
  return observation
})

type Run = Fiber.Fiber<{ readonly results: Readonly<Record<string, unknown>> }, unknown>

const watched = new Set<string>([
  MetricName.tasksActive,
  MetricName.stepsActive,
  MetricName.slotsUsed,
  MetricName.taskOldestAge
])

/** What the gauges of running things show. */
const openGauges = Effect.map(
  Effect.flatMap(MetricStore.MetricStore, (store) => store.snapshot),
  ({ metrics }) =>
    metrics.filter(({ name }) => watched.has(name)).flatMap(({ name, series }) =>
      series.flatMap(({ attributes, value }) =>
        value === 0 ? [] : [`${name} ${Object.values(attributes).join()}: ${value as number}`]
      )
    )
)

const bytes = (random: Random.Random): Uint8Array =>
  Uint8Array.from({ length: 16 }, () => Math.floor(random.nextDoubleUnsafe() * 256))

const tracerInto = (spans: Array<SeenSpan>) => {
  let moment = 0
  class ModelSpan extends Tracer.NativeSpan implements SeenSpan {
    readonly began = moment++
    ended: number | undefined = undefined
    get above(): SeenSpan | undefined {
      const parent = Option.getOrUndefined(this.parent)
      return parent instanceof ModelSpan ? parent : undefined
    }
    override end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
      super.end(endTime, exit)
      this.ended ??= moment++
    }
  }
  return Tracer.make({
    span: (options) => {
      const span = new ModelSpan(options)
      spans.push(span)
      return span
    }
  })
}

const stepsOf = (
  plan: Plan,
  complaints: Array<string>
): ReadonlyArray<Step.Step<string, unknown, unknown, never, void>> => {
  const steps: Array<Step.Step<string, unknown, unknown, never, void>> = []
  plan.steps.forEach((step, index) => {
    let asked = 0
    const check = (results: Readonly<Record<string, unknown>>) => {
      const wanted = step.needs.map(stepName).sort().join()
      if (Object.keys(results).sort().join() !== wanted) {
        complaints.push(`${stepName(index)} was given the results of ${Object.keys(results).join()}`)
      }
      for (const needed of step.needs) {
        const result = results[stepName(needed)]
        if (result !== valueOf(needed) && result !== skippedValueOf(needed) && !`${result}`.startsWith("by hand")) {
          complaints.push(`${stepName(index)} was given ${result} of ${stepName(needed)}`)
        }
      }
    }
    const common = {
      dependsOn: step.needs.map((needed) => steps[needed] as Step.Any),
      timeout: step.timeout === undefined ? undefined : `${step.timeout} seconds` as const,
      retry: { maximumAttempts: step.attempts.length, delays: delaySeconds.map(Duration.seconds), jitter: 0 },
      run: (
        { attempt, results }: { readonly attempt: number; readonly results: Readonly<Record<string, unknown>> }
      ) => {
        check(results)
        const planned = step.attempts[attempt - 1]
        if (planned === undefined) complaints.push(`${stepName(index)} made attempt ${attempt}`)
        return planned === undefined ? Effect.void : bodyOf(planned, index, attempt)
      }
    }
    steps.push(
      step.questions.length === 0 ? Step.make(stepName(index), common as never) : Step.make(stepName(index), {
        ...common,
        skipWhen: () => answerOf(step, index, asked++),
        whenSkipped: () => skippedValueOf(index)
      } as never)
    )
  })
  return steps
}

const answerOf = (step: StepPlan, index: number, asked: number): Effect.Effect<boolean, string> => {
  const { says, seconds } = step.questions[Math.min(asked, step.questions.length - 1)] as StepPlan["questions"][number]
  return Effect.andThen(
    Effect.sleep(`${seconds} seconds`),
    says === "fail"
      ? Effect.fail(`question of ${index}`)
      : says === "die"
      ? Effect.die(`question of ${index}`)
      : Effect.succeed(says === "yes")
  )
}

const bodyOf = (attempt: Attempt, index: number, number: number): Effect.Effect<unknown, unknown> => {
  const failure = failureOf(index, number)
  if (attempt.does === "nothing") return undefined as never
  if (attempt.does === "throw" && attempt.seconds === 0) throw failure
  const wait = Effect.andThen(
    Effect.repeat(Effect.yieldNow, { times: attempt.turns }),
    attempt.seconds === 0 ? Effect.void : Effect.sleep(`${attempt.seconds} seconds`)
  )
  const body = Effect.andThen(wait, endOf(attempt.does, index, failure))
  const { cleanup } = attempt
  if (cleanup === 0) return body
  return Effect.onInterrupt(body, () => cleanup === "broken" ? noEffect : Effect.sleep(`${cleanup} seconds`))
}

/** What a program without types may take for an Effect. */
const noEffect = "no Effect" as unknown as Effect.Effect<never>

const endOf = (does: Attempt["does"], index: number, failure: string): Effect.Effect<unknown, unknown> => {
  switch (does) {
    case "succeed":
      return Effect.succeed(valueOf(index))
    case "fail":
      return Effect.fail(failure)
    case "permanent":
      return Effect.fail(new PermanentError({ message: failure }))
    case "retry after":
      return Effect.fail(new RetryableError({ message: failure, retryAfter: Duration.seconds(retryAfterSeconds) }))
    case "die":
      return Effect.die(failure)
    case "throw":
      return Effect.sync(() => {
        throw failure
      })
    case "interrupt":
      return Effect.interrupt
    case "kill":
      return Effect.withFiber((fiber) => {
        fiber.interruptUnsafe()
        return Effect.never
      })
    case "nothing":
    case "come to nothing":
      return noEffect
    case "hang":
      return Effect.never
  }
}

/** The store of the plan around one in memory, and the id of the task once it has been told. */
const storeOf = (plan: Plan, memory: TaskStore.TaskStore["Service"]) => {
  let taskId: string | undefined
  let count = 0
  const late = (write: Effect.Effect<void>): Effect.Effect<void> => {
    const { writes } = plan.store
    const how = writes[count++ % writes.length] ?? 0
    switch (how) {
      case 0:
        return write
      case "fail":
        return Effect.die("store")
      case "throw":
        throw new Error("store")
      case "hang":
        return Effect.never
      default:
        return Effect.andThen(Effect.sleep(`${how} seconds`), write)
    }
  }
  return {
    taskId: () => taskId,
    memory,
    service: TaskStore.TaskStore.of({
      ...memory,
      saveTask: (task, steps) => {
        taskId = task.id
        return late(memory.saveTask(task, steps))
      },
      updateTask: (task) => late(memory.updateTask(task)),
      updateStep: (id, step) => late(memory.updateStep(id, step))
    })
  }
}

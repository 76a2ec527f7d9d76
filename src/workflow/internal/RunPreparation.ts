/**
 * Makes a run of a definition and an input: decodes the input, makes the records,
 * works out the limits.
 */
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Schema from "effect/Schema"
import type { TelemetryConfig } from "../../config/TelemetryConfig.ts"
import * as Correlation from "../../Correlation.ts"
import type { EventBus } from "../../events/EventBus.ts"
import * as identifiers from "../../internal/identifiers.ts"
import { issuesOf } from "../../internal/schemaIssues.ts"
import type * as RetryPolicy from "../../RetryPolicy.ts"
import type * as Step from "../Step.ts"
import type * as Task from "../Task.ts"
import { InvalidInput, TaskError } from "../TaskError.ts"
import type { StepRecord, TaskRecord, TaskStore } from "../TaskStore.ts"
import * as RecordWriter from "./RecordWriter.ts"
import type { Facts } from "./runFacts.ts"
import * as runSettings from "./runSettings.ts"
import * as StartDelay from "./StartDelay.ts"
import { contextOf, type Message, type Restore, type RunSettings, type TaskRun } from "./TaskRun.ts"

interface Surroundings {
  readonly bus: EventBus["Service"]
  readonly store: TaskStore["Service"]
  /** The live runs by their ids. The new one is added. */
  readonly live: Map<string, TaskRun>
  /** The id that the caller gives, if any. */
  readonly correlationId: string | undefined
  readonly facts: Facts
  /** Milliseconds that the run waits before its start; 0 for none. */
  readonly delayMillis: number
  /** Makes the decoding interruptible; the rest of the preparation is not. */
  readonly restore: Restore
}

/** The ids of a new run. */
const idsOf = (given: string | undefined) =>
  Effect.zipWith(Correlation.accept(given), identifiers.uuid, (correlationId, taskId) => ({ correlationId, taskId }))

/** What is worked out once per task. */
interface Prepared {
  readonly settings: RunSettings
  readonly decode: (input: unknown) => Effect.Effect<unknown, TaskError>
}

/**
 * Prepares runs under a configuration. The settings of a task are worked out once per task.
 *
 * @param instance the attribute `service.instance.id` of this process, if it is known
 */
export const make = (config: TelemetryConfig, instance: string | undefined) => {
  const random = identifiers.makePool()
  const known = new WeakMap<Task.Any, Prepared>()
  const preparedOf = (task: Task.Any): Prepared => {
    const before = known.get(task)
    if (before !== undefined) return before
    const prepared = { settings: runSettings.make(task, config), decode: decoderOf(task) }
    known.set(task, prepared)
    return prepared
  }

  return Effect.fnUntraced(function*(
    task: Task.Any,
    input: unknown,
    { bus, correlationId: given, delayMillis, facts, live, restore, store }: Surroundings
  ): Effect.fn.Return<TaskRun, TaskError> {
    const { correlationId, taskId } = yield* identifiers.withDefaultSource(idsOf(given), random)
    const { decode, settings } = preparedOf(task)
    const decoded = yield* restore(decode(input))
    const clock = yield* Clock.Clock
    const createdAt = clock.currentTimeMillisUnsafe()
    const record: TaskRecord = {
      id: taskId,
      name: task.name,
      namespace: task.namespace,
      version: task.version,
      correlationId,
      state: "pending",
      createdAt,
      startedAt: undefined,
      endedAt: undefined,
      durationSeconds: undefined,
      ...facts,
      ...(delayMillis > 0 ? { scheduledFor: createdAt + delayMillis } : {}),
      ...(instance === undefined ? {} : { instance }),
      concurrency: settings.concurrency,
      error: undefined
    }
    const steps = task.steps.map((step, index) => pendingStep(record.id, step, settings.policies[index]))
    const context = yield* Effect.context<never>()
    const writer = RecordWriter.make({
      store,
      taskId: record.id,
      context: () => contextOf(context, record),
      timeout: config.execution.storeTimeout
    })
    const run: TaskRun = {
      task,
      input: decoded,
      settings,
      bus,
      writer,
      mailbox: yield* Queue.unbounded<Message>(),
      delay: delayMillis > 0 ? StartDelay.make(delayMillis) : undefined,
      begun: yield* Deferred.make<void>(),
      done: yield* Deferred.make<TaskRecord>(),
      beganNanos: clock.monotonicTimeNanosUnsafe(),
      steps,
      readyNanos: [],
      firstReadyNanos: [],
      timedOut: [],
      backoffSeconds: [],
      exits: [],
      failedForGood: [],
      isNeeded: [],
      attempting: [],
      innerRuns: new Map(),
      results: {},
      turn: undefined,
      record,
      cancelRequested: false,
      over: false,
      interrupted: false,
      defect: undefined
    }
    live.set(record.id, run)
    writer.add(record, [...steps])
    return run
  })
}

const pendingStep = (
  taskId: string,
  step: Step.Any,
  policy: RetryPolicy.RetryPolicy | undefined
): StepRecord => ({
  id: `${taskId}/${step.name}`,
  name: step.name,
  dependsOn: step.dependsOn.map((dependency) => dependency.name),
  state: "pending",
  attempts: 0,
  maximumAttempts: policy?.maximumAttempts ?? 1,
  queueSeconds: 0,
  workSeconds: 0,
  backoffSeconds: 0,
  startedAt: undefined,
  endedAt: undefined,
  nextAttemptAt: undefined,
  error: undefined
})

const decoderOf = (task: Task.Any): Prepared["decode"] => {
  const decode = Schema.decodeUnknownEffect(task.input, { errors: "all" })
  return (input) =>
    Effect.mapError(
      decode(input),
      (error) => new TaskError({ reason: new InvalidInput({ taskName: task.name, issues: issuesOf(error.issue) }) })
    )
}

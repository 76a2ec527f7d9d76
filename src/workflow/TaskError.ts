/**
 * The reasons why a run fails, apart from the errors of its own steps.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"

/**
 * The input does not fit the task's schema. Nothing has run.
 *
 * @category errors
 * @since 0.1.0
 */
export class InvalidInput extends Schema.TaggedError<InvalidInput>()("InvalidInput", {
  taskName: Schema.String,
  /**
   * The first 20 mistakes: the place, as a dotted path, and the expected value. The given value is not repeated. A last
   * entry says how many more mistakes there are.
   */
  issues: Schema.Array(Schema.Struct({ path: Schema.String, message: Schema.String }))
}) {
  override get message(): string {
    return `input of task "${this.taskName}" is not valid: ` +
      this.issues.map((issue) => issue.path === "" ? issue.message : `${issue.path}: ${issue.message}`).join("; ")
  }
}

/**
 * An attempt of a step ran into its time-out and was interrupted.
 *
 * @category errors
 * @since 0.1.0
 */
export class StepTimedOut extends Schema.TaggedError<StepTimedOut>()("StepTimedOut", {
  stepName: Schema.String,
  /** Whether the limit of the step or of the batch ended the attempt. */
  limitOf: Schema.Literals(["step", "batch"]),
  after: Schema.Duration
}) {
  override get message(): string {
    return `step "${this.stepName}" did not end within the ${this.limitOf}'s ${Duration.format(this.after)}`
  }
}

/**
 * The task was cancelled with `TaskRunner.cancel`.
 *
 * @category errors
 * @since 0.1.0
 */
export class Cancelled extends Schema.TaggedError<Cancelled>()("Cancelled", {
  taskId: Schema.String
}) {
  override get message(): string {
    return `task ${this.taskId} was cancelled`
  }
}

/**
 * No task has this id: it never ran here, or the store no longer keeps it.
 *
 * @category errors
 * @since 0.1.0
 */
export class TaskNotFound extends Schema.TaggedError<TaskNotFound>()("TaskNotFound", {
  taskId: Schema.String
}) {
  override get message(): string {
    return `no task ${this.taskId} is known`
  }
}

/**
 * The task has not ended, but it does not run in this process. Another process
 * runs it, or has died with it.
 *
 * @category errors
 * @since 0.1.0
 */
export class NotRunning extends Schema.TaggedError<NotRunning>()("NotRunning", {
  taskId: Schema.String,
  state: Schema.String
}) {
  override get message(): string {
    return `task ${this.taskId} is "${this.state}" but does not run in this process; ask the process that runs it`
  }
}

/**
 * The task store failed, or did not answer within `execution.storeTimeout`. The
 * log says why.
 *
 * @category errors
 * @since 0.1.0
 */
export class StoreFailed extends Schema.TaggedError<StoreFailed>()("StoreFailed", {
  taskId: Schema.String,
  operation: Schema.Literals(["read", "write"])
}) {
  override get message(): string {
    return `the task store could not ${this.operation} task ${this.taskId}; the log says why`
  }
}

/**
 * The task has no step of this name.
 *
 * @category errors
 * @since 0.1.0
 */
export class StepNotFound extends Schema.TaggedError<StepNotFound>()("StepNotFound", {
  taskId: Schema.String,
  stepName: Schema.String
}) {
  override get message(): string {
    return `task ${this.taskId} has no step "${this.stepName}"`
  }
}

/**
 * A transition that the state machine refuses, for example `step in state
 * "complete" cannot take "failed"`.
 *
 * @category errors
 * @since 0.1.0
 */
export class TransitionRefused extends Schema.TaggedError<TransitionRefused>()("TransitionRefused", {
  subject: Schema.Literals(["task", "step"]),
  state: Schema.String,
  event: Schema.String
}) {
  override get message(): string {
    return `${this.subject} in state "${this.state}" cannot take "${this.event}"`
  }
}

/**
 * As many started tasks run as `execution.startedTasks` allows.
 *
 * @category errors
 * @since 0.1.0
 */
export class TooManyTasks extends Schema.TaggedError<TooManyTasks>()("TooManyTasks", {
  limit: Schema.Int
}) {
  override get message(): string {
    return `${this.limit} started tasks are running already; try again later or raise execution.startedTasks`
  }
}

/**
 * The error of a run; `reason` says what happened.
 *
 * **Example** (Answering an invalid input)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import type { TaskError } from "tasker-telemetry/workflow/TaskError"
 *
 * declare const run: Effect.Effect<string, TaskError>
 * const answered = Effect.catchReason(run, "TaskError", "InvalidInput", (reason) => Effect.succeed(reason.message))
 * ```
 *
 * @category errors
 * @since 0.1.0
 */
export class TaskError extends Schema.TaggedError<TaskError>()("TaskError", {
  reason: Schema.Union([
    InvalidInput,
    StepTimedOut,
    Cancelled,
    TaskNotFound,
    NotRunning,
    StoreFailed,
    StepNotFound,
    TransitionRefused,
    TooManyTasks
  ])
}) {
  override get message(): string {
    return this.reason.message
  }
}

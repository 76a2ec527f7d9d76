/**
 * The answer of a state machine to an event that its state does not allow.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

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

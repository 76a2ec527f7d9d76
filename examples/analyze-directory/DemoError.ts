/**
 * An error for the user of the example: one sentence with the problem and what to do.
 */
import * as Schema from "effect/Schema"

export class DemoError extends Schema.TaggedError<DemoError>()("DemoError", {
  message: Schema.String
}) {}

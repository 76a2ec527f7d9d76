/**
 * What ends the demo: one sentence that says what is wrong and what to do.
 */
import * as Schema from "effect/Schema"

export class DemoError extends Schema.TaggedError<DemoError>()("DemoError", {
  message: Schema.String
}) {}

/**
 * The tasks that a validation runs: one after the other, a diamond, and all at once.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Step from "../../workflow/Step.ts"
import * as Task from "../../workflow/Task.ts"

const Input = Schema.Struct({ validation: Schema.String })

const options = { input: Input, run: () => Effect.sleep("5 millis") }

const validateInput = Step.make("validate_input", options)
const processData = Step.make("process_data", { ...options, dependsOn: [validateInput] })
const generateOutput = Step.make("generate_output", { ...options, dependsOn: [processData] })

const branchA = Step.make("branch_a", { ...options, dependsOn: [validateInput] })
const branchB = Step.make("branch_b", { ...options, dependsOn: [validateInput] })
const mergeResults = Step.make("merge_results", { ...options, dependsOn: [branchA, branchB] })

const parallel = ["parallel_1", "parallel_2", "parallel_3"].map((name) => Step.make(name, options))

/** The tasks, by the name of the pattern. */
export const patterns = {
  linear: Task.make("validation_linear", { input: Input, steps: [validateInput, processData, generateOutput] }),
  diamond: Task.make("validation_diamond", { input: Input, steps: [validateInput, branchA, branchB, mergeResults] }),
  parallel: Task.make("validation_parallel", { input: Input, steps: parallel })
} as const

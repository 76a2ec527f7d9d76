/**
 * The tasks that the scripts of Tasker's plan start, by the names that the scripts give them. Their work is small: the
 * scripts look for what is recorded of it.
 */
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { Step, Task } from "tasker-telemetry"

const Input = Schema.Record(Schema.String, Schema.Json)

const validateInput = Step.make("validate_input", {
  input: Input,
  run: ({ input }) => Effect.succeed(Object.keys(input))
})

const processData = Step.make("process_data", {
  dependsOn: [validateInput],
  run: ({ results }) => Effect.succeed(results.validate_input.map((name) => name.toUpperCase()))
})

const countData = Step.make("count_data", {
  dependsOn: [validateInput],
  run: ({ results }) => Effect.succeed(results.validate_input.length)
})

const generateOutput = Step.make("generate_output", {
  dependsOn: [processData, countData],
  run: ({ results }) => Effect.succeed(`${results.count_data}: ${results.process_data.join(", ")}`)
})

const options = { namespace: "demo", version: "1.0.0", input: Input } as const

const TestWorkflow = Task.make("test_workflow", {
  ...options,
  steps: [validateInput, processData, countData, generateOutput]
})

const PerformanceTest = Task.make("performance_test", { ...options, steps: [validateInput, processData] })

export const planTasks = [TestWorkflow, PerformanceTest] as const

/** Argument: `ours` or `bare`. Answers with the cost of an empty effect, with or without our own span around it, off. */
import * as Effect from "effect/Effect"
import { SpansEnabled, withSpan } from "../../src/internal/ownSpans.ts"
import { answer, costOf } from "../support/answer.ts"

const [candidate] = process.argv.slice(2) as [string]

const count = 500_000
const attributes = { step: "charge" }
const within = () => Effect.void

const run = (step: () => Effect.Effect<void>) =>
  Effect.gen(function*() {
    for (let index = 0; index < count; index++) yield* step()
  }).pipe(Effect.provideService(SpansEnabled, false))

const program = candidate === "ours"
  ? run(() => withSpan("tasker.step.execution", () => ({ attributes }), within))
  : run(within)

await answer(() => costOf(count, () => Effect.runPromise(program)))

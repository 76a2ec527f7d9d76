/**
 * Performs random plans and compares each run with the model. A plan that goes wrong is made smaller first and then
 * shown with its seed.
 */
import { Effect } from "effect"
import { problems } from "./oracle.ts"
import { layer, perform, type Shared } from "./perform.ts"
import { ofSeed, type Plan, smaller } from "./plan.ts"

/** What is wrong with the run of a plan. */
const judge = (plan: Plan): Effect.Effect<ReadonlyArray<string>, never, Shared> =>
  Effect.map(Effect.scoped(perform(plan)), (seen) => problems(plan, seen))

/** A problem without its numbers. A smaller plan has to show the same kind, or another fault could take its place. */
const kindOf = (found: ReadonlyArray<string>): string => (found[0] ?? "").replaceAll(/\d+(\.\d+)?/g, "N").slice(0, 60)

const mostTries = 300

/** The smallest plan that can be found that still goes wrong. */
const shrink = Effect.fnUntraced(function*(plan: Plan, found: ReadonlyArray<string>) {
  let smallest = { plan, found }
  let tries = 0
  for (let isSmaller = true; isSmaller && tries < mostTries;) {
    isSmaller = false
    for (const candidate of smaller(smallest.plan)) {
      if (++tries > mostTries) break
      const wrong = yield* judge(candidate)
      if (kindOf(wrong) !== kindOf(found)) continue
      smallest = { plan: candidate, found: wrong }
      isSmaller = true
      break
    }
  }
  return smallest
})

/** Dies with the first seed whose run goes wrong. */
export const check = Effect.fnUntraced(function*(options: { readonly from: number; readonly runs: number }) {
  for (let seed = options.from; seed < options.from + options.runs; seed++) {
    const plan = yield* ofSeed(seed)
    const found = yield* judge(plan)
    if (found.length === 0) continue
    const smallest = yield* shrink(plan, found)
    return yield* Effect.die(
      new Error(
        `seed ${seed}:\n  ${found.join("\n  ")}\nsmaller:\n  ${smallest.found.join("\n  ")}\n${
          JSON.stringify(smallest.plan)
        }`
      )
    )
  }
}, Effect.provide(layer))

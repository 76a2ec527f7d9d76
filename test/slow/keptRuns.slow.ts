import { it } from "@effect/vitest"
import * as keptRuns from "../support/keptRuns.ts"

it.effect("of 10000 runs exactly those that fail or are slow are kept, whole", () => keptRuns.check(10_000))
it.effect("a failed run of 5000 steps is kept whole", () => keptRuns.checkLarge(5000))

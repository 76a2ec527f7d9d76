import { it } from "@effect/vitest"
import * as model from "../support/workflowModel/model.ts"

it.live("every run goes as the model says", () => model.check({ from: 1001, runs: 20_000 }))

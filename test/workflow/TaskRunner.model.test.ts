/**
 * Random runs against a model of what a workflow is; `npm run test:slow` performs many more.
 */
import { it } from "@effect/vitest"
import * as model from "../support/workflowModel/model.ts"

it.live("every run goes as the model says", () => model.check({ from: 1, runs: 200 }))

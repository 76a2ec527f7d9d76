import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as ExportTarget from "../../../src/export/ExportTarget.ts"
import { compile } from "../../../src/export/internal/compiledStrategy.ts"
import { TargetState } from "../../../src/export/internal/TargetState.ts"

const make = () => new TargetState(ExportTarget.memory(), Result.getOrThrow(compile({})))

const shown = (state: TargetState) => [state.isFailing, state.shownSuccessMillis]

describe("the state of a target that another instance exports to", () => {
  it("does not fail, and shows no success until an export of its own", () => {
    const state = make()
    state.succeeded(1000)
    assert.isTrue(state.failed(2000, "gone"))
    assert.deepStrictEqual(shown(state), [true, 1000])
    state.skipped()
    assert.deepStrictEqual(shown(state), [false, undefined])
    assert.deepInclude(state.status(), {
      state: "working",
      failures: 1,
      consecutiveFailures: 0,
      lastSuccessMillis: 1000
    })
    assert.isTrue(state.failed(3000, "gone"))
    assert.deepStrictEqual(shown(state), [true, 1000])
    state.skipped()
    assert.strictEqual(state.succeeded(4000), 0)
    assert.deepStrictEqual(shown(state), [false, 4000])
  })
})

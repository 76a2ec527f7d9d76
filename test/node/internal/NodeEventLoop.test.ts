import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as NodeEventLoop from "../../../src/node/internal/NodeEventLoop.ts"
import * as eventLoop from "../../support/eventLoop.ts"

const seconds = (count: number) => BigInt(count) * 1_000_000_000n

describe("NodeEventLoop", () => {
  it.effect("sees how long the loop was held up, and gives every reader the same whole window", () =>
    Effect.gen(function*() {
      let now = 0n
      const read = yield* NodeEventLoop.observe(() => now)
      yield* eventLoop.turnUntil(Effect.sync(() => read().delay !== undefined))
      const glimpse = read()
      eventLoop.hold(300)
      yield* eventLoop.turns(10)
      assert.strictEqual(read(), glimpse, "of an unfinished window one is told once a second")

      now = seconds(10)
      const first = read()
      assert.isAtLeast(first.delay!.max, 0.15)
      assert.isAtMost(first.delay!.min, first.delay!.p50)
      assert.isAtMost(first.delay!.p50, first.delay!.p99)
      assert.isAtMost(first.delay!.p99, first.delay!.max)

      // A second reader, and whatever happens meanwhile, change nothing.
      eventLoop.hold(200)
      yield* eventLoop.turns(10)
      now = seconds(19)
      assert.strictEqual(read(), first)

      now = seconds(20)
      const second = read()
      assert.notDeepEqual(second, first)
      assert.strictEqual(read(), second)
    }))
})

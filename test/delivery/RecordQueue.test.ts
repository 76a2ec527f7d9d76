import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { RecordQueue } from "../../src/delivery/RecordQueue.ts"

interface Item {
  readonly id: number
  readonly unsampled: string | undefined
}

const Action = Schema.Union([
  Schema.Struct({ put: Schema.Literals(["sampled", "a", "b", "c"]) }),
  Schema.Struct({ take: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 5 })) }),
  Schema.Literal("drop")
])

describe("RecordQueue", () => {
  it.prop(
    "behaves as an array whose unsampled traces can be removed",
    [Schema.Array(Action), Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 7 }))],
    ([actions, capacity]) => {
      const queue = new RecordQueue<Item>(capacity, ({ unsampled }) => unsampled)
      let model: ReadonlyArray<Item> = []
      let id = 0
      for (const action of actions) {
        if (action === "drop") {
          const trace = model.find(({ unsampled }) => unsampled !== undefined)?.unsampled
          const positions: Array<number> = []
          queue.dropUnsampled((position) => void positions.push(position))
          const isLeft = (item: Item) => trace === undefined || item.unsampled !== trace
          const expected = model.flatMap((item, index) =>
            isLeft(item) ? [] : [model.slice(0, index).filter(isLeft).length]
          )
          assert.deepStrictEqual(positions, expected)
          model = model.filter(isLeft)
        } else if ("take" in action) {
          assert.deepStrictEqual(queue.take(action.take), model.slice(0, action.take))
          model = model.slice(action.take)
        } else if (!queue.isFull) {
          const item = { id: id++, unsampled: action.put === "sampled" ? undefined : action.put }
          queue.put(item)
          model = [...model, item]
        }
        assert.deepStrictEqual(
          [queue.size, queue.isFull, queue.hasUnsampled],
          [model.length, model.length === capacity, model.some(({ unsampled }) => unsampled !== undefined)]
        )
      }
      assert.deepStrictEqual(queue.take(capacity), model)
    },
    { arbitrary: { runs: 300 } }
  )
})

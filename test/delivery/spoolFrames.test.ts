import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { concat } from "../../src/delivery/otlpParts.ts"
import * as spoolFrames from "../../src/delivery/spoolFrames.ts"

const text = (value: string) => new TextEncoder().encode(value)

const head: spoolFrames.Head = { protocol: "http/json", resource: text("resource"), scope: text("scope"), time: 1234.5 }

const frames = (write: (to: spoolFrames.FrameWriter) => void) => {
  const to = new spoolFrames.FrameWriter()
  write(to)
  return to.take().slice()
}
const headFrame = frames((to) => to.head(head))
const recordFrame = (number: number, bytes: Uint8Array) => frames((to) => to.record(number, bytes))
const doneFrames = (numbers: Iterable<number>) => frames((to) => to.done(new Set(numbers)))

const natural = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))

/** Contents that look like a frame are there too. */
const Content = Schema.Literals(["", "a", "TSF1", "TSF1\u0001aaaaaaaaaaaaaaaaaaaaaaaa", "record"])

const records = (content: spoolFrames.Content) =>
  [...content.records].map(([number, bytes]) => [number, new TextDecoder().decode(bytes)])

describe("spoolFrames", () => {
  it.prop(
    "gives back the head and the records that are not done",
    [Schema.Array(Content), Schema.Array(natural(20))],
    ([contents, done]) => {
      const content = spoolFrames.read(concat([
        headFrame,
        ...contents.map((content, number) => recordFrame(number, text(content))),
        doneFrames(done)
      ]))
      assert.deepStrictEqual(content.head, head)
      assert.deepStrictEqual(
        records(content),
        contents.flatMap((content, number) => done.includes(number) ? [] : [[number, content]])
      )
      assert.strictEqual(content.corrupt, 0)
    }
  )

  it.prop(
    "gives back everything before the place where a write was cut off, and counts one record at most",
    [Schema.NonEmptyArray(Content), natural(10_000)],
    ([contents, cut]) => {
      const frames = contents.map((content, number) => recordFrame(number, text(content)))
      const whole = concat([headFrame, ...frames])
      const size = headFrame.length + cut % (whole.length - headFrame.length + 1)
      const content = spoolFrames.read(whole.subarray(0, size))
      let end = headFrame.length
      let count = 0
      while (count < frames.length && end + frames[count]!.length <= size) end += frames[count++]!.length
      assert.deepStrictEqual(records(content), contents.slice(0, count).map((content, number) => [number, content]))
      assert.strictEqual(content.corrupt, end < size ? 1 : 0)
    }
  )

  it.prop(
    "loses the records whose bytes have changed, counts them, and gives back all others",
    [Schema.NonEmptyArray(Content), natural(10_000), natural(254)],
    ([contents, place, change]) => {
      const frames = contents.map((content, number) => recordFrame(number, text(content)))
      const start = headFrame.length
      const whole = concat([headFrame, ...frames])
      const at = start + place % (whole.length - start)
      whole[at] = (whole[at]! + 1 + change) % 256
      let broken = 0
      for (let end = start + frames[0]!.length; end <= at; end += frames[broken]!.length) broken++
      const content = spoolFrames.read(whole)
      assert.deepStrictEqual(
        records(content),
        contents.map((content, number) => [number, content]).filter(([number]) => number !== broken)
      )
      // The last record may look like another kind of frame.
      const isKindOfLast = at === whole.length - frames.at(-1)!.length + 4
      if (!isKindOfLast) assert.strictEqual(content.corrupt, 1)
    }
  )

  it("counts no record where a mark was cut off, or the head", () => {
    const done = doneFrames([0])
    const frames = concat([headFrame, recordFrame(0, text("a")), done.subarray(0, 10)])
    assert.strictEqual(spoolFrames.read(frames).corrupt, 0)
    assert.deepStrictEqual(
      spoolFrames.read(headFrame.subarray(0, 10)),
      { head: undefined, records: new Map(), corrupt: 0 }
    )
  })
})

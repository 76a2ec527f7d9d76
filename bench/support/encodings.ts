/** What encoding spans costs, of libraries that have their own forms of an ended span. */
import { type Cost, costOf } from "./answer.ts"

const size = 512
/** Batches encoded for one figure: each batch several times, in turn. */
const count = 64

/** Spans as a queue gives them out. */
export const inBatches = <Span>(spans: ReadonlyArray<Span>): ReadonlyArray<ReadonlyArray<Span>> =>
  Array.from({ length: Math.floor(spans.length / size) }, (_, index) => spans.slice(index * size, (index + 1) * size))

/** Measures the encoding of a batch. */
export const encodings = <Span>(
  batches: ReadonlyArray<ReadonlyArray<Span>>,
  encode: (spans: ReadonlyArray<Span>) => Uint8Array
) =>
async (): Promise<Cost & { readonly bytes: number }> => {
  let bytes = 0
  const cost = await costOf(count, () => {
    for (let index = 0; index < count; index++) bytes = encode(batches[index % batches.length] ?? []).length
  })
  if (bytes === 0) throw new Error("nothing was encoded")
  return { ...cost, bytes }
}

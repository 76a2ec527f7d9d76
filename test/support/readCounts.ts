/**
 * Asserts that a reader looks at a number of characters that is linear in the length of its text, whatever the machine.
 */
import { assert } from "@effect/vitest"
import { Worker } from "node:worker_threads"
import { program } from "./programs.ts"

/** What a reader has looked at in a text of `length` characters, and in texts that are twice and three times as long. */
export interface ReadCounts {
  readonly piece: string
  readonly length: number
  readonly counts: readonly [number, number, number]
}

/** Counts for texts that repeat a piece, each with at least `size` characters. */
export const readCounts = async (given: {
  readonly reader: "redact" | "summarise"
  readonly pieces: ReadonlyArray<string>
  readonly size: number
}): Promise<ReadonlyMap<string, ReadCounts>> => {
  const worker = new Worker(await program("readsCharacters"), { workerData: given })
  return new Promise((resolve, reject) => {
    const counts = new Map<string, ReadCounts>()
    worker.on("message", (message: ReadCounts) => void counts.set(message.piece, message))
    worker.once("error", reject)
    worker.once("exit", () => resolve(counts))
  })
}

/**
 * The third length costs no more than the second one. A bound within an expression may make the first one cheaper, and a
 * cut at a limit the last one.
 */
export const assertLinear = (found: ReadCounts | undefined, mostOfEach: number): void => {
  assert.isDefined(found)
  const { counts: [first, second, third], length } = found
  assert.isAtMost(third - second, (second - first) * 1.01 + 100, `${first}, ${second}, ${third}`)
  assert.isAtMost(third / (3 * length), mostOfEach)
}

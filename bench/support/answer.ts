/** The other side of `paired.ts`: a case that stays, and answers each line with the figures of one batch. */
import { createInterface } from "node:readline"

const warmUps = 10

/** What a batch cost the process, its collector and compiler included, per span, call or other piece of work. */
export interface Cost {
  readonly cpuNs: number
  readonly ns: number
}

/** Runs `work`, which does `pieces` pieces of work. */
export const costOf = async (pieces: number, work: () => unknown): Promise<Cost> => {
  const before = process.cpuUsage()
  const start = process.hrtime.bigint()
  await work()
  const ns = Number(process.hrtime.bigint() - start)
  const { system, user } = process.cpuUsage(before)
  return { cpuNs: (user + system) * 1e3 / pieces, ns: ns / pieces }
}

/**
 * Warms up at the first line, and answers each further one with the figures of a batch; ends with the input.
 *
 * @param batch gets the line, which is empty unless the suite tells something
 * @param warmUp what is done ten times at first; a batch by default
 */
export const answer = async (
  batch: (line: string) => Promise<object>,
  warmUp: () => Promise<object> = () => batch("")
): Promise<void> => {
  const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
  await lines.next()
  for (let number = 0; number < warmUps; number++) await warmUp()
  console.log("{}")
  for (let next = await lines.next(); next.done !== true; next = await lines.next()) {
    console.log(JSON.stringify(await batch(next.value)))
  }
}

/** Statements of `pg`, one after the other on one connection. */
import { createRequire } from "node:module"
import type * as Pg from "pg"
import { answer, costOf } from "./answer.ts"

const count = 1500

/**
 * Answers with the cost of a statement.
 *
 * @param recorded number of spans that were made, checked at the end; none without an instrumentation
 */
export const measure = async (url: string, recorded?: () => Promise<number>): Promise<void> => {
  // An instrumentation changes the module when it is loaded.
  const { Client } = createRequire(import.meta.url)("pg") as typeof Pg
  const client = new Client({ connectionString: url })
  await client.connect()
  let batches = 0
  await answer(async () => {
    const cost = await costOf(count, async () => {
      for (let id = 0; id < count; id++) {
        await client.query({ name: "bench", text: "SELECT relname FROM pg_class WHERE oid = $1", values: [id] })
      }
    })
    batches++
    return cost
  })
  const spans = await recorded?.()
  if (spans !== undefined && spans < batches * count) throw new Error(`${spans} spans were made`)
  await client.end()
  process.exit()
}

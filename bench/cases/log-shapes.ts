/**
 * Arguments: candidate, shape of the line. Prints the median time of one line of that shape to /dev/null, and that of the
 * fastest batch. Every line is made of fresh objects, as programs write it.
 */
import * as Effect from "effect/Effect"
import { openSync } from "node:fs"
import pino from "pino"
import { Telemetry } from "tasker-telemetry"
import { median } from "../support/Suite.ts"

const [candidate, shape] = process.argv.slice(2) as [string, string]

const batch = 5000
const batches = 25
const warmUps = 6
const file = "/dev/null"

const paths = ["password", "api_key", "token", "secret"]

const eight = (index: number) => ({
  user: "u-829",
  password: "hunter2",
  route: "/orders/:id",
  api_key: "k-123",
  status: 200,
  token: "t-456",
  amount: index,
  secret: "s-789"
})

const twenty = (index: number): Record<string, unknown> => {
  const fields: Record<string, unknown> = eight(index)
  for (let number = 0; number < 12; number++) fields[`field_${number}`] = number % 2 === 0 ? `value ${index}` : number
  return fields
}

const nested = (index: number) => ({
  request: { method: "POST", route: "/orders/:id", headers: { accept: "application/json", host: "shop.example" } },
  order: {
    id: index,
    items: [{ sku: "a-1", count: 2 }, { sku: "b-7", count: 1 }],
    total: { amount: 12.5, unit: "EUR" }
  },
  customer: { id: "c-77", address: { city: "Porto", country: "PT" } }
})

const annotation = "a long remark of a person, as a field of a line has it. ".repeat(36)

/** What is written. An error is made at the same depth of the stack by every candidate: its text costs the most. */
const shapes: Record<string, (index: number) => Record<string, unknown>> = {
  "8 fields": eight,
  "20 fields": twenty,
  nested,
  error: (index) => ({ order: index, err: new TypeError(`no price for item ${index}`) }),
  "2 kB": (index) => ({ order: index, remark: annotation })
}

const fieldsOf = shapes[shape]
if (fieldsOf === undefined) throw new Error(`unknown shape ${shape}`)

/** Nanoseconds per line, of all batches after the warm-up. Both loop in a fiber, so that both log at the same depth. */
const measure = (line: (index: number) => Effect.Effect<void>): Effect.Effect<ReadonlyArray<number>> =>
  Effect.gen(function*() {
    const figures: Array<number> = []
    for (let round = 0; round < warmUps + batches; round++) {
      const start = process.hrtime.bigint()
      for (let index = 0; index < batch; index++) yield* line(index)
      const elapsed = Number(process.hrtime.bigint() - start) / batch
      if (round >= warmUps) figures.push(elapsed)
    }
    return figures
  })

const ours = (patterns: ReadonlyArray<never> | undefined) =>
  Effect.provide(
    measure((index) => Effect.logInfo("step finished", fieldsOf(index))),
    Telemetry.layerLogging({
      ...(patterns === undefined ? {} : { redaction: { patterns } }),
      logging: { destination: "file", file: { path: file }, bufferBytes: 0, signals: false }
    })
  )

const candidates: Record<string, () => Effect.Effect<ReadonlyArray<number>, unknown>> = {
  ours: () => ours([]),
  "ours-patterns": () => ours(undefined),
  pino: () => {
    const destination = pino.destination({ dest: openSync(file, "a"), sync: true })
    const logger = pino({ redact: paths, serializers: { err: pino.stdSerializers.err } }, destination)
    return measure((index) => Effect.sync(() => logger.info(fieldsOf(index), "step finished")))
  }
}

const run = candidates[candidate]
if (run === undefined) throw new Error(`unknown candidate ${candidate}`)
const figures = await Effect.runPromise(run() as Effect.Effect<ReadonlyArray<number>>)
console.log(JSON.stringify({ ns: median(figures), fastest: Math.min(...figures) }))

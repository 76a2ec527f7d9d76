import { describe, it } from "@effect/vitest"
import * as HostilePayloads from "./support/hostilePayloads.ts"

// The slow suite tries ten thousand.
describe("Telemetry", () => {
  it.live(
    "lets tasks with 300 hostile payloads end as they do without it, in lines that are JSON",
    () => HostilePayloads.check(300)
  )
})

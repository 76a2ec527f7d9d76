import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { countTogether } from "../support/countingThreads.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

describe("MetricStore.share", () => {
  it.live("gives the sum of four threads over 20 000 scrapes, and never falls on the way", () =>
    countTogether({ scrapes: 20_000, counts: 10_000_000 }).pipe(
      Effect.scoped,
      Effect.provide(TestTelemetry.layer(TestTelemetry.metrics))
    ))
})

/**
 * A metric store with a registry of its own and the lines it logs, for the tests of the store.
 */
import { it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import type * as TelemetryConfig from "../../src/config/TelemetryConfig.ts"
import type { MetricSnapshot, SeriesSnapshot } from "../../src/metrics/MetricSnapshot.ts"
import * as MetricStore from "../../src/metrics/MetricStore.ts"
import * as TestTelemetry from "../support/TestTelemetry.ts"

export type Store = MetricStore.MetricStore["Service"]

/** A test of one sentence; `lines` are level and texts of what is logged. */
export const test = <E>(
  sentence: string,
  body: (store: Store, lines: ReadonlyArray<unknown>) => Effect.Effect<void, E, MetricStore.MetricStore>,
  options: TelemetryConfig.Options = {}
) =>
  it.effect(sentence, () =>
    Effect.gen(function*() {
      const lines: Array<unknown> = []
      const logger = Logger.layer([Logger.make(({ logLevel, message }) => {
        lines.push([logLevel, ...(message as ReadonlyArray<unknown>)])
      })])
      yield* Effect.flatMap(MetricStore.MetricStore, (store) => body(store, lines)).pipe(
        Effect.provide(Layer.provideMerge(TestTelemetry.layer(TestTelemetry.metrics, options), logger))
      )
    }))

/** Attributes and values of the series of a metric. */
export const seriesOf = (store: Store, name: string) =>
  Effect.map(store.snapshot, (snapshot) => valuesOf(snapshot, name))

export const valuesOf = (
  { metrics }: MetricSnapshot,
  name: string
): ReadonlyArray<Pick<SeriesSnapshot, "attributes" | "value">> =>
  wholeSeriesOf({ metrics, timeMillis: 0 }, name).map(({ attributes, value }) => ({ attributes, value }))

/** The series of a metric with everything a snapshot says about them. */
export const wholeSeriesOf = ({ metrics }: MetricSnapshot, name: string): ReadonlyArray<SeriesSnapshot> =>
  metrics.find((metric) => metric.name === name)?.series ?? []

/** Without what the store says about itself. */
export const declared = (store: Store) =>
  Effect.map(store.snapshot, ({ metrics }) => metrics.filter(({ name }) => !name.startsWith("tasker_")))

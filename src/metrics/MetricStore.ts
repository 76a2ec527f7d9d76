/**
 * Where metrics are declared and kept. No global state: a store belongs to its
 * layer.
 *
 * **Details**
 *
 * Declaring the same metric twice gives the same family; declaring it with
 * another type, other keys or other buckets is refused. Names and keys follow
 * the Prometheus rules; keys that name ids are refused, because ids never end:
 * they belong on spans and log lines.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { SelfStatistics } from "../internal/SelfStatistics.ts"
import * as Redaction from "../Redaction.ts"
import * as TelemetryConfig from "../TelemetryConfig.ts"
import * as EffectRegistry from "./EffectRegistry.ts"
import * as MetricDeclaration from "./MetricDeclaration.ts"
import type { Counter, Gauge, Histogram, UpDownCounter } from "./MetricFamily.ts"
import * as MetricFamily from "./MetricFamily.ts"
import type { FamilySnapshot } from "./MetricSnapshot.ts"
import * as MetricSnapshot from "./MetricSnapshot.ts"
import * as SeriesIndex from "./SeriesIndex.ts"

/**
 * What a counter, up-down counter or gauge is declared with.
 *
 * @category models
 * @since 0.1.0
 */
export interface Declaration<Key extends string> {
  /** Letters, digits and `_`; a counter ends in `_total`. */
  readonly name: string
  /** One sentence for people. */
  readonly help: string
  /** The attribute keys; each series has a value for every one of them. */
  readonly attributes: ReadonlyArray<Key & MetricDeclaration.AttributeKey<Key>>
}

/**
 * What a histogram is declared with.
 *
 * @category models
 * @since 0.1.0
 */
export interface HistogramDeclaration<Key extends string> extends Declaration<Key> {
  /** Upper bounds of the buckets, ascending; `+Inf` is added. */
  readonly buckets: ReadonlyArray<number>
}

/**
 * The metric store.
 *
 * @category services
 * @since 0.1.0
 */
export class MetricStore extends Context.Service<MetricStore, {
  readonly counter: <const Key extends string>(declaration: Declaration<Key>) => Counter<Key>
  readonly upDownCounter: <const Key extends string>(declaration: Declaration<Key>) => UpDownCounter<Key>
  readonly gauge: <const Key extends string>(declaration: Declaration<Key>) => Gauge<Key>
  readonly histogram: <const Key extends string>(declaration: HistogramDeclaration<Key>) => Histogram<Key>
  /** All families that have a series, sorted by name, read in one go. */
  readonly snapshot: Effect.Effect<ReadonlyArray<FamilySnapshot>>
}>()("tasker-telemetry/metrics/MetricStore") {
  /**
   * Keeps every series in memory, bounded by `metrics.cardinalityLimit` per
   * metric, and shows them to Effect's own metric registry.
   *
   * @since 0.1.0
   */
  static readonly layer: Layer.Layer<MetricStore, never, SelfStatistics> = Layer.effect(
    MetricStore,
    Effect.suspend(() => make)
  )

  /**
   * Checks declarations and records nothing.
   *
   * @since 0.1.0
   */
  static readonly layerNoop: Layer.Layer<MetricStore> = Layer.sync(MetricStore, () => {
    const declared = new Map<string, MetricDeclaration.Checked>()
    const declare = (type: MetricDeclaration.MetricType, declaration: MetricDeclaration.Unchecked) => {
      const checked = MetricDeclaration.check(type, declaration)
      MetricDeclaration.refuseConflict(declared.get(checked.name) ?? checked, checked)
      declared.set(checked.name, checked)
      return MetricFamily.makeNothing(checked.name)
    }
    return {
      counter: (declaration) => declare("counter", declaration),
      upDownCounter: (declaration) => declare("upDownCounter", declaration),
      gauge: (declaration) => declare("gauge", declaration),
      histogram: (declaration) => declare("histogram", declaration),
      snapshot: Effect.succeed([])
    }
  })
}

interface Family {
  readonly declaration: MetricDeclaration.Checked
  readonly instrument: unknown
  readonly read: () => FamilySnapshot
}

const firstCapacity = 16

const make = Effect.gen(function*() {
  const config = yield* TelemetryConfig.Current
  const redaction = yield* Redaction.Current
  const statistics = yield* SelfStatistics
  const registry = yield* EffectRegistry.make
  const context = yield* Effect.context<never>()
  const countOverflow = statistics.counter(
    "tasker_metric_overflows_total",
    "Metrics that reached their cardinality limit.",
    ["metric", "attribute"]
  )
  const families = new Map<string, Family>()

  const declare = <Instrument>(
    checked: MetricDeclaration.Checked,
    build: (index: SeriesIndex.SeriesIndex, slots: MetricFamily.Slots) => Instrument
  ): Instrument => {
    const known = families.get(checked.name)
    if (known !== undefined) {
      MetricDeclaration.refuseConflict(known.declaration, checked)
      return known.instrument as Instrument
    }
    const stride = checked.buckets === undefined ? 1 : MetricFamily.histogramStride(checked.buckets)
    const slots: MetricFamily.Slots = { values: new Float64Array(firstCapacity * stride) }
    const register = registry.family(checked)
    const index = SeriesIndex.make({
      keys: checked.attributes,
      limit: config.metrics.cardinalityLimit,
      redact: (key, value) => redaction.masks([key]) ? redaction.mask : redaction.text(value),
      onNewSeries: (slot, values) => {
        if ((slot + 1) * stride > slots.values.length) {
          const larger = new Float64Array(slots.values.length * 2)
          larger.set(slots.values)
          slots.values = larger
        }
        register(values, () => MetricSnapshot.readValue(checked, slots, slot))
      },
      onOverflow: (culprit) => {
        countOverflow([checked.name, culprit])
        // The fiber that records has the program's loggers; a plain callback has those of the layer.
        Effect.runForkWith(Fiber.getCurrent()?.context ?? context)(Effect.logWarning(
          `metric ${checked.name} has reached its limit of ${config.metrics.cardinalityLimit} series; ` +
            `attribute "${culprit}" has the most distinct values`
        ))
      }
    })
    const instrument = build(index, slots)
    families.set(checked.name, {
      declaration: checked,
      instrument,
      read: () => MetricSnapshot.readFamily(checked, index, slots)
    })
    return instrument
  }

  return MetricStore.of({
    counter: (declaration) => {
      const checked = MetricDeclaration.check("counter", declaration)
      return declare(checked, (index, slots) => MetricFamily.makeCounter(checked.name, index, slots))
    },
    upDownCounter: (declaration) =>
      declare(MetricDeclaration.check("upDownCounter", declaration), MetricFamily.makeUpDownCounter),
    gauge: (declaration) => declare(MetricDeclaration.check("gauge", declaration), MetricFamily.makeGauge),
    histogram: (declaration) =>
      declare(
        MetricDeclaration.check("histogram", declaration),
        (index, slots) => MetricFamily.makeHistogram(index, slots, declaration.buckets)
      ),
    snapshot: Effect.sync(() =>
      [...families.values()].map((family) => family.read())
        .concat(MetricSnapshot.fromSelf(statistics.read()))
        .filter((family) => family.series.length > 0)
        .sort((left, right) => left.name < right.name ? -1 : 1)
    )
  })
})

/**
 * Declares the metrics of a store, with the changes of views, and reads them
 * together.
 */
import type { MetricView } from "../../../config/internal/metricView.ts"
import type * as TimeSlice from "../../../internal/TimeSlice.ts"
import type { MetricData } from "../../MetricSnapshot.ts"
import * as MetricDeclaration from "../model/MetricDeclaration.ts"
import * as Instruments from "./Instruments.ts"
import type { MetricStorage } from "./MetricStorage.ts"
import type { Reading } from "./SeriesNumbers.ts"
import * as views from "./views.ts"

export interface Options {
  readonly views: ReadonlyArray<MetricView>
  /** Whether histograms with explicit buckets use exponential buckets. */
  readonly isExponential: boolean
  /** Makes the storage of a declaration after views; `undefined` if there is no room. */
  readonly makeStorage: (declaration: MetricDeclaration.Checked) => MetricStorage | undefined
  /** Whether a counter of the telemetry about itself has the name. */
  readonly isReserved: (name: string) => boolean
  /** Called with a sentence if a declaration or a view cannot be applied. */
  readonly onProblem: (sentence: string) => void
}

interface Declared {
  readonly declaration: MetricDeclaration.Checked
  readonly instrument: Instruments.Instrument
  /** `undefined` if a view denies the metric, or if there is no room. */
  readonly storage: MetricStorage | undefined
}

export class DeclaredMetrics {
  readonly #options: Options
  readonly #declared = new Map<string, Declared>()
  readonly #storages = new Map<string, MetricStorage>()

  constructor(options: Options) {
    this.#options = options
  }

  /** Gives the instrument of a declaration, and the same one for the same declaration. */
  declare(declaration: MetricDeclaration.Checked): Declared {
    const known = this.#declared.get(declaration.name)
    if (known !== undefined) {
      MetricDeclaration.refuseConflict(known.declaration, declaration)
      return known
    }
    const viewed = this.#view(declaration)
    const storage = viewed === undefined ? undefined : this.#options.makeStorage(viewed)
    const declared = {
      declaration,
      storage,
      instrument: storage === undefined ? new Instruments.NoopInstrument() : Instruments.make(storage)
    }
    this.#declared.set(declaration.name, declared)
    if (storage !== undefined) this.#storages.set(storage.declaration.name, storage)
    return declared
  }

  #view(declaration: MetricDeclaration.Checked): MetricDeclaration.Checked | undefined {
    const { isExponential, isReserved, onProblem } = this.#options
    const viewed = views.applyToDeclared(this.#options.views, declaration, isExponential)
    if (viewed === undefined) return undefined
    if (isReserved(declaration.name)) {
      onProblem(`metric ${declaration.name} is not recorded: the telemetry counts about itself under this name`)
      return undefined
    }
    if (viewed.name === declaration.name) {
      if (!this.has(viewed.name)) return viewed
      onProblem(`metric ${declaration.name} is not recorded: a view gave its name to another metric before`)
      return undefined
    }
    const isTaken = (name: string) => this.has(name) || this.#declared.has(name) || isReserved(name)
    const name = views.renamed(declaration, viewed.name, isTaken, (_, sentence) => onProblem(sentence))
    return { ...viewed, name }
  }

  /** Whether a metric is shown under the name. */
  has(name: string): boolean {
    return this.#storages.has(name)
  }

  /** The metric that is shown under the name. */
  storage(name: string): MetricStorage | undefined {
    return this.#storages.get(name)
  }

  get storages(): Iterable<MetricStorage> {
    return this.#storages.values()
  }

  /** Prepares memory for {@link read}. */
  *prepare(): TimeSlice.Work<Reading> {
    const reading: Reading = new Map()
    for (const storage of this.#storages.values()) yield* storage.prepare(reading)
    return reading
  }
}

/** Reads all values at once. The work then makes the snapshots of the metrics that have a series, unsorted. */
export const read = (storages: ReadonlyArray<MetricStorage>, reading: Reading): TimeSlice.Work<Array<MetricData>> =>
  collect(storages.map((storage) => storage.read(reading)))

function* collect(
  readings: ReadonlyArray<TimeSlice.Work<MetricData | undefined>>
): TimeSlice.Work<Array<MetricData>> {
  const metrics: Array<MetricData> = []
  for (const reading of readings) {
    const metric = yield* reading
    if (metric !== undefined) metrics.push(metric)
    yield
  }
  return metrics
}

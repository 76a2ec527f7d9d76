/**
 * All families of a store: declared once each, changed by views, read together.
 *
 * @internal
 */
import type * as Cooperation from "../../../internal/Cooperation.ts"
import type { FamilySnapshot } from "../../MetricSnapshot.ts"
import * as MetricView from "../../MetricView.ts"
import * as MetricDeclaration from "../model/MetricDeclaration.ts"
import { instrumentOf, type MetricState } from "./MetricStorage.ts"
import { NothingFamily } from "./NoopInstrument.ts"
import type { Reading } from "./SeriesStorage.ts"

export interface Options {
  readonly views: ReadonlyArray<MetricView.MetricView>
  /** Whether histograms with explicit buckets count in exponential ones. */
  readonly isExponential: boolean
  /** Makes a family of a declaration as the views have left it; gives nothing where there is no room for it. */
  readonly makeState: (declaration: MetricDeclaration.Checked) => MetricState | undefined
  /** Whether the telemetry counts about itself under a name. */
  readonly isReserved: (name: string) => boolean
  /** Told what cannot be done as it is declared or as a view has it. */
  readonly onDoubt: (sentence: string) => void
}

/** An instrument of every kind; the caller knows which one it has declared. */
export type Instrument = ReturnType<typeof instrumentOf> | NothingFamily

interface Declared {
  readonly declaration: MetricDeclaration.Checked
  readonly instrument: Instrument
  /** `undefined` where a view denies the metric or there is no room for it. */
  readonly state: MetricState | undefined
}

export class MetricFamilies {
  readonly #options: Options
  readonly #declared = new Map<string, Declared>()
  readonly #states = new Map<string, MetricState>()

  constructor(options: Options) {
    this.#options = options
  }

  /** The instrument of a declaration; the same one for the same declaration. */
  declare(declaration: MetricDeclaration.Checked): Declared {
    const known = this.#declared.get(declaration.name)
    if (known !== undefined) {
      MetricDeclaration.refuseConflict(known.declaration, declaration)
      return known
    }
    const viewed = this.#view(declaration)
    const state = viewed === undefined ? undefined : this.#options.makeState(viewed)
    const declared = {
      declaration,
      state,
      instrument: state === undefined ? new NothingFamily() : instrumentOf(state)
    }
    this.#declared.set(declaration.name, declared)
    if (state !== undefined) this.#states.set(state.declaration.name, state)
    return declared
  }

  #view(declaration: MetricDeclaration.Checked): MetricDeclaration.Checked | undefined {
    const { isExponential, isReserved, onDoubt, views } = this.#options
    const viewed = MetricView.apply(views, declaration, isExponential)
    if (viewed === undefined) return undefined
    if (isReserved(declaration.name)) {
      onDoubt(`metric ${declaration.name} is not recorded: the telemetry counts about itself under this name`)
      return undefined
    }
    if (viewed.name === declaration.name) {
      if (!this.has(viewed.name)) return viewed
      onDoubt(`metric ${declaration.name} is not recorded: a view gave its name to another metric before`)
      return undefined
    }
    const isTaken = this.has(viewed.name) || this.#declared.has(viewed.name) || isReserved(viewed.name)
    const doubt = MetricDeclaration.doubtAbout(viewed) ?? (isTaken ? "the name is taken" : undefined)
    if (doubt === undefined) return viewed
    onDoubt(`metric ${declaration.name} keeps its name: a view calls it ${viewed.name}, but ${doubt}`)
    return { ...viewed, name: declaration.name }
  }

  /** Whether a family is shown under the name. */
  has(name: string): boolean {
    return this.#states.has(name)
  }

  /** The family that is shown under the name. */
  state(name: string): MetricState | undefined {
    return this.#states.get(name)
  }

  get states(): Iterable<MetricState> {
    return this.#states.values()
  }

  /** Gets ready for {@link read}. */
  *prepare(): Cooperation.Work<Reading> {
    const reading: Reading = new Map()
    for (const state of this.#states.values()) yield* state.prepare(reading)
    return reading
  }

  /** Reads every value now; the work makes the families that have a series, in no order. */
  read(reading: Reading): Cooperation.Work<Array<FamilySnapshot>> {
    return collect(Array.from(this.#states.values(), (state) => state.read(reading)))
  }
}

function* collect(
  readings: ReadonlyArray<Cooperation.Work<FamilySnapshot | undefined>>
): Cooperation.Work<Array<FamilySnapshot>> {
  const families: Array<FamilySnapshot> = []
  for (const reading of readings) {
    const family = yield* reading
    if (family !== undefined) families.push(family)
    yield
  }
  return families
}

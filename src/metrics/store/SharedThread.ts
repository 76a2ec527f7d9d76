/**
 * What a worker thread has recorded, read by the main thread.
 *
 * @internal
 */
import type * as Cooperation from "../../internal/Cooperation.ts"
import type { FamilySnapshot } from "../MetricSnapshot.ts"
import type { Checked } from "./MetricDeclaration.ts"
import { attributesOf, familySnapshot, strideOf } from "./MetricState.ts"
import { Series } from "./Series.ts"
import * as SeriesExemplars from "./SeriesExemplars.ts"
import { SeriesOrder } from "./SeriesOrder.ts"
import { type Entry, type MetricPort, SlabReader } from "./SharedSlab.ts"

interface Family {
  readonly declaration: Checked
  readonly stride: number
  readonly order: SeriesOrder
}

export class SharedThread {
  readonly #slab: SlabReader
  readonly #families: Array<Family> = []
  readonly #series = new Map<number, { readonly series: Series; readonly order: SeriesOrder }>()
  /** Numbers up to the last series. */
  #end = 0

  constructor(port: MetricPort) {
    this.#slab = new SlabReader(port)
  }

  /** Reads all values now; the work makes the families of what was read. */
  read(): Cooperation.Work<ReadonlyArray<FamilySnapshot>> {
    for (const entry of this.#slab.entries()) this.#take(entry)
    const numbers = this.#slab.numbers(this.#end)
    return collect(
      numbers,
      this.#families.map(({ declaration, order }) => ({ declaration, ordering: order.read() }))
    )
  }

  #take(entry: Entry): void {
    if ("family" in entry) {
      const declaration = { ...entry.family, cardinalityLimit: undefined, site: "a worker thread" }
      this.#families.push({ declaration, stride: strideOf(declaration), order: new SeriesOrder() })
    } else if ("expired" in entry) {
      const known = this.#series.get(entry.expired)
      if (known !== undefined) {
        known.series.live = false
        known.order.expired()
      }
      this.#series.delete(entry.expired)
    } else {
      const family = this.#families[entry.of] as Family
      const values = entry.values ?? undefined
      const series = new Series(entry.base, values, attributesOf(family.declaration, values), entry.startMillis)
      this.#series.set(entry.base, { series, order: family.order })
      family.order.add(series)
      this.#end = Math.max(this.#end, entry.base + family.stride)
    }
  }
}

function* collect(
  numbers: Float64Array,
  readings: ReadonlyArray<
    { readonly declaration: Checked; readonly ordering: Cooperation.Work<ReadonlyArray<Series>> }
  >
): Cooperation.Work<ReadonlyArray<FamilySnapshot>> {
  const families: Array<FamilySnapshot> = []
  for (const { declaration, ordering } of readings) {
    const exemplars = SeriesExemplars.nothing
    const family = yield* familySnapshot(declaration, false, { values: numbers, ordering, exemplars })
    if (family !== undefined) families.push(family)
  }
  return families
}

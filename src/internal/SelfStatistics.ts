/**
 * Plain counters of the telemetry about itself, such as failed sinks and dropped
 * spans. Rooms below the metrics write them; the metrics room reads them.
 */
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"

export interface SelfCounter {
  readonly name: string
  readonly help: string
  /** Keys of the attributes, the same for every value of one counter. */
  readonly attributes: ReadonlyArray<string>
  readonly values: ReadonlyArray<{ readonly attributes: ReadonlyArray<string>; readonly value: number }>
}

export class SelfStatistics extends Context.Service<SelfStatistics, {
  /** Declares a counter and gives the function that adds to it. */
  readonly counter: (
    name: string,
    help: string,
    attributes: ReadonlyArray<string>
  ) => (attributes: ReadonlyArray<string>, amount?: number) => void
  /** Declares a counter of one attribute. The caller keeps the values. `values` is called at each reading. */
  readonly observe: (
    name: string,
    help: string,
    attribute: string,
    values: () => Readonly<Record<string, number>>
  ) => void
  readonly read: () => ReadonlyArray<SelfCounter>
}>()("tasker-telemetry/internal/SelfStatistics") {
  static readonly layer = Layer.sync(SelfStatistics, () => {
    const counters = new Map<
      string,
      { readonly help: string; readonly attributes: ReadonlyArray<string>; readonly values: Map<string, Entry> }
    >()
    const observed: Array<() => SelfCounter> = []
    return SelfStatistics.of({
      observe: (name, help, attribute, values) => {
        observed.push(() => ({
          name,
          help,
          attributes: [attribute],
          values: Object.entries(values()).map(([key, value]) => ({ attributes: [key], value }))
        }))
      },
      counter: (name, help, attributes) => {
        const counter = counters.get(name) ?? { help, attributes, values: new Map<string, Entry>() }
        counters.set(name, counter)
        return (values, amount = 1) => {
          const key = values.join("\0")
          const entry = counter.values.get(key)
          if (entry === undefined) counter.values.set(key, { attributes: values, value: amount })
          else entry.value += amount
        }
      },
      read: () => [
        ...[...counters].map(([name, counter]): SelfCounter => ({
          name,
          help: counter.help,
          attributes: counter.attributes,
          values: [...counter.values.values()]
        })),
        ...observed.map((read) => read())
      ]
    })
  })
}

interface Entry {
  readonly attributes: ReadonlyArray<string>
  value: number
}

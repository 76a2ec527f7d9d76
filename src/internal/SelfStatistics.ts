/**
 * Plain numbers of the telemetry about itself, such as failed sinks and dropped
 * spans. Rooms below the metrics write them; the metrics room reads them.
 */
import * as Context from "effect/Context"
import * as Layer from "effect/Layer"

export interface SelfCounter {
  /** A level goes down as well. */
  readonly type: "counter" | "upDownCounter"
  readonly name: string
  readonly help: string
  /** Keys of the attributes, the same for every value of one counter. */
  readonly attributes: ReadonlyArray<string>
  readonly values: ReadonlyArray<{ readonly attributes: ReadonlyArray<string>; readonly value: number }>
}

/** Numbers whose owner keeps them. */
export interface Observed extends Pick<SelfCounter, "type" | "name" | "help"> {
  /** The only attribute; without it the one value has the empty key. */
  readonly attribute?: string | undefined
  /** Values by attribute, called at each reading. */
  readonly values: () => Readonly<Record<string, number>>
}

export class SelfStatistics extends Context.Service<SelfStatistics, {
  /** Declares a counter and gives the function that adds to it. */
  readonly counter: (
    name: string,
    help: string,
    attributes: ReadonlyArray<string>
  ) => (attributes: ReadonlyArray<string>, amount?: number) => void
  /** Declares numbers that are read from their owner. */
  readonly observe: (observed: Observed) => void
  readonly read: () => ReadonlyArray<SelfCounter>
}>()("tasker-telemetry/internal/SelfStatistics") {
  static readonly layer = Layer.sync(SelfStatistics, () => {
    const counters = new Map<
      string,
      { readonly help: string; readonly attributes: ReadonlyArray<string>; readonly values: Map<string, Entry> }
    >()
    const observed: Array<() => SelfCounter> = []
    return SelfStatistics.of({
      observe: ({ attribute, help, name, type, values }) => {
        observed.push(() => ({
          type,
          name,
          help,
          attributes: attribute === undefined ? [] : [attribute],
          values: Object.entries(values()).map(([key, value]) => ({
            attributes: attribute === undefined ? [] : [key],
            value
          }))
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
          type: "counter",
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

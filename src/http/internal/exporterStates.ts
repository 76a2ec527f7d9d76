/**
 * The exporters of the process, as pages about its health show them.
 */
import type { ExporterState, Registry } from "../../internal/ExporterStates.ts"

/** A member of an answer with the states of the exporters; empty if there are none. */
export interface Shown {
  readonly exporters?: Readonly<Record<string, object>>
}

const show = ({ read }: Registry, showOne: (state: ExporterState) => object): Shown => {
  const states = Object.entries(read())
  return states.length === 0
    ? {}
    : { exporters: Object.fromEntries(states.map(([signal, state]) => [signal, showOne(state)])) }
}

const connection = ({ consecutiveFailures, lastSuccess, queue }: ExporterState) => ({
  lastSuccess: lastSuccess === undefined ? null : new Date(lastSuccess).toISOString(),
  consecutiveFailures,
  ...(queue === undefined ? {} : { queue })
})

/** Whether the exporters reach their receivers, and how full their queues are. */
export const summary = (registry: Registry): Shown => show(registry, connection)

/** Whether an exporter has failed since its last success. */
export const isFailing = ({ read }: Registry): boolean =>
  Object.values(read()).some(({ consecutiveFailures }) => consecutiveFailures > 0)

/** The same with the accounts of each exporter. */
export const accounts = (registry: Registry): Shown =>
  show(registry, (state) => ({ ...connection(state), ...state.records, ...state.points }))

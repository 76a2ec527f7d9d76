/**
 * Counts the connections of a client that are in use. A connection that a transaction holds counts once, also while a
 * statement of the transaction runs on it.
 */
import type { BoundUpDownCounter } from "../../../metrics/MetricInstrument.ts"

export class UsedConnections {
  /** How many statements, transactions and reservations use a connection. */
  readonly #uses = new Map<object, number>()
  readonly #active: BoundUpDownCounter

  constructor(active: BoundUpDownCounter) {
    this.#active = active
  }

  /** Counts a use. Each use must be given back with {@link release}. */
  take(connection: object): void {
    const uses = this.#uses.get(connection) ?? 0
    this.#uses.set(connection, uses + 1)
    if (uses === 0) this.#active.add(1)
  }

  release(connection: object): void {
    const uses = (this.#uses.get(connection) ?? 0) - 1
    if (uses > 0) return void this.#uses.set(connection, uses)
    if (this.#uses.delete(connection)) this.#active.add(-1)
  }
}

/**
 * Where instances meet: one slot for each instance, and the counts of instances that have ended.
 */
import type * as Effect from "effect/Effect"

/** How long the store remembers an instance whose counts were added to those of ended instances, in milliseconds. */
export const foldedMillis = 7 * 24 * 3_600_000

/** The last metrics of an instance. */
export interface Slot {
  readonly id: string
  /** Grows by one with each set of metrics of the instance. */
  readonly sequence: number
  /** When the slot was written, in milliseconds of the store's time. */
  readonly writtenMillis: number
  /** How long the slot counts as one of a living instance, in milliseconds. */
  readonly windowMillis: number
  /** Whether the instance has said that it ends. */
  readonly isLast: boolean
  readonly body: string
}

/** All slots, and the counts of ended instances, at one instant. */
export interface SlotView {
  /** The time of the store, in milliseconds. */
  readonly nowMillis: number
  readonly slots: ReadonlyArray<Slot>
  /** Grows by one with each change of `ended`; 0 if nothing has ended yet. */
  readonly version: number
  readonly ended: string
}

/** What became of a write: `folded` if the slot was added to the ended instances, with the sequence that it had then. */
export type Written = { readonly _tag: "Written" } | { readonly _tag: "Folded"; readonly sequence: number }

export interface Fold {
  /** The version that the change is based on. */
  readonly version: number
  readonly ended: string
  readonly slots: ReadonlyArray<Pick<Slot, "id" | "sequence">>
}

export interface SlotStore {
  /** Overwrites the slot, unless the store has a later sequence of it. */
  readonly write: (slot: Omit<Slot, "writtenMillis">) => Effect.Effect<Written, unknown>
  readonly read: Effect.Effect<SlotView, unknown>
  /** Lets each slot last at least `millis` from now, unless its instance has said that it ends. */
  readonly hold: (millis: number) => Effect.Effect<void, unknown>
  /** Replaces `ended` and removes the slots; does nothing if one of them has changed in the meantime. */
  readonly fold: (fold: Fold) => Effect.Effect<boolean, unknown>
}

/**
 * Slots in memory.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { foldedMillis, type Slot, type SlotStore, type Written } from "./SlotStore.ts"

const makeStore = (clock: Clock.Clock): SlotStore => {
  const slots = new Map<string, Slot>()
  const folded = new Map<string, { readonly sequence: number; readonly atMillis: number }>()
  let version = 0
  let ended = ""
  const now = () => clock.currentTimeMillisUnsafe()
  return {
    write: (slot) =>
      Effect.sync((): Written => {
        const end = folded.get(slot.id)
        if (end !== undefined) return { _tag: "Folded", sequence: end.sequence }
        if ((slots.get(slot.id)?.sequence ?? 0) < slot.sequence) slots.set(slot.id, { ...slot, writtenMillis: now() })
        return { _tag: "Written" }
      }),
    read: Effect.sync(() => ({ nowMillis: now(), slots: [...slots.values()], version, ended })),
    hold: (millis) =>
      Effect.sync(() => {
        for (const slot of slots.values()) {
          const windowMillis = Math.max(slot.windowMillis, now() - slot.writtenMillis + millis)
          if (!slot.isLast) slots.set(slot.id, { ...slot, windowMillis })
        }
      }),
    fold: (fold) =>
      Effect.sync(() => {
        if (fold.version !== version) return false
        if (fold.slots.some(({ id, sequence }) => slots.get(id)?.sequence !== sequence)) return false
        for (const { id, sequence } of fold.slots) {
          slots.delete(id)
          folded.set(id, { sequence, atMillis: now() })
        }
        for (const [id, { atMillis }] of folded) if (atMillis < now() - foldedMillis) folded.delete(id)
        version++
        ended = fold.ended
        return true
      })
  }
}

export const memorySlots: Effect.Effect<SlotStore> = Effect.map(Clock.Clock, makeStore)

/** Gives each group a store of its own. */
export const memoryGroups: Effect.Effect<(group: string) => SlotStore> = Effect.map(Clock.Clock, (clock) => {
  const stores = new Map<string, SlotStore>()
  return (group) => {
    const store = stores.get(group) ?? makeStore(clock)
    stores.set(group, store)
    return store
  }
})

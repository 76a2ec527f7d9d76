/**
 * Leases in memory. The clock of the store decides, as that of a server does, and not the clock of a caller.
 */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { LeaseStore } from "../leases.ts"

interface Kept {
  readonly token: string
  readonly fencing: number
  readonly untilNanos: bigint
}

const nanos = (millis: number): bigint => BigInt(Math.round(millis * 1e6))

export const memoryLeases: Effect.Effect<LeaseStore> = Effect.map(Clock.Clock, (clock): LeaseStore => {
  const leases = new Map<string, Kept>()
  const now = () => clock.monotonicTimeNanosUnsafe()
  const ownedBy = (name: string, token: string): Kept | undefined => {
    const kept = leases.get(name)
    return kept?.token === token && kept.untilNanos > now() ? kept : undefined
  }
  return {
    acquire: (name, token, ttlMillis) =>
      Effect.sync(() => {
        const kept = leases.get(name)
        if (kept !== undefined && kept.untilNanos > now()) return Option.none()
        const fencing = Math.max((kept?.fencing ?? 0) + 1, clock.currentTimeMillisUnsafe())
        leases.set(name, { token, fencing, untilNanos: now() + nanos(ttlMillis) })
        return Option.some(fencing)
      }),
    extend: (name, token, ttlMillis) =>
      Effect.sync(() => {
        const kept = ownedBy(name, token)
        if (kept !== undefined) leases.set(name, { ...kept, untilNanos: now() + nanos(ttlMillis) })
        return kept !== undefined
      }),
    release: (name, token) =>
      Effect.sync(() => {
        const kept = ownedBy(name, token)
        if (kept !== undefined) leases.set(name, { ...kept, untilNanos: now() })
      })
  }
})

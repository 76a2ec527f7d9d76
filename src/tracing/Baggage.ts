/**
 * Values that travel with a trace from process to process, by the W3C header
 * `baggage`.
 *
 * **Details**
 *
 * Everything that the program calls receives its baggage, also services of
 * others. No entry becomes an attribute unless `tracing.baggageAttributes` names
 * its key.
 *
 * @see https://www.w3.org/TR/baggage/
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import { orElse } from "../internal/guard.ts"

/**
 * Entries by key.
 *
 * @category models
 * @since 0.1.0
 */
export type Baggage = Readonly<Record<string, string>>

/**
 * The baggage of the current fiber; empty by default.
 *
 * @category references
 * @since 0.1.0
 */
export const Current: Context.Reference<Baggage> = Context.Reference<Baggage>(
  "tasker-telemetry/tracing/Baggage/Current",
  { defaultValue: () => ({}) }
)

const mostEntries = 64
const mostBytes = 8192
/** A token of RFC 7230, as a key has to be. */
const key = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/

/**
 * Runs an effect with further entries. An entry whose key is not a token of
 * RFC 7230 is not sent on.
 *
 * **Example** (Sending the tenant along)
 *
 * ```ts
 * import * as Effect from "effect/Effect"
 * import * as Baggage from "tasker-telemetry/tracing/Baggage"
 *
 * const program = Effect.logInfo("called").pipe(Baggage.withEntries({ tenant: "acme" }))
 * ```
 *
 * @category combinators
 * @since 0.1.0
 */
export const withEntries = (entries: Baggage) => <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.updateService(effect, Current, (current) => ({ ...current, ...entries }))

/**
 * Reads a header. Malformed entries are left out, properties of entries too; at
 * most 64 entries and 8192 characters are read.
 *
 * @category decoding
 * @since 0.1.0
 */
export const parse = (header: string): Baggage => {
  const entries: Record<string, string> = Object.create(null) as Record<string, string>
  for (const member of shortened(header).split(",").slice(0, mostEntries)) {
    const [pair = ""] = member.split(";")
    const at = pair.indexOf("=")
    const name = pair.slice(0, at).trim()
    if (at > 0 && key.test(name)) entries[name] = decode(pair.slice(at + 1).trim())
  }
  return { ...entries }
}

/** The entries that lie within the limit as a whole. */
const shortened = (header: string): string =>
  header.length <= mostBytes ? header : header.slice(0, Math.max(0, header.lastIndexOf(",", mostBytes)))

/** If the percent signs of a value encode nothing, the value stays as it is. */
const decode = (value: string): string => orElse(() => decodeURIComponent(value), () => value)

/**
 * The header for entries; empty if there is none that may be sent. What exceeds
 * 64 entries or 8192 characters is left out from the end.
 *
 * @category encoding
 * @since 0.1.0
 */
export const format = (baggage: Baggage): string => {
  let header = ""
  for (const [name, value] of Object.entries(baggage).slice(0, mostEntries)) {
    // Untyped code may give anything.
    if (!key.test(name) || typeof value !== "string") continue
    const entry = `${name}=${encodeURIComponent(value.toWellFormed())}`
    const longer = header === "" ? entry : `${header},${entry}`
    if (longer.length > mostBytes) break
    header = longer
  }
  return header
}

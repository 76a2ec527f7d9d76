/**
 * The `tracestate` of a trace: what vendors pass on beside the ids.
 *
 * @see https://www.w3.org/TR/trace-context/#tracestate-header
 * @see https://opentelemetry.io/docs/specs/otel/trace/tracestate-probability-sampling/
 */
import * as Context from "effect/Context"
import * as Tracer from "effect/Tracer"

/** The annotation of an external span that holds the `tracestate` it came with. */
export const Incoming: Context.Reference<string> = Context.Reference<string>(
  "tasker-telemetry/tracing/TraceState/Incoming",
  { defaultValue: () => "" }
)

const mostMembers = 32
const mostCharacters = 512
const member =
  /^(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/

const membersOf = (state: string): ReadonlyArray<string> =>
  state.split(",").map((part) => part.trim()).filter((part) => part !== "")

const keyOf = (part: string): string => part.slice(0, part.indexOf("="))

/** Joins members, the newest first; what does not fit is left out from the end. */
const join = (members: ReadonlyArray<string>): string => {
  let state = ""
  for (const part of members.slice(0, mostMembers)) {
    const longer = state === "" ? part : `${state},${part}`
    if (longer.length > mostCharacters) break
    state = longer
  }
  return state
}

/** A header as it may be passed on; empty if a member of it is malformed or stands there twice, as W3C demands. */
export const parse = (header: string): string => {
  const members = membersOf(header)
  const isValid = members.length <= mostMembers && members.every((part) => member.test(part)) &&
    new Set(members.map(keyOf)).size === members.length
  return isValid ? join(members) : ""
}

/** The value of a member. */
export const get = (state: string, key: string): string | undefined =>
  state === ""
    ? undefined
    : membersOf(state).find((part) => part.startsWith(`${key}=`))?.slice(key.length + 1)

/** Puts a member first, in place of an older one of its key; removes it if there is no value. */
export const set = (state: string, key: string, value: string | undefined): string => {
  const others = membersOf(state).filter((part) => keyOf(part) !== key)
  return join(value === undefined ? others : [`${key}=${value}`, ...others])
}

/** The sub-keys of the `ot` member. */
const otOf = (state: string): ReadonlyArray<string> => get(state, "ot")?.split(";") ?? []

const subValue = (state: string, key: string): string | undefined =>
  otOf(state).find((part) => part.startsWith(`${key}:`))?.slice(key.length + 1)

/** Sets the sampling threshold `th`, or removes it; other sub-keys stay. */
export const withThreshold = (state: string, threshold: string | undefined): string => {
  if (state === "") return threshold === undefined ? state : `ot=th:${threshold}`
  const others = otOf(state).filter((part) => !part.startsWith("th:"))
  const all = threshold === undefined ? others : [`th:${threshold}`, ...others]
  return all.length === 0 && get(state, "ot") === undefined
    ? state
    : set(state, "ot", all.length === 0 ? undefined : all.join(";"))
}

/** Hexadecimal digits of randomness: 56 bits. */
const randomDigits = 14
const range = 2n ** 56n

/** The randomness of a trace: `rv` of its state, else the last 14 digits of its id. */
export const randomness = (traceId: string, state: string): bigint => {
  const given = state === "" ? undefined : subValue(state, "rv")
  return BigInt(`0x${given !== undefined && /^[0-9a-f]{14}$/.test(given) ? given : traceId.slice(-randomDigits)}`)
}

/** Traces whose randomness is below it are not kept. */
export const rejected = (ratio: number): bigint =>
  ratio >= 1 ? 0n : ratio <= 0 ? range : range - BigInt(Math.round(ratio * 2 ** 56))

/** A rejection threshold as `th` has it, without zeros at its end. */
export const thresholdText = (threshold: bigint): string =>
  threshold.toString(16).padStart(randomDigits, "0").replace(/0+$/, "") || "0"

/** A span of another process with the `tracestate` that came with it. */
export const external = (
  span: { readonly traceId: string; readonly spanId: string; readonly sampled: boolean },
  state: string
): Tracer.ExternalSpan =>
  Tracer.externalSpan({
    ...span,
    annotations: state === "" ? Context.empty() : Context.make(Incoming, state)
  })

/** The `tracestate` that a span has or came with. */
export const of = (span: Tracer.AnySpan): string => {
  const own = (span as { readonly propagatedState?: unknown }).propagatedState
  if (typeof own === "string") return own
  return span._tag === "ExternalSpan" && span.annotations.mapUnsafe.size > 0
    ? Context.get(span.annotations, Incoming)
    : ""
}

/**
 * What a policy decides about a key once, for all members of objects with that key.
 */
import { quote } from "./jsonText.ts"
import { isValueKey } from "./namedValue.ts"
import { mayBeQueryParameter, type Sensitivity } from "./sensitiveKeys.ts"
import { mayBeSql } from "./sqlText.ts"

export interface MemberDecision {
  /** The key as JSON, with a colon; `undefined` if the key is not shown as it is. */
  readonly prefix: string | undefined
  /** Whether the value may be masked because of this key, or because of a path of the configuration. */
  readonly mayMask: boolean
  readonly mayBeSql: boolean
  /** Whether the key, together with the keys around it, may name the parameter of a query. */
  readonly mayBeParameter: boolean
}

/** The highest number of keys in memory. */
const mostRemembered = 1024
/** A longer key is seldom met again. */
const longestRemembered = 256

export const memberDecisions = (policy: {
  readonly hasPaths: boolean
  readonly sensitivity: (key: string) => Sensitivity
  /** Gives a key as it may leave. */
  readonly name: (key: string) => string
}): (key: string) => MemberDecision => {
  const decide = (key: string): MemberDecision => ({
    prefix: key.length <= longestRemembered && key.isWellFormed() && policy.name(key) === key
      ? `${quote(key)}:`
      : undefined,
    mayMask: policy.hasPaths || policy.sensitivity(key) !== "none" || isValueKey(key),
    mayBeSql: mayBeSql(key),
    mayBeParameter: mayBeQueryParameter(key)
  })
  const decisions = new Map<string, MemberDecision>()
  return (key) => {
    const known = decisions.get(key)
    if (known !== undefined) return known
    const made = decide(key)
    if (decisions.size < mostRemembered && key.length <= longestRemembered) decisions.set(key, made)
    return made
  }
}

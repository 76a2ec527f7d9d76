/**
 * Tags of a run: properties with few distinct values, by which runs are compared and found.
 */
import * as Predicate from "effect/Predicate"
import { fieldOf } from "../../internal/guard.ts"
import { truncateAtWord } from "../../internal/truncateAtWord.ts"
import type { Mistake } from "../../internal/typeMessages.ts"
import type { Redaction } from "../../redaction/Redaction.ts"

type AnId = Mistake<"a tag has few distinct values: put an id into the input or onto a span">

/** Texts by name. The compiler refuses names that hold ids. */
export interface Tags {
  readonly [name: string]: string | AnId
  readonly [name: `${string}Id` | `${string}ID` | `${string}_id` | `${string}Uuid` | `${string}_uuid`]: AnId
  readonly id?: never
  readonly uuid?: never
}

const mostTags = 10
const longestName = 100
const longestValue = 200

/**
 * Takes the first ten tags whose names and values are texts, without secrets. A long value is cut; a tag with a long name
 * is left out.
 */
export const accept = (given: unknown, redaction: Redaction): Readonly<Record<string, string>> => {
  if (!Predicate.isObject(given)) return {}
  const tags: Record<string, string> = {}
  let count = 0
  for (const name of Object.keys(given)) {
    const value = fieldOf(given, name)
    if (typeof value !== "string" || name === "" || name === "__proto__" || name.length > longestName) continue
    if (count++ === mostTags) break
    tags[name] = acceptValue(name, value, redaction)
  }
  return tags
}

/** The value of a tag as runs have it. */
export const acceptValue = (name: string, value: string, redaction: Redaction): string =>
  redaction.masks([name], value) ? redaction.mask : redaction.text(truncateAtWord(value, longestValue))
